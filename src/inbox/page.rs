//! What a person is shown of an escalation: lines, every text in them plain. The terminal and the plain mode show the
//! same page.

use super::{Entry, Proposal, diff};
use crate::class::Class;
use crate::decision::{Attached, HeldAs, MessageRecord};
use crate::message::Field;
use crate::plain::{one_line, visible};
use crate::policy::action::Reversibility;
use crate::verdict::Evidence;
use jiff::{SignedDuration, Timestamp};

/// The longest value of a row, in characters.
const ROW_CHARS_MAX: usize = 400;

/// A line of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// What follows.
    Heading(String),
    /// A name and its value.
    Row(&'static str, String),
    /// Words of others, with what fired in them.
    Quote(Vec<Piece>),
    /// What would go out.
    Draft(String),
    /// Something to be careful about.
    Warning(String),
    /// Nothing.
    Blank,
}

/// A part of a quoted line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its text.
    pub text: String,
    /// Whether a rule fired here.
    pub is_evidence: bool,
}

/// The page of an escalation.
pub fn page(entry: &Entry, now: Timestamp) -> Vec<Line> {
    let mut page = head(entry, now);
    page.extend(said(entry));
    page.extend(message(entry));
    page.extend(held(entry));
    for (number, proposal) in (1..).zip(&entry.proposals) {
        page.extend(proposed(entry, number, proposal));
    }
    page.extend(thread(entry));
    page.extend(fired(entry));
    page.extend(foot(entry));
    page
}

fn head(entry: &Entry, now: Timestamp) -> Vec<Line> {
    let escalation = &entry.escalation;
    let decision = &escalation.decision;
    let reason = decision.reason.map_or("escalated", |reason| reason.as_str());
    let mut head = vec![
        Line::Heading(format!("{reason} · {}", one_line(decision.channel.as_str(), 80))),
        row("why", &escalation.why),
        row("desk", decision.desk.as_ref().map_or("none", |desk| desk.as_str())),
        Line::Row("waiting", waiting(entry, now)),
        row("class", decision.verdict.class.as_ref().map_or("none", Class::as_str)),
    ];
    if !decision.verdict.restrictions.is_empty() {
        head.push(row("restricted", &decision.verdict.restrictions.join(", ")));
    }
    if let Some(would) = &escalation.would_have {
        let (kind, class, level) = (&would.action.kind, &would.class, would.level as u8);
        head.push(row("would have", &format!("{kind} as {class}, level {level} ({})", would.line)));
    }
    head
}

/// How long it has waited, and how long it may.
fn waiting(entry: &Entry, now: Timestamp) -> String {
    let age = span(now.duration_since(entry.stored_at));
    match entry.deadline {
        None => format!("for {age}"),
        Some(deadline) => format!("for {age}; {}", due(deadline, now)),
    }
}

/// A deadline in words.
pub fn due(deadline: Timestamp, now: Timestamp) -> String {
    let left = deadline.duration_since(now);
    if left.is_negative() { format!("{} late", span(left.abs())) } else { format!("due in {}", span(left)) }
}

/// A duration by its two largest units.
pub fn span(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// What was answered, and what became of it.
fn said(entry: &Entry) -> Vec<Line> {
    let mut said = Vec::new();
    if let Some(ruling) = &entry.ruling {
        let by = one_line(&ruling.by, 64);
        said.push(match &ruling.void {
            None => Line::Row("answered", format!("{} by {by}, {}", ruling.word(), ruling.stored_at)),
            Some(void) => {
                let void = one_line(&void.to_string(), 200);
                Line::Warning(format!("an answer by {by} does not count: {void}"))
            }
        });
        if !ruling.note.is_empty() {
            said.push(row("note", &ruling.note));
        }
    }
    if let Some(became) = &entry.became {
        said.push(Line::Row("since then", became.line()));
    }
    said
}

fn message(entry: &Entry) -> Vec<Line> {
    let mut page = Vec::new();
    if let Some(message) = &entry.escalation.message {
        page.extend([Line::Blank, Line::Heading("message".to_owned())]);
        page.push(row("from", message.sender.as_deref().unwrap_or("unknown")));
        if let Some(subject) = &message.subject {
            page.push(row("subject", subject));
        }
        if let Some(sent_at) = message.sent_at {
            page.push(Line::Row("sent", sent_at.to_string()));
        }
        page.extend(quoted(&message.text, &spans(entry, &Field::Text)));
    }
    page.extend(entry.escalation.payload.iter().flat_map(attached));
    page
}

fn attached(payload: &Attached) -> Vec<Line> {
    let mut page = vec![Line::Blank, Line::Heading("payload".to_owned())];
    match payload {
        Attached::Text { wrong, text } => {
            page.push(row("wrong", wrong));
            page.extend(quoted(text, &[]));
        }
        Attached::Bytes { wrong, base64 } => page.extend([row("wrong", wrong), row("base64", base64)]),
        Attached::AtSource { wrong, bytes } => {
            page.extend([row("wrong", wrong), Line::Row("lies", format!("at its source, {bytes} bytes"))]);
        }
    }
    page
}

fn held(entry: &Entry) -> Vec<Line> {
    let Some((held, draft)) = entry.escalation.held.as_ref().zip(entry.escalation.draft()) else { return Vec::new() };
    let what = match held.held_as {
        HeldAs::Suggestion => "suggested: if you approve, this goes out",
        HeldAs::Draft => "held back: if you approve, this goes out",
    };
    let mut page = vec![Line::Blank, Line::Heading(what.to_owned())];
    if held.action.reversibility == Reversibility::Irreversible {
        page.push(Line::Warning("it cannot be undone".to_owned()));
    }
    page.extend(diff::written(&draft).lines().map(|line| Line::Draft(line.to_owned())));
    page
}

fn proposed(entry: &Entry, number: usize, proposal: &Proposal) -> Vec<Line> {
    let mut page = vec![
        Line::Blank,
        Line::Heading(format!("proposal {number}")),
        Line::Warning(format!("unsigned, from “{}”: nobody vouches for it", one_line(&proposal.by, 64))),
    ];
    if !proposal.note.is_empty() {
        page.push(row("note", &proposal.note));
    }
    page.extend(diff::written(&proposal.on(&entry.escalation)).lines().map(|line| Line::Draft(line.to_owned())));
    page
}

fn thread(entry: &Entry) -> Vec<Line> {
    let thread = &entry.escalation.thread;
    let mut page = Vec::new();
    if !thread.is_empty() {
        page.extend([Line::Blank, Line::Heading("before it in the thread".to_owned())]);
    }
    for context in thread {
        let sender = one_line(context.sender.as_deref().unwrap_or("unknown"), 40);
        let text = format!("{sender}: {}", one_line(&context.text, ROW_CHARS_MAX));
        page.push(Line::Quote(vec![Piece { text, is_evidence: false }]));
    }
    page
}

fn fired(entry: &Entry) -> Vec<Line> {
    let evidence = &entry.escalation.decision.verdict.evidence;
    let mut page = Vec::new();
    if !evidence.is_empty() {
        page.extend([Line::Blank, Line::Heading("what fired".to_owned())]);
    }
    for one in evidence {
        let text = format!("{} in {} ", one.rule, one_line(&one.field.to_string(), 64));
        let quote = quote(entry.escalation.message.as_ref(), one);
        let rule = Piece { text, is_evidence: false };
        page.push(Line::Quote(vec![rule, Piece { text: quote, is_evidence: true }]));
    }
    page
}

fn quote(message: Option<&MessageRecord>, evidence: &Evidence) -> String {
    let field = message.and_then(|message| match &evidence.field {
        Field::Text => Some(message.text.as_str()),
        Field::Subject => message.subject.as_deref(),
        Field::Sender => message.sender.as_deref(),
        Field::Attribute(name) => message.attributes.get(name.as_ref()).map(String::as_str),
        Field::Header(_) => None,
    });
    match field.and_then(|text| text.get(evidence.start..evidence.end)) {
        Some("") if evidence.start == 0 => "(the field is absent)".to_owned(),
        Some(text) => one_line(text, 80),
        None => String::new(),
    }
}

fn foot(entry: &Entry) -> Vec<Line> {
    let decision = &entry.escalation.decision;
    let source = format!("{} #{}", one_line(&decision.source.stream, 64), decision.source.sequence);
    vec![
        Line::Blank,
        Line::Row("id", decision.id.to_string()),
        Line::Row("escalated", format!("{}, #{}", entry.stored_at, entry.sequence)),
        Line::Row("source", source),
    ]
}

/// Where rules fired in a field, in order, as they are.
fn spans(entry: &Entry, field: &Field) -> Vec<(usize, usize)> {
    let evidence = entry.escalation.decision.verdict.evidence.iter().filter(|evidence| evidence.field == *field);
    let mut spans: Vec<(usize, usize)> = evidence.map(|evidence| (evidence.start, evidence.end)).collect();
    spans.sort_unstable();
    spans
}

/// A text in lines, with what lies within the spans marked. The marks are by the bytes as sent; what is shown may be
/// other characters.
fn quoted(text: &str, spans: &[(usize, usize)]) -> Vec<Line> {
    let mut page: Vec<Vec<Piece>> = vec![Vec::new()];
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let is_break = c == '\n' || c == '\r' && chars.peek().is_some_and(|(_, next)| *next == '\n');
        if c == '\n' {
            page.push(Vec::new());
        }
        if is_break {
            continue;
        }
        let is_evidence = spans.iter().any(|(start, end)| (*start..*end).contains(&at));
        if let Some(line) = page.last_mut() {
            push(line, visible(c), is_evidence);
        }
    }
    page.into_iter().map(Line::Quote).collect()
}

fn push(line: &mut Vec<Piece>, c: char, is_evidence: bool) {
    match line.last_mut() {
        Some(piece) if piece.is_evidence == is_evidence => piece.text.push(c),
        _ => line.push(Piece { text: c.to_string(), is_evidence }),
    }
}

fn row(name: &'static str, value: &str) -> Line {
    Line::Row(name, one_line(value, ROW_CHARS_MAX))
}

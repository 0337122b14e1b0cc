//! `decile show ID`: one decision, and the message where it is kept.

use super::args::{ConfigFile, Connect, Format};
use super::log::Opened;
use super::print::{block, bold, json, one_line};
use super::{Exit, exit::UsageError};
use crate::class::Class;
use crate::decision::{Attached, Decision, Escalation, HeldAction, HeldAs, MessageRecord, Outward, Proof, Record};
use crate::facts::{Cover, Halt, Leveled};
use crate::store::{self, Stored};
use clap::Args;
use std::fmt::Write as _;

/// The longest value of a row, in characters.
const ROW_CHARS_MAX: usize = 400;

/// Shows a decision as its reader gets it. Exit code 3 where there is none with this id.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile show 4f1c\nThe beginning of an id is enough where it is the only one.")]
pub(super) struct Show {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The decision's id, or the beginning of it.
    id: String,
}

impl Show {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let found = runtime.block_on(async {
            let opened = Opened::open(&self.file, &self.connect).await?;
            find_one(&opened, &self.id).await
        })?;
        let Some(stored) = found else { return Ok(Exit::No) };
        match self.format {
            Format::Json => println!("{}", json(&String::from_utf8_lossy(&stored.bytes))),
            Format::Text => print!("{}", text(&stored.record, &stored.committed_at.to_string())),
        }
        Ok(Exit::Yes)
    }
}

/// The one decision whose id begins so; says so where there is none.
pub(super) async fn find_one(opened: &Opened, id: &str) -> anyhow::Result<Option<Stored>> {
    let mut found = store::find(&opened.connection, &opened.stream, &opened.root, id, 2).await?;
    if found.len() > 1 {
        return Err(
            UsageError(format!("`{}` is the beginning of several ids; give more of it", one_line(id, 40))).into()
        );
    }
    if found.is_empty() {
        eprintln!("no decision has the id `{}`", one_line(id, 40));
    }
    Ok(found.pop())
}

/// A record for people.
pub(super) fn text(record: &Record, committed_at: &str) -> String {
    let mut out = String::new();
    head(&mut out, record.decision(), committed_at);
    match record {
        Record::Handled(_) => {}
        Record::Escalated(escalation) => body(&mut out, escalation),
        Record::Passed(passed) => message(&mut out, &passed.message),
        Record::Outward(outward) => went_out(&mut out, outward),
    }
    foot(&mut out, record.decision());
    out
}

fn head(out: &mut String, decision: &Decision, committed_at: &str) {
    let class = decision.verdict.class.as_ref().map_or("none", Class::as_str);
    let reason = decision.reason.map_or(String::new(), |reason| format!(" · {reason}"));
    let _ = writeln!(out, "{}", bold(&format!("{}{reason}", decision.disposition.as_str())));
    row(out, "id", decision.id.as_str());
    row(out, "channel", &one_line(decision.channel.as_str(), 80));
    row(out, "class", class);
    if !decision.verdict.restrictions.is_empty() {
        row(out, "restricted", &decision.verdict.restrictions.join(", "));
    }
    if let Some(desk) = &decision.desk {
        row(out, "desk", desk.as_str());
    }
    if let Some(policy) = &decision.policy {
        row(out, "policy", &format!("{}, level {}, {}", policy.line, policy.level as u8, policy.action.kind));
    }
    if !committed_at.is_empty() {
        row(out, "committed", committed_at);
    }
}

fn body(out: &mut String, escalation: &Escalation) {
    row(out, "why", &escalation.why);
    if let Some(would) = &escalation.would_have {
        row(
            out,
            "would have",
            &format!("{} as {}, level {} ({})", would.action.kind, would.class, would.level as u8, would.line),
        );
    }
    if !escalation.thread.is_empty() {
        let _ = writeln!(out, "\n{}", bold("before it in the thread"));
        for context in &escalation.thread {
            let sender = context.sender.as_deref().unwrap_or("unknown");
            let _ = writeln!(out, "  {}: {}", one_line(sender, 40), one_line(&context.text, 100));
        }
    }
    if let Some(record) = &escalation.message {
        message(out, record);
    }
    if let Some(payload) = &escalation.payload {
        attached(out, payload);
    }
    fired(out, escalation);
    if let Some(held) = &escalation.held {
        held_back(out, held);
    }
}

fn message(out: &mut String, message: &MessageRecord) {
    let _ = writeln!(out, "\n{}", bold("message"));
    row(out, "from", &one_line(message.sender.as_deref().unwrap_or("unknown"), 80));
    if let Some(subject) = &message.subject {
        row(out, "subject", &one_line(subject, 100));
    }
    if let Some(sent_at) = message.sent_at {
        row(out, "sent", &sent_at.to_string());
    }
    out.push_str(&block(&message.text, "  │ "));
}

fn attached(out: &mut String, payload: &Attached) {
    let _ = writeln!(out, "\n{}", bold("payload"));
    match payload {
        Attached::Text { wrong, text } => {
            row(out, "wrong", &one_line(wrong, 200));
            out.push_str(&block(text, "  │ "));
        }
        Attached::Bytes { wrong, base64 } => {
            row(out, "wrong", &one_line(wrong, 200));
            let _ = writeln!(out, "  │ base64 {}", one_line(base64, 200));
        }
        Attached::AtSource { wrong, bytes } => {
            row(out, "wrong", &one_line(wrong, 200));
            row(out, "lies", &format!("at its source, {bytes} bytes"));
        }
    }
}

fn fired(out: &mut String, escalation: &Escalation) {
    let evidence = &escalation.decision.verdict.evidence;
    if evidence.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", bold("what fired"));
    for one in evidence {
        let quote = quoted(escalation.message.as_ref(), one);
        let _ = writeln!(out, "  {:<28} {} {}..{} {quote}", one.rule, one.field, one.start, one.end);
    }
}

fn quoted(message: Option<&MessageRecord>, evidence: &crate::verdict::Evidence) -> String {
    use crate::message::Field;
    let field = message.and_then(|message| match &evidence.field {
        Field::Text => Some(message.text.as_str()),
        Field::Subject => message.subject.as_deref(),
        Field::Sender => message.sender.as_deref(),
        Field::Attribute(name) => message.attributes.get(name.as_ref()).map(String::as_str),
        Field::Header(_) => None,
    });
    match field.and_then(|text| text.get(evidence.start..evidence.end)) {
        Some("") if evidence.start == 0 => "(the field is absent)".to_owned(),
        Some(text) => format!("“{}”", one_line(text, 60)),
        None => String::new(),
    }
}

fn held_back(out: &mut String, held: &HeldAction) {
    let what = match held.held_as {
        HeldAs::Suggestion => "suggested",
        HeldAs::Draft => "held back for your approval",
    };
    let _ = writeln!(out, "\n{}", bold(what));
    let arguments: Vec<String> =
        held.action.arguments.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    row(out, "action", format!("{} {}", held.action.kind, arguments.join(", ")).trim_end());
    if let Some(text) = &held.text {
        out.push_str(&block(text, "  │ "));
    }
}

fn went_out(out: &mut String, outward: &Outward) {
    let _ = writeln!(out, "\n{}", bold("went out"));
    let action = &outward.action;
    let arguments: Vec<String> = action.arguments.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    row(out, "action", format!("{} {}", action.kind, arguments.join(", ")).trim_end());
    let (by, signed, revision) = match &outward.proof {
        Proof::Grant { signed, revision, .. } => ("grant", signed, revision),
        Proof::Ruling { signed, revision, .. } => ("ruling", signed, revision),
        Proof::Undo { signed, revision, .. } => ("undo", signed, revision),
    };
    row(out, "permitted", &format!("by the {by} of {} (revision {revision})", signed.signer()));
    if let Some(text) = &action.text {
        out.push_str(&block(text, "  │ "));
    }
}

fn foot(out: &mut String, decision: &Decision) {
    let _ = writeln!(out, "\n{}", bold("rests on"));
    row(out, "pack", &decision.digests.pack.to_string());
    if let Some(rules) = decision.verdict.rules {
        row(out, "rules", &format!("{rules} (those of its class, and all that restrict)"));
    }
    row(out, "policy", &decision.digests.policy.to_string());
    row(out, "channels", &decision.digests.channels.to_string());
    row(out, "source", &format!("{} #{}", one_line(&decision.source.stream, 40), decision.source.sequence));
    row(out, "facts", &facts(decision));
    row(
        out,
        "took",
        &format!("{} µs to decide, {} µs queued", decision.timings.decided_us, decision.timings.queued_us),
    );
}

fn facts(decision: &Decision) -> String {
    let facts = &decision.facts;
    let halt = match facts.halt {
        Halt::Off { revision } => format!("not halted (revision {revision})"),
        Halt::On { revision } => format!("halted (revision {revision})"),
    };
    let cover = match &facts.cover {
        Cover::Stale => "grants not fresh".to_owned(),
        Cover::NoGrant => "no grant".to_owned(),
        Cover::CapReached => "cap reached".to_owned(),
        Cover::Granted { grant, revision } => format!("grant {grant} (revision {revision})"),
    };
    let level = match facts.level {
        None => ", nobody looked for demotions".to_owned(),
        Some(Leveled { revision: 0, .. }) => String::new(),
        Some(Leveled { revision, demoted: 0 }) => format!(", never demoted (revision {revision})"),
        Some(Leveled { revision, demoted }) => format!(", last demoted at {demoted} (revision {revision})"),
    };
    format!("now {}, {halt}, {cover}{level}", facts.now)
}

/// Whoever can write to the stream can write a record: nothing of it reaches the terminal as it is.
fn row(out: &mut String, name: &str, value: &str) {
    let _ = writeln!(out, "  {name:<12}{}", one_line(value, ROW_CHARS_MAX));
}

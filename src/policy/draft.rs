//! Drafts: templates with typed fields only. Nothing of the message's text can get into one.
//!
//! A template is what the operator wrote, `Thanks {sender}, noted for {date}.`, and stays as it is. What a
//! field brings came from outside, and is made plain first: see `draft/plain.rs`.

mod plain;
#[cfg(test)]
mod tests;

use crate::diagnostic::value::suggestion;
use crate::digest::Digest;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fmt;

const DIGEST_LABEL: &str = "decile 2026 template of a draft";
/// The longest value of a field in a draft, in characters.
pub const FIELD_CHARS_MAX: usize = 64;

/// A template, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pub(crate) parts: Vec<Part>,
    digest: Digest,
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// As written.
    Text(String),
    /// A typed field of the message or its decision.
    Field(DraftField),
}

/// What a template may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DraftField {
    /// Who wrote the message.
    Sender,
    /// Its subject line.
    Subject,
    /// The channel.
    Channel,
    /// The class.
    Class,
    /// The day it was sent.
    Date,
}

/// What the fields stand for in one message.
#[derive(Clone, Copy, Debug)]
pub struct DraftFields<'a> {
    /// Who wrote it, as the source says; anything may stand here.
    pub sender: Option<&'a str>,
    /// Its subject line; anything may stand here.
    pub subject: Option<&'a str>,
    /// The channel that it came on.
    pub channel: &'a str,
    /// Its class, where it has one.
    pub class: Option<&'a str>,
    /// When it was sent, where that is known; shown as a day in UTC.
    pub sent_at: Option<Timestamp>,
}

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Nothing would be written.
    #[error("the template is empty")]
    Empty,
    /// `{` without `}`.
    #[error("`{{` without `}}`")]
    Open,
    /// `}` without `{`.
    #[error("`}}` without `{{`")]
    Close,
    /// A name that is no field.
    #[error("`{{{0}}}` is no field of a template")]
    UnknownField(String),
    /// A field that touches other text, which could make a mention or a link of the two.
    #[error("`{{{0}}}` touches what stands beside it")]
    Touching(&'static str),
}

impl TemplateError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Empty => "write the text of the draft".to_owned(),
            Self::Open | Self::Close => "write `{{` and `}}` for braces that are text".to_owned(),
            Self::UnknownField(name) => suggestion(name, &DraftField::ALL.map(DraftField::name)),
            Self::Touching(_) => {
                "set fields apart with spaces (brackets and quotes before, punctuation after are fine): \
                 `@` or `.com` beside a field could make a mention or a link of it"
                    .to_owned()
            }
        }
    }
}

impl Template {
    /// Parses a template. `{sender}`, `{subject}`, `{channel}`, `{class}` and `{date}` are fields, `{{` and
    /// `}}` are braces.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn parse(text: &str) -> Result<Self, Vec<TemplateError>> {
        let (parts, mut errors) = split(text);
        if parts.is_empty() && errors.is_empty() {
            errors.push(TemplateError::Empty);
        }
        errors.extend(touching(&parts));
        let digest = Digest::of(DIGEST_LABEL, [text.as_bytes()]);
        if errors.is_empty() { Ok(Self { parts, digest }) } else { Err(errors) }
    }

    /// The digest of its text, by which decisions name it.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Bytes of the text around the fields.
    pub fn text_bytes(&self) -> usize {
        let texts = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.len(),
            Part::Field(_) => 0,
        });
        texts.sum()
    }

    /// The draft for one message: at most `draft_bytes_max` bytes, cut between characters; each field at
    /// most [`FIELD_CHARS_MAX`] characters, without mentions and links. A field that the message does not
    /// have says so.
    pub fn render(&self, fields: &DraftFields<'_>, draft_bytes_max: usize) -> String {
        let mut draft = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => draft.push_str(text),
                Part::Field(field) => draft.push_str(&field.value(fields)),
            }
        }
        let cut = (0..=draft_bytes_max.min(draft.len())).rev().find(|at| draft.is_char_boundary(*at));
        draft.truncate(cut.unwrap_or_default());
        draft
    }
}

/// The template as it would be written.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Text(text) => f.write_str(&text.replace('{', "{{").replace('}', "}}"))?,
                Part::Field(field) => write!(f, "{{{}}}", field.name())?,
            }
        }
        Ok(())
    }
}

impl DraftField {
    const ALL: [Self; 5] = [Self::Sender, Self::Subject, Self::Channel, Self::Class, Self::Date];

    fn name(self) -> &'static str {
        match self {
            Self::Sender => "sender",
            Self::Subject => "subject",
            Self::Channel => "channel",
            Self::Class => "class",
            Self::Date => "date",
        }
    }

    /// Its value, made plain whoever wrote it: `slack.support` is a domain name, too.
    fn value(self, fields: &DraftFields<'_>) -> String {
        match self {
            Self::Sender => outside(fields.sender, "(no sender)"),
            Self::Subject => outside(fields.subject, "(no subject)"),
            Self::Channel => outside(Some(fields.channel), "(no channel)"),
            Self::Class => outside(fields.class, "(no class)"),
            Self::Date => fields.sent_at.map_or_else(|| "(no date)".to_owned(), day),
        }
    }
}

fn day(sent_at: Timestamp) -> String {
    sent_at.to_zoned(TimeZone::UTC).date().to_string()
}

fn outside(value: Option<&str>, absent: &str) -> String {
    let plain = value.map(|value| plain::plain(value, FIELD_CHARS_MAX)).unwrap_or_default();
    if plain.is_empty() { absent.to_owned() } else { plain }
}

/// Texts and fields in order, and what is wrong with the braces.
fn split(template: &str) -> (Vec<Part>, Vec<TemplateError>) {
    let (mut parts, mut errors, mut text) = (Vec::new(), Vec::new(), String::new());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        rest = match brace(from) {
            Ok((Brace::Text(brace), after)) => {
                text.push(brace);
                after
            }
            Ok((Brace::Field(field), after)) => {
                push_text(&mut parts, &mut text);
                parts.push(Part::Field(field));
                after
            }
            Err((error, after)) => {
                errors.push(error);
                after
            }
        };
    }
    text.push_str(rest);
    push_text(&mut parts, &mut text);
    (parts, errors)
}

fn push_text(parts: &mut Vec<Part>, text: &mut String) {
    if !text.is_empty() {
        parts.push(Part::Text(std::mem::take(text)));
    }
}

/// What a brace opens.
enum Brace {
    Text(char),
    Field(DraftField),
}

/// Reads what stands at a brace, and gives what follows it.
fn brace(from: &str) -> Result<(Brace, &str), (TemplateError, &str)> {
    if let Some(after) = from.strip_prefix("{{") {
        return Ok((Brace::Text('{'), after));
    }
    if let Some(after) = from.strip_prefix("}}") {
        return Ok((Brace::Text('}'), after));
    }
    let Some(inner) = from.strip_prefix('{') else {
        return Err((TemplateError::Close, from.strip_prefix('}').unwrap_or_default()));
    };
    let Some((name, after)) = inner.split_once('}') else { return Err((TemplateError::Open, "")) };
    match DraftField::ALL.into_iter().find(|field| field.name() == name) {
        Some(field) => Ok((Brace::Field(field), after)),
        None => Err((TemplateError::UnknownField(name.to_owned()), after)),
    }
}

/// The fields that touch other text. Before a field, up to the last white space, only brackets and quotes
/// may stand; behind it, up to the next, only punctuation: so no text joins with a value.
fn touching(parts: &[Part]) -> Vec<TemplateError> {
    let mut errors = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let Part::Field(field) = part else { continue };
        let before = at.checked_sub(1).and_then(|before| parts.get(before));
        if !(apart(before, true, "(\"'") && apart(parts.get(at + 1), false, ",.;:!?)\"'")) {
            errors.push(TemplateError::Touching(field.name()));
        }
    }
    errors
}

/// Whether a neighbour keeps its distance.
fn apart(neighbour: Option<&Part>, is_before: bool, allowed: &str) -> bool {
    match neighbour {
        None => true,
        Some(Part::Field(_)) => false,
        Some(Part::Text(text)) => {
            let mut near = text.split(char::is_whitespace);
            let run = if is_before { near.next_back() } else { near.next() };
            run.unwrap_or_default().chars().all(|c| allowed.contains(c))
        }
    }
}

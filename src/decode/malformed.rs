//! Why a payload is no message: evidence for an escalation, never an error that stops the stream.

use crate::reason::Reason;
use std::fmt;

/// The longest piece of a payload that a detail shows, in characters.
const EXCERPT_CHARS_MAX: usize = 60;

/// Why a payload is no message. A closed list; the detail is for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What is wrong.
    pub kind: MalformedKind,
    /// Where and what, in a line, with at most a few words of the payload.
    pub detail: String,
}

/// What is wrong with a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MalformedKind {
    /// Longer than `message_bytes_max`: the one kind whose reason is `oversized`.
    Oversized,
    /// Not UTF-8, or mail whose characters cannot be decoded.
    NotUtf8,
    /// Not JSON, or not an object.
    NotJson,
    /// JSON nested deeper than `json_depth_max`, or mail within mail within mail.
    TooDeep,
    /// A JSON object has the same key twice, or a header that may be there once is there twice with
    /// other content: readers would disagree about it.
    DuplicateKey,
    /// Not mail, or mail without a readable part.
    NotMail,
    /// Not a CloudEvent: a required attribute is missing or wrong.
    NotCloudEvent,
    /// Not a message of Slack's Events API.
    NotSlackMessage,
    /// No text where the mapping looks for it.
    NoText,
    /// A mapped value has the wrong type.
    WrongType,
    /// A field is longer than its bound, or there are too many attributes. It is not cut: that would
    /// change what it says.
    FieldTooLong,
    /// Deciding on it failed in a way that nobody foresaw: a defect of ours.
    Unforeseen,
}

impl Malformed {
    /// For a delivery on which deciding panicked.
    pub fn unforeseen() -> Self {
        Self::new(MalformedKind::Unforeseen, "deciding on it failed in a way that nobody foresaw; please report it")
    }

    /// What is wrong, and where.
    pub(super) fn new(kind: MalformedKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// The reason that the escalation gives.
    pub fn reason(&self) -> Reason {
        match self.kind {
            MalformedKind::Oversized => Reason::Oversized,
            _ => Reason::Malformed,
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.as_str(), self.detail)
    }
}

impl MalformedKind {
    /// Its word in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Oversized => "oversized",
            Self::NotUtf8 => "not_utf8",
            Self::NotJson => "not_json",
            Self::TooDeep => "too_deep",
            Self::DuplicateKey => "duplicate_key",
            Self::NotMail => "not_mail",
            Self::NotCloudEvent => "not_cloud_event",
            Self::NotSlackMessage => "not_slack_message",
            Self::NoText => "no_text",
            Self::WrongType => "wrong_type",
            Self::FieldTooLong => "field_too_long",
            Self::Unforeseen => "unforeseen",
        }
    }
}

/// The beginning of a text from outside, on one line, so that showing it can neither break the line nor
/// steer a terminal.
pub(super) fn excerpt(text: &str) -> String {
    excerpt_of(text, EXCERPT_CHARS_MAX)
}

/// As [`excerpt`], with a bound of the caller's.
pub(super) fn excerpt_of(text: &str, chars_max: usize) -> String {
    let mut characters = text.chars();
    let mut shown = String::new();
    for character in characters.by_ref().take(chars_max) {
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            other => shown.extend(other.escape_debug()),
        }
    }
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

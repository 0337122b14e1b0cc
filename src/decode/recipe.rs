//! How a channel's payloads become messages, fully resolved: a preset, and what the operator mapped by hand.

use super::json::index;
use std::collections::BTreeMap;
use std::fmt;

/// A channel's way from payload to message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// Where values come from unless [`Recipe::by_hand`] says otherwise.
    pub preset: Preset,
    /// Sources that the operator named: for each field, and each attribute by name, they replace the
    /// preset's. Headers are taken beside the preset's.
    pub by_hand: Mapping,
    /// Senders that are ourselves.
    pub own_senders: Vec<String>,
}

/// The shapes that Decile knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// `{"id","channel","sender","subject","text","sent_at","thread","attributes":{}}`.
    #[default]
    Decile,
    /// The payload is the text.
    Raw,
    /// CloudEvents 1.0, structured (`application/cloudevents+json`) or binary (`ce-*` headers).
    Cloudevents,
    /// Slack's Events API, `event_callback` with a `message` event.
    SlackEvents,
    /// Internet mail, RFC 5322 with MIME.
    Mail,
}

/// For each field, where to look, in order: the first source that has a value gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// The text.
    pub text: Vec<Source>,
    /// The source's id.
    pub id: Vec<Source>,
    /// Who wrote it.
    pub sender: Vec<Source>,
    /// The subject line.
    pub subject: Vec<Source>,
    /// When it was sent: RFC 3339, or seconds since the epoch.
    pub sent_at: Vec<Source>,
    /// The thread.
    pub thread: Vec<Source>,
    /// Whether a bot wrote it: any value but `false`, `0`, `null` and the empty text says so.
    pub bot: Vec<Source>,
    /// Attributes by name.
    pub attributes: BTreeMap<String, Vec<Source>>,
    /// Headers that rules may look at, names in lower case: of the delivery, or else of the mail in it.
    pub headers: Vec<String>,
}

/// One place to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A JSON Pointer (RFC 6901) into the payload, unescaped tokens.
    Pointer(Vec<String>),
    /// `header:Name`; compared case-insensitively.
    Header(String),
    /// `subject[n]`: a token of the NATS subject, from 0.
    SubjectToken(usize),
}

/// The text is no source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a source is a JSON Pointer (`/event/text`), `header:Name` or `subject[n]`")]
pub struct SourceError;

impl Source {
    /// Parses a source as people write it: `/event/text`, `header:Name`, `subject[2]`.
    ///
    /// # Errors
    /// Where it is none of the three forms.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        if let Some(tokens) = text.strip_prefix('/') {
            return tokens.split('/').map(unescape).collect::<Result<_, _>>().map(Self::Pointer);
        }
        if let Some(name) = text.strip_prefix("header:") {
            let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
            return if plain { Ok(Self::Header(name.to_owned())) } else { Err(SourceError) };
        }
        let number = text.strip_prefix("subject[").and_then(|rest| rest.strip_suffix(']'));
        number.and_then(index).map(Self::SubjectToken).ok_or(SourceError)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pointer(tokens) => {
                tokens.iter().try_for_each(|token| write!(f, "/{}", token.replace('~', "~0").replace('/', "~1")))
            }
            Self::Header(name) => write!(f, "header:{name}"),
            Self::SubjectToken(number) => write!(f, "subject[{number}]"),
        }
    }
}

/// A pointer's token without its escapes: `~1` is a slash, `~0` a tilde, and nothing else may follow one.
fn unescape(token: &str) -> Result<String, SourceError> {
    let mut pieces = token.split('~');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (character, rest) = match piece.split_at_checked(1) {
            Some(("0", rest)) => ('~', rest),
            Some(("1", rest)) => ('/', rest),
            _ => return Err(SourceError),
        };
        plain.push(character);
        plain.push_str(rest);
    }
    Ok(plain)
}

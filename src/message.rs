//! One NATS delivery, as it came and decoded.

use crate::channel::Channel;
use bytes::Bytes;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What the broker delivered, before anything is known about its content. Everything in it came from
/// outside.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The stream that it lies in.
    pub stream: Arc<str>,
    /// Its sequence in that stream, from 1.
    pub sequence: u64,
    /// When the broker stored it, by the broker's clock, in nanoseconds since the epoch: exact, because
    /// the decision's id rests on it.
    pub stored_at_ns: i128,
    /// The subject that it was published on.
    pub subject: String,
    /// Its headers, in the order sent; names compare case-insensitively.
    pub headers: Vec<(String, String)>,
    /// Its bytes.
    pub payload: Bytes,
}

impl Delivery {
    /// When the broker stored it; the epoch where its clock is out of every calendar.
    pub fn stored_at(&self) -> Timestamp {
        Timestamp::from_nanosecond(self.stored_at_ns).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The first header of this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// A delivery, decoded. All but the text may be absent; absent is *unknown*, never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The channel that it came on.
    pub channel: Channel,
    /// The id that its source gave it.
    pub id: Option<String>,
    /// Who wrote it, as the source names them.
    pub sender: Option<String>,
    /// Its subject line.
    pub subject: Option<String>,
    /// What it says.
    pub text: String,
    /// When it was sent, as the source says.
    pub sent_at: Option<Timestamp>,
    /// The thread that it belongs to, as the source names it.
    pub thread: Option<String>,
    /// Attributes from the payload that the mapping took.
    pub attributes: BTreeMap<String, String>,
    /// Headers that the mapping took, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Who or what wrote it, as far as the source says.
    pub origin: Origin,
}

/// Who or what wrote a message. Anything but a person never leads to an outward action: no loops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Nothing says otherwise.
    #[default]
    Person,
    /// One of the channel's `self` senders.
    Own,
    /// The source says that it is a bot.
    Bot,
    /// Automatic mail: `Auto-Submitted`, `Precedence`.
    Automatic,
}

impl Origin {
    /// Whether a machine wrote it.
    pub fn is_automated(self) -> bool {
        self != Self::Person
    }
}

/// A field of a message that a rule can look at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// `text`, the default.
    Text,
    /// `subject`.
    Subject,
    /// `sender`.
    Sender,
    /// `header:Name`; the name in lower case.
    Header(Arc<str>),
    /// `attribute:name`.
    Attribute(Arc<str>),
}

/// The text names no field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a field is `text`, `subject`, `sender`, `header:Name` or `attribute:name`")]
pub struct FieldError;

impl Field {
    /// Parses a field's name.
    ///
    /// # Errors
    /// Where it is none of the five forms.
    pub fn parse(name: &str) -> Result<Self, FieldError> {
        match name.split_once(':') {
            None => match name {
                "text" => Ok(Self::Text),
                "subject" => Ok(Self::Subject),
                "sender" => Ok(Self::Sender),
                _ => Err(FieldError),
            },
            Some(("header", header)) if !header.is_empty() => Ok(Self::Header(header.to_ascii_lowercase().into())),
            Some(("attribute", attribute)) if !attribute.is_empty() => Ok(Self::Attribute(attribute.into())),
            Some(_) => Err(FieldError),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Subject => f.write_str("subject"),
            Self::Sender => f.write_str("sender"),
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Attribute(name) => write!(f, "attribute:{name}"),
        }
    }
}

impl serde::Serialize for Field {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text => serializer.serialize_str("text"),
            Self::Subject => serializer.serialize_str("subject"),
            Self::Sender => serializer.serialize_str("sender"),
            Self::Header(_) | Self::Attribute(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Field {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl Message {
    /// A message of a person that is nothing but a text.
    pub fn of(channel: Channel, text: impl Into<String>) -> Self {
        Self {
            channel,
            id: None,
            sender: None,
            subject: None,
            text: text.into(),
            sent_at: None,
            thread: None,
            attributes: BTreeMap::new(),
            headers: BTreeMap::new(),
            origin: Origin::Person,
        }
    }

    /// Gives it a field.
    pub fn set(&mut self, field: &Field, text: String) {
        match field {
            Field::Text => self.text = text,
            Field::Subject => self.subject = Some(text),
            Field::Sender => self.sender = Some(text),
            Field::Header(name) => drop(self.headers.insert(name.to_string(), text)),
            Field::Attribute(name) => drop(self.attributes.insert(name.to_string(), text)),
        }
    }

    /// A field's text, exactly as sent; `None` where the message does not have it.
    pub fn field(&self, field: &Field) -> Option<&str> {
        match field {
            Field::Text => Some(&self.text),
            Field::Subject => self.subject.as_deref(),
            Field::Sender => self.sender.as_deref(),
            Field::Header(name) => self.headers.get(name.as_ref()).map(String::as_str),
            Field::Attribute(name) => self.attributes.get(name.as_ref()).map(String::as_str),
        }
    }
}

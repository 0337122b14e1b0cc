//! From a delivery's bytes to a [`Message`], or to why it is none.
//!
//! Nothing here fails: a payload that cannot be read becomes [`Malformed`], which is evidence, and escalates.

pub mod recipe;

use crate::channel::Channel;
use crate::message::{Delivery, Message};
use recipe::Recipe;

/// The bounds of decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// The longest payload that is decoded at all, and the longest text of a message, in bytes.
    pub message_bytes_max: usize,
    /// How deep JSON may nest.
    pub json_depth_max: usize,
}

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
    /// Not UTF-8.
    NotUtf8,
    /// Not JSON, or not an object.
    NotJson,
    /// JSON nested deeper than `json_depth_max`.
    TooDeep,
    /// A JSON object has the same key twice: readers would disagree about it.
    DuplicateKey,
    /// Not mail, or mail without a readable part.
    NotMail,
    /// Not a CloudEvent: a required attribute is missing or wrong.
    NotCloudEvent,
    /// No text where the mapping looks for it.
    NoText,
    /// A mapped value has the wrong type.
    WrongType,
}

/// Decodes a delivery by the channel's recipe.
///
/// # Errors
/// Where the payload is no message; the caller escalates.
pub fn decode(
    _recipe: &Recipe,
    _channel: &Channel,
    _limits: &DecodeLimits,
    _delivery: &Delivery,
) -> Result<Message, Malformed> {
    Err(Malformed { kind: MalformedKind::NoText, detail: String::new() })
}

//! Where messages come from: a channel's name and its mode.

use crate::token::{Token, TokenError};
use std::fmt;
use std::sync::Arc;

/// The channel of messages whose subject no configured channel takes.
pub const UNLISTED: &str = "unlisted.subject";
/// The reserved channel: what is granted there must be refused, and is never carried out.
pub const CANARY: &str = "decile.canary";

/// A channel's name, source and name: `slack.support`. Two tokens of a subject.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Channel {
    name: Arc<str>,
    subject: Arc<str>,
}

/// Why a text is no channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// There is no dot between source and name.
    #[error("a channel is source and name with a dot between: `slack.support`")]
    NoDot,
    /// Source or name cannot be a token.
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl Channel {
    /// Parses `source.name`; what follows the first dot is the name, dots and all.
    ///
    /// # Errors
    /// Where there is no dot, or where either part cannot be a token.
    pub fn parse(text: &str) -> Result<Self, ChannelError> {
        let (source, name) = text.split_once('.').ok_or(ChannelError::NoDot)?;
        let subject = format!("{}.{}", Token::encode(source)?, Token::encode(name)?);
        Ok(Self { name: Arc::from(text), subject: Arc::from(subject) })
    }

    /// The channel of messages whose subject no configured channel takes.
    ///
    /// # Errors
    /// Never; the name is a token.
    pub fn unlisted() -> Result<Self, TokenError> {
        let subject = format!("{}.{}", Token::encode("unlisted")?, Token::encode("subject")?);
        Ok(Self { name: Arc::from(UNLISTED), subject: Arc::from(subject) })
    }

    /// The reserved channel, [`CANARY`].
    ///
    /// # Errors
    /// Never; the name is a channel.
    pub fn canary() -> Result<Self, ChannelError> {
        Self::parse(CANARY)
    }

    /// Whether it is the reserved channel.
    pub fn is_canary(&self) -> bool {
        self.as_str() == CANARY
    }

    /// The name as people write it.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The name as the two tokens of a subject.
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl serde::Serialize for Channel {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl<'de> serde::Deserialize<'de> for Channel {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// What Decile does with a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Read and triaged; nothing is written to it without a grant.
    #[default]
    Monitored,
    /// A person talks to the assistant: passed on, never triaged.
    Direct,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_two_tokens() {
        let channel = Channel::parse("slack.a.b").map(|channel| channel.subject().to_owned());
        assert_eq!(channel, Ok("slack.a=2Eb".to_owned()));
        assert_eq!(Channel::parse("slack"), Err(ChannelError::NoDot));
        assert_eq!(Channel::parse("slack."), Err(ChannelError::Token(TokenError::Empty)));
    }
}

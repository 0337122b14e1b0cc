//! The subjects of our own stream. Built from [`Token`]s only: nothing from outside is interpreted.

use crate::channel::Channel;
use crate::class::Class;
use crate::decision::Record;
use crate::policy::Desk;
use crate::token::{Token, TokenError};
use std::fmt;

/// A subject that Decile publishes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject(String);

impl Subject {
    /// The subject's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The root that all our subjects stand under: one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root(Token);

impl Root {
    /// A root by its configured name.
    ///
    /// # Errors
    /// Where the name cannot be a token.
    pub fn new(name: &str) -> Result<Self, TokenError> {
        Token::encode(name).map(Self)
    }

    /// `<root>.handled.<class>.<channel>`.
    pub fn handled(&self, class: &Class, channel: &Channel) -> Subject {
        Subject(format!("{}.handled.{class}.{}", self.0, channel.subject()))
    }

    /// `<root>.escalated.<desk>.<channel>`.
    pub fn escalated(&self, desk: &Desk, channel: &Channel) -> Subject {
        Subject(format!("{}.escalated.{}.{}", self.0, desk.as_str(), channel.subject()))
    }

    /// `<root>.passed.<channel>`.
    pub fn passed(&self, channel: &Channel) -> Subject {
        Subject(format!("{}.passed.{}", self.0, channel.subject()))
    }

    /// Where a record belongs; `None` for one that contradicts itself.
    pub fn of_record(&self, record: &Record) -> Option<Subject> {
        let decision = record.decision();
        match record {
            Record::Handled(_) => Some(self.handled(decision.verdict.class.as_ref()?, &decision.channel)),
            Record::Escalated(_) => Some(self.escalated(decision.desk.as_ref()?, &decision.channel)),
            Record::Passed(_) => Some(self.passed(&decision.channel)),
        }
    }

    /// Everything under the root: what the stream takes.
    pub fn all(&self) -> String {
        format!("{}.>", self.0)
    }

    /// The filter for each kind of decision record.
    pub fn decisions(&self) -> [String; 3] {
        [format!("{}.handled.>", self.0), format!("{}.escalated.>", self.0), format!("{}.passed.>", self.0)]
    }
}

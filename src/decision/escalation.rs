//! What a person needs to decide quickly: the message, what fired, what would have happened and why it did not.

use super::{ActionRecord, Decision, OutwardAction, Target};
use crate::class::Class;
use crate::message::{Message, Origin};
use crate::policy::level::Level;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A decision that a person must make.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// The decision.
    pub decision: Decision,
    /// Why a person is asked, in a line.
    pub why: String,
    /// The message, where it could be read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub message: Option<MessageRecord>,
    /// The payload, where it could not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub payload: Option<Attached>,
    /// What would have happened, where the rules name a class.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub would_have: Option<WouldHave>,
    /// The action held back, for the person to approve.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub held: Option<HeldAction>,
    /// The last messages of the thread, oldest first, as far as this instance has seen them.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub thread: Vec<Context>,
}

impl Escalation {
    /// The action held back, as it would go out: what a ruling is bound to. `None` where nothing is held.
    pub fn draft(&self) -> Option<OutwardAction> {
        let held = self.held.as_ref()?;
        Some(OutwardAction {
            kind: held.action.kind.clone(),
            channel: self.decision.channel.clone(),
            arguments: held.action.arguments.clone(),
            text: held.text.clone(),
            target: self.target(),
        })
    }

    /// What an action on its message answers.
    pub fn target(&self) -> Target {
        Target {
            message: self.decision.message.id.clone(),
            thread: self.message.as_ref().and_then(|message| message.thread.clone()),
            source: self.decision.source.clone(),
        }
    }
}

/// A message as its reader gets it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageRecord {
    /// The id that its source gave it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
    /// Who wrote it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sender: Option<String>,
    /// Its subject line.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subject: Option<String>,
    /// What it says.
    pub text: String,
    /// When it was sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sent_at: Option<Timestamp>,
    /// The thread.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub thread: Option<String>,
    /// Attributes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub attributes: BTreeMap<String, String>,
    /// Who or what wrote it.
    pub origin: Origin,
}

/// A payload that could not be read, as far as the bound allows.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Attached {
    /// The payload, which is text.
    Text {
        /// What was wrong with it.
        wrong: String,
        /// All of it.
        text: String,
    },
    /// The payload, which is not: base64.
    Bytes {
        /// What was wrong with it.
        wrong: String,
        /// All of it, base64.
        base64: String,
    },
    /// Longer than `attach_bytes_max`: it lies where the decision's source says.
    AtSource {
        /// What was wrong with it.
        wrong: String,
        /// Its length.
        bytes: usize,
    },
}

/// What would have happened.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WouldHave {
    /// The class that the rules name.
    pub class: Class,
    /// What the policy does with it.
    pub action: ActionRecord,
    /// At which level.
    pub level: Level,
    /// Where the policy says so.
    pub line: String,
}

/// An action held back.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeldAction {
    /// As what.
    pub held_as: HeldAs,
    /// The action.
    pub action: ActionRecord,
    /// The text that it would write; fields neutralised, length bounded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
}

/// How firm a held action is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeldAs {
    /// Level 0.
    Suggestion,
    /// Ready to be approved.
    Draft,
}

/// An earlier message of the thread.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// Who wrote it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sender: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sent_at: Option<Timestamp>,
    /// What it says, cut to the configured length.
    pub text: String,
}

impl From<&Message> for MessageRecord {
    fn from(message: &Message) -> Self {
        Self {
            id: message.id.clone(),
            sender: message.sender.clone(),
            subject: message.subject.clone(),
            text: message.text.clone(),
            sent_at: message.sent_at,
            thread: message.thread.clone(),
            attributes: message.attributes.clone(),
            origin: message.origin,
        }
    }
}

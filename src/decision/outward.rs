//! Outward actions as committed: what an executor consumes, with the proof that it may.

use super::{Decision, DecisionId, SourceRef};
use crate::authority::Signed;
use crate::channel::Channel;
use crate::class::ActionType;
use crate::digest::Digest;
use std::collections::BTreeMap;

/// An outward action: what to do, where, and to what.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutwardAction {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ActionType,
    /// The channel that it writes to.
    pub channel: Channel,
    /// Its fixed arguments.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub arguments: BTreeMap<String, String>,
    /// The text that it writes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
    /// What it answers.
    pub target: Target,
}

/// The message that an action is about, by names alone.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The id that its source gave it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub message: Option<String>,
    /// Its thread.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub thread: Option<String>,
    /// Where it lies on the bus.
    pub source: SourceRef,
}

/// An action and its decision, committed together.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outward {
    /// The decision.
    pub decision: Decision,
    /// What to do.
    pub action: OutwardAction,
    /// Why it may be done.
    pub proof: Proof,
}

/// What permits an action: for the executor to verify.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Proof {
    /// A grant.
    Grant {
        /// As it was signed.
        signed: Signed,
        /// Its sequence in our stream.
        revision: u64,
        /// The revision of the halt's end that was in force; 0 where nothing was ever halted.
        halt: u64,
    },
    /// A ruling on this very action.
    Ruling {
        /// As it was signed.
        signed: Signed,
        /// Its sequence in our stream.
        revision: u64,
        /// The revision of the halt's end that was in force; 0 where nothing was ever halted.
        halt: u64,
    },
    /// An operator undoes an action.
    Undo {
        /// As it was signed.
        signed: Signed,
        /// Its sequence in our stream.
        revision: u64,
        /// The revision of the halt's end that was in force; 0 where nothing was ever halted.
        halt: u64,
    },
}

impl OutwardAction {
    /// What a ruling is bound to: decision, channel, type, arguments, text and target.
    pub fn digest(&self, decision: &DecisionId) -> Digest {
        let mut parts = vec![decision.as_str(), self.channel.as_str(), self.kind.as_str()];
        let sequence = self.target.source.sequence.to_string();
        let count = self.arguments.len().to_string();
        parts.push(&count);
        for (key, value) in &self.arguments {
            parts.extend([key.as_str(), value.as_str()]);
        }
        // Absence has a part of its own: no text, and an empty one, differ.
        for optional in [&self.text, &self.target.message, &self.target.thread] {
            match optional {
                Some(text) => parts.extend(["some", text.as_str()]),
                None => parts.push("none"),
            }
        }
        parts.extend([self.target.source.stream.as_str(), &sequence, &self.target.source.stored_at_ns]);
        Digest::of("decile/action/v1", parts.into_iter().map(str::as_bytes))
    }
}

impl Proof {
    /// The sequence in our stream of what permits the action.
    pub fn revision(&self) -> u64 {
        match self {
            Self::Grant { revision, .. } | Self::Ruling { revision, .. } | Self::Undo { revision, .. } => *revision,
        }
    }

    /// The halt's revision that it was committed under.
    pub fn halt(&self) -> u64 {
        match self {
            Self::Grant { halt, .. } | Self::Ruling { halt, .. } | Self::Undo { halt, .. } => *halt,
        }
    }
}

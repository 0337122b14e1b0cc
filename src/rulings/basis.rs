//! What an answer says something of, beside the one message.

use crate::channel::Channel;
use crate::class::Class;
use crate::decision::{ActionRecord, Decision};
use crate::digest::Digest;

/// What an answer to a decision is evidence of: that messages of this class, by these rules, get this action on this channel
/// as a person would have it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// The class that the rules named.
    pub class: Class,
    /// The channel.
    pub channel: Channel,
    /// The action.
    pub action: ActionRecord,
    /// The digest of the rules by which a message is of the class.
    pub rules: Digest,
}

impl Basis {
    /// Of a decision; `None` for one that named no class, and for one of the time before rules were named.
    pub fn of(decision: &Decision) -> Option<Self> {
        Some(Self {
            class: decision.verdict.class.clone()?,
            channel: decision.channel.clone(),
            action: decision.policy.as_ref()?.action.clone(),
            rules: decision.verdict.rules?,
        })
    }
}

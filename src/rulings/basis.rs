//! What an answer says something of, beside the one message.

use crate::channel::Channel;
use crate::class::{ActionType, Class};
use crate::decision::Decision;
use crate::digest::Digest;

/// What an answer to a decision is evidence of: that messages of this class, by these rules, get this action on this channel
/// as a person would have it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// The class that the rules named.
    pub class: Class,
    /// The channel.
    pub channel: Channel,
    /// The action's type.
    #[serde(rename = "type")]
    pub kind: ActionType,
    /// The digest of the rules by which a message is of the class.
    pub rules: Digest,
}

impl Basis {
    /// Of a decision; `None` for one that named no class, and for one of the time before rules were named.
    pub fn of(decision: &Decision) -> Option<Self> {
        Some(Self {
            class: decision.verdict.class.clone()?,
            channel: decision.channel.clone(),
            kind: decision.policy.as_ref()?.action.kind.clone(),
            rules: decision.verdict.rules?,
        })
    }
}

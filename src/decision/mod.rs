//! The audit record of one message: what was decided, why, and on what it rests.
//!
//! The stored form is JSON, one object, fields in the order of these types: `config/schema/decision.schema.json`.
//! [`RECORD_VERSION`] changes with the form; golden bytes in the tests show it.

mod dead;
mod demoted;
mod encode;
mod escalation;
mod id;
mod outward;
mod receipt;
mod sample;

pub use dead::{DEAD_LETTER_VERSION, DeadLetter, message_id, of_message_id};
pub use demoted::{DEMOTED_VERSION, DemotedAlert};
pub use encode::{PassedOn, Record, RecordError, Timings};
pub use escalation::{Attached, Context, Escalation, HeldAction, HeldAs, MessageRecord, WouldHave};
pub use id::DecisionId;
pub use outward::{Outward, OutwardAction, Proof, Target};
pub use receipt::{
    DETAIL_BYTES_MAX, Outcome, Phase, RECEIPT_VERSION, Receipt, ReceiptAlert, ReceiptError, RefusedWhy, StaleWhy,
    detail,
};
pub use sample::{SAMPLE_VERSION, Sample};

use crate::channel::Channel;
use crate::class::{ActionType, Class};
use crate::decode::MalformedKind;
use crate::digest::Digest;
use crate::facts::Facts;
use crate::message::Origin;
use crate::pack::Pack;
use crate::policy::Desk;
use crate::policy::action::{Action, Reach, Reversibility};
use crate::policy::draft::Template;
use crate::policy::level::Level;
use crate::reason::Reason;
use crate::verdict::{Evidence, Verdict};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The version of the stored form.
pub const RECORD_VERSION: u32 = 1;

/// What was decided about one message. No text of the message is in it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// [`RECORD_VERSION`].
    pub v: u32,
    /// A digest of where the message lies: redelivery does not change it.
    pub id: DecisionId,
    /// The channel.
    pub channel: Channel,
    /// Where the message lies.
    pub source: SourceRef,
    /// What may be said of the message without its text.
    pub message: MessageFacts,
    /// The classifier's opinion.
    pub verdict: VerdictRecord,
    /// What was decided.
    pub disposition: Disposed,
    /// Why not `handle`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<Reason>,
    /// What the policy says; absent where there is no class to ask about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub policy: Option<PolicyRecord>,
    /// Who gets it, if it is escalated.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub desk: Option<Desk>,
    /// The facts that it was decided under.
    pub facts: Facts,
    /// What it rests on.
    pub digests: Digests,
    /// How long it took; the one part that a replay may differ in.
    pub timings: Timings,
}

/// Where a message lies.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceRef {
    /// The stream.
    pub stream: String,
    /// The sequence in it.
    pub sequence: u64,
    /// When the broker stored it, in nanoseconds since the epoch, as text: JSON numbers are not exact there.
    pub stored_at_ns: String,
}

/// What may be said of a message without its text.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageFacts {
    /// The id that its source gave it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
    /// Who sent it, as a keyed hash; absent where unknown, or where no key is configured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sender: Option<String>,
    /// When, as its source says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sent_at: Option<Timestamp>,
    /// Who or what wrote it.
    pub origin: Origin,
    /// Its bytes on the bus.
    pub payload_bytes: usize,
}

/// A verdict as recorded.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerdictRecord {
    /// The class, if there is one.
    pub class: Option<Class>,
    /// The digest of the rules by which a message is of it, or is not: what people say of this decision, they say of those.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rules: Option<Digest>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<Reason>,
    /// What was wrong with a payload that could not be read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub malformed: Option<MalformedKind>,
    /// The restrictions whose rules fired, in the evidence's order.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub restrictions: Vec<String>,
    /// What fired, and where.
    pub evidence: Vec<Evidence>,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Disposed {
    /// Dealt with.
    Handle,
    /// Brought to a person.
    Escalate,
    /// Passed on: a person talks to the assistant.
    Pass,
}

/// The policy line that was asked.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyRecord {
    /// Where it stands: `policy.toml:12`.
    pub line: String,
    /// The trust level.
    pub level: Level,
    /// The action that it names.
    pub action: ActionRecord,
}

/// An action as recorded.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionRecord {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ActionType,
    /// Where it writes.
    pub reach: Reach,
    /// Whether it can be undone.
    pub reversibility: Reversibility,
    /// Its fixed arguments.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub arguments: BTreeMap<String, String>,
    /// The digest of the template of its text, where it has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub template: Option<Digest>,
}

/// Digests of all that a decision rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Digests {
    /// The rules, compiled.
    pub pack: Digest,
    /// The policy.
    pub policy: Digest,
    /// Channels, mappings and the limits that can change a decision.
    pub channels: Digest,
}

impl Disposed {
    /// Its word in records and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Handle => "handle",
            Self::Escalate => "escalate",
            Self::Pass => "pass",
        }
    }
}

impl From<&Action> for ActionRecord {
    fn from(action: &Action) -> Self {
        Self {
            kind: action.kind.clone(),
            reach: action.nature.reach,
            reversibility: action.nature.reversibility,
            arguments: action.arguments.clone(),
            template: action.template.as_ref().map(Template::digest),
        }
    }
}

impl VerdictRecord {
    /// A verdict by a pack, with what was wrong with the payload where it could not be read, and the restrictions that its
    /// evidence names.
    pub fn new(verdict: &Verdict, pack: &Pack, malformed: Option<MalformedKind>, restrictions: &[&str]) -> Self {
        Self {
            class: verdict.class().cloned(),
            rules: verdict.class().and_then(|class| pack.class_digest(class)),
            reason: verdict.reason(),
            malformed,
            restrictions: restrictions.iter().map(|&restriction| restriction.to_owned()).collect(),
            evidence: verdict.evidence.clone(),
        }
    }
}

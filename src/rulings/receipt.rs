//! What became of a person's answer, on `<root>.receipt.<id>.ruling`.

use super::{Asked, Basis};
use crate::class::Class;
use crate::decision::{Decision, DecisionId};
use jiff::Timestamp;

/// The version of the stored form.
pub const RULING_RECEIPT_VERSION: u32 = 1;

/// What became of an answer.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RulingReceipt {
    /// [`RULING_RECEIPT_VERSION`].
    pub v: u32,
    /// The decision.
    pub decision: DecisionId,
    /// The answer's sequence in our stream; 0 where nobody answered.
    pub ruling: u64,
    /// In a word.
    pub outcome: Word,
    /// Why it was refused, in a line for people; of a dead letter's answer, what the person said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub why: Option<String>,
    /// Why it was refused, for programs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refusal: Option<RulingRefusal>,
    /// The class that the person gave, where they gave one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub class: Option<Class>,
    /// What the answer is evidence of, where it took effect on a decision that had named a class.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub basis: Option<Basis>,
    /// Whether the person said that it was a severe error: the class goes back to level 1 on the channel.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub severe: bool,
    /// Who signed it, as far as that is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub operator: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// What became of an answer, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// The draft went out.
    Approved,
    /// Something else went out in its place.
    Amended,
    /// It did not go out.
    Rejected,
    /// The message is of another class.
    Reclassified,
    /// What undoes an action went out.
    Undone,
    /// A message that had been given up is decided after all.
    Retried,
    /// A message that had been given up stays undecided.
    Dropped,
    /// The answer has no effect.
    Refused,
    /// Nobody answered in time.
    Expired,
    /// Nobody answered in time, and another desk has it.
    Rerouted,
    /// Nobody answered in time, and somebody was told again.
    Reminded,
    /// A sample was reviewed.
    Reviewed,
    /// Nobody reviewed a sample in time: it counts against its class.
    Unreviewed,
}

impl Word {
    /// Each.
    pub const ALL: [Self; 13] = [
        Self::Approved,
        Self::Amended,
        Self::Rejected,
        Self::Reclassified,
        Self::Undone,
        Self::Retried,
        Self::Dropped,
        Self::Refused,
        Self::Expired,
        Self::Rerouted,
        Self::Reminded,
        Self::Reviewed,
        Self::Unreviewed,
    ];

    /// Whether it is of an answer that took effect on a decision.
    pub const fn is_effective(self) -> bool {
        match self {
            Self::Approved | Self::Amended | Self::Rejected | Self::Reclassified | Self::Undone | Self::Reviewed => {
                true
            }
            Self::Retried
            | Self::Dropped
            | Self::Refused
            | Self::Expired
            | Self::Rerouted
            | Self::Reminded
            | Self::Unreviewed => false,
        }
    }

    /// As it is stored, and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Amended => "amended",
            Self::Rejected => "rejected",
            Self::Reclassified => "reclassified",
            Self::Undone => "undone",
            Self::Retried => "retried",
            Self::Dropped => "dropped",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Rerouted => "rerouted",
            Self::Reminded => "reminded",
            Self::Reviewed => "reviewed",
            Self::Unreviewed => "unreviewed",
        }
    }
}

/// An answer that took effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruled {
    /// The draft goes out.
    Approved,
    /// Something else goes out in its place.
    Amended,
    /// It does not go out.
    Rejected,
    /// The message is of another class.
    Reclassified {
        /// Which; none that is known.
        class: Option<Class>,
    },
    /// What undoes an action goes out.
    Undone,
    /// A message that had been given up is decided after all.
    Retried,
    /// A message that had been given up stays undecided.
    Dropped,
    /// A sample is of this class.
    Reviewed {
        /// Which; none that is known.
        class: Option<Class>,
    },
}

/// Why an answer has no effect.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    thiserror::Error,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RulingRefusal {
    /// It was not signed at all.
    #[error("it was not signed")]
    Form,
    /// No operator of this deployment signed it.
    #[error("no operator of this deployment signed it")]
    Signature,
    /// It was stored too long after it was signed.
    #[error("it was stored more than 60 s after it was signed: a copy")]
    Copy,
    /// It waited too long.
    #[error("it is too old to take effect")]
    Late,
    /// What it points at is not there.
    #[error("what it answers is no longer kept")]
    Gone,
    /// It is on another decision.
    #[error("it answers another decision")]
    Another,
    /// Nobody had answered in time.
    #[error("the deadline had passed, and it was closed")]
    Expired,
    /// Its signer may not rule there.
    #[error("its signer may not rule on this desk")]
    Right,
    /// Nothing was held back.
    #[error("nothing was held back that could be approved")]
    NothingHeld,
    /// It is on another action, or on other arguments.
    #[error("it approves another action than the one held back")]
    Altered,
    /// The action cannot be undone.
    #[error("the action cannot be undone, and the ruling does not say that its signer knew and may")]
    Irreversible,
    /// The action has no inverse.
    #[error("nothing undoes this action")]
    NoInverse,
    /// The halt is on.
    #[error("the halt is on")]
    Halted,
    /// Another answer came first, or what it rested on has changed.
    #[error("another answer took effect first, or it was halted just now")]
    Overtaken,
}

impl RulingReceipt {
    pub(super) fn refused(asked: &Asked<'_>, why: RulingRefusal, operator: Option<String>, at: Timestamp) -> Self {
        Self {
            refusal: Some(why),
            why: Some(why.to_string()),
            operator,
            ..Self::new(asked.id.clone(), asked.revision, Word::Refused, at)
        }
    }

    pub(super) fn ruled(asked: &Asked<'_>, ruled: Ruled, operator: &str, at: Timestamp) -> Self {
        let (outcome, class) = match ruled {
            Ruled::Approved => (Word::Approved, None),
            Ruled::Amended => (Word::Amended, None),
            Ruled::Rejected => (Word::Rejected, None),
            Ruled::Reclassified { class } => (Word::Reclassified, class),
            Ruled::Undone => (Word::Undone, None),
            Ruled::Retried => (Word::Retried, None),
            Ruled::Dropped => (Word::Dropped, None),
            Ruled::Reviewed { class } => (Word::Reviewed, class),
        };
        Self { class, operator: Some(operator.to_owned()), ..Self::new(asked.id.clone(), asked.revision, outcome, at) }
    }

    /// With what it is evidence of.
    pub(super) fn on(self, basis: Option<Basis>) -> Self {
        Self { basis, ..self }
    }

    /// With whether it was a severe error.
    pub(super) fn severe(self, severe: bool) -> Self {
        Self { severe, ..self }
    }

    /// What goes back to level 1 by it, where it took effect.
    pub fn demotes(&self) -> Option<&Basis> {
        self.basis.as_ref().filter(|_| self.severe && self.outcome.is_effective())
    }

    /// With what the person said.
    pub(super) fn saying(self, note: &str) -> Self {
        Self { why: (!note.is_empty()).then(|| note.to_owned()), ..self }
    }

    /// Of an escalation that nobody answered in time.
    pub fn overdue(decision: DecisionId, outcome: Word, at: Timestamp) -> Self {
        Self::new(decision, 0, outcome, at)
    }

    /// Of a sample that nobody reviewed in time.
    pub fn unreviewed(sample: &Decision, at: Timestamp) -> Self {
        Self::new(sample.id.clone(), 0, Word::Unreviewed, at).on(Basis::of(sample))
    }

    fn new(decision: DecisionId, ruling: u64, outcome: Word, at: Timestamp) -> Self {
        let (why, refusal, class, basis, operator) = (None, None, None, None, None);
        let (v, severe) = (RULING_RECEIPT_VERSION, false);
        Self { v, decision, ruling, outcome, why, refusal, class, basis, severe, operator, at }
    }

    /// The same answer, overtaken at the broker.
    #[must_use]
    pub fn overtaken(self) -> Self {
        let why = RulingRefusal::Overtaken;
        Self {
            outcome: Word::Refused,
            refusal: Some(why),
            why: Some(why.to_string()),
            class: None,
            basis: None,
            ..self
        }
    }

    /// The bytes to commit.
    ///
    /// # Errors
    /// Never: texts and numbers always encode.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

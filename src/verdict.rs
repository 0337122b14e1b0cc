//! The classifier's opinion: one class, or none and why; with its evidence.

pub mod diff;

use crate::class::{Class, RuleId};
use crate::message::Field;
use crate::reason::Reason;

/// One class, or none and why. No score: a rule fired or it did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What the message is, or why nobody can say.
    pub outcome: Outcome,
    /// What fired, and where; ordered by rule, then by place.
    pub evidence: Vec<Evidence>,
}

/// What a verdict says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The message is of this class.
    Class(Class),
    /// It is of none; the reason is one of those up to [`Reason::Novel`].
    None(Reason),
}

impl Verdict {
    /// A verdict without a class.
    pub fn none(reason: Reason, evidence: Vec<Evidence>) -> Self {
        Self { outcome: Outcome::None(reason), evidence }
    }

    /// The class, if there is one.
    pub fn class(&self) -> Option<&Class> {
        match &self.outcome {
            Outcome::Class(class) => Some(class),
            Outcome::None(_) => None,
        }
    }

    /// Why there is no class, if there is none.
    pub fn reason(&self) -> Option<Reason> {
        match self.outcome {
            Outcome::Class(_) => None,
            Outcome::None(reason) => Some(reason),
        }
    }
}

/// Where a rule fired: byte offsets into the field as sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Evidence {
    /// The rule.
    pub rule: RuleId,
    /// The field that it looked at.
    pub field: Field,
    /// First byte; `start == end` where the rule fired because the field is absent.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

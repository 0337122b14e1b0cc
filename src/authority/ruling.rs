//! A ruling: a person's signed answer to an escalation. And smaller things that are signed: the end of a halt, the wish to
//! undo, the answer to a dead letter.

use super::{Authority, Deployment, GRANT_DELAY_MAX, KeyError, Kind, Seed, Signed, SignedError};
use crate::class::Class;
use crate::decision::{DecisionId, OutwardAction};
use crate::digest::Digest;
use jiff::Timestamp;

/// An answer to one escalation. It is bound to the decision, and to the action, its arguments and its channel, by a
/// digest: nobody's approval of one message becomes permission for the next.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ruling {
    /// The decision that it answers.
    pub decision: DecisionId,
    /// The escalation's sequence in our stream.
    pub escalation: u64,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// The answer.
    pub answer: Answer,
    /// What was drafted would have been a severe error: the class goes back to level 1.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub severe: bool,
    /// A word about it, for whoever reads it later.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub note: String,
}

/// A person's answer.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Answer {
    /// The draft may go out as it is.
    Approve {
        /// Of the action, as [`OutwardAction::digest`] makes it.
        action: Digest,
        /// The person has been told that it cannot be undone.
        #[serde(default)]
        irreversible: bool,
    },
    /// It may go out with this text, or as an outside proposal drafted it.
    Amend {
        /// What is to go out instead.
        instead: Box<OutwardAction>,
        /// The person has been told that it cannot be undone.
        #[serde(default)]
        irreversible: bool,
    },
    /// It may not.
    Reject,
    /// The message is of another class, or of none that is known.
    Reclassify {
        /// Which.
        class: Option<Class>,
    },
}

/// The end of a halt.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    /// The revision of the halt that it ends: no other.
    pub halt: u64,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// Why.
    pub reason: String,
}

/// The wish to undo an action that went out.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Undo {
    /// The decision whose action is undone.
    pub decision: DecisionId,
    /// The action's sequence in our stream.
    pub action: u64,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// Why: it counts as evidence against.
    pub reason: String,
    /// The action was a severe error: the class goes back to level 1.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub severe: bool,
}

/// A review of a sample: what the message is, said before its reviewer was shown what was decided.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// The decision that was sampled.
    pub decision: DecisionId,
    /// The sample's sequence in our stream.
    pub sample: u64,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// The class; none that is known.
    pub class: Option<Class>,
    /// What was done was a severe error: the class goes back to level 1.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub severe: bool,
    /// A word about it, for whoever reads it later.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub note: String,
}

/// An answer to a dead letter.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LetterRuling {
    /// The id that the message's decision has, or would have.
    pub decision: DecisionId,
    /// The dead letter's sequence in our stream.
    pub letter: u64,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// The answer.
    pub answer: LetterAnswer,
    /// Why, for whoever reads it later.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub note: String,
}

/// A person's answer to a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LetterAnswer {
    /// The message is decided, under the rules of today.
    Retry,
    /// It stays undecided.
    Drop,
}

impl LetterAnswer {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Drop => "drop",
        }
    }
}

/// What an operator signs and publishes at once.
pub trait Payload: serde::Serialize + serde::de::DeserializeOwned {
    /// What it is, in the signed bytes.
    const KIND: Kind;

    /// When it was signed, as its operator says.
    fn issued_at(&self) -> Timestamp;
}

/// A payload whose signature is right. There is no other way to one than [`Verified::new`].
#[derive(Clone, Debug, PartialEq)]
pub struct Verified<P> {
    payload: P,
    signed: Signed,
    operator: super::Operator,
}

/// A ruling whose signature is right.
pub type VerifiedRuling = Verified<Ruling>;
/// An end of a halt whose signature is right.
pub type VerifiedResume = Verified<Resume>;
/// A wish to undo whose signature is right.
pub type VerifiedUndo = Verified<Undo>;
/// A review whose signature is right.
pub type VerifiedReview = Verified<Review>;
/// An answer to a dead letter whose signature is right.
pub type VerifiedLetterRuling = Verified<LetterRuling>;

impl<P: Payload> Verified<P> {
    /// Verifies what was signed. What its operator may is another question.
    ///
    /// # Errors
    /// Where it was not signed as it must be.
    pub fn new(signed: Signed, authority: &Authority) -> Result<Self, SignedError> {
        let (payload, operator): (P, _) = signed.verify(P::KIND, authority)?;
        Ok(Self { payload, operator: operator.clone(), signed })
    }

    /// What it says.
    pub fn payload(&self) -> &P {
        &self.payload
    }

    /// As it was signed.
    pub fn signed(&self) -> &Signed {
        &self.signed
    }

    /// Who signed it.
    pub fn operator(&self) -> &super::Operator {
        &self.operator
    }

    /// Whether the broker stored it so soon after it was signed that it is no copy.
    pub fn is_fresh(&self, stored_at: Timestamp) -> bool {
        stored_at.duration_since(self.payload.issued_at()).abs() <= GRANT_DELAY_MAX
    }
}

macro_rules! payload {
    ($payload:ident) => {
        impl $payload {
            /// Signs it.
            ///
            /// # Errors
            /// Never, for a seed that was made or read.
            pub fn sign(&self, deployment: &Deployment, seed: &Seed) -> Result<Signed, KeyError> {
                Signed::new(Kind::$payload, deployment, self, seed)
            }
        }

        impl Payload for $payload {
            const KIND: Kind = Kind::$payload;

            fn issued_at(&self) -> Timestamp {
                self.issued_at
            }
        }
    };
}

payload!(Ruling);
payload!(Resume);
payload!(Undo);
payload!(LetterRuling);
payload!(Review);

//! One escalation and what was said about it.

use super::{PROPOSALS_MAX, Proposal, Published};
use crate::authority::{Answer, Authority, Signed, SignedError, VerifiedRuling};
use crate::channel::Channel;
use crate::class::ActionType;
use crate::decision::{DecisionId, Escalation, OutwardAction, Phase, Receipt};
use crate::plain::one_line;
use crate::rulings::{RulingReceipt, Word};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The most refusals that are remembered of one escalation.
const REFUSED_MAX: usize = 16;

/// One escalation.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Entry {
    /// What the person needs.
    pub escalation: Box<Escalation>,
    /// Its sequence in our stream.
    pub sequence: u64,
    /// When the broker stored it.
    pub stored_at: Timestamp,
    /// Until when its desk wants an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// Drafts from outside, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub proposals: Vec<Proposal>,
    /// The answer that lies there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ruling: Option<Given>,
    /// What became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub became: Option<Became>,
    /// The sequences of answers that were refused.
    #[serde(skip)]
    refused: BTreeSet<u64>,
}

/// An answer as it lies on the bus.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Given {
    /// Its sequence in our stream.
    pub sequence: u64,
    /// When the broker stored it.
    pub stored_at: Timestamp,
    /// Who gave it: the operator's name, or the key that nobody here has.
    pub by: String,
    /// What it says, where that could be verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// The person's note.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Why it does not count, where it does not: then the escalation still waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub void: Option<Void>,
}

/// Why an answer does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[serde(into = "String")]
pub enum Void {
    /// It was not signed as it must be.
    #[error("{0}")]
    Signed(SignedError),
    /// It answers something else.
    #[error("it answers another decision")]
    Decision,
    /// Its signer may not rule on this desk.
    #[error("its signer may not rule on this desk")]
    Desk,
    /// It was stored too long after it was signed.
    #[error("it is a copy, or a clock is wrong: it was stored more than 60 s from when it was signed")]
    Copy,
    /// The daemon refused it.
    #[error("{0}")]
    Refused(String),
}

/// What became of an escalation.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    /// The action was committed for its executor.
    Approved {
        /// Its type.
        #[serde(rename = "type")]
        kind: ActionType,
        /// Where it writes.
        channel: Channel,
        /// When it was committed.
        at: Timestamp,
    },
    /// Its executor says what it did.
    Receipt {
        /// The word for it.
        outcome: String,
        /// What it says besides.
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
        /// When it was stored.
        at: Timestamp,
    },
    /// The daemon took the answer: nothing goes out.
    Taken {
        /// The word for it.
        outcome: Word,
        /// When it was stored.
        at: Timestamp,
    },
    /// The daemon refused the answer.
    Refused {
        /// Why.
        why: String,
        /// When it was stored.
        at: Timestamp,
    },
    /// Nobody answered in time.
    Expired {
        /// When it was stored.
        at: Timestamp,
    },
}

impl Entry {
    pub(super) fn new(escalation: &Escalation, published: &Published<'_>, deadline: Option<Timestamp>) -> Self {
        Self {
            escalation: Box::new(escalation.clone()),
            sequence: published.sequence,
            stored_at: published.stored_at,
            deadline,
            proposals: Vec::new(),
            ruling: None,
            became: None,
            refused: BTreeSet::new(),
        }
    }

    /// The decision's id.
    pub fn id(&self) -> &DecisionId {
        &self.escalation.decision.id
    }

    /// Whether it waits for an answer: none that counts is there, nothing went out, and it has not expired.
    pub fn is_open(&self) -> bool {
        let is_answered = self.ruling.as_ref().is_some_and(|ruling| ruling.void.is_none());
        let is_over = self.became.as_ref().is_some_and(|became| !matches!(became, Became::Refused { .. }));
        !is_answered && !is_over
    }

    /// What must lie last on its ruling's subject for an answer to be taken: nothing, or one that does not count.
    pub fn expected_sequence(&self) -> u64 {
        self.ruling.as_ref().map_or(0, |ruling| ruling.sequence)
    }

    /// When something was last said about it.
    pub fn changed_at(&self) -> Timestamp {
        let given = self.ruling.as_ref().map(|ruling| ruling.stored_at);
        let became = self.became.as_ref().map(Became::at);
        [given, became].into_iter().flatten().fold(self.stored_at, Timestamp::max)
    }

    pub(super) fn replace(&mut self, escalation: &Escalation, published: &Published<'_>, deadline: Option<Timestamp>) {
        if published.sequence > self.sequence {
            *self.escalation = escalation.clone();
            (self.sequence, self.stored_at, self.deadline) = (published.sequence, published.stored_at, deadline);
        }
    }

    pub(super) fn note_ruling(&mut self, published: &Published<'_>, authority: &Authority) {
        let is_settled = self.ruling.as_ref().is_some_and(|ruling| ruling.void.is_none());
        if !is_settled {
            self.ruling = Some(self.given(published, authority));
        }
    }

    /// A ruling as far as it can be verified from here; the daemon looks again.
    fn given(&self, published: &Published<'_>, authority: &Authority) -> Given {
        let mut given = Given {
            sequence: published.sequence,
            stored_at: published.stored_at,
            by: "unknown".to_owned(),
            answer: None,
            note: String::new(),
            void: None,
        };
        let signed = match Signed::parse(published.payload) {
            Ok(signed) => signed,
            Err(error) => return Given { void: Some(Void::Signed(error)), ..given },
        };
        given.by = signed.signer().to_string();
        let verified = match VerifiedRuling::new(signed, authority) {
            Ok(verified) => verified,
            Err(error) => return Given { void: Some(Void::Signed(error)), ..given },
        };
        given.by = verified.operator().name.clone();
        given.answer = Some(verified.payload().answer.clone());
        given.note = verified.payload().note.clone();
        given.void = self.void(&verified, published);
        given
    }

    fn void(&self, verified: &VerifiedRuling, published: &Published<'_>) -> Option<Void> {
        let desk = self.escalation.decision.desk.as_ref();
        if verified.payload().decision != *self.id() {
            Some(Void::Decision)
        } else if !desk.is_some_and(|desk| verified.operator().rulings.has(desk)) {
            Some(Void::Desk)
        } else if !verified.is_fresh(published.stored_at) {
            Some(Void::Copy)
        } else if self.refused.contains(&published.sequence) {
            Some(Void::Refused("the daemon refused it".to_owned()))
        } else {
            None
        }
    }

    pub(super) fn note_approved(&mut self, action: &OutwardAction, published: &Published<'_>) {
        let (kind, channel) = (action.kind.clone(), action.channel.clone());
        self.became = Some(Became::Approved { kind, channel, at: published.stored_at });
    }

    /// A receipt of an executor.
    pub(super) fn note_receipt(&mut self, receipt: Receipt, at: Timestamp) {
        let outcome = match receipt.phase {
            Phase::Intent => "about to act".to_owned(),
            Phase::Outcome(outcome) => outcome.to_string(),
        };
        let why = Some(receipt.detail).filter(|detail| !detail.is_empty());
        self.became = Some(Became::Receipt { outcome, why, at });
    }

    /// The daemon's word on an answer, or that nobody has answered in time.
    pub(super) fn note_ruling_receipt(&mut self, receipt: RulingReceipt, at: Timestamp) {
        match receipt.outcome {
            Word::Refused => {
                self.refused(receipt.ruling, receipt.why.unwrap_or_else(|| "no reason was given".to_owned()), at);
            }
            Word::Expired => self.became = Some(Became::Expired { at }),
            // It waits all the same; another desk gets it as an escalation of its own.
            Word::Reminded | Word::Rerouted => {}
            // These are words on dead letters, and on samples of what was handled.
            Word::Retried | Word::Dropped | Word::Reviewed | Word::Unreviewed => {}
            Word::Approved | Word::Amended | Word::Rejected | Word::Reclassified | Word::Undone => {
                let is_said = self.became.as_ref().is_some_and(|became| !matches!(became, Became::Refused { .. }));
                if !is_said || receipt.outcome == Word::Undone {
                    self.became = Some(Became::Taken { outcome: receipt.outcome, at });
                }
            }
        }
    }

    /// An answer that was refused no longer counts. What another one did stays done.
    fn refused(&mut self, sequence: u64, why: String, at: Timestamp) {
        self.refused.insert(sequence);
        while self.refused.len() > REFUSED_MAX {
            self.refused.pop_first();
        }
        if let Some(ruling) = self.ruling.as_mut().filter(|ruling| ruling.sequence == sequence) {
            ruling.void.get_or_insert_with(|| Void::Refused(why.clone()));
        }
        if self.is_open() {
            self.became = Some(Became::Refused { why, at });
        }
    }

    pub(super) fn note_proposal(&mut self, proposal: Proposal) {
        self.proposals.push(proposal);
        if self.proposals.len() > PROPOSALS_MAX {
            self.proposals.remove(0);
        }
    }
}

impl Given {
    /// The answer in a word.
    pub fn word(&self) -> &'static str {
        match &self.answer {
            None => "an answer",
            Some(Answer::Approve { .. }) => "approve",
            Some(Answer::Amend { .. }) => "amend",
            Some(Answer::Reject) => "reject",
            Some(Answer::Reclassify { .. }) => "reclassify",
        }
    }
}

impl Became {
    /// When.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Approved { at, .. }
            | Self::Receipt { at, .. }
            | Self::Taken { at, .. }
            | Self::Refused { at, .. }
            | Self::Expired { at } => *at,
        }
    }

    /// In a line.
    pub fn line(&self) -> String {
        match self {
            Self::Approved { kind, channel, .. } => {
                format!("{kind} on {} was committed", one_line(channel.as_str(), 80))
            }
            Self::Receipt { outcome, why: None, .. } => format!("its executor says: {}", one_line(outcome, 80)),
            Self::Receipt { outcome, why: Some(why), .. } => {
                format!("its executor says: {}: {}", one_line(outcome, 80), one_line(why, 200))
            }
            Self::Taken { outcome, .. } => format!("the daemon says: {}", outcome.as_str()),
            Self::Refused { why, .. } => format!("refused: {}", one_line(why, 200)),
            Self::Expired { .. } => "expired: nobody answered in time".to_owned(),
        }
    }
}

impl From<Void> for String {
    fn from(void: Void) -> String {
        void.to_string()
    }
}

//! One dead letter and what was said about it.

use super::Published;
use crate::authority::{Authority, LetterAnswer, Signed, VerifiedLetterRuling};
use crate::decision::{DeadLetter, DecisionId};
use crate::policy::Desk;
use crate::rulings::{RulingReceipt, Word};
use jiff::Timestamp;

/// A message that was given up, and what a person said to it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Letter {
    /// What was written down.
    pub letter: Box<DeadLetter>,
    /// Its sequence in our stream.
    pub sequence: u64,
    /// When the broker stored it.
    pub stored_at: Timestamp,
    /// Until when the desk that everybody is at wants an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// The answer that lies there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<LetterGiven>,
    /// The daemon's word on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub became: Option<RulingReceipt>,
}

/// An answer to a dead letter as it lies on the bus.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LetterGiven {
    /// Its sequence in our stream.
    pub sequence: u64,
    /// When the broker stored it.
    pub stored_at: Timestamp,
    /// Who gave it.
    pub by: String,
    /// What it says.
    pub answer: LetterAnswer,
    /// Why, as the person says.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Letter {
    pub(super) fn new(letter: DeadLetter, published: &Published<'_>, deadline: Option<Timestamp>) -> Self {
        let (sequence, stored_at) = (published.sequence, published.stored_at);
        Self { letter: Box::new(letter), sequence, stored_at, deadline, answer: None, became: None }
    }

    /// The id of the decision that the message has not.
    pub fn id(&self) -> &DecisionId {
        &self.letter.id
    }

    /// Whether it waits for an answer: none that counts lies there, or the daemon refused it.
    pub fn is_open(&self) -> bool {
        let Some(answer) = &self.answer else { return true };
        self.became.as_ref().is_some_and(|it| it.ruling == answer.sequence && it.outcome == Word::Refused)
    }

    /// Takes note of an answer. One that does not count is passed over; so is one on an earlier letter of the message.
    pub(super) fn note_answer(&mut self, published: &Published<'_>, authority: &Authority) {
        let verified = Signed::parse(published.payload).and_then(|signed| VerifiedLetterRuling::new(signed, authority));
        let Ok(verified) = verified else { return };
        let payload = verified.payload();
        let counts = payload.letter == self.sequence
            && payload.decision == *self.id()
            && verified.operator().rulings.has(&Desk::human())
            && verified.is_fresh(published.stored_at);
        if counts {
            self.answer = Some(LetterGiven {
                sequence: published.sequence,
                stored_at: published.stored_at,
                by: verified.operator().name.clone(),
                answer: payload.answer,
                note: payload.note.clone(),
            });
        }
    }

    /// The daemon's word on the answer.
    pub(super) fn note_receipt(&mut self, receipt: RulingReceipt) {
        if self.answer.as_ref().is_some_and(|answer| answer.sequence == receipt.ruling) {
            self.became = Some(receipt);
        }
    }

    /// What became of it, in a line.
    pub fn line(&self) -> String {
        use crate::plain::one_line;
        match (&self.answer, &self.became) {
            (None, _) => "nobody has answered".to_owned(),
            (Some(answer), None) => format!("{} by {}", answer.answer.as_str(), one_line(&answer.by, 64)),
            (Some(answer), Some(became)) => {
                let why = became.why.as_ref().map(|why| format!(": {}", one_line(why, 200))).unwrap_or_default();
                format!("{} by {}{why}", became.outcome.as_str(), one_line(&answer.by, 64))
            }
        }
    }
}

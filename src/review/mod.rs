//! The person's side of samples: which wait for a review, and the terminal that asks for one.
//!
//! Blind: whoever reviews names the class before they are shown what was decided, and cannot take it back. A functional
//! core as the inbox is: [`Reviews`] is a fold over what was published, [`screen`] a machine of inputs and intents.

pub mod screen;
#[cfg(test)]
mod tests;

use crate::authority::{Authority, Signed, VerifiedReview};
use crate::decision::{DecisionId, Sample};
use crate::inbox::{NotFound, Published};
use crate::rulings::{self, RulingReceipt, Word};
use crate::subject::Root;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most samples that are held; the oldest are kept.
pub const SAMPLES_MAX: usize = 10_000;

/// The samples of a deployment that nobody has reviewed yet.
#[derive(Clone, Debug)]
pub struct Reviews {
    root: Root,
    authority: Arc<Authority>,
    waiting: BTreeMap<DecisionId, Waiting>,
    left_out: u64,
}

/// A sample that waits for a review, or for what becomes of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// Its sequence in our stream.
    pub sequence: u64,
    /// The sample.
    pub sample: Sample,
    /// The sequence of the last review that lies on the bus; 0 where there is none.
    pub reviewed: u64,
    is_refused: bool,
}

impl Waiting {
    /// Whether somebody must still review it.
    pub fn is_open(&self) -> bool {
        self.reviewed == 0 || self.is_refused
    }
}

impl Reviews {
    /// None yet.
    pub fn new(root: Root, authority: Arc<Authority>) -> Self {
        Self { root, authority, waiting: BTreeMap::new(), left_out: 0 }
    }

    /// Takes note of what was published.
    pub fn apply(&mut self, published: &Published<'_>) {
        match rulings::Place::of(&self.root, published.subject) {
            Some(rulings::Place::Review(id)) => self.reviewed(&id, published),
            Some(_) => {}
            None if self.root.within(published.subject).is_some_and(|rest| rest.starts_with("review.")) => {
                self.sampled(published);
            }
            None => self.receipt(published),
        }
    }

    /// Those that somebody must review: nearest deadline first.
    pub fn open(&self) -> Vec<&Waiting> {
        let mut open: Vec<&Waiting> = self.waiting.values().filter(|waiting| waiting.is_open()).collect();
        open.sort_by_key(|waiting| (waiting.sample.answer_by, waiting.sequence));
        open
    }

    /// How many did not fit.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// One by its decision's id.
    pub fn get(&self, id: &DecisionId) -> Option<&Waiting> {
        self.waiting.get(id)
    }

    /// The one that waits whose id begins so.
    ///
    /// # Errors
    /// Where there is none, or more than one.
    pub fn find(&self, beginning: &str) -> Result<&Waiting, NotFound> {
        let open = self.waiting.iter().filter(|(_, waiting)| waiting.is_open());
        let mut found = open.filter(|(id, _)| !beginning.is_empty() && id.as_str().starts_with(beginning));
        let shown = || crate::plain::one_line(beginning, 40);
        match (found.next(), found.next()) {
            (None, _) => Err(NotFound::None("sample", shown())),
            (Some((_, one)), None) => Ok(one),
            (Some(_), Some(_)) => Err(NotFound::Several(shown())),
        }
    }

    fn sampled(&mut self, published: &Published<'_>) {
        let Ok(sample) = Sample::parse(published.payload) else { return };
        let belongs = sample.decision.verdict.class.as_ref().map(|class| self.root.review(class));
        if belongs.is_none_or(|belongs| belongs.as_str() != published.subject) {
            return;
        }
        let (id, sequence) = (sample.decision.id.clone(), published.sequence);
        let is_known = self.waiting.contains_key(&id);
        if self.waiting.len() >= SAMPLES_MAX && !is_known {
            self.left_out += 1;
        } else if !is_known {
            self.waiting.insert(id, Waiting { sequence, sample, reviewed: 0, is_refused: false });
        }
    }

    fn reviewed(&mut self, id: &DecisionId, published: &Published<'_>) {
        let Some(waiting) = self.waiting.get_mut(id) else { return };
        let signed = Signed::parse(published.payload).ok();
        if signed.and_then(|signed| VerifiedReview::new(signed, &self.authority).ok()).is_some() {
            (waiting.reviewed, waiting.is_refused) = (published.sequence, false);
        }
    }

    fn receipt(&mut self, published: &Published<'_>) {
        let Ok(receipt) = serde_json::from_slice::<RulingReceipt>(published.payload) else { return };
        if self.root.ruling_receipt(&receipt.decision).as_str() != published.subject {
            return;
        }
        match receipt.outcome {
            Word::Reviewed | Word::Unreviewed => drop(self.waiting.remove(&receipt.decision)),
            Word::Refused => {
                if let Some(waiting) =
                    self.waiting.get_mut(&receipt.decision).filter(|it| it.reviewed == receipt.ruling)
                {
                    waiting.is_refused = true;
                }
            }
            _ => {}
        }
    }
}

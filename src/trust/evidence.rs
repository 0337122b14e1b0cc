//! What people's answers say of classes, read from the stream from its beginning: whoever reads the same, arrives at the
//! same.
//!
//! A sample that nobody reviewed in time counts as one that somebody disagreed with.
//!
//! An answer counts only where an operator signed it and it took effect. What it is about stands in its receipt, which only
//! the daemon may write; of several for one answer the first counts. Whether it agrees is read from what was signed, and from
//! nothing else.

use crate::authority::{Answer, Authority, Signed, VerifiedReview, VerifiedRuling, VerifiedUndo};
use crate::class::Class;
use crate::decision::DecisionId;
use crate::rulings::{Basis, Place, RulingReceipt, Word};
use crate::subject::Root;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// What lies in the stream.
#[derive(Clone, Copy, Debug)]
pub struct Lying<'a> {
    /// Its subject.
    pub subject: &'a str,
    /// Its sequence.
    pub sequence: u64,
    /// When the broker stored it.
    pub stored_at: Timestamp,
    /// Its bytes.
    pub payload: &'a [u8],
}

/// What an operator said of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Signature {
    /// It may go out as it was drafted.
    Agrees,
    /// It may not, or not so, or it is undone.
    Disagrees,
    /// It is of this class; only if that is the decision's own, it agrees.
    Is(Option<Class>),
}

/// How much a word weighs beside another on the same decision: of those that weigh as much the last counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// Nobody answered.
    Silence,
    /// Somebody who was not told what was done, or what others said of it.
    Blind,
    /// Somebody who was.
    Seeing,
}

/// What was said of one decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What it is evidence of.
    pub basis: Basis,
    /// Whether the person agreed.
    pub agreed: bool,
    /// When.
    pub at: Timestamp,
    /// The answer's sequence; where nobody answered, that of the word of it.
    ruling: u64,
    weight: Weight,
}

/// The evidence in a stream.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// By the answer's sequence.
    signed: HashMap<u64, (DecisionId, Signature, Weight)>,
    /// The last word on each decision.
    said: BTreeMap<DecisionId, Said>,
}

impl Said {
    /// The answer's sequence; where nobody answered, that of the word of it.
    pub fn ruling(&self) -> u64 {
        self.ruling
    }
}

impl Evidence {
    /// Takes what lies in the stream, in its order.
    pub fn apply(&mut self, root: &Root, authority: &Authority, lying: &Lying<'_>) {
        match Place::of(root, lying.subject) {
            Some(Place::Ruling(id)) => self.ruling(id, authority, lying),
            Some(Place::Undo(id)) => self.undo(id, authority, lying),
            Some(Place::Review(id)) => self.review(id, authority, lying),
            Some(Place::Letter(_)) => {}
            None => self.receipt(root, lying),
        }
    }

    /// The last word on each decision.
    pub fn said(&self) -> impl Iterator<Item = &Said> {
        self.said.values()
    }

    /// Whether people agreed, in the order of their answers after a sequence, on decisions of one kind.
    pub fn answers(&self, after: u64, is_of_it: impl Fn(&Basis) -> bool) -> Vec<bool> {
        let mut said: Vec<&Said> = self.said().filter(|said| said.ruling > after && is_of_it(&said.basis)).collect();
        said.sort_by_key(|said| said.ruling);
        said.into_iter().map(|said| said.agreed).collect()
    }

    fn ruling(&mut self, id: DecisionId, authority: &Authority, lying: &Lying<'_>) {
        let Ok(signed) = Signed::parse(lying.payload) else { return };
        let Ok(ruling) = VerifiedRuling::new(signed, authority) else { return };
        let payload = ruling.payload();
        if payload.decision != id || !ruling.is_fresh(lying.stored_at) {
            return;
        }
        let signature = match &payload.answer {
            Answer::Approve { .. } => Signature::Agrees,
            // What was drafted was not what should go out.
            Answer::Amend { .. } | Answer::Reject => Signature::Disagrees,
            Answer::Reclassify { class } => Signature::Is(class.clone()),
        };
        self.signed.insert(lying.sequence, (id, signature, Weight::Seeing));
    }

    fn undo(&mut self, id: DecisionId, authority: &Authority, lying: &Lying<'_>) {
        let Ok(signed) = Signed::parse(lying.payload) else { return };
        let Ok(undo) = VerifiedUndo::new(signed, authority) else { return };
        if undo.payload().decision == id && undo.is_fresh(lying.stored_at) {
            self.signed.insert(lying.sequence, (id, Signature::Disagrees, Weight::Seeing));
        }
    }

    fn review(&mut self, id: DecisionId, authority: &Authority, lying: &Lying<'_>) {
        let Ok(signed) = Signed::parse(lying.payload) else { return };
        let Ok(review) = VerifiedReview::new(signed, authority) else { return };
        if review.payload().decision == id && review.is_fresh(lying.stored_at) {
            let signature = Signature::Is(review.payload().class.clone());
            self.signed.insert(lying.sequence, (id, signature, Weight::Blind));
        }
    }

    fn receipt(&mut self, root: &Root, lying: &Lying<'_>) {
        let Ok(receipt) = serde_json::from_slice::<RulingReceipt>(lying.payload) else { return };
        if root.ruling_receipt(&receipt.decision).as_str() != lying.subject {
            return;
        }
        if receipt.outcome == Word::Unreviewed {
            return self.unreviewed(receipt, lying);
        }
        // Once: whatever a second receipt says of the same answer, it says nothing here.
        let Some((id, signature, weight)) = self.signed.remove(&receipt.ruling) else { return };
        let (Some(basis), true) = (receipt.basis, receipt.outcome.is_effective() && id == receipt.decision) else {
            return;
        };
        let agreed = match signature {
            Signature::Agrees => true,
            Signature::Disagrees => false,
            Signature::Is(class) => class.as_ref() == Some(&basis.class),
        };
        self.say(id, Said { basis, agreed, at: lying.stored_at, ruling: receipt.ruling, weight });
    }

    /// A sample that nobody reviewed in time counts against its class. Nobody signs that: it can only tighten, and
    /// takes nothing from what somebody signed.
    fn unreviewed(&mut self, receipt: RulingReceipt, lying: &Lying<'_>) {
        let (Some(basis), id) = (receipt.basis, receipt.decision) else { return };
        let weight = Weight::Silence;
        self.say(id, Said { basis, agreed: false, at: lying.stored_at, ruling: lying.sequence, weight });
    }

    /// A receipt may come late, after that of a later answer.
    fn say(&mut self, id: DecisionId, said: Said) {
        let is_last = |known: &Said| (known.weight, known.ruling) < (said.weight, said.ruling);
        if self.said.get(&id).is_none_or(is_last) {
            self.said.insert(id, said);
        }
    }
}

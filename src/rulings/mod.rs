//! From a person's answer to its effect. Pure: the daemon looks up what is asked here, and carries the effect out.
//!
//! One ruling has one effect. Whatever is wrong with it, it has none, and a receipt says why.

mod basis;
mod letter;
mod receipt;
mod review;
#[cfg(test)]
mod tests;

pub use basis::Basis;
pub use letter::{LetterEffect, letter_effect, nothing_to_retry};
pub use receipt::{RULING_RECEIPT_VERSION, Ruled, RulingReceipt, RulingRefusal, Word};
pub use review::{is_in_time, review};

use crate::authority::{
    Answer, Authority, Payload, Signed, Verified, VerifiedLetterRuling, VerifiedReview, VerifiedRuling, VerifiedUndo,
};
use crate::decision::{Decision, DecisionId, Escalation, Outward, OutwardAction};
use crate::facts::Halt;
use crate::permit::{NoPermit, WritePermit};
use crate::policy::Policy;
use crate::policy::action::Reversibility;
use crate::subject::Root;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// An answer, as the broker has it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The decision that its subject names.
    pub id: &'a DecisionId,
    /// Its sequence in our stream.
    pub revision: u64,
    /// When the broker stored it.
    pub stored_at: Timestamp,
    /// Its bytes.
    pub payload: &'a [u8],
}

/// Under what an answer takes effect: of today, not of when its message was decided.
#[derive(Clone, Copy, Debug)]
pub struct Today<'a> {
    /// Who may sign.
    pub authority: &'a Authority,
    /// What actions mean.
    pub policy: &'a Policy,
    /// The halt.
    pub halt: Halt,
    /// The time, by the broker's clock.
    pub now: Timestamp,
    /// How old an answer may be.
    pub age_max: Duration,
    /// How long what goes out is kept.
    pub kept: Duration,
}

/// What was found where an answer points.
#[derive(Clone, Debug)]
pub struct Pointed<T> {
    /// Its sequence in our stream.
    pub sequence: u64,
    /// The record.
    pub record: T,
    /// Whether it was closed, because nobody had answered in time.
    pub is_expired: bool,
}

/// What an answer does.
#[derive(Debug)]
pub enum Effect {
    /// An action goes out.
    Act(Box<Going>),
    /// Nothing goes out; the answer is recorded, once.
    Settle(RulingReceipt),
    /// It has no effect, and the receipt says why.
    Refuse(RulingReceipt),
}

/// An action that goes out.
#[derive(Debug)]
pub struct Going {
    /// What permits it.
    pub permit: WritePermit,
    /// The decision that it belongs to.
    pub decision: Decision,
    /// What is recorded when it is out.
    pub receipt: RulingReceipt,
}

/// What an answer points at, as far as it can be read: the sequence of a record in our stream. Nothing is believed of it.
pub fn points_at(payload: &[u8], authority: &Authority) -> Option<u64> {
    let signed = Signed::parse(payload).ok()?;
    let ruling = || VerifiedRuling::new(signed.clone(), authority).ok().map(|ruling| ruling.payload().escalation);
    let undo = || VerifiedUndo::new(signed.clone(), authority).ok().map(|undo| undo.payload().action);
    let letter = || VerifiedLetterRuling::new(signed.clone(), authority).ok().map(|ruling| ruling.payload().letter);
    let review = || VerifiedReview::new(signed.clone(), authority).ok().map(|review| review.payload().sample);
    ruling().or_else(undo).or_else(letter).or_else(review)
}

/// The effect of a ruling on what it points at, if that is there.
pub fn effect(asked: &Asked<'_>, escalation: Option<Pointed<Escalation>>, today: &Today<'_>) -> Effect {
    match ruled(asked, escalation, today) {
        Ok(effect) => effect,
        Err(refused) => Effect::Refuse(refused.receipt(asked, today.now)),
    }
}

/// The effect of a wish to undo, on the action that it points at.
pub fn undo(asked: &Asked<'_>, outward: Option<Pointed<Outward>>, today: &Today<'_>) -> Effect {
    match undone(asked, outward, today) {
        Ok(going) => Effect::Act(Box::new(going)),
        Err(refused) => Effect::Refuse(refused.receipt(asked, today.now)),
    }
}

/// Why, and who had signed, as far as that is known.
struct Refused(RulingRefusal, Option<String>);

impl Refused {
    fn receipt(self, asked: &Asked<'_>, now: Timestamp) -> RulingReceipt {
        RulingReceipt::refused(asked, self.0, self.1, now)
    }
}

fn ruled(asked: &Asked<'_>, escalation: Option<Pointed<Escalation>>, today: &Today<'_>) -> Result<Effect, Refused> {
    let ruling: VerifiedRuling = in_time(asked, today)?;
    let name = ruling.operator().name.clone();
    let refused = |why| Refused(why, Some(name.clone()));
    let payload = ruling.payload();
    let escalation = escalation.ok_or_else(|| refused(RulingRefusal::Gone))?;
    let is_of_it = payload.decision == *asked.id
        && escalation.sequence == payload.escalation
        && escalation.record.decision.id == *asked.id;
    if !is_of_it {
        return Err(refused(RulingRefusal::Another));
    }
    if escalation.is_expired {
        return Err(refused(RulingRefusal::Expired));
    }
    let desk = escalation.record.decision.desk.as_ref();
    if !desk.is_some_and(|desk| ruling.operator().rulings.has(desk)) {
        return Err(refused(RulingRefusal::Right));
    }
    let basis = Basis::of(&escalation.record.decision);
    let receipt = |ruled| RulingReceipt::ruled(asked, ruled, &name, today.now).on(basis.clone()).severe(payload.severe);
    let action = match &payload.answer {
        Answer::Reject => return Ok(Effect::Settle(receipt(Ruled::Rejected))),
        Answer::Reclassify { class } => {
            return Ok(Effect::Settle(receipt(Ruled::Reclassified { class: class.clone() })));
        }
        Answer::Approve { .. } => escalation.record.draft().ok_or_else(|| refused(RulingRefusal::NothingHeld))?,
        Answer::Amend { instead, .. } => amended(&escalation.record, instead).map_err(&refused)?,
    };
    let reversibility = strictest(&escalation.record, &action, today.policy);
    let ruled = if matches!(payload.answer, Answer::Amend { .. }) { Ruled::Amended } else { Ruled::Approved };
    let permit = WritePermit::by_ruling(
        &ruling,
        asked.revision,
        asked.id.clone(),
        action,
        reversibility,
        today.halt,
        today.kept,
    )
    .map_err(|why| refused(why.into()))?;
    let (decision, receipt) = (escalation.record.decision, receipt(ruled));
    Ok(Effect::Act(Box::new(Going { permit, decision, receipt })))
}

/// An amended draft stays on the message that it answers: a person may change what is said, not to whom.
fn amended(escalation: &Escalation, instead: &OutwardAction) -> Result<OutwardAction, RulingRefusal> {
    let target = escalation.target();
    if instead.channel == escalation.decision.channel && instead.target == target {
        Ok(instead.clone())
    } else {
        Err(RulingRefusal::Altered)
    }
}

/// As the decision recorded it, or as the policy sees it today, whichever is stricter.
fn strictest(escalation: &Escalation, action: &OutwardAction, policy: &Policy) -> Reversibility {
    let today = policy.nature(&action.kind).reversibility;
    let held = escalation.held.as_ref().filter(|held| held.action.kind == action.kind);
    held.map_or(today, |held| held.action.reversibility.max(today))
}

fn undone(asked: &Asked<'_>, outward: Option<Pointed<Outward>>, today: &Today<'_>) -> Result<Going, Refused> {
    let undo: VerifiedUndo = in_time(asked, today)?;
    let name = undo.operator().name.clone();
    let refused = |why| Refused(why, Some(name.clone()));
    let outward = outward.ok_or_else(|| refused(RulingRefusal::Gone))?;
    let is_of_it = undo.payload().decision == *asked.id
        && outward.sequence == undo.payload().action
        && outward.record.decision.id == *asked.id;
    if !is_of_it {
        return Err(refused(RulingRefusal::Another));
    }
    let nature = today.policy.nature(&outward.record.action.kind);
    let inverse = today.policy.inverse(&outward.record.action.kind);
    let inverse = inverse.filter(|_| nature.reversibility == Reversibility::Reversible);
    let inverse = inverse.ok_or_else(|| refused(RulingRefusal::NoInverse))?;
    let permit = WritePermit::by_undo(&undo, asked.revision, &outward.record, inverse, today.halt, today.kept)
        .map_err(|why| refused(why.into()))?;
    let basis = Basis::of(&outward.record.decision);
    let severe = undo.payload().severe;
    let receipt = RulingReceipt::ruled(asked, Ruled::Undone, &name, today.now).on(basis).severe(severe);
    Ok(Going { permit, decision: outward.record.decision, receipt })
}

/// What a person answered, where it is signed as it must be, no copy of an older one, and not too late.
fn in_time<P: Payload>(asked: &Asked<'_>, today: &Today<'_>) -> Result<Verified<P>, Refused> {
    let verified: Verified<P> = signed_then(asked, today)?;
    if is_late(asked.stored_at, today) {
        return Err(Refused(RulingRefusal::Late, Some(verified.operator().name.clone())));
    }
    Ok(verified)
}

/// What a person answered, where it is signed as it must be and no copy of an older one, however long ago.
fn signed_then<P: Payload>(asked: &Asked<'_>, today: &Today<'_>) -> Result<Verified<P>, Refused> {
    let nobody = |why| Refused(why, None);
    let signed = Signed::parse(asked.payload).map_err(|_| nobody(RulingRefusal::Form))?;
    let verified = Verified::new(signed, today.authority).map_err(|_| nobody(RulingRefusal::Signature))?;
    let refused = |why| Refused(why, Some(verified.operator().name.clone()));
    if !verified.is_fresh(asked.stored_at) {
        return Err(refused(RulingRefusal::Copy));
    }
    Ok(verified)
}

fn is_late(stored_at: Timestamp, today: &Today<'_>) -> bool {
    let max = SignedDuration::try_from(today.age_max).unwrap_or(SignedDuration::MAX);
    today.now.duration_since(stored_at) > max
}

impl From<NoPermit> for RulingRefusal {
    fn from(why: NoPermit) -> Self {
        match why {
            NoPermit::Halted => Self::Halted,
            NoPermit::NotCovered | NoPermit::NotRuled => Self::Altered,
            NoPermit::Right => Self::Right,
            NoPermit::Irreversible => Self::Irreversible,
        }
    }
}

/// What a subject below `<root>.ruling` is: `<id>`, `<id>.undo`, `<id>.dlq` or `<id>.review`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A ruling on a decision.
    Ruling(DecisionId),
    /// A wish to undo its action.
    Undo(DecisionId),
    /// An answer to a dead letter.
    Letter(DecisionId),
    /// A review of a sample.
    Review(DecisionId),
}

impl Place {
    /// Of a subject; `None` for one that names no decision.
    pub fn of(root: &Root, subject: &str) -> Option<Self> {
        let rest = subject.strip_prefix(root.as_str())?.strip_prefix(".ruling.")?;
        let id = |text: &str| DecisionId::try_from(text.to_owned()).ok();
        match rest.split_once('.') {
            None => id(rest).map(Self::Ruling),
            Some((text, "undo")) => id(text).map(Self::Undo),
            Some((text, "dlq")) => id(text).map(Self::Letter),
            Some((text, "review")) => id(text).map(Self::Review),
            Some(_) => None,
        }
    }
}

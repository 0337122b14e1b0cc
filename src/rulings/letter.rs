//! From a person's answer to a dead letter to its effect. Pure.
//!
//! It needs no slot, as an approval does: whoever tries a message again looks first whether it was decided, and commits it
//! under the id that it always had.

use super::{Asked, Pointed, Refused, Ruled, RulingReceipt, RulingRefusal, Today, in_time};
use crate::authority::{LetterAnswer, VerifiedLetterRuling};
use crate::decision::DeadLetter;
use crate::policy::Desk;

/// What an answer to a dead letter does.
#[derive(Clone, Debug, PartialEq)]
pub enum LetterEffect {
    /// The message is decided now. What it would say once that is on its way.
    Retry(Box<DeadLetter>, RulingReceipt),
    /// It stays undecided.
    Drop(RulingReceipt),
    /// The answer has no effect, and the receipt says why.
    Refuse(RulingReceipt),
}

/// The effect of an answer on the dead letter that it points at, if that is there.
pub fn letter_effect(asked: &Asked<'_>, letter: Option<Pointed<DeadLetter>>, today: &Today<'_>) -> LetterEffect {
    match effect(asked, letter, today) {
        Ok(effect) => effect,
        Err(refused) => LetterEffect::Refuse(refused.receipt(asked, today.now)),
    }
}

/// An answer that is right, on a message that is kept nowhere any more.
pub fn nothing_to_retry(asked: &Asked<'_>, receipt: RulingReceipt, today: &Today<'_>) -> RulingReceipt {
    RulingReceipt::refused(asked, RulingRefusal::Gone, receipt.operator, today.now)
}

fn effect(asked: &Asked<'_>, letter: Option<Pointed<DeadLetter>>, today: &Today<'_>) -> Result<LetterEffect, Refused> {
    let ruling: VerifiedLetterRuling = in_time(asked, today)?;
    let name = ruling.operator().name.clone();
    let refused = |why| Refused(why, Some(name.clone()));
    let letter = letter.ok_or_else(|| refused(RulingRefusal::Gone))?;
    let payload = ruling.payload();
    let is_of_it =
        payload.decision == *asked.id && letter.sequence == payload.letter && letter.record.id == payload.decision;
    if !is_of_it {
        return Err(refused(RulingRefusal::Another));
    }
    // Nobody has decided whose it is: it is everybody's.
    if !ruling.operator().rulings.has(&Desk::human()) {
        return Err(refused(RulingRefusal::Right));
    }
    let receipt = |ruled| RulingReceipt::ruled(asked, ruled, &name, today.now).saying(&payload.note);
    Ok(match payload.answer {
        LetterAnswer::Retry => LetterEffect::Retry(Box::new(letter.record), receipt(Ruled::Retried)),
        LetterAnswer::Drop => LetterEffect::Drop(receipt(Ruled::Dropped)),
    })
}

//! From a person's review of a sample to its effect: evidence, and nothing else. Pure.

use super::{Asked, Basis, Effect, Pointed, Refused, Ruled, RulingReceipt, RulingRefusal, Today, signed_then};
use crate::authority::VerifiedReview;
use crate::decision::Sample;
use crate::policy::Desk;

/// The effect of a review on the sample that it points at, if that is there.
pub fn review(asked: &Asked<'_>, sample: Option<Pointed<Sample>>, today: &Today<'_>) -> Effect {
    match reviewed(asked, sample, today) {
        Ok(receipt) => Effect::Settle(receipt),
        Err(refused) => Effect::Refuse(refused.receipt(asked, today.now)),
    }
}

fn reviewed(asked: &Asked<'_>, sample: Option<Pointed<Sample>>, today: &Today<'_>) -> Result<RulingReceipt, Refused> {
    // Nothing goes out by it, so it may have waited for as long as it had to.
    let review: VerifiedReview = signed_then(asked, today)?;
    let name = review.operator().name.clone();
    let refused = |why| Refused(why, Some(name.clone()));
    let sample = sample.ok_or_else(|| refused(RulingRefusal::Gone))?;
    let payload = review.payload();
    let decision = &sample.record.decision;
    let is_of_it =
        payload.decision == *asked.id && sample.sequence == payload.sample && decision.id == payload.decision;
    if !is_of_it {
        return Err(refused(RulingRefusal::Another));
    }
    if sample.is_expired {
        return Err(refused(RulingRefusal::Expired));
    }
    // What was handled went to nobody's desk: it is everybody's.
    if !review.operator().rulings.has(&Desk::human()) {
        return Err(refused(RulingRefusal::Right));
    }
    let ruled = Ruled::Reviewed { class: payload.class.clone() };
    let receipt = RulingReceipt::ruled(asked, ruled, &name, today.now).saying(&payload.note);
    Ok(receipt.on(Basis::of(decision)).severe(payload.severe))
}

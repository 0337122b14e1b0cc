//! From a person's review of a sample to its effect: evidence, and nothing else. Pure.

use super::{Asked, Basis, Effect, Pointed, Refused, Ruled, RulingReceipt, RulingRefusal, Today, signed_then};
use crate::authority::{Authority, Signed, VerifiedReview};
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

/// Whether what lies on a review's subject is one of this sample that was stored by its deadline, and so counts once
/// somebody carries it out.
pub fn is_in_time(asked: &Asked<'_>, sample: &Sample, authority: &Authority) -> bool {
    let signed = Signed::parse(asked.payload).ok();
    let review = signed.and_then(|signed| VerifiedReview::new(signed, authority).ok());
    let is_of_it = |review: &VerifiedReview| review.payload().decision == *asked.id && review.is_fresh(asked.stored_at);
    asked.stored_at <= sample.answer_by && review.is_some_and(|review| is_of_it(&review))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::{Deployment, Operator, Review, Scope, Seed};
    use std::collections::BTreeMap;
    use std::time::Duration;

    /// What holds off that a sample counts as one that nobody reviewed: a signed review of it, stored in time, and nothing
    /// else that may lie there.
    #[test]
    fn only_what_was_signed_in_time_on_this_sample_is_waited_for() {
        let mut sample = Sample::parse(include_bytes!("../../tests/golden/sample-v1.json")).unwrap();
        let at = |second: i64| jiff::Timestamp::from_second(1_800_000_000 + second).unwrap();
        sample.answer_by = at(0);
        let (seed, deployment) = (Seed::generate(), Deployment::parse("test").unwrap());
        let (grants, irreversible, promotions, resume) = (Vec::new(), false, false, false);
        let (name, rulings) = ("ada".to_owned(), Scope::All);
        let ada = Operator { name, grants, rulings, irreversible, promotions, resume };
        let authority = Authority {
            deployment: deployment.clone(),
            operators: BTreeMap::from([(seed.public(), ada)]),
            grant_max: Duration::ZERO,
        };
        let id = sample.decision.id.clone();
        let other = crate::decision::DecisionId::try_from("ab".repeat(16)).unwrap();
        let signed = |of, issued_at, seed| {
            let (class, note) = (None, String::new());
            let review = Review { decision: of, sample: 1, issued_at, class, severe: false, note };
            review.sign(&deployment, seed).unwrap().encode().unwrap()
        };
        let waits = |payload: &[u8], stored_at| {
            let asked = Asked { id: &id, revision: 9, stored_at, payload };
            is_in_time(&asked, &sample, &authority)
        };
        assert!(waits(&signed(id.clone(), at(-5), &seed), at(-4)));
        assert!(waits(&signed(id.clone(), at(-5), &seed), at(0)));
        assert!(!waits(&signed(id.clone(), at(0), &seed), at(1)), "too late");
        assert!(!waits(&signed(id.clone(), at(-5_000), &seed), at(-4)), "a copy");
        assert!(!waits(&signed(other, at(-5), &seed), at(-4)), "of another");
        assert!(!waits(&signed(id.clone(), at(-5), &Seed::generate()), at(-4)), "nobody we know");
        assert!(!waits(b"{}", at(-4)));
    }
}

//! A level's subject: promotions, for whoever reads later what became of a class, and demotions, which count.

use super::Record;
use crate::authority::{Authority, GRANT_DELAY_MAX, Signed, VerifiedPromotion};
use crate::facts::Leveled;

/// What lies on a level's subject when a record has come upon what lay there. Only a promotion of this class on this
/// channel that was signed for this place, and just now, is none: whatever else lies there demotes.
pub(super) fn upon(before: Leveled, record: &Record<'_>, class: &str, channel: &str, authority: &Authority) -> Leveled {
    let promotion = Signed::parse(record.payload).ok().and_then(|it| VerifiedPromotion::new(&it, authority).ok());
    let is_promotion = promotion.is_some_and(|verified| {
        let promotion = verified.promotion();
        let delay = record.stored_at.duration_since(promotion.issued_at);
        // What lay there when it was signed may have vanished since; what came since has not been seen.
        let is_upon_it = |after: u64| before.revision <= after && after < record.sequence;
        let is_of_here = promotion.on.iter().any(|it| it.channel.subject() == channel && is_upon_it(it.after));
        promotion.class.as_str() == class && is_of_here && delay.abs() <= GRANT_DELAY_MAX
    });
    let demoted = if is_promotion { before.demoted } else { record.sequence };
    Leveled { revision: record.sequence, demoted }
}

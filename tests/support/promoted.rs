//! An operator who promotes whatever a policy wishes: for worlds that are about something else.

use decile::authority::{Deployment, Seed, Signed, Waiver};
use decile::config::Config;
use decile::pack::Pack;
use decile::trust;
use jiff::{SignedDuration, Timestamp};

/// The seed of the operator `promoter`, the same one each time.
const SEED: &str = "SOAHMGBYRRSGX4K5AWXIRHUSZ3G64BP5AFLF27KNBQWSIMR2FHYLNXOUKQ";

/// The operator's seed.
pub(crate) fn seed() -> Seed {
    Seed::parse(SEED).unwrap()
}

/// Promotions for all that a policy wishes, signed for a deployment.
pub(crate) fn signed(config: &Config, pack: &Pack, deployment: &Deployment, now: Timestamp) -> Vec<Signed> {
    let waiver = Waiver { reason: "a test".to_owned(), expires_at: now + SignedDuration::from_hours(24 * 29) };
    let promotions = trust::unearned(&config.policy, pack, &config.channels.places, &waiver, now);
    promotions.into_iter().map(|promotion| promotion.sign(deployment, &seed()).unwrap()).collect()
}

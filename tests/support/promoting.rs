//! Lets count what a configuration in memory wishes.

use crate::promoted;
use decile::authority::{Operator, Scope, Signed};
use decile::config::Config;
use decile::pack::Pack;
use decile::policy::Offer;
use jiff::Timestamp;

/// Lets all count that a configuration's policy wishes.
pub(crate) fn promote(config: &mut Config, pack: &Pack, now: Timestamp) {
    let deployment = config.authority.deployment.clone();
    let signed = promoted::signed(config, pack, &deployment, now);
    let offer = |signed: Signed| Offer {
        signed: String::from_utf8(signed.encode().unwrap()).unwrap(),
        origin: "signed in memory".to_owned(),
    };
    config.policy.promotions.extend(signed.into_iter().map(offer));
    config.authority.operators.insert(promoted::seed().public(), operator());
}

/// The operator, who may promote and nothing else.
fn operator() -> Operator {
    Operator {
        name: "promoter".to_owned(),
        grants: Vec::new(),
        rulings: Scope::These(Vec::new()),
        irreversible: false,
        promotions: true,
        resume: false,
    }
}

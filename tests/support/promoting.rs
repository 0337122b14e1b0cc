//! Lets count what a configuration in memory wishes.

use crate::promoted;
use decile::authority::{Operator, Scope, Signed};
use decile::config::Config;
use decile::pack::Pack;
use jiff::Timestamp;

/// Lets all count that a configuration's policy wishes.
pub(crate) fn promote(config: &mut Config, pack: &Pack, now: Timestamp) {
    let deployment = config.authority.deployment.clone();
    let signed = promoted::signed(config, pack, &deployment, now);
    let text = |signed: Signed| String::from_utf8(signed.encode().unwrap()).unwrap();
    config.policy.promotions.extend(signed.into_iter().map(text));
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

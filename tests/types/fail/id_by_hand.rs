//! A decision's id comes from where a message lies, or from 32 digits; names come checked.

use decile::class::{Class, RuleId};
use decile::decision::DecisionId;
use decile::policy::Desk;

fn main() {
    let _ = DecisionId("x".to_owned());
    let _ = Class("a b".into());
    let _ = RuleId("a b".into());
    let _ = Desk("a.b".to_owned());
}

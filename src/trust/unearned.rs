//! Promotions without evidence for all that a policy wishes: for worlds that are made up, where nobody has answered
//! anything and nobody is written to. Signed like any other, and over as soon as any other of the kind.

use super::admission::Places;
use crate::authority::{Promoted, Promotion, Waiver};
use crate::class::Class;
use crate::decision::ActionRecord;
use crate::pack::Pack;
use crate::policy::Policy;
use crate::policy::level::Level;
use jiff::Timestamp;

/// A promotion for each class, level above 1 and action that the policy wishes on one of the channels.
pub fn unearned(policy: &Policy, pack: &Pack, places: &Places, waiver: &Waiver, now: Timestamp) -> Vec<Promotion> {
    let mut promotions: Vec<Promotion> = Vec::new();
    for class in policy.classes.keys() {
        let Some(rules) = pack.class_digest(class) else { continue };
        let before = promotions.len();
        for (channel, place) in places {
            let line = policy.line(class, channel);
            let action = ActionRecord::from(&line.action);
            let on = Promoted { channel: channel.clone(), place: *place, after: 0, agreed: 0, disagreed: 0 };
            for level in Level::ALL.into_iter().filter(|level| (Level::Routine..=line.level).contains(level)) {
                let of_it = promotions.iter_mut().skip(before).find(|it| it.level == level && it.action == action);
                match of_it {
                    Some(promotion) => promotion.on.push(on.clone()),
                    None => promotions.push(one(class, level, action.clone(), rules, on.clone(), waiver, now)),
                }
            }
        }
    }
    promotions
}

fn one(
    class: &Class,
    level: Level,
    action: ActionRecord,
    rules: crate::digest::Digest,
    on: Promoted,
    waiver: &Waiver,
    issued_at: Timestamp,
) -> Promotion {
    Promotion {
        class: class.clone(),
        level,
        action,
        rules,
        also: Vec::new(),
        on: vec![on],
        tested: 0,
        without_evidence: Some(waiver.clone()),
        issued_at,
        note: String::new(),
    }
}

//! A classifier written from the definition alone, in plain loops, compared with the real one on thousands
//! of seeded random rules and messages whose words are built to collide.

mod generate;
mod naive;

use super::*;
use generate::{Numbers, RuleSet};

const RULE_SETS: u64 = 800;
const MESSAGES_EACH: usize = 8;

#[test]
fn the_naive_classifier_agrees() {
    let mut tally = [0_usize; 8];
    for seed in 1..=RULE_SETS {
        let mut numbers = Numbers::new(seed);
        let rules = RuleSet::random(&mut numbers);
        let pack = pack(&rules.to_toml());
        let mut scratch = Scratch::new(&pack);
        for _ in 0..MESSAGES_EACH {
            let message = rules.message(&mut numbers);
            let expected = naive::verdict(&rules, &message);
            let found = classify(&pack, &message, NOW, &LIMITS, &mut scratch);
            assert_eq!(found, expected, "seed {seed}\n{}\n{message:#?}", rules.to_toml());
            let told = trace(&pack, &message, NOW, &LIMITS);
            assert_eq!((told.reason, told.evidence), (found.reason(), found.evidence), "the trace of seed {seed}");
            tally[found_kind(&expected)] += 1;
        }
    }
    // A comparison that never sees a kind of verdict shows nothing about it.
    assert!(tally.iter().take(7).all(|count| *count > 20), "{tally:?}");
}

fn found_kind(verdict: &Verdict) -> usize {
    match verdict.reason() {
        None => 0,
        Some(Reason::Restricted) => 1,
        Some(Reason::Unmatched) => 2,
        Some(Reason::Conflict) => 3,
        Some(Reason::TooFewWitnesses) => 4,
        Some(Reason::Novel) => 5,
        Some(Reason::Uninspectable) => 6,
        Some(_) => 7,
    }
}

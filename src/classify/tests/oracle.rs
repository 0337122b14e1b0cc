//! A classifier written from the definition alone, in plain loops, compared with the real one on random rules
//! and messages whose words are built to collide.
//!
//! Each run takes another seed, and prints it. `DECILE_ORACLE_SEED` repeats a run, `DECILE_ORACLE_CASES` says
//! how many messages to compare.

mod alphabet;
mod generate;
mod naive;
mod numbers;
mod opened;
mod random_regex;
mod regexes;
mod shrink;

use super::*;
use generate::RuleSet;
use numbers::Numbers;
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

/// The middle of a day: 2026-06-15T12:00:00Z.
const NOW: Timestamp = Timestamp::constant(1_781_524_800, 0);
const CASES: u64 = 100_000;
const MESSAGES_EACH: u64 = 40;
const THREADS: usize = 2;
/// Kinds of verdicts: a class, and every reason that a classifier gives but `over_budget`.
const KINDS: [Option<Reason>; 7] = [
    None,
    Some(Reason::Uninspectable),
    Some(Reason::Restricted),
    Some(Reason::Unmatched),
    Some(Reason::Conflict),
    Some(Reason::TooFewWitnesses),
    Some(Reason::Novel),
];

#[test]
fn the_naive_classifier_agrees() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let (seed, cases) = (number("DECILE_ORACLE_SEED", now), number("DECILE_ORACLE_CASES", CASES));
    say(&format!("DECILE_ORACLE_SEED={seed} DECILE_ORACLE_CASES={cases}"));
    let known = regexes::of_run(seed, |regex| {
        compiles(&format!("[[rule]]\nid = \"a\"\nclass = \"c\"\nany = [{}]", generate::re(regex)))
    });
    let sets = cases.div_ceil(MESSAGES_EACH);
    let compare =
        |thread| (thread..sets).step_by(THREADS).map(|set| compare_set(seed, set, known)).fold([0; KINDS.len()], add);
    let tallies: Vec<[u64; KINDS.len()]> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS as u64).map(|thread| scope.spawn(move || compare(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|why| std::panic::resume_unwind(why))).collect()
    });
    let tally = tallies.into_iter().fold([0; KINDS.len()], add);
    say(&format!("{} cases agree: {tally:?} of {KINDS:?}", tally.iter().sum::<u64>()));
    // A comparison that never sees a kind of verdict shows nothing about it.
    assert!(tally.iter().all(|count| *count >= cases / 1_000), "{tally:?} of {KINDS:?}");
}

/// Also where a test's output is kept back until it fails.
fn say(what: &str) {
    writeln!(std::io::stderr(), "oracle: {what}").unwrap();
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

fn add(one: [u64; KINDS.len()], other: [u64; KINDS.len()]) -> [u64; KINDS.len()] {
    std::array::from_fn(|kind| one[kind] + other[kind])
}

fn compiles(rules: &str) -> bool {
    let report = Report::new();
    let written = rules::load_texts(vec![SourceFile::new("rules/test.toml", rules)], &report);
    rules::compile(&written, &report).is_some()
}

/// Compares one set of rules on several messages; how often each kind of verdict came.
fn compare_set(seed: u64, set: u64, known: &'static [regexes::Known]) -> [u64; KINDS.len()] {
    let mut numbers = Numbers::with(seed.wrapping_add(set), known);
    let rules = RuleSet::random(&mut numbers);
    let pack = pack(&rules.to_toml());
    // A pack that was stored and opened means the same.
    let pack = if set.is_multiple_of(2) { pack } else { opened::reopened(&pack) };
    let mut scratch = Scratch::new(&pack);
    let mut tally = [0; KINDS.len()];
    for case in 0..MESSAGES_EACH {
        let message = rules.message(&mut numbers);
        match differ(&rules, &pack, &message, &mut scratch) {
            Ok(verdict) => tally[KINDS.iter().position(|kind| *kind == verdict.reason()).unwrap()] += 1,
            Err(what) => {
                let (rules, message, what) = shrink::shrink(rules, message, what);
                let toml = rules.to_toml();
                panic!("DECILE_ORACLE_SEED={seed}: set {set}, case {case}\n{toml}\n{message:#?}\n{what}");
            }
        }
    }
    tally
}

/// What both say, or how they differ: in the verdict, or in what the trace tells.
fn differ(rules: &RuleSet, pack: &Pack, message: &Message, scratch: &mut Scratch) -> Result<Verdict, String> {
    let limits = ClassifyLimits { evidence_spans_max: rules.spans_max, decision_steps_max: u64::MAX };
    let expected = naive::verdict(rules, message);
    let found = classify(pack, message, NOW, &limits, scratch);
    if found != expected {
        return Err(format!(
            "spans_max {}\nthe naive classifier: {expected:#?}\nthe real one: {found:#?}",
            rules.spans_max
        ));
    }
    let told = trace(pack, message, NOW, &limits);
    if (told.reason, &told.class.as_ref(), &told.evidence) != (found.reason(), &found.class(), &found.evidence) {
        return Err(format!("the verdict: {found:#?}\nthe trace: {told:#?}"));
    }
    Ok(found)
}

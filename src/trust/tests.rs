#![expect(clippy::print_stderr, reason = "seeds and shares are printed")]

use super::*;
use crate::policy::level::Level;

/// From how many decisions on somebody looks, and until when.
const LOOKS: std::ops::RangeInclusive<u64> = 30..=5_000;
const RUNS: u64 = 10_000;

fn bound(threshold: f64) -> Bound {
    Bound::new(threshold, SIGNIFICANCE, 1)
}

fn agreed(agreed: u64) -> Tally {
    Tally { agreed, disagreed: 0 }
}

#[test]
fn so_many_decisions_without_an_error_are_enough() {
    for (level, enough) in [(Level::Routine, 55), (Level::Bounded, 197)] {
        let bound = bound(threshold(level).unwrap());
        assert_eq!(bound.missing(Tally::default()), Some(enough), "{level:?}");
        assert!(!bound.is_reached(agreed(enough - 1)) && bound.is_reached(agreed(enough)));
        assert_eq!(bound.missing(agreed(enough)), Some(0));
        assert_eq!(bound.missing(agreed(enough - 20)), Some(20));
    }
    assert_eq!((threshold(Level::Suggest), threshold(Level::Draft)), (None, None), "nothing is needed for a draft");
}

/// By the definition, with the beta function as products: B(18 + s, 2 + f) / B(18, 2) for whole numbers.
#[test]
fn the_bound_is_where_the_mixture_is_as_many_times_as_likely() {
    let tally = Tally { agreed: 95, disagreed: 5 };
    let lower = bound(0.9).lower(tally);
    let rising = |from: f64, times: u64| (0..times).map(|at| (from + at as f64).ln()).sum::<f64>();
    let mixture = rising(18.0, 95) + rising(2.0, 5) - rising(20.0, 100);
    let ratio = (mixture - 95.0 * lower.ln() - 5.0 * (1.0 - lower).ln()).exp();
    assert!((ratio - 20.0).abs() < 1e-6, "{ratio} at {lower}");
    assert!((0.86..0.95).contains(&lower), "{lower}");
}

#[test]
fn the_bound_grows_by_agreement_and_falls_by_the_opposite() {
    let bound = bound(0.9);
    assert_eq!(bound.lower(Tally::default()), 0.0, "nothing is known");
    assert_eq!(bound.lower(Tally { agreed: 0, disagreed: 9 }), 0.0);
    let mut before = 0.0;
    for count in [1, 10, 54, 55, 100, 1_000, 100_000] {
        let lower = bound.lower(agreed(count));
        assert!(lower > before && lower < 1.0, "{count}: {lower} after {before}");
        assert!(bound.lower(agreed(count).and(false)) < lower, "{count}");
        assert_eq!(lower > 0.9, bound.is_reached(agreed(count)), "{count}: {lower}");
        before = lower;
    }
}

#[test]
fn more_classes_at_a_time_ask_for_more() {
    let needed: Vec<u64> =
        [1, 2, 10].map(|classes| Bound::new(0.9, SIGNIFICANCE, classes).missing(Tally::default()).unwrap()).to_vec();
    assert_eq!(needed, [55, 64, 83]);
    assert_eq!(
        bound(0.9).missing(Tally { agreed: 1_000_000, disagreed: 500_000 }),
        None,
        "not by any number to speak of"
    );
}

/// Somebody looks after each decision, and promotes as soon as it looks good. The truth is the threshold: each promotion is
/// wrong.
#[test]
fn whoever_looks_all_the_time_promotes_wrongly_no_more_often_than_is_said() {
    let seed = std::env::var("DECILE_SEED").ok().map_or_else(|| fastrand::u64(..), |it| it.parse().unwrap());
    eprintln!("promotions: DECILE_SEED={seed}");
    for level in [Level::Routine, Level::Bounded] {
        let threshold = threshold(level).unwrap();
        let ours = wrong_share(threshold, seed, &needed(|tally| bound(threshold).is_reached(tally)));
        let wilson = wrong_share(threshold, seed, &needed(|tally| wilson(tally) > threshold));
        eprintln!("{level:?}: {ours:.3} of {RUNS}; by a Wilson interval {wilson:.3}");
        // 0.05 and four standard deviations of what 10,000 runs show of it.
        assert!(ours < SIGNIFICANCE + 4.0 * 0.0022, "{level:?}: {ours}, DECILE_SEED={seed}");
        assert!(
            wilson > 4.0 * SIGNIFICANCE,
            "{level:?}: looking all the time has its price where nobody pays for it: {wilson}"
        );
    }
}

/// For each number of decisions, how many agreements are enough.
fn needed(is_enough: impl Fn(Tally) -> bool) -> Vec<u64> {
    let mut agreed = 0;
    LOOKS
        .map(|decisions| {
            while agreed <= decisions && !is_enough(Tally { agreed, disagreed: decisions - agreed }) {
                agreed += 1;
            }
            agreed
        })
        .collect()
}

fn wrong_share(truth: f64, seed: u64, needed: &[u64]) -> f64 {
    let mut rng = fastrand::Rng::with_seed(seed);
    let is_promoted = |_: &u64| {
        let mut agreed = (1..*LOOKS.start()).filter(|_| rng.f64() < truth).count() as u64;
        needed.iter().any(|needed| {
            agreed += u64::from(rng.f64() < truth);
            agreed >= *needed
        })
    };
    (0..RUNS).filter(is_promoted).count() as f64 / RUNS as f64
}

/// The lower end of Wilson's interval, one-sided, 95 %: what is usual, and right for one look.
fn wilson(tally: Tally) -> f64 {
    let (count, share) = (tally.decisions() as f64, tally.share().unwrap());
    let z = 1.645_f64;
    let centre = share + z * z / (2.0 * count);
    let spread = z * (share * (1.0 - share) / count + z * z / (4.0 * count * count)).sqrt();
    (centre - spread) / (1.0 + z * z / count)
}

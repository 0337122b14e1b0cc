//! How long the test of agreement runs until it cries wolf: answers at the threshold exactly, which is as bad as may be.

use crate::{choices, many};
use decile::policy::level::Level;
use decile::trust::{Agreement, RUN_MEAN_MIN, threshold};

/// Runs are ended here; what is longer counts as this, so that the mean is not overestimated.
const ANSWERS_MAX: usize = 10_000_000;

#[test]
fn the_mean_run_without_a_cause_is_as_long_as_is_said() {
    let runs = many(20, 60);
    let answers_max = many(200_000, ANSWERS_MAX);
    let mut rng = choices("runs");
    for level in [Level::Routine, Level::Bounded] {
        let threshold = threshold(level).unwrap();
        let lengths: Vec<usize> = (0..runs)
            .map(|_| {
                Agreement::lost_at(threshold, (0..answers_max).map(|_| rng.f64() < threshold)).unwrap_or(answers_max)
            })
            .collect();
        let mean = lengths.iter().sum::<usize>() as f64 / runs as f64;
        let ended = lengths.iter().filter(|length| **length < answers_max).count();
        eprintln!("{level:?}: {mean:.0} answers on average, {ended} of {runs} runs ended before {answers_max}");
        // Of so few runs the mean is known within a third; short ones are ended long before what is promised.
        let wanted = RUN_MEAN_MIN.min(answers_max as f64) / 3.0;
        assert!(mean > wanted, "{level:?}: {mean} answers on average");
    }
}

//! What is claimed of the whole fold.
#![expect(clippy::print_stderr, reason = "seeds, alarms and delays are printed")]

mod changes;
mod delays;
mod fold;
mod quiet;
pub(crate) mod traffic;

use crate::drift::{Alarm, Drift};
use traffic::{Source, Traffic};

/// Windows of a day.
const DAY: usize = 288;
/// How many days until baselines are whole.
const WARM_DAYS: usize = 36;

/// The length of a simulation: short, or long with `DECILE_TORTURE=long`, as `make torture` sets it.
fn length(short: usize, long: usize) -> usize {
    if std::env::var("DECILE_TORTURE").is_ok_and(|it| it == "long") { long } else { short }
}

/// Folds so many days.
fn fold(drift: &mut Drift, source: &mut Source, days: usize) -> Vec<Alarm> {
    (0..days * DAY).flat_map(|_| drift.apply(&source.next())).collect()
}

/// A drift that knows this traffic.
fn warm(traffic: Traffic, rng: &mut fastrand::Rng) -> (Drift, Source) {
    let (mut drift, mut source) = (Drift::default(), Source::new(traffic, rng));
    fold(&mut drift, &mut source, WARM_DAYS);
    (drift, source)
}

//! Small arithmetic: counts as numbers, and log odds.

/// A count as a number.
#[expect(clippy::cast_precision_loss, reason = "counts of messages: far below 2^53")]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}

/// How many there are, as a number.
pub(crate) fn number_of(count: usize) -> f64 {
    number(u64::try_from(count).unwrap_or(u64::MAX))
}

/// The log odds of a share (above 0 and below 1).
pub(crate) fn log_odds(share: f64) -> f64 {
    (share / (1.0 - share)).ln()
}

/// The share with these log odds.
pub(crate) fn share(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// The logarithm of 1 + e^x, which is minus the logarithm of 1 - share: without a detour over shares that round to 1.
pub(crate) fn soft_plus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// The one in the middle, or between the two; none of none.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2)?;
    let lower = values.get((values.len() - 1) / 2)?;
    Some(f64::midpoint(*lower, *upper))
}

//! How often a class is right, at the least: a bound that holds however often somebody looks at it.
//!
//! A lower confidence sequence for a share, by the beta-binomial mixture with the prior Beta(20 p0, 20 (1 - p0)): Robbins,
//! *Statistical methods related to the law of the iterated logarithm* (1970); Howard, Ramdas, McAuliffe and Sekhon,
//! *Time-uniform, nonparametric, nonasymptotic confidence sequences* (2021), section 3.2. After s agreements among n
//! decisions, the mixture's likelihood ratio against a share p is
//!
//! ```text
//! M(p) = B(a + s, b + n - s) / (B(a, b) p^s (1 - p)^(n - s))        a = 20 p0, b = 20 (1 - p0)
//! ```
//!
//! If p is the truth, M(p) is a martingale that begins at 1, so that it ever reaches 1/α with a probability of α at most
//! (Ville's inequality). The shares for which it has not are the confidence set; its lower end is the bound.

use crate::policy::level::Level;
use statrs::function::beta::ln_beta;

/// How likely a class that does not deserve it may at most be to look one day as if it did.
pub const SIGNIFICANCE: f64 = 0.05;
/// What weight the prior has, in decisions.
const PRIOR: f64 = 20.0;
/// Halvings by which the bound is found: more than a double can tell apart.
const HALVINGS: usize = 60;
/// How many decisions without an error are thought of, at the most, where some are missing.
const MISSING_MAX: u64 = 1_000_000;

/// What was said of decisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// How often a person agreed.
    pub agreed: u64,
    /// How often not.
    pub disagreed: u64,
}

/// A lower bound on the share of agreement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    threshold: f64,
    /// The logarithm of 1/α.
    ratio_ln: f64,
}

/// What share of agreement a level asks for; `None` for those that ask for none.
pub fn threshold(level: Level) -> Option<f64> {
    match level {
        Level::Suggest | Level::Draft => None,
        Level::Routine => Some(0.90),
        Level::Bounded => Some(0.98),
    }
}

impl Tally {
    /// How many decisions.
    pub fn decisions(self) -> u64 {
        self.agreed + self.disagreed
    }

    /// One more.
    #[must_use]
    pub fn and(self, agreed: bool) -> Self {
        Self { agreed: self.agreed + u64::from(agreed), disagreed: self.disagreed + u64::from(!agreed) }
    }

    /// The share of agreement; none where nothing was said.
    pub fn share(self) -> Option<f64> {
        (self.decisions() > 0).then(|| number(self.agreed) / number(self.decisions()))
    }
}

impl Bound {
    /// A bound against a threshold (above 0 and below 1) that is ever above the truth with a probability of `significance` at
    /// the most, divided by the number of classes that are tested at the same time.
    pub fn new(threshold: f64, significance: f64, classes: usize) -> Self {
        let classes = number(classes.max(1) as u64);
        Self { threshold, ratio_ln: (classes / significance).ln() }
    }

    /// The bound: the truth is not below it, but for the significance.
    pub fn lower(&self, tally: Tally) -> f64 {
        let Some(share) = tally.share() else { return 0.0 };
        let (mut below, mut within) = (0.0, share);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(below, within);
            if self.refutes(tally, middle) { below = middle } else { within = middle }
        }
        below
    }

    /// Whether the bound is above the threshold: enough has been seen.
    pub fn is_reached(&self, tally: Tally) -> bool {
        tally.share().is_some_and(|share| share > self.threshold) && self.refutes(tally, self.threshold)
    }

    /// How many decisions are missing if nobody disagrees with any of them; `None` for more than a million.
    pub fn missing(&self, tally: Tally) -> Option<u64> {
        let is_enough = |more: &u64| self.is_reached(Tally { agreed: tally.agreed + more, ..tally });
        if is_enough(&0) {
            return Some(0);
        }
        // Once enough, always enough: more agreement raises the bound.
        let mut enough = 1;
        while !is_enough(&enough) {
            if enough == MISSING_MAX {
                return None;
            }
            enough = (enough * 2).min(MISSING_MAX);
        }
        let mut too_few = 0;
        while enough - too_few > 1 {
            let middle = u64::midpoint(too_few, enough);
            if is_enough(&middle) { enough = middle } else { too_few = middle }
        }
        Some(enough)
    }

    /// Whether this share of agreement is too unlikely to be the truth.
    fn refutes(&self, tally: Tally, share: f64) -> bool {
        let (agreed, disagreed) = (number(tally.agreed), number(tally.disagreed));
        let (a, b) = (PRIOR * self.threshold, PRIOR * (1.0 - self.threshold));
        let mixture_ln = ln_beta(a + agreed, b + disagreed) - ln_beta(a, b);
        // 0 times the logarithm of 0 is 0.
        let times_ln = |times: f64, share: f64| if times > 0.0 { times * share.ln() } else { 0.0 };
        mixture_ln - times_ln(agreed, share) - times_ln(disagreed, 1.0 - share) >= self.ratio_ln
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of what people said: far below 2^53")]
fn number(count: u64) -> f64 {
    count as f64
}

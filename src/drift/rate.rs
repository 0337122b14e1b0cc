//! Whether a share has left a band around what is usual, one way: a test that runs for ever, and seldom cries wolf.
//!
//! An e-detector of the Shiryaev-Roberts kind: Shin, Ramdas and Rinaldo, *E-detectors: a nonparametric framework for
//! sequential change detection* (2024), sections 2 and 3. With e the nearer end of the band and a > e a share outside, the
//! likelihood ratio of a window in which s of n decisions were escalations is
//!
//! ```text
//! L = ((a / e)^s ((1 - a) / (1 - e))^(n - s))^(1 / d)
//! ```
//!
//! where d is the dispersion factor: as if only every d-th message said something of its own. While the share is within
//! the band, the mean of L is 1 at the most, whatever the share (it is monotone in s) and whatever d ≥ 1 (Jensen's
//! inequality; where d messages at a time share one fate, it is what an honest likelihood would be). M_n = (M_(n-1) + 1)
//! L_n then has a mean of n at the most, and so has the mean of several such M, one for each a. M ≥ c therefore comes
//! after c windows on average, or later, as long as nothing is wrong.

use crate::drift::calendar::{DAY_S, WINDOW_S};
use crate::drift::detector::Direction;
use crate::drift::number::{number, number_of, share, soft_plus};
use crate::drift::tally::Counts;

#[cfg(test)]
mod tests;

/// How long a detector rests after an alarm, in seconds, before it begins anew.
pub const REST_S: i64 = DAY_S;

/// How far outside the band the shares are that are looked for, in log odds: from 8 % more odds to 13 times.
const STEPS: [f64; 6] = [0.08, 0.16, 0.32, 0.64, 1.28, 2.56];
/// Far above every alarm it says nothing more.
const SPEAK_MAX: f64 = 1e300;

/// What is usual in a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Usual {
    /// The log odds of an escalation.
    pub(crate) log_odds: f64,
    /// How far from them is still nothing, in log odds.
    pub(crate) band: f64,
    /// How many times the variance is that of messages decided each by itself.
    pub(crate) dispersion: f64,
}

/// What was seen since a share changed, as far as one can tell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Run {
    pub(crate) counts: Counts,
    /// How many escalations are usual for that.
    pub(crate) expected: f64,
    /// When it began, in seconds since the epoch.
    pub(crate) start_s: i64,
}

/// Follows one share one way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rate {
    direction: Direction,
    bets: [Bet; STEPS.len()],
    /// It hears nothing before this second.
    rests_until_s: i64,
}

/// One share outside the band.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Bet {
    /// How much speaks for it: M.
    speak: f64,
    /// The logarithm of the likelihood ratio of the run, which ends when this is no longer positive (Page's CUSUM).
    run_ln: f64,
    run: Run,
}

impl Rate {
    pub(crate) fn new(direction: Direction) -> Self {
        Self { direction, bets: Default::default(), rests_until_s: 0 }
    }

    /// Takes a window. Gives what it saw if that is an alarm; it then rests, and begins anew.
    pub(crate) fn hear(&mut self, start_s: i64, counts: Counts, usual: Usual, threshold: f64) -> Option<Run> {
        // No messages are no evidence, and no step.
        if self.is_resting(start_s) || counts.decisions == 0 {
            return None;
        }
        for (bet, step) in self.bets.iter_mut().zip(STEPS) {
            bet.hear(start_s, counts, usual, if self.direction == Direction::Up { step } else { -step });
        }
        (self.speaks() >= threshold).then(|| {
            let run = self.run();
            *self = Self { rests_until_s: start_s + WINDOW_S + REST_S, ..Self::new(self.direction) };
            run
        })
    }

    /// How much speaks for a drift.
    pub(crate) fn speaks(&self) -> f64 {
        self.bets.iter().map(|bet| bet.speak / number_of(STEPS.len())).sum()
    }

    pub(crate) fn is_resting(&self, start_s: i64) -> bool {
        start_s < self.rests_until_s
    }

    pub(crate) fn direction(&self) -> Direction {
        self.direction
    }

    /// Since when it is so, by the bet for which most speaks.
    fn run(&self) -> Run {
        let most = self.bets.iter().max_by(|a, b| a.speak.total_cmp(&b.speak));
        most.map(|bet| bet.run).unwrap_or_default()
    }
}

impl Bet {
    /// Takes a window, for odds that are this far outside the band (negative: below).
    fn hear(&mut self, start_s: i64, counts: Counts, usual: Usual, step: f64) {
        let ratio_ln = ratio_ln(counts, usual, step);
        self.speak = ((self.speak + 1.0) * ratio_ln.exp()).min(SPEAK_MAX);
        if self.run_ln <= 0.0 {
            self.run_ln = 0.0;
            self.run = Run { start_s, ..Run::default() };
        }
        self.run_ln += ratio_ln;
        self.run.counts = self.run.counts.and(counts);
        self.run.expected += number(counts.decisions) * share(usual.log_odds);
    }
}

/// The logarithm of L.
fn ratio_ln(counts: Counts, usual: Usual, step: f64) -> f64 {
    let end = usual.log_odds + usual.band.copysign(step);
    let (escalated, decisions) = (number(counts.escalated), number(counts.decisions));
    (escalated * step - decisions * (soft_plus(end + step) - soft_plus(end))) / usual.dispersion
}

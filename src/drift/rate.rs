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

#[cfg(test)]
mod tests {
    #![expect(clippy::print_stderr, reason = "seeds and runs are printed")]

    use super::*;
    use crate::drift::number::log_odds;
    use crate::drift::tests::traffic::{binomial, rng};

    const USUAL: Usual = Usual { log_odds: -2.197_224_577, band: 0.15, dispersion: 1.0 };

    fn at_end(direction: Direction, usual: Usual) -> f64 {
        share(usual.log_odds + if direction == Direction::Up { usual.band } else { -usual.band })
    }

    /// The mean over all that a window of 20 messages can have of what speaks after it, divided by 1 before.
    fn mean(direction: Direction, truth: f64, usual: Usual) -> f64 {
        let mut chance = (1.0 - truth).powi(20);
        let mut sum = 0.0;
        for escalated in 0..=20 {
            let mut rate = Rate::new(direction);
            assert_eq!(rate.hear(0, Counts { decisions: 20, escalated }, usual, f64::INFINITY), None);
            sum += chance * rate.speaks();
            let k = number(escalated);
            chance *= (20.0 - k) / (k + 1.0) * truth / (1.0 - truth);
        }
        sum
    }

    #[test]
    fn a_window_within_the_band_says_nothing_on_average() {
        for direction in [Direction::Up, Direction::Down] {
            let end = at_end(direction, USUAL);
            assert!((mean(direction, end, USUAL) - 1.0).abs() < 1e-9);
            assert!(mean(direction, 0.1, USUAL) < 0.99);
            let outside = if direction == Direction::Up { end * 1.1 } else { end / 1.1 };
            assert!(mean(direction, outside, USUAL) > 1.0);
            for dispersion in [1.5, 4.0] {
                let mean = mean(direction, end, Usual { dispersion, ..USUAL });
                assert!(mean < 1.0, "{direction:?} {dispersion} {mean}");
            }
        }
    }

    /// Where every `d` messages share one fate, it is the likelihood of the fates, no more and no less.
    #[test]
    fn dispersion_counts_fates() {
        let alone = ratio_ln(Counts { decisions: 20, escalated: 3 }, USUAL, 0.64);
        let bunched = Usual { dispersion: 5.0, ..USUAL };
        let bunches = ratio_ln(Counts { decisions: 100, escalated: 15 }, bunched, 0.64);
        assert!((alone - bunches).abs() < 1e-9);
    }

    /// At the end of the band exactly, which is as bad as may be: an alarm every 2,000 windows, at the most.
    #[test]
    fn it_seldom_cries_wolf() {
        let mut rng = rng("run length");
        for (dispersion, bunch) in [(1.0, 1), (3.0, 3)] {
            for direction in [Direction::Up, Direction::Down] {
                let usual = Usual { dispersion, ..USUAL };
                let (end, windows) = (at_end(direction, usual), 1_000_000);
                let mut alarms = 0;
                let mut rate = Rate::new(direction);
                for _ in 0..windows {
                    let fates = 2 + rng.u64(0..12);
                    let escalated = bunch * binomial(&mut rng, fates, end);
                    if rate.hear(0, Counts { decisions: bunch * fates, escalated }, usual, 2_000.0).is_some() {
                        alarms += 1;
                        // Without the rest.
                        rate = Rate::new(direction);
                    }
                }
                eprintln!(
                    "{direction}, bunches of {bunch}: {alarms} alarms in {windows} windows; 500 promised at most"
                );
                assert!(alarms <= 500 + 4 * 22, "{alarms}");
                assert!(alarms > 50, "it would never speak: {alarms}");
            }
        }
    }

    #[test]
    fn it_rests_after_an_alarm_and_begins_anew() {
        let all = Counts { decisions: 5, escalated: 5 };
        let mut rate = Rate::new(Direction::Up);
        let mut alarms = Vec::new();
        for window in 0..1_000 {
            if let Some(run) = rate.hear(window * WINDOW_S, all, USUAL, 1e6) {
                alarms.push(window);
                assert_eq!(run.counts.decisions, run.counts.escalated);
                assert!((run.expected / number(run.counts.decisions) - 0.1).abs() < 1e-6);
            }
        }
        let [first, second, ..] = alarms[..] else { panic!("{alarms:?}") };
        assert!(first < 3 && second - first == 288 + 1 + first, "{alarms:?}");
        assert_eq!(Rate::new(Direction::Down).hear(0, all, USUAL, 2.0), None, "the other way it says nothing");
    }

    #[test]
    fn it_tells_since_when() {
        let mut rate = Rate::new(Direction::Down);
        let heard = |window: i64| Counts { decisions: 50, escalated: if window < 500 { 5 } else { 1 } };
        let run = (0..1_000).find_map(|window| rate.hear(window * WINDOW_S, heard(window), USUAL, 1e6)).unwrap();
        assert_eq!(run.start_s, 500 * WINDOW_S, "{run:?}");
        assert!(run.counts.escalated * 50 == run.counts.decisions && run.counts.decisions < 1_000, "{run:?}");
    }

    #[test]
    fn nothing_heard_is_no_step() {
        let mut rate = Rate::new(Direction::Up);
        rate.hear(0, Counts { decisions: 20, escalated: 4 }, USUAL, 1e9);
        let before = rate.clone();
        rate.hear(WINDOW_S, Counts::default(), USUAL, 1e9);
        assert_eq!(rate, before);
    }

    #[test]
    fn absurd_counts_are_no_trouble() {
        for direction in [Direction::Up, Direction::Down] {
            let mut rate = Rate::new(direction);
            for escalated in [0, u64::MAX, 0, u64::MAX] {
                let counts = Counts { decisions: u64::MAX, escalated };
                rate.hear(0, counts, Usual { log_odds: log_odds(1e-9), ..USUAL }, f64::INFINITY);
                assert!(rate.speaks().is_finite());
            }
        }
    }
}

//! What used to be usual at each hour of the week.
//!
//! Learned each midnight from four weeks that ended a week ago, so that what is tested is never in what it is tested
//! against, and a slow change of some days does not teach itself to the baseline at once. Somebody who has heard for two
//! weeks only learns from both, and the gap opens with the third.

use crate::drift::calendar::{DAYS_KEPT, day_and_hour};
use crate::drift::detector::Silence;
use crate::drift::dispersion::{dispersion, leave_out};
use crate::drift::grid::{Grid, Hours, Shares};
use crate::drift::number::number;
use std::ops::Range;

/// Odds that differ by this factor, or less, from what is usual are no drift.
pub const TOLERANCE: f64 = 1.05;
/// Of fewer decisions, nothing is known.
pub const DECISIONS_MIN: u64 = 200;
/// The greatest dispersion factor: beyond it something else than bursts is the matter.
pub const DISPERSION_MAX: f64 = 50.0;

/// How many days a baseline is learned from, at most and at least.
const DAYS_MAX: i64 = 28;
const DAYS_MIN: i64 = 14;
/// How many standard errors of the baseline are forgiven besides the tolerance.
const ERRORS: f64 = 2.0;

/// What is usual.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Baseline {
    shares: Shares,
    /// How many times the variance is what it would be if each message were decided by itself.
    pub(crate) dispersion: f64,
    /// Log odds that are this far from the usual are still nothing: the tolerance, and what the baseline may be off.
    pub(crate) band: f64,
}

impl Baseline {
    /// Learned at the beginning of a day.
    pub(crate) fn learn(of: &Hours, hits: &Hours, today: i64) -> Result<Self, Silence> {
        let mut grid = Grid::new(of, hits, days(of, today).ok_or(Silence::Young)?);
        if grid.weeks() < 2 {
            return Err(Silence::Young);
        }
        leave_out(&mut grid);
        let sum = grid.sum();
        if sum.of < number(DECISIONS_MIN) {
            return Err(Silence::Few);
        }
        let dispersion = dispersion(&grid).min(DISPERSION_MAX);
        let error = (dispersion * (1.0 / (sum.hits + 0.5) + 1.0 / (sum.of - sum.hits + 0.5))).sqrt();
        Ok(Self { shares: grid.shares(None, 0.5), dispersion, band: TOLERANCE.ln() + ERRORS * error })
    }

    /// The share that is usual in an hour since the epoch; `None` where nothing was ever heard at this hour of the week.
    pub(crate) fn share(&self, hour: i64) -> Option<f64> {
        self.shares.at(hour)
    }
}

/// The days from which one learns at the beginning of a day, if there are enough.
pub(crate) fn days(of: &Hours, today: i64) -> Option<Range<i64>> {
    let first = of.keys().next().map(|hour| day_and_hour(*hour).0)?.max(today - DAYS_KEPT);
    let gap = (today - first - DAYS_MIN).min(DAYS_KEPT - DAYS_MAX);
    (gap >= 0).then(|| first.max(today - gap - DAYS_MAX)..today - gap)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::calendar::first_hour;

    /// Hits of a hundred messages an hour from day 100 on, by day and hour of the day.
    fn learn(today: i64, from: i64, hits: impl Fn(i64, i64) -> Option<u64>) -> Result<Baseline, Silence> {
        let mut maps = (Hours::new(), Hours::new());
        for day in from..today {
            for of_day in 0..24 {
                if let Some(hits) = hits(day, of_day) {
                    maps.0.insert(first_hour(day) + of_day, 100);
                    maps.1.insert(first_hour(day) + of_day, hits);
                }
            }
        }
        Baseline::learn(&maps.0, &maps.1, today)
    }

    fn at(baseline: &Baseline, day: i64, of_day: i64) -> f64 {
        baseline.share(first_hour(day) + of_day).unwrap()
    }

    #[test]
    fn it_knows_each_hour_of_the_week() {
        let hits = |day: i64, of_day: i64| {
            if day % 7 == 2 {
                50
            } else if of_day < 8 {
                30
            } else {
                10
            }
        };
        let baseline = learn(135, 100, |day, of_day| Some(hits(day, of_day))).unwrap();
        for day in 140..147 {
            for of_day in [3, 12, 20] {
                let (share, truth) = (at(&baseline, day, of_day), hits(day, of_day) as f64 / 100.0);
                assert!((share - truth).abs() < 0.006, "{day} {of_day}: {share} {truth}");
            }
        }
        assert!((baseline.dispersion - 1.0).abs() < 1e-9);
        // 14 % of 67,200 messages: twice 0.0112 besides the tolerance.
        assert!((0.05..0.08).contains(&baseline.band), "{}", baseline.band);
    }

    #[test]
    fn it_lags_a_week_behind_and_forgets() {
        let baseline = learn(150, 100, |day, _| Some(if (115..143).contains(&day) { 10 } else { 90 })).unwrap();
        assert!((at(&baseline, 150, 12) - 0.1).abs() < 0.001);
        let days = |first: i64, today: i64| days(&[(first_hour(first) + 23, 1)].into(), today);
        assert_eq!(days(100, 113), None);
        assert_eq!(days(100, 114), Some(100..114), "two weeks, and no gap");
        assert_eq!(days(100, 118), Some(100..114));
        assert_eq!(days(100, 121), Some(100..114));
        assert_eq!(days(100, 122), Some(100..115));
        assert_eq!(days(100, 135), Some(100..128));
        assert_eq!(days(100, 145), Some(110..138));
        assert_eq!(super::days(&Hours::new(), 145), None);
    }

    #[test]
    fn of_too_little_it_knows_nothing() {
        assert_eq!(learn(113, 100, |_, _| Some(10)).err(), Some(Silence::Young));
        assert!(learn(114, 100, |_, _| Some(10)).is_ok());
        assert_eq!(learn(135, 100, |day, _| (day < 107).then_some(10)).err(), Some(Silence::Young), "only one week");
        let few = |hours: i64| learn(135, 100, move |day, of_day| (day % 7 == 1 && of_day < hours).then_some(10));
        // 28 days are four of each weekday.
        assert!(few(1).is_ok_and(|it| it.share(first_hour(134)).is_some() && it.share(first_hour(134) + 12).is_none()));
        let none = learn(135, 100, |day, of_day| ((day == 101 || day == 110) && of_day == 1).then_some(10));
        assert!(none.is_ok());
        let none = Baseline::learn(&[(2_400, 100), (2_600, 99)].into(), &Hours::new(), 135);
        assert_eq!(none.err(), Some(Silence::Few));
    }

    /// An outage on one day, and a whole odd week.
    #[test]
    fn odd_days_are_left_out() {
        let usual = |day: i64, of_day: i64| 10 + (day * 7 + of_day * 5) as u64 % 3;
        let still = learn(135, 100, |day, of_day| Some(usual(day, of_day))).unwrap();
        let outage = learn(135, 100, |day, of_day| Some(if day == 115 { 100 } else { usual(day, of_day) })).unwrap();
        let week = learn(135, 100, |day, of_day| Some(if (107..114).contains(&day) { 40 } else { usual(day, of_day) }))
            .unwrap();
        for odd in [outage, week] {
            for day in 140..147 {
                assert!((at(&odd, day, 12) - at(&still, day, 12)).abs() < 0.01, "{day}");
            }
            assert!(odd.dispersion < 1.1, "{}", odd.dispersion);
        }
        // But a weekday that always is so is no odd day, and nor is half of all days.
        let mondays = learn(135, 100, |day, of_day| Some(if day % 7 == 4 { 60 } else { usual(day, of_day) })).unwrap();
        assert!((at(&mondays, 144, 12) - 0.6).abs() < 0.02 && (at(&mondays, 145, 12) - 0.11).abs() < 0.02);
        let half = learn(135, 100, |day, of_day| Some(if day < 114 { 40 } else { usual(day, of_day) })).unwrap();
        assert!((0.2..0.32).contains(&at(&half, 140, 12)) && half.dispersion > 10.0, "{half:?}");
    }

    /// Nobody can tell which of two was odd; and of each weekday something is always left.
    #[test]
    fn of_two_days_none_is_odd() {
        let both = learn(121, 100, |day, _| Some(if day == 103 { 40 } else { 10 })).unwrap();
        assert!((at(&both, 124, 12) - 0.25).abs() < 0.01, "{}", at(&both, 124, 12));
        let torn = learn(135, 100, |day, _| Some(if day == 103 || day == 110 { 90 } else { 10 })).unwrap();
        assert!((0.3..0.7).contains(&at(&torn, 138, 12)), "three of four: {}", at(&torn, 138, 12));
    }

    #[test]
    fn days_that_differ_show_as_dispersion() {
        let baseline = learn(135, 100, |day, _| Some(if day / 7 % 2 == 0 { 8 } else { 12 })).unwrap();
        // From 10 % by 2 % of 2,400, and the other weeks lie the other way: 48² and more, by 2,400 * 0.09.
        assert!((10.0..25.0).contains(&baseline.dispersion), "{}", baseline.dispersion);
        let steady = learn(135, 100, |_, _| Some(10)).unwrap();
        assert!(baseline.band > 2.0 * steady.band, "what is less sure is forgiven more");
        let hours = learn(135, 100, |day, of_day| Some(if (day / 7 + of_day) % 2 == 0 { 2 } else { 18 })).unwrap();
        assert!(hours.dispersion > 5.0, "hours that differ while days do not: {}", hours.dispersion);
        let bursts = learn(135, 100, |day, _| Some(if day / 7 % 2 == 0 { 0 } else { 100 })).unwrap();
        assert!((bursts.dispersion - DISPERSION_MAX).abs() < 1e-9);
    }

    #[test]
    fn a_share_of_none_is_still_above_none() {
        let baseline = learn(135, 100, |_, _| Some(0)).unwrap();
        let share = at(&baseline, 140, 12);
        assert!(share > 0.0 && share < 1e-4, "{share}");
        assert!(baseline.band > 2.0 && baseline.band < 4.0, "not one of 67,200 is known to within {}", baseline.band);
    }
}

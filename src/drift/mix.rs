//! Whether a day was made up of other classes, reasons, lengths or unknown words than usual: a G-test of the whole day.
//!
//! What is expected is what the same hours of the week had in four weeks before. Real days differ by more than chance, so
//! that G is divided by a dispersion factor, measured on the past days, each against the other weeks.

use crate::drift::baseline::{DISPERSION_MAX, days};
use crate::drift::calendar::first_hour;
use crate::drift::detector::Silence;
use crate::drift::dispersion::{may_be_odd, mean};
use crate::drift::g::{Distance, Pair, critical, distance};
use crate::drift::grid::{Grid, Hours};
use crate::drift::number::{median, number, number_of};

/// A day is odd, and nothing is learned from it, where its G is this many times what the past days usually have.
const ODD: f64 = 6.0;
/// The fewest past days from which one can tell how much days differ.
const DAYS_MIN: usize = 5;
/// The fewest messages that past days must have had.
const MESSAGES_MIN: f64 = 200.0;

/// What a test of a day found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tested {
    /// G, divided by the dispersion factor.
    pub(crate) distance: f64,
    /// What that must reach to be an alarm.
    pub(crate) critical: f64,
    pub(crate) freedom: f64,
    /// The logarithm of the chance of that much without a change, divided by that of the significance: 1 is an alarm.
    pub(crate) height: f64,
    /// What differs most.
    pub(crate) name: String,
    /// Its share, and what that usually is.
    pub(crate) now: f64,
    pub(crate) usual: f64,
    /// How many there were of all.
    pub(crate) of: f64,
}

/// Tests a day, given all categories by hour. `Ok(None)` if the day has too few messages.
pub(crate) fn test(
    of: &Hours,
    categories: &[(&str, &Hours)],
    day: i64,
    significance: f64,
) -> Result<Option<Tested>, Silence> {
    let past = days(of, day).ok_or(Silence::Young)?;
    let whole = Grid::new(of, of, past.clone());
    if whole.weeks() < 2 {
        return Err(Silence::Young);
    }
    if whole.sum().of < MESSAGES_MIN {
        return Err(Silence::Few);
    }
    let mut grids: Vec<Grid> = categories.iter().map(|(_, hits)| Grid::new(of, hits, past.clone())).collect();
    let past = leave_out(&mut grids);
    if past.len() < DAYS_MIN {
        return Err(Silence::Few);
    }
    let pairs = pairs_of(of, categories, &grids, day);
    let Some(now) = distance(&pairs) else { return Ok(None) };
    let messages = pairs.iter().map(|pair| pair.observed).sum::<f64>();
    // The baseline is off by chance too: the more, the fewer weeks it has.
    let least = 1.0 + 1.0 / number_of(whole.weeks());
    let dispersion = dispersion(&past, messages, least);
    let freedom = (dispersion > least).then(|| past.iter().map(|past| past.distance.freedom).sum());
    let (critical, chance) = critical(now, dispersion, freedom, significance);
    let distance = now.g / dispersion;
    let most = categories.iter().zip(&pairs).max_by(|(_, a), (_, b)| a.excess().total_cmp(&b.excess()));
    Ok(most.map(|((name, _), pair)| Tested {
        distance,
        critical,
        freedom: now.freedom,
        height: chance.max(f64::MIN_POSITIVE).ln() / significance.ln(),
        name: (*name).to_owned(),
        now: pair.observed / messages,
        usual: pair.expected / messages,
        of: messages,
    }))
}

/// A past day.
#[derive(Clone, Copy, Debug)]
struct Past {
    distance: Distance,
    messages: f64,
}

/// What was counted on a day, and what the past days lead one to expect of as many messages at these hours.
fn pairs_of(of: &Hours, categories: &[(&str, &Hours)], grids: &[Grid], day: i64) -> Vec<Pair> {
    let hours = first_hour(day)..first_hour(day + 1);
    let pair = |(hits, grid): (&Hours, &Grid)| {
        let shares = grid.shares(None, 0.0);
        // Hours of the week of which nothing is known are no evidence.
        let known = of.range(hours.clone()).filter_map(|(hour, of)| Some((hour, number(*of), shares.at(*hour)?)));
        known.fold(Pair::default(), |sum, (hour, of, share)| Pair {
            observed: sum.observed + hits.get(hour).map_or(0.0, |hits| number(*hits)),
            expected: sum.expected + of * share,
        })
    };
    categories.iter().map(|(_, hits)| *hits).zip(grids).map(pair).collect()
}

/// Marks the odd days in all grids, the oddest first, and gives the others.
fn leave_out(grids: &mut [Grid]) -> Vec<Past> {
    for _ in 0..7 {
        let past = past_days(grids);
        let far = |past: &Past| past.distance.g / past.distance.freedom;
        let Some(middle) = median(past.iter().flatten().map(far)) else { break };
        let limit = ODD * middle.max(1.0);
        // All grids have the same days.
        let Some(grid) = grids.first() else { break };
        let odd = grid
            .days
            .iter()
            .zip(&past)
            .enumerate()
            .filter_map(|(at, (day, past))| Some((at, day, far(past.as_ref()?))));
        let odd = odd.filter(|(_, day, far)| *far > limit && may_be_odd(grid, day)).max_by(|a, b| a.2.total_cmp(&b.2));
        let Some((at, ..)) = odd else { break };
        for day in grids.iter_mut().filter_map(|grid| grid.days.get_mut(at)) {
            day.is_odd = true;
        }
    }
    past_days(grids).into_iter().flatten().collect()
}

/// How far each past day is from the weeks other than its own; `None` for odd ones, and for those with too few messages.
fn past_days(grids: &[Grid]) -> Vec<Option<Past>> {
    let days = grids.first().map_or(0, |grid| grid.days.len());
    let mut pairs: Vec<Vec<Pair>> = vec![Vec::new(); days];
    for grid in grids {
        let weeks = grid.days.first().map_or(0, |day| day.week);
        let others: Vec<_> = (0..=weeks).map(|week| grid.shares(Some(week), 0.0)).collect();
        for (day, pairs) in grid.days.iter().zip(&mut pairs).filter(|(day, _)| !day.is_odd) {
            let Some(shares) = usize::try_from(day.week).ok().and_then(|week| others.get(week)) else { continue };
            let cells = (first_hour(day.day)..).zip(&day.cells);
            let known = cells.filter_map(|(hour, cell)| Some((cell, shares.at(hour)?)));
            pairs.push(known.fold(Pair::default(), |sum, (cell, share)| Pair {
                observed: sum.observed + cell.hits,
                expected: sum.expected + cell.of * share,
            }));
        }
    }
    let messages = |pairs: &[Pair]| pairs.iter().map(|pair| pair.observed).sum();
    pairs.iter().map(|pairs| Some(Past { distance: distance(pairs)?, messages: messages(pairs) })).collect()
}

/// How many times G is what it would be if each message fell by itself, at least so many. It grows with the messages of a
/// day (their number times how much those of one day are alike), so that it is carried over to a day with more of them.
fn dispersion(past: &[Past], messages: f64, least: f64) -> f64 {
    let factors: Vec<f64> = past.iter().map(|past| past.distance.g / past.distance.freedom).collect();
    let before = mean(&past.iter().map(|past| past.messages).collect::<Vec<_>>());
    let more = (messages / before.max(1.0)).max(1.0);
    (1.0 + (mean(&factors) - 1.0) * more).clamp(least, DISPERSION_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busier_day_may_differ_by_more() {
        let past = [Past { distance: Distance { g: 6.0, freedom: 3.0 }, messages: 100.0 }; 3];
        assert!((dispersion(&past, 100.0, 1.25) - 2.0).abs() < 1e-9);
        assert!((dispersion(&past, 50.0, 1.25) - 2.0).abs() < 1e-9);
        assert!((dispersion(&past, 300.0, 1.25) - 4.0).abs() < 1e-9);
        let alike = past.map(|it| Past { distance: Distance { g: 2.0, ..it.distance }, ..it });
        assert!((dispersion(&alike, 300.0, 1.25) - 1.25).abs() < 1e-9);
    }

    /// Tests day 135, given how many of a hundred messages an hour were of the first of two classes on each day from 100 on.
    fn test_of(first: impl Fn(i64) -> u64) -> Tested {
        let hours = |count: &dyn Fn(i64) -> u64| -> Hours {
            (100..136)
                .flat_map(|day| (first_hour(day)..first_hour(day + 1)).map(move |hour| (hour, day)))
                .map(|(hour, day)| (hour, count(day)))
                .collect()
        };
        let classes = [("first", &hours(&first)), ("second", &hours(&|day| 100 - first(day)))];
        test(&hours(&|_| 100), &classes, 135, 1e-4).unwrap().unwrap()
    }

    #[test]
    fn days_that_always_differed_may_differ() {
        let steady = test_of(|day| if day == 135 { 36 } else { 30 });
        assert!(steady.height > 1.5 && steady.distance > steady.critical, "{steady:?}");
        assert!((steady.now - 0.36).abs() < 1e-9 && (steady.usual - 0.3).abs() < 1e-9);
        let restless = test_of(|day| if day == 135 { 36 } else { [27, 33, 30, 35][(day / 7 % 4) as usize] });
        assert!(restless.height < 0.5 && restless.distance < restless.critical, "{restless:?}");
    }

    /// Neither does one of them hide a change, nor does it move what is usual.
    #[test]
    fn odd_days_teach_nothing() {
        for odd in [115..116, 107..114] {
            let tested = test_of(|day| {
                if odd.contains(&day) {
                    80
                } else if day == 135 {
                    36
                } else {
                    30
                }
            });
            assert!(tested.height > 1.5 && (tested.usual - 0.3).abs() < 0.001, "{odd:?} {tested:?}");
        }
    }

    /// Chance is not odd: on one of the four such weekdays it was 31.
    #[test]
    fn other_days_do() {
        let tested = test_of(|day| if day == 114 { 31 } else { 30 });
        assert!((0.3015..0.3030).contains(&tested.usual), "{tested:?}");
    }

    #[test]
    fn the_alarm_is_where_the_critical_value_is() {
        for now in 30..50 {
            let tested = test_of(|day| if day == 135 { now } else { 30 });
            assert_eq!(tested.height >= 1.0, tested.distance >= tested.critical, "{tested:?}");
        }
    }
}

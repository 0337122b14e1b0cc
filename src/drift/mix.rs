//! Whether a day was made up of other classes, reasons or lengths than usual: a G-test of the whole day.
//!
//! The likelihood ratio of multinomial counts against the shares that the same hours of the week had (Wilks 1938; Sokal
//! and Rohlf, *Biometry*, 2012, chapter 17), G = 2 Σ O ln (O / E). Categories of which fewer than five are expected are
//! taken together. Real days differ by more than chance, so that G is divided by a dispersion factor, measured on the
//! past days, each against the other weeks; G / (φ df) then has an F distribution with the degrees of freedom of both
//! (McCullagh and Nelder 1989, section 4.5), and a chi-squared one where the past shows no dispersion.

use crate::drift::baseline::{DISPERSION_MAX, days};
use crate::drift::calendar::first_hour;
use crate::drift::detector::Silence;
use crate::drift::dispersion::{may_be_odd, mean};
use crate::drift::grid::{Grid, Hours};
use crate::drift::number::{median, number, number_of};
use statrs::distribution::{ChiSquared, ContinuousCDF, FisherSnedecor};

/// The fewest that may be expected of a category: the distributions above are those of many.
const EXPECTED_MIN: f64 = 5.0;
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

/// What was counted of a category, and what was expected.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Pair {
    observed: f64,
    expected: f64,
}

/// A G and its degrees of freedom.
#[derive(Clone, Copy, Debug)]
struct Distance {
    g: f64,
    freedom: f64,
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
    let dispersion = dispersion(&past, messages);
    let (critical, chance) = critical(now, dispersion, &past, significance);
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

impl Pair {
    /// How surprising it is.
    fn excess(self) -> f64 {
        (self.observed - self.expected).powi(2) / self.expected.max(1.0)
    }
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

/// G and its degrees of freedom; `None` where nothing is expected often enough.
///
/// What is expected less than [`EXPECTED_MIN`] times is taken together. Where that is still less, as many are nothing, and
/// only what is beyond them counts: a class that never was shows, and one message of it does not.
fn distance(pairs: &[Pair]) -> Option<Distance> {
    let (rare, often): (Vec<Pair>, Vec<Pair>) = pairs.iter().partition(|pair| pair.expected < EXPECTED_MIN);
    let part = |pair: &Pair| {
        let ratio_ln = if pair.observed > 0.0 { (pair.observed / pair.expected).ln() } else { 0.0 };
        // The second term sums to 0 but for what is nothing.
        2.0 * (pair.observed * ratio_ln - (pair.observed - pair.expected))
    };
    let rest = rare.iter().fold(Pair::default(), |sum, pair| Pair {
        observed: sum.observed + pair.observed,
        expected: sum.expected + pair.expected,
    });
    let rest = Pair { expected: rest.expected.max(rest.observed.min(EXPECTED_MIN)), ..rest };
    let g = often.iter().chain((rest.expected > 0.0).then_some(&rest)).map(part).sum::<f64>();
    let categories = often.len() + usize::from(!rare.is_empty());
    (!often.is_empty()).then(|| Distance { g: g.max(0.0), freedom: number_of(categories.max(2) - 1) })
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

/// How many times G is what it would be if each message fell by itself. It grows with the messages of a day (their number
/// times how much those of one day are alike), so that it is carried over to a day with more of them.
fn dispersion(past: &[Past], messages: f64) -> f64 {
    let factors: Vec<f64> = past.iter().map(|past| past.distance.g / past.distance.freedom).collect();
    let before = mean(&past.iter().map(|past| past.messages).collect::<Vec<_>>());
    let more = (messages / before.max(1.0)).max(1.0);
    (1.0 + (mean(&factors) - 1.0).max(0.0) * more).min(DISPERSION_MAX)
}

/// What G divided by the dispersion factor must reach, and the chance that it is as far as it is.
fn critical(now: Distance, dispersion: f64, past: &[Past], significance: f64) -> (f64, f64) {
    let distance = now.g / dispersion;
    let freedom: f64 = past.iter().map(|past| past.distance.freedom).sum();
    let f = FisherSnedecor::new(now.freedom, freedom).ok().filter(|_| dispersion > 1.0);
    if let Some(f) = f {
        return (now.freedom * f.inverse_cdf(1.0 - significance), f.sf(distance / now.freedom));
    }
    match ChiSquared::new(now.freedom) {
        Ok(chi) => (chi.inverse_cdf(1.0 - significance), chi.sf(distance)),
        Err(_) => (f64::INFINITY, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(f64, f64)]) -> Vec<Pair> {
        pairs.iter().map(|&(observed, expected)| Pair { observed, expected }).collect()
    }

    #[test]
    fn g_is_what_the_books_say() {
        // Sokal and Rohlf's box 17.1, rounded: 63, 31, 28, 12, 39, 16, 40, 12 in the ratio 18:6:6:2:12:4:12:4 of 241.
        let parts = [18.0, 6.0, 6.0, 2.0, 12.0, 4.0, 12.0, 4.0];
        let seen = [63.0, 31.0, 28.0, 12.0, 39.0, 16.0, 40.0, 12.0];
        let both: Vec<(f64, f64)> = seen.into_iter().zip(parts.map(|part| part / 64.0 * 241.0)).collect();
        let found = distance(&pairs(&both)).unwrap();
        assert!((found.g - 8.824).abs() < 0.01 && (found.freedom - 7.0).abs() < 1e-9, "{found:?}");
        let (critical, chance) = critical(found, 1.0, &[], 0.05);
        assert!((critical - 14.067).abs() < 0.001, "the table's: {critical}");
        assert!((0.26..0.28).contains(&chance), "{chance}");
    }

    #[test]
    fn small_categories_are_taken_together() {
        let of = |both: &[(f64, f64)]| distance(&pairs(both)).map(|it| (it.g, it.freedom));
        let (small, together) = ([(1.0, 1.0), (90.0, 90.0), (2.0, 2.5), (7.0, 4.5)], [(90.0, 90.0), (10.0, 8.0)]);
        assert_eq!(of(&small), of(&together));
        assert_eq!(of(&[(4.0, 4.0), (2.0, 0.5)]), None);
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[(90.0, 90.0)]), Some((0.0, 1.0)));
        // A class that never was: five messages are nothing, and forty are 2 (40 ln (40 / 5) - 35) and the others' lack.
        assert!(of(&[(1_000.0, 1_005.0), (5.0, 0.0)]).is_some_and(|(g, _)| g < 0.1));
        assert!(
            of(&[(1_000.0, 1_040.0), (40.0, 0.0)])
                .is_some_and(|(g, freedom)| (97.0..99.0).contains(&g) && freedom < 1.5)
        );
        assert!(of(&[(1_003.0, 1_000.0), (0.0, 3.0)]).is_some_and(|(g, _)| (6.0..6.1).contains(&g)));
    }

    #[test]
    fn few_past_days_make_it_careful() {
        let now = Distance { g: 30.0, freedom: 1.0 };
        let past = |days| vec![Past { distance: Distance { g: 2.0, freedom: 1.0 }, messages: 100.0 }; days];
        let of = |days| critical(now, dispersion(&past(days), 100.0), &past(days), 1e-4).0;
        assert!(of(7) > of(28) && of(28) > of(1_000) && of(1_000) > 15.13, "{} {} {}", of(7), of(28), of(1_000));
    }

    #[test]
    fn a_busier_day_may_differ_by_more() {
        let past = [Past { distance: Distance { g: 6.0, freedom: 3.0 }, messages: 100.0 }; 3];
        assert!((dispersion(&past, 100.0) - 2.0).abs() < 1e-9);
        assert!((dispersion(&past, 50.0) - 2.0).abs() < 1e-9);
        assert!((dispersion(&past, 300.0) - 4.0).abs() < 1e-9);
    }
}

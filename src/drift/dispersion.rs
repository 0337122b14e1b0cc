//! How much more days differ among themselves than chance alone would have it, and which of them are odd.

use crate::drift::calendar::{first_hour, weekday};
use crate::drift::grid::{Cell, Day, Grid, Shares};
use crate::drift::number::{median, number_of};

/// A day is odd where it is this many times as far from the middle day of its weekday as days usually are.
const ODD: f64 = 5.0;
/// And by this part of what is expected, at least: with many messages the least difference is far.
const ODD_PART: f64 = 0.2;
/// Of fewer days that have a weekday, nobody can tell which is the odd one. Of each, one is left out at the most.
const SAME_MIN: usize = 3;
/// The median of the size of a standard normal number, in standard deviations.
const MEDIAN: f64 = 0.6745;

/// How far a day, or an hour, was from what the other weeks had.
#[derive(Clone, Copy, Debug, Default)]
struct Miss {
    /// Hits more than expected.
    by: f64,
    /// The variance of that if each message were decided by itself.
    variance: f64,
    /// The fewer of hits and others that were expected.
    expected: f64,
}

/// Marks the days that are odd: an outage, a holiday, somebody's experiment, or a whole week of them. The middle day of a
/// weekday is not moved by one odd one, as a mean would be.
pub(crate) fn leave_out(grid: &mut Grid) {
    let sums: Vec<(usize, Cell)> = grid.days.iter().map(|day| (weekday(day.day), day.sum())).collect();
    let share = |cell: &Cell| (cell.hits + 0.5) / (cell.of + 1.0);
    let middles: Vec<Option<f64>> = (0..7)
        .map(|weekday| {
            median(sums.iter().filter(|(it, sum)| *it == weekday && sum.of > 0.0).map(|(_, sum)| share(sum)))
        })
        .collect();
    let misses: Vec<Miss> = sums
        .iter()
        .map(|(weekday, sum)| {
            middles.get(*weekday).copied().flatten().map_or_else(Miss::default, |share| miss(sum, share))
        })
        .collect();
    let far = |miss: &Miss| if miss.variance > 0.0 { miss.by.abs() / miss.variance.sqrt() } else { 0.0 };
    let Some(middle) = median(misses.iter().filter(|miss| miss.variance > 0.0).map(far)) else { return };
    let limit = ODD * (middle / MEDIAN).max(1.0);
    let mut odd: Vec<(usize, &Miss)> =
        misses.iter().enumerate().filter(|(_, it)| far(it) > limit && it.by.abs() > ODD_PART * it.expected).collect();
    odd.sort_by(|(_, a), (_, b)| far(b).total_cmp(&far(a)));
    for (at, _) in odd {
        if grid.days.get(at).is_some_and(|day| may_be_odd(grid, day)) {
            grid.days.iter_mut().skip(at).take(1).for_each(|day| day.is_odd = true);
        }
    }
}

/// Whether there are enough others of its weekday, and all of them are used.
pub(crate) fn may_be_odd(grid: &Grid, day: &Day) -> bool {
    let mut same = grid.days.iter().filter(|it| weekday(it.day) == weekday(day.day) && it.is_heard());
    same.clone().count() >= SAME_MIN && !same.any(|it| it.is_odd)
}

/// The dispersion factor: how many times the variance is what it would be if each message were decided by itself (McCullagh
/// and Nelder, *Generalized Linear Models*, 1989, section 4.5). Measured on hours and on days, each foretold from the
/// other weeks, so that what the baseline does not know is in it too; the greater counts. At least 1.
pub(crate) fn dispersion(grid: &Grid) -> f64 {
    let misses = misses(grid);
    let factor = |parts: &mut dyn Iterator<Item = Miss>| {
        let (squares, variance) = parts.fold((0.0, 0.0), |(a, b), miss| (a + miss.by * miss.by, b + miss.variance));
        if variance > 0.0 { squares / variance } else { 1.0 }
    };
    let hours = factor(&mut misses.iter().flat_map(|(_, hours)| hours.iter().copied()));
    let days = factor(&mut misses.iter().map(|(day, _)| *day));
    hours.max(days).max(1.0)
}

/// For each day that is not odd: how far it was, and its hours, from the shares of the weeks other than its own.
fn misses(grid: &Grid) -> Vec<(Miss, Vec<Miss>)> {
    let weeks = grid.days.first().map_or(0, |day| day.week);
    let others: Vec<Shares> = (0..=weeks).map(|week| grid.shares(Some(week), 0.5)).collect();
    let used = grid.days.iter().filter(|day| !day.is_odd);
    used.filter_map(|day| {
        let shares = others.get(usize::try_from(day.week).ok()?)?;
        let hours: Vec<Miss> = (first_hour(day.day)..)
            .zip(&day.cells)
            .map(|(hour, cell)| shares.at(hour).map_or_else(Miss::default, |share| miss(cell, share)))
            .collect();
        let whole = hours.iter().fold(Miss::default(), |a, b| Miss {
            by: a.by + b.by,
            variance: a.variance + b.variance,
            expected: a.expected + b.expected,
        });
        Some((whole, hours))
    })
    .collect()
}

fn miss(cell: &Cell, share: f64) -> Miss {
    Miss {
        by: cell.hits - cell.of * share,
        variance: cell.of * share * (1.0 - share),
        expected: cell.of * share.min(1.0 - share),
    }
}

/// The mean of some numbers; 1 of none.
pub(crate) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 1.0 } else { values.iter().sum::<f64>() / number_of(values.len()) }
}

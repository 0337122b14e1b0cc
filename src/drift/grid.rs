//! Counts by day and hour of up to four weeks, and what share each hour of the week had in them.

use crate::drift::calendar::{DAY_HOURS, WEEK_HOURS, day_and_hour, first_hour, slot, weekday};
use crate::drift::number::number;
use std::collections::BTreeMap;
use std::ops::Range;

/// Counts by hour since the epoch; hours without any are not there.
pub(crate) type Hours = BTreeMap<i64, u64>;

/// How many messages' weight the neighbouring hours have in the share of an hour of the week.
const NEIGHBOURS_WEIGHT: f64 = 50.0;
/// How many messages' weight the whole has in the share of the neighbouring hours.
const WHOLE_WEIGHT: f64 = 20.0;
/// How many hours on each side are neighbours.
const REACH: usize = 2;

/// So many, and so many of them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cell {
    pub(crate) of: f64,
    pub(crate) hits: f64,
}

/// A day of a grid.
#[derive(Clone, Debug)]
pub(crate) struct Day {
    /// Days since the epoch.
    pub(crate) day: i64,
    /// Which week of the grid it belongs to: 0 is the latest.
    pub(crate) week: i64,
    pub(crate) cells: [Cell; DAY_HOURS],
    /// Whether it is unlike the others and left out.
    pub(crate) is_odd: bool,
}

/// Days of one series, oldest first.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    pub(crate) days: Vec<Day>,
}

/// What share each hour of the week has; `None` where nothing was heard then, nor within [`REACH`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shares([Option<f64>; WEEK_HOURS]);

impl Cell {
    pub(crate) fn and(self, more: Self) -> Self {
        Self { of: self.of + more.of, hits: self.hits + more.hits }
    }
}

impl Day {
    pub(crate) fn sum(&self) -> Cell {
        self.cells.iter().fold(Cell::default(), |a, b| a.and(*b))
    }

    /// Whether there are any messages.
    pub(crate) fn is_heard(&self) -> bool {
        self.sum().of > 0.0
    }
}

impl Grid {
    /// Of these days since the epoch.
    pub(crate) fn new(of: &Hours, hits: &Hours, days: Range<i64>) -> Self {
        let mut grid: Vec<Day> = days
            .clone()
            .map(|day| Day { day, week: (days.end - 1 - day) / 7, cells: Default::default(), is_odd: false })
            .collect();
        let mut put = |hours: &Hours, count: fn(&mut Cell) -> &mut f64| {
            for (hour, many) in hours.range(first_hour(days.start)..first_hour(days.end)) {
                let (day, of_day) = day_and_hour(*hour);
                let at = usize::try_from(day - days.start).ok().and_then(|at| grid.get_mut(at));
                if let Some(cell) = at.and_then(|day| day.cells.get_mut(of_day)) {
                    *count(cell) = number(*many);
                }
            }
        };
        put(of, |cell| &mut cell.of);
        put(hits, |cell| &mut cell.hits);
        Self { days: grid }
    }

    /// All days together but the odd ones.
    pub(crate) fn sum(&self) -> Cell {
        self.days.iter().filter(|day| !day.is_odd).fold(Cell::default(), |sum, day| sum.and(day.sum()))
    }

    /// How many of its weeks have any messages.
    pub(crate) fn weeks(&self) -> usize {
        let mut weeks: Vec<i64> = self.days.iter().filter(|day| day.is_heard()).map(|day| day.week).collect();
        weeks.dedup();
        weeks.len()
    }

    /// The shares of all days that are not odd, but of those of one week. `prior` of each are thought of besides, so
    /// that no share is 0 or 1.
    pub(crate) fn shares(&self, without: Option<i64>, prior: f64) -> Shares {
        let mut sums = [[Cell::default(); DAY_HOURS]; 7];
        for day in self.days.iter().filter(|day| !day.is_odd && Some(day.week) != without) {
            for (sum, cell) in sums.get_mut(weekday(day.day)).into_iter().flatten().zip(&day.cells) {
                *sum = sum.and(*cell);
            }
        }
        Shares::smooth(sums.as_flattened(), prior)
    }
}

impl Shares {
    /// What it is in an hour since the epoch.
    pub(crate) fn at(&self, hour: i64) -> Option<f64> {
        self.0.get(slot(hour)).copied().flatten()
    }

    /// Few messages say little: an hour of the week leans on its neighbours, and these on the whole. Linear in the hits,
    /// so that without a prior the shares of all categories of a mix still sum to 1.
    fn smooth(sums: &[Cell], prior: f64) -> Self {
        let whole = sums.iter().fold(Cell { of: 2.0 * prior, hits: prior }, |a, b| a.and(*b));
        let whole = if whole.of > 0.0 { whole.hits / whole.of } else { 0.0 };
        Self(std::array::from_fn(|at| {
            let neighbour = |step: usize| sums.get((at + WEEK_HOURS - REACH + step) % WEEK_HOURS).copied();
            let near = (0..=2 * REACH).filter_map(neighbour).fold(Cell::default(), Cell::and);
            let here = sums.get(at).copied().unwrap_or_default();
            let share = (near.hits + WHOLE_WEIGHT * whole) / (near.of + WHOLE_WEIGHT);
            (near.of > 0.0).then(|| (here.hits + NEIGHBOURS_WEIGHT * share) / (here.of + NEIGHBOURS_WEIGHT))
        }))
    }
}

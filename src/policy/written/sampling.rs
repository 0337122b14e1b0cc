//! Samples as written: `[review]`.

use super::MAX_AGE_S_MAX;
use crate::diagnostic::table::{Placed, Table};

/// How much of what is handled a person looks at afterwards.
#[derive(Debug, Default, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenReview {
    /// Of a hundred handled decisions, so many; 2 by default, and 0 for none.
    #[schemars(range(min = 0, max = 100))]
    pub percent: Option<Placed<u64>>,
    /// The same while few answers were given since the class was promoted; 20 by default.
    #[schemars(range(min = 0, max = 100))]
    pub thin_percent: Option<Placed<u64>>,
    /// So many answers are no longer few; 100 by default.
    #[schemars(range(min = 0, max = 100_000))]
    pub thin_answers: Option<Placed<u64>>,
    /// Room for samples of one class in an hour, on each instance; 5 by default. What is not used waits, up to as much again.
    #[schemars(range(min = 1, max = 100_000))]
    pub per_hour_max: Option<Placed<u64>>,
    /// How long somebody has to review one, in seconds; 14 days by default. After that it counts against its class.
    #[schemars(range(min = 1, max = 31_536_000))]
    pub deadline_s: Option<Placed<u64>>,
}

impl WrittenReview {
    pub(super) fn read(table: &Table<'_>) -> Self {
        Self {
            percent: percent(table, "percent"),
            thin_percent: percent(table, "thin_percent"),
            thin_answers: table.integer("thin_answers", 0..=100_000),
            per_hour_max: table.integer("per_hour_max", 1..=100_000),
            deadline_s: table.integer("deadline_s", 1..=MAX_AGE_S_MAX),
        }
    }
}

/// A percentage.
pub(super) fn percent(table: &Table<'_>, key: &'static str) -> Option<Placed<u64>> {
    table.integer(key, 0..=100)
}

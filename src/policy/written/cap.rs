//! Caps as written: `[[cap]]`.

use super::name;
use crate::diagnostic::Location;
use crate::diagnostic::table::{Placed, Table};
use crate::policy::cap::{CAP_ACTIONS_MAX, Window};

/// How many outward actions there may be. It counts those that are as it says; one that names nothing counts all.
#[derive(Debug, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenCap {
    /// Only actions on messages of this class.
    pub class: Option<Placed<String>>,
    /// Only actions on this channel.
    pub channel: Option<Placed<String>>,
    /// Only actions of this type.
    #[schemars(rename = "type")]
    pub kind: Option<Placed<String>>,
    /// So many a minute.
    #[schemars(range(min = 1, max = 100_000))]
    pub per_minute: Option<Placed<u64>>,
    /// So many an hour.
    #[schemars(range(min = 1, max = 100_000))]
    pub per_hour: Option<Placed<u64>>,
    /// So many a day.
    #[schemars(range(min = 1, max = 100_000))]
    pub per_day: Option<Placed<u64>>,
    /// Where the entry stands.
    #[schemars(skip)]
    pub at: Location,
}

impl WrittenCap {
    pub(super) fn read(table: &Table<'_>) -> Self {
        let number = |key| table.integer(key, 1..=CAP_ACTIONS_MAX);
        Self {
            class: name(table, "class"),
            channel: table.string("channel"),
            kind: name(table, "type"),
            per_minute: number(Window::Minute.key()),
            per_hour: number(Window::Hour.key()),
            per_day: number(Window::Day.key()),
            at: table.at(),
        }
    }

    /// Each window with its number.
    pub(in crate::policy) fn windows(&self) -> impl Iterator<Item = (Window, u64)> {
        let numbers = [&self.per_minute, &self.per_hour, &self.per_day];
        Window::ALL.into_iter().zip(numbers).filter_map(|(window, number)| Some((window, number.as_ref()?.value)))
    }
}

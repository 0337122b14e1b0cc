//! Caps: so many outward actions a minute, an hour, a day. They hold over all instances and restarts, because each
//! action takes a numbered slot at the broker, and there are no more slots than the cap has numbers.

use crate::channel::Channel;
use crate::class::{ActionType, Class};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::time::Duration;

/// The largest cap: so many slots are looked through for a free one.
pub const CAP_ACTIONS_MAX: u64 = 100_000;

/// A cap: at most `actions_max` outward actions in a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cap {
    /// Of which actions.
    pub scope: CapScope,
    /// In which window.
    pub window: Window,
    /// How many, at least 1.
    pub actions_max: u32,
}

/// What a cap counts: what it names must be so; nothing named is the total.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CapScope {
    /// Actions on messages of this class.
    pub class: Option<Class>,
    /// Actions on this channel.
    pub channel: Option<Channel>,
    /// Actions of this type.
    pub kind: Option<ActionType>,
}

/// A calendar window, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Window {
    /// A minute of the clock.
    Minute,
    /// An hour of the clock.
    Hour,
    /// A day of the calendar.
    Day,
}

impl CapScope {
    /// Whether an action counts.
    pub fn has(&self, class: &Class, channel: &Channel, kind: &ActionType) -> bool {
        self.class.as_ref().is_none_or(|it| it == class)
            && self.channel.as_ref().is_none_or(|it| it == channel)
            && self.kind.as_ref().is_none_or(|it| it == kind)
    }

    /// Whether it counts all actions.
    pub fn is_total(&self) -> bool {
        self == &Self::default()
    }
}

impl Window {
    /// All of them, shortest first.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// Its key in the policy.
    pub fn key(self) -> &'static str {
        match self {
            Self::Minute => "per_minute",
            Self::Hour => "per_hour",
            Self::Day => "per_day",
        }
    }

    /// The window that a moment is in, as a token of a subject: `m20261122T2337`, `h20261122T23`, `d20261122`.
    pub fn at(self, now: Timestamp) -> String {
        let now = now.to_zoned(TimeZone::UTC);
        let form = match self {
            Self::Minute => "m%Y%m%dT%H%M",
            Self::Hour => "h%Y%m%dT%H",
            Self::Day => "d%Y%m%d",
        };
        now.strftime(form).to_string()
    }

    /// How long it is. A slot is kept twice as long, so that it outlives its window wherever in it it was taken.
    pub fn length(self) -> Duration {
        Duration::from_secs(match self {
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_of_the_calendar() {
        let at = |text: &str| {
            let now: Timestamp = text.parse().unwrap();
            Window::ALL.map(|window| window.at(now)).join(" ")
        };
        assert_eq!(at("2026-11-22T23:59:59.999Z"), "m20261122T2359 h20261122T23 d20261122");
        assert_eq!(at("2026-11-23T00:00:00Z"), "m20261123T0000 h20261123T00 d20261123");
    }
}

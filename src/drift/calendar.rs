//! Windows, hours, days, weeks and periods, all in UTC and counted from the epoch: no clock, no time zones.

/// How long one tally counts, in seconds.
pub const WINDOW_S: i64 = 300;
/// Whoever folds the tallies of this many seconds, the latest ones, has the same state as somebody who has folded all:
/// five weeks and a bit until the history is whole, at most four until all detectors begin anew, and four until what they
/// said before is forgotten.
pub const REPLAY_S: i64 = (DAYS_KEPT + 2 * PERIOD_DAYS + 7) * DAY_S;

/// How many days are remembered: the four weeks of a baseline and the week between.
pub(crate) const DAYS_KEPT: i64 = 35;
/// After how many days every detector begins anew, so that what it says does not depend on when somebody began to listen.
pub(crate) const PERIOD_DAYS: i64 = 28;
pub(crate) const HOUR_S: i64 = 3_600;
pub(crate) const DAY_S: i64 = 86_400;
/// Hours of a day.
pub(crate) const DAY_HOURS: usize = 24;
/// Hours of a week.
pub(crate) const WEEK_HOURS: usize = 168;
/// Windows of a day.
pub(crate) const DAY_WINDOWS: f64 = 288.0;

/// The last second that is believed: the end of the year 9999. A tally from later is nobody's.
const LAST_S: i64 = 253_402_300_799;

/// Whether a window may begin then.
pub(crate) fn is_start(start_s: i64) -> bool {
    (0..=LAST_S).contains(&start_s) && start_s % WINDOW_S == 0
}

/// The hour of a second.
pub(crate) fn hour(at_s: i64) -> i64 {
    at_s.div_euclid(HOUR_S)
}

/// The day of a second.
pub(crate) fn day(at_s: i64) -> i64 {
    at_s.div_euclid(DAY_S)
}

/// The day of an hour, and which of its 24 it is.
pub(crate) fn day_and_hour(hour: i64) -> (i64, usize) {
    (hour.div_euclid(24), usize::try_from(hour.rem_euclid(24)).unwrap_or(0))
}

/// The first hour of a day.
pub(crate) fn first_hour(day: i64) -> i64 {
    day * 24
}

/// Which day of the week it is: 0 is the epoch's, a Thursday.
pub(crate) fn weekday(day: i64) -> usize {
    usize::try_from(day.rem_euclid(7)).unwrap_or(0)
}

/// Which hour of the week it is.
pub(crate) fn slot(hour: i64) -> usize {
    let (day, of_day) = day_and_hour(hour);
    weekday(day) * DAY_HOURS + of_day
}

/// The period of a day.
pub(crate) fn period(day: i64) -> i64 {
    day.div_euclid(PERIOD_DAYS)
}

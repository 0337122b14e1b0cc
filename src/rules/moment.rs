//! Times in rule files. A date alone means a moment in UTC: nothing here knows where its reader lives.

use crate::diagnostic::Report;
use crate::diagnostic::table::Placed;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// From when on a rule does not exist: the moment itself, or the end of a day. What is wrong is reported.
pub(super) fn expiry(written: &Placed<String>, report: &Report) -> Option<Timestamp> {
    moment(written, report, |date| date.checked_add(1.day()).ok())
}

/// The moment itself, or the beginning of a day. What is wrong is reported.
pub(super) fn beginning(written: &Placed<String>, report: &Report) -> Option<Timestamp> {
    moment(written, report, Some)
}

/// `day` says at the beginning of which day the moment lies where only a date is given.
fn moment(written: &Placed<String>, report: &Report, day: impl Fn(Date) -> Option<Date>) -> Option<Timestamp> {
    let of_date = |date: Date| Some(day(date)?.to_zoned(TimeZone::UTC).ok()?.timestamp());
    let read = match written.value.len() {
        // `2026-12-31`: longer texts are date-times, also to a parser that would ignore their time.
        ..=10 => written.value.parse().ok().and_then(of_date),
        _ => written.value.parse().ok(),
    };
    if read.is_none() {
        let wrong = format!("`{}` is no moment", written.value);
        let help = "write a date, `2026-12-31`, or a date-time with its offset: `2026-12-31T18:00:00Z`";
        report.error("bad-moment", &written.at, wrong, help);
    }
    read
}

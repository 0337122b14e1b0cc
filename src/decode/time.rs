//! When a message was sent: RFC 3339, or seconds or milliseconds since the epoch.

use jiff::Timestamp;

/// Epoch values above this are milliseconds: as seconds they would lie past the year 5138.
const EPOCH_SECONDS_MAX: i128 = 100_000_000_000;

/// The longest number that is read as a time, in digits before the point: what a nanosecond clock shows
/// and more.
const EPOCH_DIGITS_MAX: usize = 18;

/// Reads a time; `None` where it is none.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    match epoch(text) {
        Some(time) => Some(time),
        None => text.parse().ok(),
    }
}

/// A whole or decimal number, exactly, without a detour over floating point.
fn epoch(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) || whole.len() > EPOCH_DIGITS_MAX {
        return None;
    }
    let whole: i128 = whole.parse().ok()?;
    let billionths: i128 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    let unit_ns: i128 = if whole > EPOCH_SECONDS_MAX { 1_000_000 } else { 1_000_000_000 };
    Timestamp::from_nanosecond(whole * unit_ns + billionths * unit_ns / 1_000_000_000).ok()
}

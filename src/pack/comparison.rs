//! The conditions of `where`: what a named group of a regex captured, compared with a number, a date or a
//! length. What cannot be read, and what can be read in two ways that disagree, is unknown.

mod date;
mod number;

#[cfg(test)]
mod tests;

pub(crate) use number::Decimal;

use super::Truth;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// One condition of `where`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// The named group.
    pub(crate) group: String,
    /// How what it captured must compare.
    pub(crate) operator: Operator,
    /// With what.
    pub(crate) against: Against,
    /// As the rule writes it.
    pub(crate) written: String,
}

/// What a capture is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Against {
    /// The capture is read as a number.
    Number(Decimal),
    /// The capture is read as a date.
    Day(Day),
    /// The capture is not read; its characters are counted, as the view has them.
    Length(usize),
}

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Day {
    /// Always the same.
    Fixed(Date),
    /// This many days after the day of the decision, in UTC; before it where negative.
    FromToday(i32),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(crate) enum Operator {
    Less,
    AtMost,
    Greater,
    AtLeast,
    Equal,
    Other,
}

impl Operator {
    /// All of them, by how they are written; longer ones first.
    pub(crate) const WRITTEN: [(&'static str, Self); 6] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("!=", Self::Other),
        ("<", Self::Less),
        (">", Self::Greater),
        ("=", Self::Equal),
    ];

    fn holds<T: Ord>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
            Self::Equal => left == right,
            Self::Other => left != right,
        }
    }
}

impl Comparison {
    /// Whether it holds for what a group captured, as of `now`. Unknown where that cannot be read, and where
    /// it can be read in two ways (`1,250`, `03/04/2026`) about which the comparison does not agree.
    pub(crate) fn holds(&self, captured: &str, now: Timestamp) -> Truth {
        match self.against {
            Against::Number(number) => self.agrees(number::readings(captured), &number),
            Against::Day(day) => match day.on(now) {
                Some(day) => self.agrees(date::readings(captured), &day),
                None => Truth::Unknown,
            },
            Against::Length(length) => self.operator.holds(&captured.chars().count(), &length).into(),
        }
    }

    /// Whether its answer depends on the day of the decision.
    pub(crate) fn needs_now(&self) -> bool {
        matches!(self.against, Against::Day(Day::FromToday(_)))
    }

    fn agrees<T: Ord>(&self, readings: impl Iterator<Item = T>, with: &T) -> Truth {
        let mut answers = readings.map(|reading| self.operator.holds(&reading, with));
        let Some(first) = answers.next() else { return Truth::Unknown };
        if answers.all(|answer| answer == first) { first.into() } else { Truth::Unknown }
    }
}

impl Day {
    /// The date; `None` where the calendar does not reach that far.
    fn on(self, now: Timestamp) -> Option<Date> {
        match self {
            Self::Fixed(date) => Some(date),
            Self::FromToday(days) => {
                let today = TimeZone::UTC.to_datetime(now).date();
                today.checked_add(SignedDuration::from_hours(i64::from(days) * 24)).ok()
            }
        }
    }
}

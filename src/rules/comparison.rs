//! The grammar of `where`.
//!
//! ```text
//! comparison = group sign number                 amount > 500
//!            | group sign day                    due <= 2026-12-31, due < today, due <= today + 14 days
//!            | "length(" group ")" sign count    length(name) < 30
//! sign       = "<" | "<=" | ">" | ">=" | "=" | "!="
//! day        = YYYY-MM-DD | "today" [("+" | "-") count ("day" | "days" | "week" | "weeks")]
//! ```

use crate::pack::comparison::{Against, Comparison, Day, Decimal, Operator};
use jiff::civil::Date;

/// The furthest from today, in days.
const DAYS_MAX: i32 = 36_500;
/// The longest length, in characters.
const LENGTH_MAX: usize = 100_000;

/// What is wrong with a comparison.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ComparisonError {
    /// No group, or no sign.
    #[error("`{0}` is no comparison")]
    Form(String),
    /// A length that is compared with something else.
    #[error("`{0}` is no length")]
    Length(String),
    /// Neither a number nor a day.
    #[error("`{0}` is neither a number nor a day")]
    Value(String),
}

impl ComparisonError {
    /// What to do.
    pub(crate) fn help(&self) -> String {
        match self {
            Self::Form(_) => "write a group's name, one of `<` `<=` `>` `>=` `=` `!=`, and what to compare with: \
                `amount > 500`, `due <= today + 14 days`, `length(name) < 30`"
                .to_owned(),
            Self::Length(_) => format!("write a whole number of characters, at most {LENGTH_MAX}: `length(name) < 30`"),
            Self::Value(_) => format!(
                "write a plain number, `1250.50`, a date, `2026-12-31`, `today`, or a day near it: `today + 14 days`, \
                 at most {DAYS_MAX}"
            ),
        }
    }
}

/// Reads a comparison.
///
/// # Errors
/// Where it is none.
pub(crate) fn parse(written: &str) -> Result<Comparison, ComparisonError> {
    let form = || ComparisonError::Form(written.to_owned());
    let at = written.find(['<', '>', '=', '!']).ok_or_else(form)?;
    let (left, rest) = written.split_at_checked(at).ok_or_else(form)?;
    let signs = Operator::WRITTEN.iter();
    let (operator, right) = signs
        .map(|(sign, it)| (*it, rest.strip_prefix(sign)))
        .find_map(|(it, rest)| Some((it, rest?)))
        .ok_or_else(form)?;
    let (left, right) = (left.trim(), right.trim());
    let measured = left.strip_prefix("length(").and_then(|rest| rest.strip_suffix(')')).map(str::trim);
    let (group, against) = match measured {
        Some(group) => (group, length(right).ok_or_else(|| ComparisonError::Length(right.to_owned()))?),
        None => (left, value(right).ok_or_else(|| ComparisonError::Value(right.to_owned()))?),
    };
    if group.is_empty() || group.contains(['(', ')', ' ']) {
        return Err(form());
    }
    Ok(Comparison { group: group.to_owned(), operator, against, written: written.to_owned() })
}

fn length(text: &str) -> Option<Against> {
    text.parse().ok().filter(|length| *length <= LENGTH_MAX).map(Against::Length)
}

fn value(text: &str) -> Option<Against> {
    let day = || from_today(text).map(Day::FromToday).or_else(|| fixed(text).map(Day::Fixed)).map(Against::Day);
    Decimal::parse(text).map(Against::Number).or_else(day)
}

fn fixed(text: &str) -> Option<Date> {
    text.parse().ok().filter(|date: &Date| date.to_string() == text)
}

fn from_today(text: &str) -> Option<i32> {
    let rest = text.strip_prefix("today")?.trim();
    if rest.is_empty() {
        return Some(0);
    }
    let (sign, distance) = rest.strip_prefix('+').map(|it| (1, it)).or_else(|| Some((-1, rest.strip_prefix('-')?)))?;
    let (count, unit) = distance.trim().split_once(' ')?;
    let days = match unit.trim() {
        "day" | "days" => 1,
        "week" | "weeks" => 7,
        _ => return None,
    };
    let count: i32 = count.parse().ok().filter(|_| count.bytes().all(|byte| byte.is_ascii_digit()))?;
    count.checked_mul(days).filter(|days| *days <= DAYS_MAX).map(|days| sign * days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn against(text: &str) -> Against {
        parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).against
    }

    #[test]
    fn comparisons_of_every_kind_are_read() {
        let number = |text| Against::Number(Decimal::parse(text).unwrap());
        let fixed = |year, month, day| Against::Day(Day::Fixed(Date::new(year, month, day).unwrap()));
        let today = |days| Against::Day(Day::FromToday(days));
        for (written, expected) in [
            ("n > 500", number("500")),
            ("n<=-3.50", number("-3.5")),
            ("n > 2026", number("2026")),
            ("n <= 2026-12-31", fixed(2026, 12, 31)),
            ("n != 0099-01-01", fixed(99, 1, 1)),
            ("n < today", today(0)),
            ("n < today + 14 days", today(14)),
            ("n>=today-1 day", today(-1)),
            ("n = today  +  2   weeks", today(14)),
            ("length(n) < 30", Against::Length(30)),
            ("length( n )=0", Against::Length(0)),
        ] {
            assert_eq!(against(written), expected, "{written}");
            assert_eq!(parse(written).unwrap().group, "n", "{written}");
        }
    }

    #[test]
    fn what_is_no_comparison_is_told_by_its_part() {
        let form = |text: &str| ComparisonError::Form(text.into());
        let value = |text: &str| ComparisonError::Value(text.into());
        let length = |text: &str| ComparisonError::Length(text.into());
        for (written, expected) in [
            ("n", form("n")),
            ("n ~ 5", form("n ~ 5")),
            ("> 5", form("> 5")),
            ("a b > 5", form("a b > 5")),
            ("size(n) > 5", form("size(n) > 5")),
            ("length() > 5", form("length() > 5")),
            ("n > 1,000", value("1,000")),
            ("n > 31.12.2026", value("31.12.2026")),
            ("n > 2026-13-01", value("2026-13-01")),
            ("n > 2026-12-31T10:00:00", value("2026-12-31T10:00:00")),
            ("n > 20261231T10", value("20261231T10")),
            ("n > now", value("now")),
            ("n > todays", value("todays")),
            ("n > today + 14", value("today + 14")),
            ("n > today + 1 month", value("today + 1 month")),
            ("n > today + -1 days", value("today + -1 days")),
            ("n > today + 6000 weeks", value("today + 6000 weeks")),
            ("n > today + 999999999999 days", value("today + 999999999999 days")),
            ("length(n) < today", length("today")),
            ("length(n) < 1.5", length("1.5")),
            ("length(n) < -1", length("-1")),
            ("length(n) < 100001", length("100001")),
        ] {
            assert_eq!(parse(written), Err(expected), "{written}");
        }
    }
}

//! Dates as people write them. Reading one allocates nothing.
//!
//! ```text
//! date  = [weekday] day, in one of the orders below, with nothing else around it
//! y-m-d = 2026-01-31  2026/1/31  2026.01.31  2026-jan-31
//! d.m.y = 31.01.2026
//! d/m/y, m/d/y = 31/01/2026  01/31/2026  31-01-2026   (both, where both are days of the calendar)
//! d month y = 31 January 2026  31. Jan. 2026  31st of January, 2026  31-jan-2026
//! month d y = January 31, 2026  Jan 31st 2026
//! ```
//!
//! A year has four digits: whoever writes two, or none, means one that the text does not say.

use jiff::civil::{Date, Weekday};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// Every day that people may mean: `03/04/2026` is in March or in April; none where it is no date. A
/// weekday in front takes out those on which it does not fall.
pub(super) fn readings(captured: &str) -> impl Iterator<Item = Date> {
    read(captured).unwrap_or_default().into_iter().flatten()
}

fn read(captured: &str) -> Option<[Option<Date>; 2]> {
    let text = captured.trim_matches(|c: char| c == ' ' || c == ',' || c == '.');
    let (weekday, text) = weekday(text);
    let [first, second, third] = parts(text)?;
    let dates = match (first, second, third) {
        (Part::Year(year), Part::Number(month), Part::Number(day)) => [date(year, month, day), None],
        (Part::Year(year), Part::Month(month), Part::Number(day))
        | (Part::Number(day), Part::Month(month), Part::Year(year))
        | (Part::Month(month), Part::Number(day), Part::Year(year)) => [date(year, month, day), None],
        (Part::Number(day), Part::Number(month), Part::Year(year)) => {
            let swapped = if text.contains('.') { None } else { date(year, day, month) };
            [date(year, month, day), swapped]
        }
        _ => return None,
    };
    let agrees = |date: &Date| weekday.is_none_or(|weekday| date.weekday() == weekday);
    Some(dates.map(|date| date.filter(agrees)))
}

/// The three parts of a date.
#[derive(Clone, Copy)]
enum Part {
    /// Four digits.
    Year(i16),
    /// One or two digits.
    Number(i8),
    /// A name.
    Month(i8),
}

fn date(year: i16, month: i8, day: i8) -> Option<Date> {
    Date::new(year, month, day).ok()
}

/// A weekday in front, and the rest.
fn weekday(text: &str) -> (Option<Weekday>, &str) {
    let (word, rest) = letters(text);
    match WEEKDAYS.iter().find(|(name, _)| is_name(word, name, &["tues", "thur", "thurs"])) {
        Some((_, weekday)) => (Some(*weekday), rest.trim_start_matches(['.', ',', ' '])),
        None => (None, text),
    }
}

/// Whether a word is a name, its first three letters, or another abbreviation that people use.
fn is_name(word: &str, name: &str, abbreviations: &[&str]) -> bool {
    let short = || Some(word) == name.get(..3) || (abbreviations.contains(&word) && name.starts_with(word));
    word == name || short()
}

/// Exactly three parts, with what may stand between them; between numbers alone twice the same sign.
fn parts(text: &str) -> Option<[Part; 3]> {
    let text = text.strip_prefix("the ").unwrap_or(text);
    let (first, rest) = part(text)?;
    let (between, rest) = between(rest);
    let (second, rest) = part(rest)?;
    let (then, rest) = self::between(rest);
    let (third, rest) = part(rest)?;
    let has_month = [first, second, third].iter().any(|part| matches!(part, Part::Month(_)));
    let fits = has_month || (between != Between::Words && between == then);
    (rest.is_empty() && fits).then_some([first, second, third])
}

fn part(text: &str) -> Option<(Part, &str)> {
    let (digits, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    match digits.len() {
        0 => {
            let (word, rest) = letters(text);
            let month = (1..).zip(MONTHS).find(|(_, name)| is_name(word, name, &["sept"]))?.0;
            Some((Part::Month(month), rest))
        }
        1 | 2 => Some((Part::Number(digits.parse().ok()?), rest)),
        4 => Some((Part::Year(digits.parse().ok()?), rest)),
        _ => None,
    }
}

/// What stands between two parts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Between {
    /// One sign, alone: `.`, `/` or `-`.
    Sign(char),
    /// Nothing, or what only words have around them: `31st of January, 2026`.
    Words,
}

fn between(text: &str) -> (Between, &str) {
    let (word, after) = letters(text);
    let is_ordinal = matches!(word, "st" | "nd" | "rd" | "th");
    let text = if is_ordinal { after } else { text };
    let rest = text.trim_start_matches([' ', '.', ',', '/', '-']);
    let run = text.get(..text.len() - rest.len()).unwrap_or("").trim();
    let of = rest.strip_prefix("of ");
    match run {
        "." | "/" | "-" if !is_ordinal && of.is_none() => {
            (run.chars().next().map_or(Between::Words, Between::Sign), rest)
        }
        _ => (Between::Words, of.unwrap_or(rest)),
    }
}

fn letters(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len()))
}

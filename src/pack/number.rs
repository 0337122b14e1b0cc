//! Numbers as rules write them, and as people do.

#[cfg(test)]
mod tests;

use super::Truth;
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

const FRACTION_DIGITS_MAX: usize = 9;
const INTEGER_DIGITS_MAX: usize = 18;
/// Letters after a number that multiply it; nobody can say by how much in every language.
const MULTIPLIERS: [&str; 6] = ["k", "m", "b", "bn", "mn", "mio"];

/// An exact decimal number, in thousand-millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Decimal(i128);

/// One condition of `where`: a named group of a regex, compared with a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comparison {
    pub(crate) group: String,
    pub(crate) operator: Operator,
    pub(crate) number: Decimal,
    /// As the rule writes it.
    pub(crate) written: String,
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    fn holds(self, left: Decimal, right: Decimal) -> bool {
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
    /// Whether it holds for what a group captured. Unknown where that is no number, and where it can be
    /// read as two numbers (`1,250`) about which the comparison does not agree.
    pub(crate) fn holds(&self, captured: &str) -> Truth {
        let mut answers = readings(captured).into_iter().map(|number| self.operator.holds(number, self.number));
        let Some(first) = answers.next() else { return Truth::Unknown };
        if answers.all(|answer| answer == first) { first.into() } else { Truth::Unknown }
    }
}

impl Decimal {
    /// A plain decimal number: `500`, `-3`, `12.50`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        Self::of(whole, fraction).map(|number| number.signed(negative))
    }

    fn of(whole: &str, fraction: &str) -> Option<Self> {
        let digits = |text: &str, max| (1..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole, INTEGER_DIGITS_MAX) || !digits(fraction, FRACTION_DIGITS_MAX) {
            return None;
        }
        let scaled = format!("{whole}{fraction:0<width$}", width = FRACTION_DIGITS_MAX);
        scaled.parse().ok().map(Self)
    }

    fn signed(self, negative: bool) -> Self {
        if negative { Self(-self.0) } else { self }
    }
}

/// Every number that people may mean: `1,250` is 1250 or 1.25; none where it is no number.
fn readings(captured: &str) -> Vec<Decimal> {
    let Some((first, last)) = captured.find(digit).zip(captured.rfind(digit)) else { return Vec::new() };
    let first =
        if captured.get(..first).is_some_and(|before| before.ends_with(['.', ','])) { first - 1 } else { first };
    let around = (captured.get(..first), captured.get(first..=last), captured.get(last + 1..));
    let (Some(before), Some(core), Some(after)) = around else { return Vec::new() };
    match (sign(before), is_unit(after)) {
        (Some(negative), true) => core_readings(core).into_iter().map(|number| number.signed(negative)).collect(),
        _ => Vec::new(),
    }
}

fn digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// Whether what stands before a number negates it; `None` where it is not to be ignored.
fn sign(before: &str) -> Option<bool> {
    let is_sign = |c: &char| matches!(c, '-' | '+');
    let signs: Vec<char> = before.chars().filter(is_sign).collect();
    let outer = before.trim();
    let at_edge = outer.starts_with(['-', '+']) || before.ends_with(['-', '+']);
    match signs.as_slice() {
        [] if before.chars().all(is_ignored) => Some(false),
        [sign] if at_edge && before.chars().all(|c| is_ignored(c) || is_sign(&c)) => Some(*sign == '-'),
        _ => None,
    }
}

fn is_unit(after: &str) -> bool {
    let unit = after.trim_start_matches(['.', ',']).trim();
    unit.chars().all(|c| is_ignored(c) || c == '%') && !MULTIPLIERS.contains(&unit)
}

fn is_ignored(c: char) -> bool {
    c.is_alphabetic()
        || c == ' '
        || CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::CurrencySymbol
}

fn core_readings(core: &str) -> Vec<Decimal> {
    let mut found = plain_readings(core);
    if let Some(rest) = core.strip_prefix(['.', ',']) {
        // `Rs.500` is not half a rupee.
        found.extend(plain_readings(rest));
    }
    found
}

fn plain_readings(core: &str) -> Vec<Decimal> {
    let separators: Vec<char> = core.chars().filter(|c| !digit(*c)).collect();
    let Some(last) = separators.last().copied() else { return Decimal::of(core, "0").into_iter().collect() };
    let mut found = Vec::new();
    found.extend(grouped(core).and_then(|whole| Decimal::of(&whole, "0")));
    if matches!(last, '.' | ',') && separators.iter().filter(|c| **c == last).count() == 1 {
        found.extend(with_fraction(core, last));
    }
    found
}

fn with_fraction(core: &str, point: char) -> Option<Decimal> {
    let (whole, fraction) = core.split_once(point)?;
    let whole = if whole.is_empty() { "0".to_owned() } else { grouped(whole)? };
    Decimal::of(&whole, fraction)
}

/// Digits without the one kind of separator that groups them by three (or, as in India, by two before).
fn grouped(whole: &str) -> Option<String> {
    let Some(separator) = whole.chars().find(|c| !digit(*c)) else { return Some(whole.to_owned()) };
    let groups: Vec<&str> = whole.split(separator).collect();
    let (first, rest) = groups.split_first()?;
    let (last, middle) = rest.split_last()?;
    let fits = matches!(separator, '.' | ',' | '\'' | ' ')
        && (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && last.len() == 3
        && (middle.iter().all(|group| group.len() == 3) || middle.iter().all(|group| group.len() == 2));
    fits.then(|| groups.concat())
}

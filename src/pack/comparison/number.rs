//! Numbers as rules write them, and as people do. Reading one allocates nothing.

#[cfg(test)]
mod tests;

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

const FRACTION_DIGITS_MAX: u32 = 9;
const INTEGER_DIGITS_MAX: u32 = 18;

/// Words that may stand beside a number and change nothing about it: codes and names of currencies, as
/// people write them. Any other word may multiply it (`2 dozen`, `1.2 million`, `5k`), negate it or make it
/// another thing, and nobody can list those of every language.
const CURRENCIES: &[&str] = &[
    "a", "aed", "ars", "aud", "au", "baht", "bdt", "bgn", "bhd", "brl", "bucks", "byn", "c", "ca", "cad", "chf", "clp",
    "cny", "cop", "crowns", "czk", "dinar", "dirham", "dirhams", "dkk", "dollar", "dollars", "egp", "eur", "euro",
    "euros", "fr", "franc", "francs", "franken", "ft", "gbp", "gel", "ghs", "hk", "hkd", "hrk", "huf", "idr", "ils",
    "inr", "isk", "jpy", "kc", "kč", "kes", "kr", "krona", "krone", "kronen", "kroner", "kronor", "krw", "kwd", "kzt",
    "lei", "lev", "lkr", "mad", "mx", "mxn", "myr", "ngn", "nok", "nt", "nz", "nzd", "pen", "pesos", "peso", "php",
    "pkr", "pln", "pound", "pounds", "pre", "qar", "quid", "r", "rand", "real", "reais", "rm", "rmb", "ron", "rs",
    "rsd", "rub", "ruble", "rubles", "rupee", "rupees", "s", "sar", "sek", "sfr", "sg", "sgd", "shekel", "shekels",
    "sterling", "thb", "tl", "try", "twd", "tzs", "uah", "ugx", "us", "usd", "usdc", "usdt", "uyu", "vnd", "won",
    "yen", "yuan", "zar", "zl", "zloty", "zlotys", "zł", "złoty",
];

/// An exact decimal number, in thousand-millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(crate) struct Decimal(i128);

impl Decimal {
    /// A plain decimal number: `500`, `-3`, `12.50`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_plain = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_plain(whole) || !is_plain(fraction) {
            return None;
        }
        Self::of(whole, fraction).map(|number| number.signed(negative))
    }

    /// Of the digits before and after the point; whatever else is in them separates and is passed over.
    fn of(whole: &str, fraction: &str) -> Option<Self> {
        let (whole, _) = digits(whole, INTEGER_DIGITS_MAX)?;
        let (fraction, length) = digits(fraction, FRACTION_DIGITS_MAX)?;
        let scale = |places: u32| 10_i128.pow(places);
        Some(Self(whole * scale(FRACTION_DIGITS_MAX) + fraction * scale(FRACTION_DIGITS_MAX - length)))
    }

    fn signed(self, negative: bool) -> Self {
        if negative { Self(-self.0) } else { self }
    }
}

/// The number that some digits make, and how many they are; `None` where there are too many.
fn digits(text: &str, most: u32) -> Option<(i128, u32)> {
    text.chars()
        .filter_map(|c| c.to_digit(10))
        .try_fold((0, 0), |(number, count), digit| (count < most).then(|| (number * 10 + i128::from(digit), count + 1)))
}

/// Every number that people may mean: `1,250` is 1250 or 1.25; none where it is no number.
pub(super) fn readings(captured: &str) -> impl Iterator<Item = Decimal> {
    read(captured).into_iter().flatten().flatten()
}

/// At most four: read as a whole number or with a fraction, each with or without a point before it.
fn read(captured: &str) -> Option<[Option<Decimal>; 4]> {
    let (first, last) = captured.find(digit).zip(captured.rfind(digit))?;
    let with_point = captured.get(..first)?.ends_with(['.', ',']);
    let first = first - usize::from(with_point);
    let core = captured.get(first..=last)?;
    let negative = sign(captured.get(..first)?)?;
    let (whole, fraction) = plain(core);
    // `Rs.500` is not half a rupee.
    let (bare_whole, bare_fraction) = if with_point { plain(core.get(1..)?) } else { (None, None) };
    let found = match after(captured.get(last + 1..)?)? {
        After::Nothing => [whole, fraction, bare_whole, bare_fraction],
        After::NoFraction => [whole, bare_whole, None, None],
    };
    Some(found.map(|number| number.map(|it| it.signed(negative))))
}

fn digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// Whether what stands before a number negates it; `None` where it is not to be ignored.
fn sign(before: &str) -> Option<bool> {
    let is_sign = |c: char| matches!(c, '-' | '+');
    let outer = before.trim();
    let unsigned = |rest: &str| is_currency(rest).then_some(false);
    let signed = |sign: char, rest: &str| (!rest.contains(is_sign) && is_currency(rest)).then_some(sign == '-');
    match (outer.chars().next(), before.chars().next_back()) {
        (Some(sign), _) if is_sign(sign) => signed(sign, outer.get(1..)?),
        (_, Some(sign)) if is_sign(sign) => signed(sign, before.get(..before.len() - 1)?),
        _ => unsigned(before),
    }
}

/// What stands after a number.
enum After {
    /// Nothing that matters.
    Nothing,
    /// A dash in place of the fraction: `1'250.-`.
    NoFraction,
}

/// `None` where it is not to be ignored.
fn after(after: &str) -> Option<After> {
    let unit = after.trim_start_matches(['.', ',']);
    let (kind, unit) = match unit.strip_prefix('-') {
        Some(rest) if unit.len() < after.len() => (After::NoFraction, rest.strip_prefix('-').unwrap_or(rest)),
        _ => (After::Nothing, unit),
    };
    let unit = unit.trim();
    is_currency(unit.strip_prefix('%').unwrap_or(unit)).then_some(kind)
}

/// Whether there is nothing but currencies: signs, codes and names. A full stop may end a word.
fn is_currency(text: &str) -> bool {
    let stops = |c: char| c == ' ' || is_currency_sign(c);
    text.split(stops).all(|word| {
        let word = word.strip_suffix('.').filter(|word| !word.is_empty()).unwrap_or(word);
        word.is_empty() || CURRENCIES.contains(&word)
    })
}

fn is_currency_sign(c: char) -> bool {
    CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::CurrencySymbol
}

/// A core as a whole number, and as one with a fraction.
fn plain(core: &str) -> (Option<Decimal>, Option<Decimal>) {
    let whole = if is_grouped(core) { Decimal::of(core, "") } else { None };
    let fraction = core.rsplit_once(['.', ',', '\'', ' ']).and_then(|(whole, fraction)| {
        let point = core.as_bytes().get(whole.len()).copied()?;
        let is_point = matches!(point, b'.' | b',') && !whole.contains(char::from(point));
        let fits = whole.is_empty() || is_grouped(whole);
        let digits_only = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
        (is_point && fits && digits_only).then(|| Decimal::of(whole, fraction)).flatten()
    });
    (whole, fraction)
}

/// Whether these are digits, or digits with the one kind of separator that groups them by three (or, as in
/// India, by two before the last three).
fn is_grouped(whole: &str) -> bool {
    let Some(separator) = whole.chars().find(|c| !digit(*c)) else { return !whole.is_empty() };
    let mut groups = whole.split(separator);
    let (Some(first), Some(last)) = (groups.next(), groups.next_back()) else { return false };
    let digits_only = whole.chars().all(|c| digit(c) || c == separator);
    matches!(separator, '.' | ',' | '\'' | ' ')
        && digits_only
        && (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && last.len() == 3
        && (groups.clone().all(|group| group.len() == 3) || groups.all(|group| group.len() == 2))
}

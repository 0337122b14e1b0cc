//! The regexes that rules are made of: a pool, so that the naive side compiles each once. Some are always the
//! same, some are of this run.

use super::numbers::Numbers;
use super::random_regex;
use regex::{Regex, RegexBuilder};
use std::sync::LazyLock;

/// How many regexes each run makes.
const RANDOM: usize = 400;

/// What a regex matches, or nearly.
pub(super) enum Sample {
    Texts(&'static [&'static str]),
    Random(Vec<String>),
    /// Two words, and the most characters between them.
    Gap(&'static str, &'static str, usize),
}

/// Whatever a gap may hold.
const FILLERS: [&str; 16] =
    ["a", "b", "n", " ", " ", " ", "é", "会", "👍", "'", "-", "_", "7", "\u{301}", "\u{200d}", "pay"];

impl Sample {
    pub(super) fn text(&self, numbers: &mut Numbers) -> String {
        match self {
            Self::Texts(texts) => numbers.pick(texts).to_owned(),
            Self::Random(texts) => numbers.choose(texts).clone(),
            Self::Gap(first, second, most) => {
                // Often at the bound, and at each side of it.
                let length = if numbers.one_in(2) { numbers.below(most + 1) } else { most - 1 + numbers.below(3) };
                let gap: String = std::iter::repeat_with(|| numbers.pick(&FILLERS)).take(length).collect();
                format!("{first}{}{second}", gap.chars().take(length).collect::<String>())
            }
        }
    }
}

pub(super) static POOL: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let fixed = FIXED.iter().map(|(source, texts)| (compile(source), Sample::Texts(texts)));
    let pairs = WORDS.iter().flat_map(|first| WORDS.iter().map(move |second| (*first, *second)));
    let gaps = pairs.flat_map(|(first, second)| {
        let written = |form: &str| compile(&form.replace("FIRST", first).replace("SECOND", second));
        GAPS.iter().map(move |(form, most)| (written(form), Sample::Gap(first, second, *most)))
    });
    fixed.chain(gaps).collect()
});

/// A regex, and texts for it.
pub(super) type Known = (Regex, Sample);

/// Makes the regexes of a run; `is_fit` says whether rules may have one. Nearly all are fit.
pub(super) fn of_run(seed: u64, is_fit: impl Fn(&Regex) -> bool) -> &'static [Known] {
    let mut numbers = Numbers::new(seed);
    let made = (0..RANDOM).map(|_| random_regex::random(&mut numbers));
    let fit: Vec<_> = made.filter(|(regex, _)| is_fit(regex)).collect();
    assert!(fit.len() * 10 > RANDOM * 9, "only {} of {RANDOM} regexes may be in a rule", fit.len());
    let known: Vec<Known> = fit.into_iter().map(|(regex, texts)| (regex, Sample::Random(texts))).collect();
    // Rules hold on to them for as long as the tests run.
    known.leak()
}

/// One of those always there, a pair of words with a gap, or one of this run.
pub(super) fn pick(numbers: &mut Numbers) -> &'static Known {
    let (fixed, gaps) = POOL.split_at(FIXED.len());
    let pool = match numbers.below(3) {
        0 => fixed,
        1 if !numbers.regexes.is_empty() => numbers.regexes,
        _ => gaps,
    };
    numbers.choose(pool)
}

/// One with a group `n` or `d`, for `where`.
pub(super) fn pick_captures(numbers: &mut Numbers) -> &'static Known {
    numbers.choose(&POOL[..CAPTURING])
}

pub(super) fn compile(source: &str) -> Regex {
    RegexBuilder::new(source).case_insensitive(true).build().unwrap_or_else(|error| panic!("{error}"))
}

const WORDS: [&str; 7] = ["can", "pay", "a", "card", "no", "credit card", "cancellation"];

const GAPS: [(&str, usize); 12] = [
    (r"\bFIRST\b.{0,12}\bSECOND\b", 12),
    (r"\bFIRST\b.{0,40}\bSECOND\b", 40),
    (r"FIRST.{0,12}SECOND", 12),
    (r"FIRST.{2,9}SECOND", 9),
    (r"FIRST.{0,9}?SECOND", 9),
    (r"\bFIRST\b.{0,12}?\bSECOND\b", 12),
    (r"\bFIRST.{0,12}SECOND", 12),
    (r"FIRST.{0,12}SECOND\b", 12),
    (r"\bFIRST\b.{1,5}\bSECOND\b", 5),
    (r"FIRST[^.]{0,9}SECOND", 9),
    (r"FIRST .{0,9} SECOND", 9),
    (r"(?:FIRST|SECOND)s?.{0,9}(?:SECOND|no)", 9),
];

/// Of the fixed ones, those with a group `n` (numbers) or `d` (dates) come first.
const CAPTURING: usize = 6;

const FIXED: &[(&str, &[&str])] = &[
    (r"pay (?P<n>\d{1,12})", &["pay 5", "pay 50", "pay 480 pay 7", "pay ５"]),
    (r"(?P<n>\d{1,9}\.\d\d)", &["12.50", "7.00", "a 480.25 b 3.00"]),
    (r"\b(?P<n>\d{1,6}) ?(?P<unit>am|pm)?\b", &["3pm", "at 11 am", "50", "7 7 7"]),
    (r"^(?P<n>\d{1,6}) ?can", &["7 can", "50can", "no 7 can"]),
    (r"(?P<d>20\d\d-\d\d-\d\d)", &["2026-06-15", "2026-06-14", "2026-01-31 2026-07-06", "2025-12-31", "2026-06-01"]),
    (r"pay (?P<n>\d{1,4}) on (?P<d>\d{4}-\d\d-\d\d)", &["pay 7 on 2026-06-15", "pay 50 on 2026-07-05"]),
    ("can.?t", &["can't", "cant", "can\u{2019}t", "can t"]),
    (r"\bcan\b", &["can", "canned", "can't", "can-can"]),
    ("(can|pay) a", &["can a", "pay a"]),
    ("^pay", &["pay", "payp"]),
    ("a$", &["a", "pay a"]),
    ("[ac]n", &["an", "can"]),
    ("a (?P<other>n|e)", &["a n", "a e", "a e\u{301}"]),
    ("[a-c]{2}[^a]", &["ab ", "cab?"]),
    ("can(?:-| )?(?:pay|a)", &["can-pay", "can a", "cana"]),
    ("(?-i)CAN", &["CAN"]),
    ("(?-i)can", &["CAN", "can"]),
    ("c(?i:AN) ?t", &["can t", "CANT"]),
    ("^can$", &["can", "CAN"]),
    ("^a.*b$", &["a b", "a b a b"]),
    ("a.*b", &["a b a b", "ab"]),
    ("a.*?b", &["a b a b", "ab"]),
    ("a.+?b|b", &["ab", "a b b"]),
    ("(a|a b|a b a)", &["a b a", "a b"]),
    ("(a b a|a b|a)", &["a b a", "a b"]),
    ("(?:a b|b a) (?:a|b)", &["a b a", "b a b a"]),
    ("(?:a )+b", &["a a a a b", "a b"]),
    ("(?:a )+?b", &["a a a a b"]),
    ("(?:a ){2,3}", &["a a a a b", "a a "]),
    ("a{2,3}", &["aaaa", "aa"]),
    ("[^ ]{3} [^ ]{3}", &["can pay", "e\u{301}t\u{301} can"]),
    (r"\d{1,2}(:\d\d)? ?(am|pm)\b", &["at 3pm", "11:30am", "3 pm", "3pmx"]),
    (r"\bat \d{1,2}(:\d\d)? ?(am|pm)\b", &["at 3pm", "at 11:30am", "flat 3pm"]),
    ("refund(ed|s)?", &["refund", "refunded", "re\u{ad}funds"]),
    ("credit card.{0,20}lost", &["credit card is lost", "credit  card lost", "lost credit card"]),
    (r"\bcredit card\b.{0,20}\blost\b", &["credit card is lost", "my credit card, lost", "credit cards lost"]),
    (r"\bcredit cards?\b.{0,20}?\b(?:lost|no)\b", &["credit cards no", "credit card lost lost"]),
    ("no.{0,9}card|card.{0,9}no", &["no card", "card no no card", "card, no"]),
    (r"\b(?:no|not)\b.{0,9}\b(?:card|pay)s?\b", &["no pay", "not a card", "no cards, no pay"]),
    ("(?:pay|no) (?:card|a)s?", &["pay cards", "no as"]),
    ("[一-龥]{2}", &["会议", "a会"]),
    (r"\w+@\w+\.com", &["ann@can.com", "@can.com"]),
    (r"https?://\w+", &["https://can.a/x", "http://"]),
    (r"#\w+", &["#help", "# help", "#7"]),
    (":\\)", &[":)", ": )"]),
    (r"\$\d+", &["$5", "a$50", "$ 5"]),
    ("re: .{0,10}a", &["re: pay a", "re: no"]),
    ("é|e\u{301}", &["é", "e\u{301}", "É"]),
    ("(?:fi|ff)n", &["fin", "ﬁn", "ffn"]),
    ("can’t", &["can’t", "can't"]),
    ("PAY", &["pay", "PAY", "рау"]),
    ("stra(?:ss|ß)e", &["Straße", "strasse", "STRAẞE"]),
    ("k(?:a|o)", &["ka", "\u{212a}o"]),
    ("pas{1,2}", &["pas", "paſs", "PASS"]),
    (r"\bрау\b", &["рау", "pay", "РАУ"]),
    (r"\p{Cyrillic}+", &["сан", "Рау"]),
    (r"\p{Han}a?", &["会a", "议"]),
    (r"[^\x00-\x7f]a", &["éa", "会a", "n\u{301}a"]),
    (r"\Acan", &["can", " can"]),
    (r"can\z", &["can", "can "]),
    ("(?m)^can$", &["can", "a\ncan"]),
    (r"a\Bn", &["an", "a n"]),
    (r"\b{start}can\b{end}", &["can", "canned"]),
    (r"a\s+b", &["a b", "a\n\tb"]),
    (r"a\W+b", &["a, b", "a - b", "a\u{200d}b"]),
    (r"(?x) a \x20 b # no", &["a b", "A  b"]),
    ("(a|b|c|no|pay)( (a|b|c|no|pay)){2}", &["a b c", "no pay a b", "pay pay pay"]),
    (r"(?:\bno\b|n't) .{0,6}\bpay", &["no a pay", "can't pay", "no pay, no pay"]),
    (r"[.!?]{2,}$", &["can?!", "pay.."]),
    ("\\.\\.\\.?", &["…", "a..", "..."]),
];

//! Random rules and messages out of few words, most of them alike.

use super::*;
use std::fmt::Write;

/// Xorshift (Marsaglia 2003), multiplied (Vigna 2016).
pub(super) struct Numbers(u64);

impl Numbers {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    fn pick<'t>(&mut self, choices: &[&'t str]) -> &'t str {
        choices[self.below(choices.len())]
    }
}

pub(super) struct RuleSet {
    pub(super) witnesses: usize,
    pub(super) words_max: Option<usize>,
    pub(super) rules: Vec<NaiveRule>,
}

pub(super) struct NaiveRule {
    pub(super) id: String,
    /// A class, or (a restricting rule) a restriction.
    pub(super) name: String,
    pub(super) restricts: bool,
    pub(super) elsewhere: bool,
    pub(super) any: Vec<NaivePattern>,
    pub(super) all: Vec<NaivePattern>,
    pub(super) none: Vec<NaivePattern>,
    pub(super) more_than: Option<u32>,
}

#[derive(Clone)]
pub(super) struct NaivePattern {
    pub(super) subject: bool,
    pub(super) regex: Option<&'static str>,
    pub(super) phrases: Vec<String>,
    pub(super) at_start: bool,
    pub(super) at_end: bool,
    written: String,
}

const WORDS: [&str; 20] = [
    "can",
    "can't",
    "CAN",
    "cant",
    "a",
    "pay",
    "payp",
    "é",
    "e\u{301}",
    "n",
    "会",
    "议",
    "рау",
    "сан",
    "ｃａｎ",
    "ca\u{ad}n",
    "a\u{200b}",
    "can\u{2019}t",
    "_",
    "👍",
];
const BETWEEN: [&str; 14] = [" ", " ", " ", " ", " ", "  ", "\n", "\u{a0}", "", "-", "'", "?", "\u{200d}", "\u{301}"];
/// A list that phrases may name, and its items.
const LIST: (&str, [&str; 3]) = ("{some}", ["can", "pay a", "会"]);
const REGEXES: [&str; 9] = [
    "can.?t",
    r"\bcan\b",
    "(can|pay) a",
    "^pay",
    "a$",
    "[ac]n",
    "a (?P<other>n|e)",
    "[a-c]{2}[^a]",
    "can(?:-| )?(?:pay|a)",
];
pub(super) const AMOUNT: &str = r"pay (?P<n>\d+)";

impl RuleSet {
    pub(super) fn random(numbers: &mut Numbers) -> Self {
        let words_max = numbers.one_in(3).then(|| 2 + numbers.below(5));
        let witnesses = 1 + usize::from(numbers.one_in(3));
        let count = 1 + numbers.below(6);
        let rules = (0..count).map(|index| NaiveRule::random(index, numbers)).collect();
        Self { witnesses, words_max, rules }
    }

    pub(super) fn message(&self, numbers: &mut Numbers) -> Message {
        let mut message = super::message(&self.text(numbers));
        message.subject = (!numbers.one_in(3)).then(|| words(numbers, 3));
        message
    }

    /// Often with a phrase of a rule in it, so that something fires.
    fn text(&self, numbers: &mut Numbers) -> String {
        let mut text = String::new();
        for _ in 0..numbers.below(3) {
            text.push_str(&words(numbers, 3));
            let rule = &self.rules[numbers.below(self.rules.len())];
            let phrase = rule.any.iter().chain(&rule.all).flat_map(|pattern| &pattern.phrases).next();
            text.push_str(numbers.pick(&BETWEEN));
            text.push_str(phrase.map_or("", String::as_str));
            text.push_str(numbers.pick(&BETWEEN));
        }
        text.push_str(&words(numbers, 4));
        if self.words_max.is_none() && numbers.one_in(3) {
            write!(text, " pay {} pay {}", numbers.below(100), numbers.below(100)).unwrap();
        }
        text
    }

    pub(super) fn to_toml(&self) -> String {
        let (name, items) = LIST;
        let mut toml = format!("[lists]\n{} = {items:?}\n", name.trim_matches(['{', '}']));
        for class in ["c0", "c1"] {
            write!(toml, "[[class]]\nname = \"{class}\"\nwitnesses = {}\n", self.witnesses).unwrap();
            self.words_max.inspect(|most| writeln!(toml, "max_words = {most}").unwrap());
        }
        self.rules.iter().for_each(|rule| rule.write(&mut toml));
        toml
    }
}

impl NaiveRule {
    fn random(index: usize, numbers: &mut Numbers) -> Self {
        let restricts = numbers.one_in(3);
        let name = format!("{}{}", if restricts { "r" } else { "c" }, numbers.below(2));
        let mut any = patterns(numbers, 3);
        let all = patterns(numbers, 2);
        let more_than = numbers.one_in(8).then(|| numbers.below(100) as u32);
        if more_than.is_some() || (any.is_empty() && all.is_empty()) {
            any.push(NaivePattern::random(numbers));
        }
        if more_than.is_some() {
            any.push(NaivePattern::regex(AMOUNT, false));
        }
        let none = if numbers.one_in(2) { patterns(numbers, 2) } else { Vec::new() };
        let elsewhere = numbers.one_in(10);
        Self { id: format!("rule-{index}"), name, restricts, elsewhere, any, all, none, more_than }
    }

    fn write(&self, toml: &mut String) {
        let effect = if self.restricts { "restrict" } else { "class" };
        write!(toml, "[[rule]]\nid = \"{}\"\n{effect} = \"{}\"\n", self.id, self.name).unwrap();
        if self.elsewhere {
            toml.push_str("channels = [\"other.*\"]\n");
        }
        for (key, patterns) in [("any", &self.any), ("all", &self.all), ("none", &self.none)] {
            let written: Vec<&str> = patterns.iter().map(|pattern| pattern.written.as_str()).collect();
            writeln!(toml, "{key} = [{}]", written.join(", ")).unwrap();
        }
        self.more_than.inspect(|number| writeln!(toml, "where = [\"n > {number}\"]").unwrap());
    }
}

impl NaivePattern {
    fn random(numbers: &mut Numbers) -> Self {
        let subject = numbers.one_in(6);
        if numbers.one_in(5) {
            return Self::regex(REGEXES[numbers.below(REGEXES.len())], subject);
        }
        let (at_start, at_end) = (numbers.one_in(8), numbers.one_in(8));
        let mut text = words(numbers, 2);
        let mut phrases = vec![text.clone()];
        if numbers.one_in(4) {
            phrases = LIST.1.iter().map(|item| format!("{text} {item}")).collect();
            text = format!("{text} {}", LIST.0);
        }
        let text = format!("{}{text}{}", if at_start { "^" } else { "" }, if at_end { "$" } else { "" });
        let written = written("phrase", &text, subject);
        Self { subject, regex: None, phrases, at_start, at_end, written }
    }

    fn regex(regex: &'static str, subject: bool) -> Self {
        let written = written("re", regex, subject);
        Self { subject, regex: Some(regex), phrases: Vec::new(), at_start: false, at_end: false, written }
    }
}

fn written(key: &str, text: &str, subject: bool) -> String {
    let field = if subject { "subject" } else { "text" };
    // A JSON string is a TOML string.
    format!("{{ {key} = {}, field = \"{field}\" }}", serde_json::to_string(text).unwrap())
}

fn patterns(numbers: &mut Numbers, bound: usize) -> Vec<NaivePattern> {
    (0..numbers.below(bound)).map(|_| NaivePattern::random(numbers)).collect()
}

/// Up to `most` words, and at least one.
fn words(numbers: &mut Numbers, most: usize) -> String {
    let mut text = numbers.pick(&WORDS).to_owned();
    for _ in 0..numbers.below(most) {
        text.push_str(numbers.pick(&BETWEEN));
        text.push_str(numbers.pick(&WORDS));
    }
    text
}

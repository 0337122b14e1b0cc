//! Random rules and messages out of few words, most of them alike.

use super::alphabet::LOOK_ALIKES;
use super::numbers::Numbers;
use super::regexes::{self, Known, Sample};
use super::*;
use regex::Regex;
use std::fmt::Write;

/// Every field that a rule may look at.
pub(super) const FIELDS: [&str; 5] = ["text", "subject", "sender", "header:x-kind", "attribute:role"];
const CLASSES: [&str; 2] = ["c0", "c1"];
const CHANNELS: [&str; 4] = ["test.test", "chat.a", "chat.b", "mail.test"];
const FILTERS: [&[&str]; 6] =
    [&["chat.*"], &["*.test"], &["chat.b"], &["other.*"], &["chat.a", "mail.*"], &["chat.a", "chat.b", "test.test"]];

#[derive(Clone)]
pub(super) struct RuleSet {
    pub(super) classes: Vec<NaiveClass>,
    pub(super) rules: Vec<NaiveRule>,
    /// The most spans of evidence.
    pub(super) spans_max: usize,
}

#[derive(Clone)]
pub(super) struct NaiveClass {
    pub(super) name: &'static str,
    pub(super) witnesses: usize,
    pub(super) words_max: Option<usize>,
    /// The words, and how many others there may be.
    pub(super) vocabulary: Option<(Vec<String>, usize)>,
}

#[derive(Clone)]
pub(super) struct NaiveRule {
    pub(super) id: String,
    /// A class, or (a restricting rule) a restriction.
    pub(super) name: String,
    pub(super) restricts: bool,
    /// Empty: all of them.
    pub(super) channels: &'static [&'static str],
    pub(super) any: Vec<NaivePattern>,
    pub(super) all: Vec<NaivePattern>,
    pub(super) none: Vec<NaivePattern>,
    pub(super) comparisons: Vec<Comparison>,
    /// A line about when the rule exists, and whether it does.
    pub(super) exists: (&'static str, bool),
}

/// A condition of `where`.
#[derive(Clone)]
pub(super) struct Comparison {
    written: String,
    /// The group, as its regex begins it.
    pub(super) group: &'static str,
    /// What it captured, as a number that compares as it should.
    pub(super) read: fn(&str) -> Option<f64>,
    pub(super) compare: Compare,
    pub(super) number: f64,
}

type Compare = fn(&f64, &f64) -> bool;

#[derive(Clone)]
pub(super) struct NaivePattern {
    pub(super) field: Field,
    pub(super) look: Look,
    /// As a rule writes it, with its lists.
    written: String,
}

#[derive(Clone)]
pub(super) enum Look {
    /// Any of these texts, lists written out.
    Phrase {
        texts: Vec<String>,
        at_start: bool,
        at_end: bool,
    },
    Regex(&'static Regex, &'static Sample),
}

const WORDS: [&str; 52] = [
    "can",
    "can",
    "can't",
    "CAN",
    "cant",
    "a",
    "b",
    "pay",
    "payp",
    "card",
    "no",
    "é",
    "É",
    "e\u{301}",
    "n",
    "会",
    "议",
    "か",
    "λ",
    "рау",
    "сан",
    "РАУ",
    "ж",
    "ｃａｎ",
    "ＰＡＹ",
    "ca\u{ad}n",
    "a\u{200b}",
    "a\u{200d}",
    "can\u{2019}t",
    "rock'n",
    "'tis",
    "_",
    "a_b",
    "👍",
    "👍🏽",
    "❤\u{fe0f}",
    ":)",
    "re:",
    "#help",
    "$5",
    "5",
    "480",
    "3pm",
    "x2",
    "５",
    "²",
    "?!",
    "…",
    "ﬁn",
    "paſs",
    "\u{2067}a\u{2069}",
    "ß",
];
/// Words of which most phrases and texts are made at times: prefixes, suffixes and overlaps of one another.
const FEW: [&str; 4] = ["a", "b", "a", "no"];
/// Words that are alike for longer than a machine word, and one that is short.
const LONG: [&str; 8] = [
    "cancellation",
    "cancellations",
    "cancella",
    "cancellati",
    "cancellation's",
    "no",
    "cancellationé",
    "uncancellation",
];
/// Whole tokens, in texts only.
const TOKENS: [&str; 7] = ["https://can.a/b?c", "www.pay.b", "@bob", "ann@can.com", "12.50", "1,000", "50%"];
/// What makes a text uninspectable.
const TRICKS: [&str; 3] = ["\u{2069}", "\u{2067}", "p\u{430}y"];
const BETWEEN: [&str; 20] = [
    " ", " ", " ", " ", " ", " ", " ", " ", "  ", "\n", "\t\r\n ", "\u{a0}", "", "", "-", "'", "?", ", ", "\u{200d}",
    "\u{301}",
];
/// Lists, one of which has another in it, and their items written out.
const LISTS: [(&str, &[&str], &[&str]); 2] = [
    ("some", &["can", "pay a", "会", "no {few}"], &["can", "pay a", "会", "no a", "no b", "no b's"]),
    ("few", &["a", "b", "b's"], &["a", "b", "b's"]),
];
const COMPARE: [(&str, Compare); 6] =
    [("<", f64::lt), ("<=", f64::le), (">", f64::gt), (">=", f64::ge), ("=", f64::eq), ("!=", f64::ne)];

/// Days in order are numbers in order.
const DAYS: [(&str, f64); 5] = [
    ("2026-01-31", 20_260_131.0),
    ("2026-06-15", 20_260_615.0),
    ("today", 20_260_615.0),
    ("today - 2 weeks", 20_260_601.0),
    ("today + 20 days", 20_260_705.0),
];
/// When a rule exists, as of `NOW`.
const EXISTS: [(&str, bool); 7] = [
    ("", true),
    ("", true),
    ("", true),
    ("enabled = true", true),
    ("enabled = false", false),
    ("expires = 2026-06-15", true),
    ("expires = 2026-06-14", false),
];

impl RuleSet {
    pub(super) fn random(numbers: &mut Numbers) -> Self {
        let words: &[&str] = match numbers.below(6) {
            0 | 1 => &FEW,
            2 => &LONG,
            _ => &WORDS,
        };
        let classes = CLASSES.map(|name| NaiveClass::random(name, words, numbers)).into();
        let mut known = Vec::new();
        let count = 1 + numbers.below(6);
        let rules = (0..count).map(|index| NaiveRule::random(index, words, &mut known, numbers)).collect();
        let spans_max = numbers.pick(&[100, 100, 100, 0, 1, 2, 3]);
        Self { classes, rules, spans_max }
    }

    pub(super) fn message(&self, numbers: &mut Numbers) -> Message {
        let mut message = super::message(&self.text(&Field::Text, numbers));
        message.channel = Channel::parse(numbers.pick(&CHANNELS)).unwrap();
        for name in FIELDS.iter().skip(1).filter(|_| !numbers.one_in(3)).copied().collect::<Vec<_>>() {
            let field = Field::parse(name).unwrap();
            let text = self.text(&field, numbers);
            match field {
                Field::Text => {}
                Field::Subject => message.subject = Some(text),
                Field::Sender => message.sender = Some(text),
                Field::Header(name) => _ = message.headers.insert(name.to_string(), text),
                Field::Attribute(name) => _ = message.attributes.insert(name.to_string(), text),
            }
        }
        message
    }

    /// Often with what a rule looks for in this field, so that something fires.
    fn text(&self, field: &Field, numbers: &mut Numbers) -> String {
        if numbers.one_in(12) {
            return numbers.pick(&["", " ", "\n\u{a0}"]).to_owned();
        }
        if numbers.one_in(12) && *field == Field::Text {
            let some: &[&str] = if numbers.one_in(2) { &FEW } else { &LONG };
            return words(some, 100, numbers);
        }
        let all = self.rules.iter().flat_map(|rule| rule.any.iter().chain(&rule.all).chain(&rule.none));
        let mut patterns: Vec<&NaivePattern> = all.collect();
        let mut parts: Vec<String> = Vec::new();
        if !numbers.one_in(3) {
            let rule = numbers.choose(&self.rules);
            let some = (!rule.any.is_empty()).then(|| numbers.choose(&rule.any));
            let wanted: Vec<&NaivePattern> = rule.all.iter().chain(some).collect();
            parts.extend(wanted.iter().filter(|one| one.field == *field).map(|one| one.sample(numbers)));
        }
        patterns.retain(|pattern| pattern.field == *field);
        for _ in 0..numbers.below(5) {
            let part = match numbers.below(20) {
                0..8 if !patterns.is_empty() => patterns[numbers.below(patterns.len())].sample(numbers),
                8 => numbers.pick(&TOKENS).to_owned(),
                9 if numbers.one_in(4) => numbers.pick(&TRICKS).to_owned(),
                _ => words(&WORDS, 2, numbers),
            };
            let at = numbers.below(parts.len() + 1);
            parts.insert(at, part);
        }
        let mut text = String::new();
        for part in parts {
            text.push_str(&disguised(part, numbers));
            text.push_str(numbers.pick(&BETWEEN));
        }
        text
    }

    pub(super) fn to_toml(&self) -> String {
        let mut toml = "[lists]\n".to_owned();
        LISTS.iter().for_each(|(name, items, _)| writeln!(toml, "{name} = {items:?}").unwrap());
        self.classes.iter().for_each(|class| class.write(&mut toml));
        self.rules.iter().for_each(|rule| rule.write(&mut toml));
        toml
    }
}

impl NaiveClass {
    fn random(name: &'static str, some: &[&str], numbers: &mut Numbers) -> Self {
        let words_max = numbers.one_in(4).then(|| 2 + numbers.below(6));
        let witnesses = 1 + usize::from(numbers.one_in(3));
        let vocabulary = numbers.one_in(4).then(|| {
            let known = (0..8).map(|_| numbers.pick(some).to_owned()).chain(["can't pay 7".to_owned()]);
            (known.collect(), numbers.below(4))
        });
        Self { name, witnesses, words_max, vocabulary }
    }

    fn write(&self, toml: &mut String) {
        writeln!(toml, "[[class]]\nname = \"{}\"\nwitnesses = {}", self.name, self.witnesses).unwrap();
        self.words_max.inspect(|most| writeln!(toml, "max_words = {most}").unwrap());
        self.vocabulary.iter().for_each(|(known, most)| {
            let known: Vec<String> = known.iter().map(|word| quoted(&escaped(word))).collect();
            writeln!(toml, "vocabulary = [{}]\nmax_unknown = {most}", known.join(", ")).unwrap();
        });
    }
}

impl NaiveRule {
    fn random(index: usize, some: &[&str], known: &mut Vec<NaivePattern>, numbers: &mut Numbers) -> Self {
        let restricts = numbers.one_in(3);
        let name = format!("{}{}", if restricts { "r" } else { "c" }, numbers.below(2));
        let channels = if numbers.one_in(6) { numbers.pick(&FILTERS) } else { &[][..] };
        let mut rule = Self {
            id: format!("rule-{index}"),
            name,
            restricts,
            channels,
            any: patterns(3, some, known, numbers),
            all: patterns(2, some, known, numbers),
            none: if numbers.one_in(2) { patterns(2, some, known, numbers) } else { Vec::new() },
            comparisons: Vec::new(),
            exists: if numbers.one_in(4) { numbers.pick(&EXISTS) } else { EXISTS[0] },
        };
        if numbers.one_in(6) {
            let pattern = NaivePattern::regex(regexes::pick_captures(numbers), field(numbers));
            let groups: Vec<&str> = ["n", "d"].into_iter().filter(|group| pattern.captures(group)).collect();
            for _ in 0..=numbers.below(2) {
                rule.comparisons.push(Comparison::random(numbers.pick(&groups), numbers));
            }
            if numbers.one_in(2) { rule.any.push(pattern) } else { rule.all.push(pattern) }
        }
        if rule.any.is_empty() && rule.all.is_empty() {
            rule.any.push(NaivePattern::random(some, known, numbers));
        }
        rule
    }

    fn write(&self, toml: &mut String) {
        let effect = if self.restricts { "restrict" } else { "class" };
        write!(toml, "[[rule]]\nid = \"{}\"\n{effect} = \"{}\"\n", self.id, self.name).unwrap();
        writeln!(toml, "{}", self.exists.0).unwrap();
        if !self.channels.is_empty() {
            writeln!(toml, "channels = {:?}", self.channels).unwrap();
        }
        for (key, patterns) in [("any", &self.any), ("all", &self.all), ("none", &self.none)] {
            let written: Vec<&str> = patterns.iter().map(|pattern| pattern.written.as_str()).collect();
            writeln!(toml, "{key} = [{}]", written.join(", ")).unwrap();
        }
        let comparisons: Vec<String> = self.comparisons.iter().map(|one| format!("\"{}\"", one.written)).collect();
        writeln!(toml, "where = [{}]", comparisons.join(", ")).unwrap();
    }
}

impl Comparison {
    fn random(group: &str, numbers: &mut Numbers) -> Self {
        let (sign, compare) = numbers.pick(&COMPARE);
        if group == "d" {
            let (day, number) = numbers.pick(&DAYS);
            let read = |text: &str| text.replace('-', "").parse().ok();
            return Self { written: format!("d {sign} {day}"), group: "(?P<d>", read, compare, number };
        }
        if numbers.one_in(4) {
            let number = numbers.below(4) as f64;
            let read = |text: &str| Some(text.chars().count() as f64);
            return Self { written: format!("length(n) {sign} {number}"), group: "(?P<n>", read, compare, number };
        }
        let number = numbers.pick(&[5.0, 7.0, 50.0, 12.5, 0.0, 480.0]);
        Self { written: format!("n {sign} {number}"), group: "(?P<n>", read: |text| text.parse().ok(), compare, number }
    }
}

impl NaivePattern {
    fn captures(&self, group: &str) -> bool {
        matches!(self.look, Look::Regex(regex, _) if regex.as_str().contains(&format!("(?P<{group}>")))
    }

    /// A new one, or one that another rule has, too.
    fn random(some: &[&str], known: &mut Vec<Self>, numbers: &mut Numbers) -> Self {
        if !known.is_empty() && numbers.one_in(4) {
            return numbers.choose(known).clone();
        }
        let field = field(numbers);
        let pattern = match numbers.below(5) {
            0 => Self::regex(regexes::pick(numbers), field),
            _ => Self::phrase(some, field, numbers),
        };
        known.push(pattern.clone());
        pattern
    }

    fn phrase(some: &[&str], field: Field, numbers: &mut Numbers) -> Self {
        let (at_start, at_end) = (numbers.one_in(10), numbers.one_in(10));
        let most = if numbers.one_in(4) { 5 } else { 3 };
        let text = words(some, most, numbers);
        let mut texts = vec![text.clone()];
        let mut body = escaped(&text);
        if numbers.one_in(5) {
            let (name, _, items) = numbers.pick(&LISTS);
            let (space, front) = (numbers.pick(&[" ", "  ", "", "-"]), numbers.one_in(2));
            let join = |text: &str, item: &str| {
                if front { format!("{item}{space}{text}") } else { format!("{text}{space}{item}") }
            };
            texts = items.iter().map(|item| join(&text, item)).collect();
            body = join(&body, &format!("{{{name}}}"));
        }
        let body = format!("{}{body}{}", if at_start { "^" } else { "" }, if at_end { "$" } else { "" });
        let written = written("phrase", &body, &field);
        Self { field, look: Look::Phrase { texts, at_start, at_end }, written }
    }

    fn regex((regex, sample): &'static Known, field: Field) -> Self {
        let written = written("re", regex.as_str(), &field);
        Self { field, look: Look::Regex(regex, sample), written }
    }

    fn sample(&self, numbers: &mut Numbers) -> String {
        match &self.look {
            Look::Phrase { texts, .. } => numbers.choose(texts).clone(),
            Look::Regex(_, sample) => sample.text(numbers),
        }
    }
}

fn field(numbers: &mut Numbers) -> Field {
    let name = if numbers.one_in(5) { numbers.pick(&FIELDS) } else { "text" };
    Field::parse(name).unwrap()
}

/// At times in another dress: upper case, look-alikes, full width, something invisible, other spaces.
fn disguised(text: String, numbers: &mut Numbers) -> String {
    match numbers.below(24) {
        0 => text.to_uppercase().replace("SS", "ẞ"),
        1 | 2 if text.chars().all(|c| !c.is_alphabetic() || LOOK_ALIKES.iter().any(|(_, ascii)| *ascii == c)) => {
            let other = |c| LOOK_ALIKES.iter().find(|(_, ascii)| *ascii == c).map_or(c, |(other, _)| *other);
            text.chars().map(other).collect()
        }
        3 => text.chars().map(wide).collect(),
        4 => insert(&text, numbers.pick(&["\u{ad}", "\u{200b}", "\u{200d}"]), numbers),
        5 => insert(&text, numbers.pick(&["\u{301}", "é", "会", "'", "_", "x"]), numbers),
        6 => text.replace(' ', "\n \u{2003}"),
        7 => text.replace('\'', "’").replace('-', "–").replace('"', "“"),
        _ => text,
    }
}

fn wide(c: char) -> char {
    if c.is_ascii_graphic() { char::from_u32(u32::from(c) + 0xfee0).unwrap() } else { c }
}

fn insert(text: &str, what: &str, numbers: &mut Numbers) -> String {
    let at = numbers.below(text.chars().count() + 1);
    let at = text.char_indices().nth(at).map_or(text.len(), |(at, _)| at);
    format!("{}{what}{}", &text[..at], &text[at..])
}

/// What phrases give a meaning to, made plain.
fn escaped(text: &str) -> String {
    text.replace('$', "\\$").replace('^', "\\^")
}

/// A regex on the text, as a rule writes it.
pub(super) fn re(regex: &Regex) -> String {
    written("re", regex.as_str(), &Field::Text)
}

fn written(key: &str, text: &str, field: &Field) -> String {
    format!("{{ {key} = {}, field = \"{field}\" }}", quoted(text))
}

/// A JSON string is a TOML string.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn patterns(bound: usize, some: &[&str], known: &mut Vec<NaivePattern>, numbers: &mut Numbers) -> Vec<NaivePattern> {
    (0..numbers.below(bound)).map(|_| NaivePattern::random(some, known, numbers)).collect()
}

/// Up to `most` words, and at least one.
fn words(some: &[&str], most: usize, numbers: &mut Numbers) -> String {
    let mut text = numbers.pick(some).to_owned();
    for _ in 0..numbers.below(most) {
        text.push_str(numbers.pick(&BETWEEN));
        text.push_str(numbers.pick(some));
    }
    text
}

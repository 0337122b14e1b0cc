//! Rules and messages out of parts that go together, so that most of what the fuzzer makes means something.

use crate::plain;
use arbitrary::Arbitrary;
use decile::message::Message;
use std::fmt::Write;

const WORDS: [&str; 32] = [
    "can",
    "can't",
    "pay",
    "a",
    "b",
    "no",
    "card",
    "credit card",
    "cancellation",
    "cancellations",
    "é",
    "e\u{301}",
    "会",
    "议",
    "か",
    "ก",
    "рау",
    "ｃａｎ",
    "ca\u{ad}n",
    "a\u{200b}",
    "👍🏽",
    "1\u{fe0f}\u{20e3}",
    ":)",
    "re:",
    "#help",
    "$5",
    "480",
    "12.50",
    "ﬁn",
    "…",
    "שלום",
    "می\u{200c}روم",
];
const BETWEEN: [&str; 12] = [" ", " ", " ", "  ", "\n", "\u{a0}", "", "-", "'", "’", "\u{200d}", ", "];
const FIELDS: [&str; 5] = ["text", "subject", "sender", "header:x-kind", "attribute:role"];
const CLASSES: [&str; 8] = [r"\d", r"\w", r"[^a]", "[a-c]", r"\s", r"\p{Han}", ".", r"[^.]"];

#[derive(Arbitrary, Debug)]
pub struct Case {
    classes: [Class; 2],
    rules: Vec<Rule>,
    text: Vec<Piece>,
    subject: Option<Vec<Piece>>,
    sender: Option<Vec<Piece>>,
    header: Option<Vec<Piece>>,
    attribute: Option<Vec<Piece>>,
}

#[derive(Arbitrary, Debug)]
struct Class {
    witnesses: bool,
    words_max: Option<u8>,
    vocabulary: Option<(Vec<u8>, u8)>,
}

#[derive(Arbitrary, Debug)]
struct Rule {
    restricts: bool,
    second: bool,
    any: Vec<Pattern>,
    all: Vec<Pattern>,
    none: Vec<Pattern>,
    more_than: Option<u8>,
}

#[derive(Arbitrary, Debug)]
struct Pattern {
    field: u8,
    look: Look,
}

#[derive(Arbitrary, Debug)]
enum Look {
    Phrase { at_start: bool, at_end: bool, pieces: Vec<Piece> },
    Regex(Vec<Part>),
}

#[derive(Arbitrary, Debug)]
enum Piece {
    Word(u8),
    Between(u8),
    Char(char),
    /// A stretch of one word, so that texts get long.
    Many(u8, u8),
}

#[derive(Arbitrary, Debug)]
enum Part {
    Word(u8),
    Boundary,
    Gap { least: u8, more: u8, lazy: bool },
    Class { class: u8, least: u8, more: u8 },
    Either(u8, u8),
    Number,
    Start,
    End,
}

impl Case {
    pub fn rules(&self) -> String {
        let mut toml = String::new();
        for (index, class) in self.classes.iter().enumerate() {
            writeln!(toml, "[[class]]\nname = \"c{index}\"\nwitnesses = {}", 1 + u8::from(class.witnesses)).unwrap();
            class.words_max.inspect(|most| writeln!(toml, "max_words = {}", 1 + u16::from(*most)).unwrap());
            class.vocabulary.iter().for_each(|(words, most)| {
                let words: Vec<String> = words.iter().map(|word| quoted(&escaped(pick(&WORDS, *word)))).collect();
                writeln!(toml, "vocabulary = [{}]\nmax_unknown = {most}", words.join(", ")).unwrap();
            });
        }
        self.rules.iter().take(8).enumerate().for_each(|(index, rule)| rule.write(index, &mut toml));
        toml
    }

    pub fn message(&self) -> Message {
        let mut message = plain(&text(&self.text));
        message.subject = self.subject.as_deref().map(text);
        message.sender = self.sender.as_deref().map(text);
        message.headers.extend(self.header.as_deref().map(|pieces| ("x-kind".to_owned(), text(pieces))));
        message.attributes.extend(self.attribute.as_deref().map(|pieces| ("role".to_owned(), text(pieces))));
        message
    }
}

impl Rule {
    fn write(&self, index: usize, toml: &mut String) {
        let (effect, name) = if self.restricts { ("restrict", "r") } else { ("class", "c") };
        writeln!(toml, "[[rule]]\nid = \"r{index}\"\n{effect} = \"{name}{}\"", u8::from(self.second)).unwrap();
        for (key, patterns) in [("any", &self.any), ("all", &self.all), ("none", &self.none)] {
            let written: Vec<String> = patterns.iter().take(4).map(Pattern::written).collect();
            writeln!(toml, "{key} = [{}]", written.join(", ")).unwrap();
        }
        self.more_than.inspect(|number| writeln!(toml, "where = [\"n > {number}\"]").unwrap());
    }
}

impl Pattern {
    fn written(&self) -> String {
        let field = pick(&FIELDS, self.field);
        match &self.look {
            Look::Phrase { at_start, at_end, pieces } => {
                let (start, end) = (if *at_start { "^" } else { "" }, if *at_end { "$" } else { "" });
                let phrase = quoted(&format!("{start}{}{end}", escaped(&text(pieces))));
                format!("{{ phrase = {phrase}, field = \"{field}\" }}")
            }
            Look::Regex(parts) => {
                let regex: String = parts.iter().take(8).map(Part::written).collect();
                format!("{{ re = {}, field = \"{field}\" }}", quoted(&regex))
            }
        }
    }
}

impl Part {
    fn written(&self) -> String {
        let word = |word: &u8| pick(&WORDS, *word).replace(['$', '.', ')', '#'], "");
        let counts = |least: &u8, more: &u8| (least % 8, least % 8 + more % 48);
        match self {
            Self::Word(one) => word(one),
            Self::Boundary => r"\b".to_owned(),
            Self::Gap { least, more, lazy } => {
                let (least, most) = counts(least, more);
                format!(".{{{least},{most}}}{}", if *lazy { "?" } else { "" })
            }
            Self::Class { class, least, more } => {
                let (least, most) = counts(least, more);
                format!("{}{{{least},{most}}}", pick(&CLASSES, *class))
            }
            Self::Either(one, other) => format!("(?:{}|{})", word(one), word(other)),
            Self::Number => r"(?P<n>\d{1,9})".to_owned(),
            Self::Start => "^".to_owned(),
            Self::End => "$".to_owned(),
        }
    }
}

fn text(pieces: &[Piece]) -> String {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Word(word) => text.push_str(pick(&WORDS, *word)),
            Piece::Between(between) => text.push_str(pick(&BETWEEN, *between)),
            Piece::Char(c) => text.push(*c),
            Piece::Many(word, count) => {
                (0..count % 64).for_each(|_| text.extend([pick(&WORDS, *word), " "]));
            }
        }
    }
    text
}

fn pick<'t>(choices: &[&'t str], at: u8) -> &'t str {
    choices[usize::from(at) % choices.len()]
}

/// What phrases give a meaning to, made plain.
fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| "{}^$\\".contains(c).then_some('\\').into_iter().chain([c])).collect()
}

/// A TOML string: what is not plain is written as its number.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            _ => write!(quoted, "\\U{:08X}", u32::from(c)).unwrap(),
        }
    }
    quoted + "\""
}

//! Regexes that nobody wrote, with texts that they match, or nearly.

use super::numbers::Numbers;
use regex::Regex;

const TEXTS: [&str; 16] =
    ["a", "a", "b", "can", "pay", "no", "card", "é", "会", " ", " ", "'", "-", "7", "ß", "\u{301}"];
/// Sets, and characters in them.
const SETS: [(&str, &[&str]); 14] = [
    (".", &["x", " ", "👍", "é"]),
    (r"\w", &["a", "é", "会", "7", "_", "\u{301}", "\u{200d}"]),
    (r"\W", &[" ", "-", "👍"]),
    (r"\d", &["7", "5"]),
    (r"\s", &[" "]),
    (r"\S", &["a", "会", "?"]),
    ("[a-c]", &["a", "b", "c"]),
    ("[^a ]", &["b", "é", "-"]),
    ("[a-z&&[^aeiou]]", &["b", "n"]),
    (r"\p{L}", &["a", "会", "р"]),
    (r"[\p{Han}n]", &["会", "n"]),
    ("[é-ü]", &["é"]),
    (r"[.!?'\-]", &["'", "?"]),
    ("(?-i:[A-Cb])", &["b", "A"]),
];
const LOOKS: [&str; 11] =
    [r"\b", r"\b", r"\b", r"\B", "^", "$", r"\A", r"\z", r"\b{start}", r"\b{end}", r"\b{end-half}"];

/// A part of a regex.
enum Node {
    Text(&'static str),
    Set(&'static str, &'static [&'static str]),
    Look(&'static str),
    Each(Vec<Node>),
    Either(Vec<Node>),
    /// At least, at most, and whether it takes as few as it can.
    Many(Box<Node>, usize, Option<usize>, bool),
}

/// A regex that does not match the empty text, and some texts for it.
pub(super) fn random(numbers: &mut Numbers) -> (Regex, Vec<String>) {
    loop {
        let node = Node::random(3, numbers);
        let source = node.write();
        let least = regex_syntax::parse(&source).ok().and_then(|parsed| parsed.properties().minimum_len());
        if least.is_some_and(|least| least > 0) && source.len() < 200 {
            let texts = (0..6).map(|_| node.sample(numbers)).collect();
            return (super::regexes::compile(&source), texts);
        }
    }
}

impl Node {
    fn random(depth: usize, numbers: &mut Numbers) -> Self {
        let some =
            |numbers: &mut Numbers| (0..2 + numbers.below(2)).map(|_| Self::random(depth - 1, numbers)).collect();
        match numbers.below(if depth == 0 { 6 } else { 12 }) {
            0..3 => Self::Text(numbers.pick(&TEXTS)),
            3 | 4 => {
                let (set, members) = numbers.pick(&SETS);
                Self::Set(set, members)
            }
            5 => Self::Look(numbers.pick(&LOOKS)),
            6..9 => Self::Each(some(numbers)),
            9 => Self::Either(some(numbers)),
            _ => {
                let (least, more) = (numbers.below(3), numbers.below(4));
                let most = (!numbers.one_in(3)).then_some(least + more);
                Self::Many(Box::new(Self::random(depth - 1, numbers)), least, most, numbers.one_in(3))
            }
        }
    }

    fn write(&self) -> String {
        let all = |nodes: &[Self], between| nodes.iter().map(Self::write).collect::<Vec<_>>().join(between);
        match self {
            Self::Text(text) | Self::Set(text, _) | Self::Look(text) => (*text).to_owned(),
            Self::Each(nodes) => all(nodes, ""),
            Self::Either(nodes) => format!("(?:{})", all(nodes, "|")),
            Self::Many(node, least, most, lazy) => {
                let most = most.map(|most| most.to_string()).unwrap_or_default();
                format!("(?:{}){{{least},{most}}}{}", node.write(), if *lazy { "?" } else { "" })
            }
        }
    }

    fn sample(&self, numbers: &mut Numbers) -> String {
        match self {
            Self::Text(text) => (*text).to_owned(),
            Self::Set(_, members) => numbers.pick(members).to_owned(),
            Self::Look(_) => String::new(),
            Self::Each(nodes) => nodes.iter().map(|node| node.sample(numbers)).collect(),
            Self::Either(nodes) => numbers.choose(nodes).sample(numbers),
            Self::Many(node, least, most, _) => {
                let more = numbers.below(most.map_or(3, |most| most - least) + 1);
                (0..least + more).map(|_| node.sample(numbers)).collect()
            }
        }
    }
}

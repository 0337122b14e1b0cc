//! Rules and messages made of nothing: made-up words as unequal as those of a language (Zipf), rules for turns of
//! phrase, and messages of which nine in ten have one. The same seed makes the same ones.

use fastrand::Rng;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// How many rules.
    pub(super) rules: usize,
    /// How long each payload is, in bytes; as it comes, where it is not given.
    pub(super) payload_bytes: Option<usize>,
    /// How many of a hundred messages lead to an outward action.
    pub(super) outward_percent: u8,
}

/// The class whose action is an outward one.
pub(super) const OUTWARD_CLASS: &str = "outward";

const SEED: u64 = 5;
const WORDS: usize = 5_000;
/// Words of phrases are not among the most frequent ones.
const PHRASE_RANK_MIN: usize = 100;
const CLASSES: usize = 50;
const OUTWARD_RULES: usize = 10;
/// Of a hundred messages so many have no phrase that a rule knows: a person sees them.
const UNKNOWN_PERCENT: u8 = 10;
/// One rule in so many is a regex, two words with a gap between.
const PAIR_EVERY: usize = 10;
const GAP_CHARS_MAX: usize = 40;
const SENDERS: usize = 400;
const THREADS: usize = 200;
/// One message in so many is part of a thread.
const THREADED_EVERY: usize = 4;
/// Payloads that are shorter hold the text and nothing else.
const WHOLE_BYTES_MIN: usize = 256;
/// How often a phrase that fits is looked for.
const FITTING_TRIES: usize = 100;

/// Rules, and messages that they know.
pub(super) struct Traffic {
    rng: Rng,
    language: Language,
    rules: Vec<Rule>,
    outward: Vec<Rule>,
    shape: Shape,
}

struct Language {
    words: Vec<String>,
    /// The sum of the weights up to each word: the n-th word weighs 1/n.
    weights: Vec<f64>,
}

/// One rule: a phrase, or the two words of a regex.
struct Rule {
    class: String,
    words: Vec<String>,
    is_pair: bool,
}

/// A message in the `decile` form.
#[derive(serde::Serialize)]
struct Payload<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<Timestamp>,
    text: &'a str,
}

impl Traffic {
    /// Makes the language and the rules.
    pub(super) fn new(shape: Shape) -> Self {
        let mut rng = Rng::with_seed(SEED);
        let language = Language::make(&mut rng);
        let mut known = BTreeSet::new();
        let mut rule = |class: String, is_pair: bool| loop {
            let count = if is_pair { 2 } else { rng.usize(2..=4) };
            let words: Vec<String> = (0..count).map(|_| language.rare_word(&mut rng).to_owned()).collect();
            if known.insert(words.clone()) {
                return Rule { class, words, is_pair };
            }
        };
        let rules = (0..shape.rules)
            .map(|number| rule(format!("class_{}", number % CLASSES), number % PAIR_EVERY == PAIR_EVERY - 1))
            .collect();
        let outward = if shape.outward_percent > 0 { OUTWARD_RULES } else { 0 };
        let outward = (0..outward).map(|_| rule(OUTWARD_CLASS.to_owned(), false)).collect();
        Self { rng, language, rules, outward, shape }
    }

    /// The rules, as a file.
    pub(super) fn rules(&self) -> String {
        let mut text = String::new();
        for (number, rule) in self.rules.iter().chain(&self.outward).enumerate() {
            let pattern = rule.pattern();
            _ = writeln!(text, "[[rule]]\nid = \"r{number}\"\nclass = \"{}\"\nany = [{pattern}]\n", rule.class);
        }
        text
    }

    /// That many payloads. All of them were sent now: nothing is too old.
    pub(super) fn payloads(&mut self, count: usize, now: Timestamp) -> Vec<bytes::Bytes> {
        (0..count).map(|number| self.payload(number, now).into()).collect()
    }

    fn payload(&mut self, number: usize, now: Timestamp) -> Vec<u8> {
        let is_whole = self.shape.payload_bytes.is_none_or(|bytes| bytes >= WHOLE_BYTES_MIN);
        let mut payload = Payload {
            id: is_whole.then(|| format!("m{number:08}")),
            sender: is_whole.then(|| format!("sender-{:03}@example.com", self.rng.usize(..SENDERS))),
            thread: (is_whole && number.is_multiple_of(THREADED_EVERY))
                .then(|| format!("t{:03}", self.rng.usize(..THREADS))),
            sent_at: is_whole.then_some(now),
            text: "",
        };
        let around = encoded(&payload).len();
        let text = self.text(self.shape.payload_bytes.map(|bytes| bytes.saturating_sub(around)));
        payload.text = &text;
        encoded(&payload)
    }

    fn text(&mut self, bytes: Option<usize>) -> String {
        let phrase = self.phrase(bytes.unwrap_or(usize::MAX));
        let Some(bytes) = bytes else {
            let (before, after) = (self.rng.usize(1..=6), self.rng.usize(1..=6));
            return [self.filler(before), phrase, self.filler(after)].join(" ");
        };
        let mut text = phrase;
        loop {
            let word = self.language.word(&mut self.rng);
            if text.len() + 1 + word.len() > bytes {
                break;
            }
            text.push(' ');
            text.push_str(word);
        }
        text.extend(std::iter::repeat_n('.', bytes.saturating_sub(text.len())));
        text
    }

    /// What a rule knows, or words that none does.
    fn phrase(&mut self, bytes_max: usize) -> String {
        let drawn = self.rng.u8(..100);
        if drawn >= UNKNOWN_PERCENT {
            let is_outward = drawn < UNKNOWN_PERCENT + self.shape.outward_percent;
            let rules = if is_outward { &self.outward } else { &self.rules };
            for _ in 0..FITTING_TRIES {
                let Some(rule) = self.rng.choice(rules) else { break };
                let phrase = rule.said(&self.language, &mut self.rng);
                if phrase.len() <= bytes_max {
                    return phrase;
                }
            }
        }
        self.filler(1)
    }

    fn filler(&mut self, words: usize) -> String {
        (0..words).map(|_| self.language.word(&mut self.rng)).collect::<Vec<_>>().join(" ")
    }
}

fn encoded(payload: &Payload<'_>) -> Vec<u8> {
    // Strings and a time always encode.
    serde_json::to_vec(payload).unwrap_or_default()
}

impl Rule {
    /// As a rule file has it.
    fn pattern(&self) -> String {
        if self.is_pair {
            let words: Vec<String> = self.words.iter().map(|word| format!(r"\\b{word}\\b")).collect();
            return format!("{{ re = \"{}\" }}", words.join(&format!(".{{0,{GAP_CHARS_MAX}}}")));
        }
        format!("\"{}\"", self.words.join(" "))
    }

    /// As somebody says it.
    fn said(&self, language: &Language, rng: &mut Rng) -> String {
        let between = if self.is_pair { format!(" {} ", language.word(rng)) } else { " ".to_owned() };
        self.words.join(&between)
    }
}

impl Language {
    fn make(rng: &mut Rng) -> Self {
        let mut known = BTreeSet::new();
        let mut words = Vec::with_capacity(WORDS);
        while words.len() < WORDS {
            // What is said often is short.
            let syllables = 1 + words.len().checked_ilog(12).unwrap_or(0) as usize;
            let word = word(rng.usize(1..=syllables), rng);
            if known.insert(word.clone()) {
                words.push(word);
            }
        }
        let weights = (1..=WORDS).scan(0.0, |sum, rank| {
            *sum += 1.0 / rank as f64;
            Some(*sum)
        });
        Self { weights: weights.collect(), words }
    }

    fn word(&self, rng: &mut Rng) -> &str {
        let at = rng.f64() * self.weights.last().copied().unwrap_or(1.0);
        let rank = self.weights.partition_point(|weight| *weight < at);
        self.words.get(rank).or(self.words.last()).map_or("", String::as_str)
    }

    fn rare_word(&self, rng: &mut Rng) -> &str {
        self.words.get(rng.usize(PHRASE_RANK_MIN..WORDS)).map_or("", String::as_str)
    }
}

fn word(syllables: usize, rng: &mut Rng) -> String {
    const ONSETS: [&str; 20] =
        ["b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "th", "st", "tr", "ch", ""];
    const VOWELS: [&str; 8] = ["a", "e", "i", "o", "u", "ea", "ou", "y"];
    const CODAS: [&str; 8] = ["", "", "", "n", "t", "s", "r", "ck"];
    let mut one = |choices: &[&'static str]| rng.choice(choices).copied().unwrap_or_default();
    (0..syllables).map(|_| [one(&ONSETS), one(&VOWELS), one(&CODAS)].concat()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payloads(shape: Shape, count: usize) -> Vec<bytes::Bytes> {
        Traffic::new(shape).payloads(count, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn the_same_seed_makes_the_same_messages() {
        let shape = Shape { rules: 100, payload_bytes: None, outward_percent: 0 };
        assert_eq!(payloads(shape, 50), payloads(shape, 50));
        assert_eq!(Traffic::new(shape).rules(), Traffic::new(shape).rules());
    }

    #[test]
    fn payloads_are_as_long_as_asked_for() {
        for bytes in [40, 300, 1_024, 16_384] {
            let shape = Shape { rules: 1_000, payload_bytes: Some(bytes), outward_percent: 5 };
            for payload in payloads(shape, 40) {
                assert_eq!(payload.len(), bytes, "{}", String::from_utf8_lossy(&payload));
            }
        }
    }
}

//! The patterns of the table: nine of ten a phrase of two to four words, one of ten a regex of two words up
//! to 40 characters apart. Each really occurs in the corpus, and none is there twice.

use super::corpus::Sentence;
use fastrand::Rng;
use std::collections::HashSet;
use std::fmt::Write as _;

/// The most characters between the two words of a regex.
pub(crate) const GAP_CHARS_MAX: usize = 40;

/// What to look for.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Pattern {
    /// Words, one after the other.
    Phrase(Vec<String>),
    /// Two words, in this order, with at most [`GAP_CHARS_MAX`] characters between.
    Pair(String, String),
}

/// A pattern, and the class of the sentence that it is from.
pub(crate) struct Drawn {
    /// The pattern.
    pub(crate) pattern: Pattern,
    /// A class for its rule.
    pub(crate) class: String,
}

/// Draws that many patterns; the same seed draws the same ones, and more of them begin with those of fewer.
///
/// # Panics
/// Where the corpus has not so many.
pub(crate) fn draw(sentences: &[Sentence], count: usize, seed: u64) -> Vec<Drawn> {
    let mut rng = Rng::with_seed(seed);
    let mut known = HashSet::new();
    let mut drawn = Vec::with_capacity(count);
    for _ in 0..count * 200 {
        if drawn.len() == count {
            break;
        }
        let sentence = &sentences[rng.usize(..sentences.len())];
        let is_pair = drawn.len() % 10 == 9;
        let Some(pattern) = (if is_pair { pair(sentence, &mut rng) } else { phrase(sentence, &mut rng) }) else {
            continue;
        };
        if known.insert(pattern.clone()) {
            let class = sentence.class.clone().unwrap_or_else(|| "other".to_owned());
            drawn.push(Drawn { pattern, class });
        }
    }
    assert_eq!(drawn.len(), count, "the corpus is too small for so many patterns");
    drawn
}

fn phrase(sentence: &Sentence, rng: &mut Rng) -> Option<Pattern> {
    let length = rng.usize(2..=4);
    let runs: Vec<Vec<String>> = sentence.runs().into_iter().filter(|run| run.len() >= length).collect();
    let run = runs.get(rng.usize(..runs.len().max(1)))?;
    let start = rng.usize(..=run.len() - length);
    Some(Pattern::Phrase(run[start..start + length].to_vec()))
}

fn pair(sentence: &Sentence, rng: &mut Rng) -> Option<Pattern> {
    let runs = sentence.runs();
    let run = runs.get(rng.usize(..runs.len().max(1)))?;
    let first = rng.usize(..run.len());
    let second = rng.usize(..run.len());
    let gap = run.get(first + 1..second)?.iter().map(|word| word.len() + 1).sum::<usize>() + 1;
    (gap <= GAP_CHARS_MAX).then(|| Pattern::Pair(run[first].clone(), run[second].clone()))
}

impl Pattern {
    /// As a rule has it, in TOML. Words are ASCII letters, digits and apostrophes.
    pub(crate) fn toml(&self) -> String {
        match self {
            Self::Phrase(words) => format!("\"{}\"", words.join(" ")),
            Self::Pair(first, second) => format!(r#"{{ re = "\\b{first}\\b.{{0,{GAP_CHARS_MAX}}}\\b{second}\\b" }}"#),
        }
    }
}

/// A rule file: one rule a pattern, `r0`, `r1` …
pub(crate) fn rules(drawn: &[Drawn]) -> String {
    let mut text = String::new();
    for (number, Drawn { pattern, class }) in drawn.iter().enumerate() {
        let toml = pattern.toml();
        _ = writeln!(text, "[[rule]]\nid = \"r{number}\"\nclass = \"{class}\"\nany = [{toml}]\n");
    }
    text
}

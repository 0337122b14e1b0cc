//! The patterns of the table: nine of ten a phrase of two to four words, one of ten a regex of two words up
//! to 40 characters apart. Each really occurs in the corpus, and none is there twice.

use super::corpus::Sentence;
use fastrand::Rng;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The most characters between the two words of a regex.
pub(crate) const GAP_CHARS_MAX: usize = 40;

/// What to look for.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
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

/// Draws that many patterns, of all that occur each as likely as any other: most are rare, as what people write
/// rules for is. The same seed draws the same ones, and more of them begin with those of fewer.
///
/// # Panics
/// Where the corpus has not so many.
pub(crate) fn draw(sentences: &[Sentence], count: usize, seed: u64) -> Vec<Drawn> {
    let mut rng = Rng::with_seed(seed);
    let mut kinds = occurring(sentences);
    let mut draw = |kind: usize, rng: &mut Rng| {
        let patterns = &mut kinds[kind];
        assert!(!patterns.is_empty(), "the corpus is too small for {count} patterns");
        let (pattern, class) = patterns.swap_remove(rng.usize(..patterns.len()));
        Drawn { pattern, class }
    };
    (0..count)
        .map(|number| {
            let words = rng.usize(2..=4);
            draw(if number % 10 == 9 { PAIRS } else { words - 2 }, &mut rng)
        })
        .collect()
}

/// Where the pairs are in what [`occurring`] finds.
const PAIRS: usize = 3;

/// Every phrase of two, of three and of four words, and every pair; with a class of a sentence that has it.
fn occurring(sentences: &[Sentence]) -> [Vec<(Pattern, String)>; 4] {
    let mut kinds: [BTreeMap<Pattern, String>; 4] = Default::default();
    for sentence in sentences {
        let class = || sentence.class.clone().unwrap_or_else(|| "other".to_owned());
        for run in sentence.runs() {
            for words in 2..=4 {
                for words_of_run in run.windows(words) {
                    kinds[words - 2].entry(Pattern::Phrase(words_of_run.to_vec())).or_insert_with(class);
                }
            }
            for pair in pairs(&run) {
                kinds[PAIRS].entry(pair).or_insert_with(class);
            }
        }
    }
    kinds.map(|kind| kind.into_iter().collect())
}

/// The pairs of a run of words, neighbours among them.
pub(crate) fn pairs(run: &[String]) -> impl Iterator<Item = Pattern> {
    run.iter().enumerate().flat_map(move |(at, first)| {
        let mut gap = 0;
        let near = run[at + 1..].iter().take_while(move |second| {
            let fits = gap < GAP_CHARS_MAX;
            gap += second.len() + 1;
            fits
        });
        near.map(|second| Pattern::Pair(first.clone(), second.clone()))
    })
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

//! A corpus made of nothing: made-up words as unequal as those of a language (Zipf), in sentences that have
//! a class and a few turns of phrase of their own.

use super::corpus::{Corpus, Sentence};
use fastrand::Rng;
use std::collections::BTreeSet;

const CLASSES: usize = 150;
const TRAIN_SENTENCES: usize = 15_000;
const VAL_SENTENCES: usize = 3_000;
const WORDS: usize = 5_000;
const CLASS_WORDS: usize = 25;
const TURNS: usize = 12;

/// The corpus of a seed: always the same one.
pub(crate) fn corpus(seed: u64) -> Corpus {
    let mut rng = Rng::with_seed(seed);
    let language = Language::make(&mut rng);
    let classes: Vec<Class> = (0..CLASSES).map(|number| Class::make(number, &language, &mut rng)).collect();
    let mut sentences = |count| (0..count).map(|_| sentence(&language, &classes, &mut rng)).collect();
    Corpus {
        name: format!("synthetic (seed {seed})"),
        train: sentences(TRAIN_SENTENCES),
        val: sentences(VAL_SENTENCES),
    }
}

struct Language {
    words: Vec<String>,
    /// The sum of the weights up to each word: the n-th word weighs 1/n.
    weights: Vec<f64>,
}

struct Class {
    name: String,
    words: Vec<String>,
    /// What sentences of the class begin or end with.
    turns: Vec<String>,
}

impl Language {
    fn make(rng: &mut Rng) -> Self {
        let mut words = BTreeSet::new();
        let mut ordered = Vec::new();
        while ordered.len() < WORDS {
            // What is said often is short.
            let syllables = 1 + ordered.len().checked_ilog(12).unwrap_or(0) as usize;
            let word = word(rng.usize(1..=syllables.max(1)), rng);
            if words.insert(word.clone()) {
                ordered.push(word);
            }
        }
        let mut sum = 0.0;
        let weights = (1..=WORDS).map(|rank| {
            sum += 1.0 / rank as f64;
            sum
        });
        Self { weights: weights.collect(), words: ordered }
    }

    fn word(&self, rng: &mut Rng) -> &str {
        let at = rng.f64() * self.weights.last().copied().unwrap_or(1.0);
        let rank = self.weights.partition_point(|weight| *weight < at).min(self.words.len() - 1);
        &self.words[rank]
    }
}

impl Class {
    fn make(number: usize, language: &Language, rng: &mut Rng) -> Self {
        let words: Vec<String> =
            (0..CLASS_WORDS).map(|_| language.words[rng.usize(100..language.words.len())].clone()).collect();
        let turns = (0..TURNS).map(|_| {
            let length = rng.usize(2..=4);
            let turn = (0..length).map(|_| if rng.u8(0..3) == 0 { pick(&words, rng) } else { language.word(rng) });
            turn.collect::<Vec<_>>().join(" ")
        });
        Self { name: format!("class_{number}"), turns: turns.collect(), words }
    }
}

fn sentence(language: &Language, classes: &[Class], rng: &mut Rng) -> Sentence {
    let class = &classes[rng.usize(0..classes.len())];
    let length = rng.usize(2..=9);
    let middle = (0..length).map(|_| if rng.u8(0..3) == 0 { pick(&class.words, rng) } else { language.word(rng) });
    let middle = middle.collect::<Vec<_>>().join(" ");
    let turn = pick(&class.turns, rng);
    let text = match rng.u8(0..4) {
        0 => format!("{middle} {turn}"),
        1 => middle,
        _ => format!("{turn} {middle}"),
    };
    // One of a hundred is nobody's.
    let class = (rng.u8(0..100) > 0).then(|| class.name.clone());
    Sentence { text, class }
}

fn word(syllables: usize, rng: &mut Rng) -> String {
    const ONSETS: [&str; 20] =
        ["b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "th", "st", "tr", "ch", ""];
    const VOWELS: [&str; 8] = ["a", "e", "i", "o", "u", "ea", "ou", "y"];
    const CODAS: [&str; 8] = ["", "", "", "n", "t", "s", "r", "ck"];
    let syllable = |_| [ONSETS[rng.usize(..20)], VOWELS[rng.usize(..8)], CODAS[rng.usize(..8)]].concat();
    (0..syllables).map(syllable).collect()
}

fn pick<'t>(choices: &'t [String], rng: &mut Rng) -> &'t str {
    &choices[rng.usize(..choices.len())]
}

//! Messages of about a length, joined and cut at words.

use super::corpus::Sentence;
use fastrand::Rng;
use std::collections::BTreeSet;

/// Different texts of about `bytes` bytes each: sentences in a random order, joined by a space, cut at the
/// word edge that is nearest.
pub(crate) fn of_length(sentences: &[Sentence], bytes: usize, count: usize, seed: u64) -> Vec<String> {
    let mut rng = Rng::with_seed(seed);
    let mut texts = BTreeSet::new();
    let mut order: Vec<usize> = (0..sentences.len()).collect();
    // Round after round, each in another order, until there are enough.
    for _ in 0..1_000 {
        rng.shuffle(&mut order);
        let mut joined = String::new();
        for at in &order {
            joined.push_str(&sentences[*at].text);
            joined.push(' ');
            if joined.len() > bytes + 20 {
                texts.insert(cut(&joined, bytes).to_owned());
                joined.clear();
            }
            if texts.len() == count {
                let mut texts: Vec<String> = texts.into_iter().collect();
                rng.shuffle(&mut texts);
                return texts;
            }
        }
    }
    panic!("{} sentences do not make {count} different messages", sentences.len())
}

fn cut(text: &str, bytes: usize) -> &str {
    let spaces = text.match_indices(' ').map(|(at, _)| at).filter(|at| *at > 0);
    spaces.min_by_key(|at| at.abs_diff(bytes)).map_or(text, |at| &text[..at])
}

//! Whether a text says more than its class knows.

use super::steps::Steps;
use crate::pack::ClassSpec;
use crate::reason::Reason;
use crate::views::words::{Token, for_each_token};
use std::ops::Range;

/// What a text has beside what a class knows.
#[derive(Debug, Default)]
pub(super) struct Novelty {
    /// All words.
    pub(super) words: usize,
    /// Where the distinct words outside the class's vocabulary are, in the order of the words; none where it has
    /// no vocabulary.
    pub(super) unknown: Vec<Range<usize>>,
}

impl Novelty {
    /// Reads the raw view of a text; only where the class asks.
    pub(super) fn read(&mut self, spec: &ClassSpec, text: &str, steps: &mut Steps) -> Result<(), Reason> {
        self.words = 0;
        self.unknown.clear();
        if spec.words_max.is_none() && spec.vocabulary.is_none() {
            return Ok(());
        }
        steps.take(text.len())?;
        for_each_token(text, |token| {
            self.words += 1;
            if let (Token::Word(word), Some(vocabulary)) = (token, &spec.vocabulary)
                && !vocabulary.words.contains(word)
            {
                // The words are slices of the text.
                let start = word.as_ptr().addr() - text.as_ptr().addr();
                self.unknown.push(start..start + word.len());
            }
        });
        let word = |at: &Range<usize>| text.get(at.clone()).unwrap_or("");
        self.unknown.sort_unstable_by_key(word);
        self.unknown.dedup_by_key(|at| word(at));
        Ok(())
    }

    /// Whether that is more than the class allows.
    pub(super) fn exceeds(&self, spec: &ClassSpec) -> bool {
        spec.words_max.is_some_and(|most| self.words > most)
            || spec.vocabulary.as_ref().is_some_and(|vocabulary| self.unknown.len() > vocabulary.unknown_max)
    }
}

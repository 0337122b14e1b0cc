//! Whether a text says more than its class knows.

use super::steps::Steps;
use crate::pack::guard::{byte_operations, sort_operations};
use crate::pack::{ClassSpec, Vocabulary};
use crate::reason::Reason;
use crate::views::words::{Token, for_each_token};
use std::ops::Range;

#[cfg(test)]
mod tests;

/// What a text has beside what a class knows.
#[derive(Debug, Default)]
pub(super) struct Novelty {
    /// Words.
    pub(super) words: usize,
    /// Where words outside the class's vocabulary are; none where it has no vocabulary.
    pub(super) unknown: Vec<Range<usize>>,
}

impl Novelty {
    /// All of it, of the raw view of a text: each unknown word once, in the order of the words.
    pub(super) fn of(spec: &ClassSpec, text: &str) -> Self {
        let mut novelty = Self::default();
        for_each_token(text, |token| {
            novelty.words += 1;
            novelty.unknown.extend(spec.vocabulary.as_ref().and_then(|known| unknown(token, known, text)));
        });
        novelty.count(text, &mut 0);
        novelty
    }

    /// Whether the raw view of a text has more than the class allows. Once it does, nothing more is looked at.
    pub(super) fn exceeds(&mut self, spec: &ClassSpec, text: &str, steps: &mut Steps) -> Result<bool, Reason> {
        self.words = 0;
        self.unknown.clear();
        if !spec.is_guarded() {
            return Ok(false);
        }
        let (mut exceeds, mut work) = (false, 0);
        let byte_operations = byte_operations(text);
        // No word is beyond a space.
        for chunk in text.split(' ') {
            work += (chunk.len() + 1) * byte_operations;
            for_each_token(chunk, |token| exceeds = exceeds || self.exceeds_by(token, spec, text, &mut work));
            if exceeds {
                break;
            }
        }
        exceeds = exceeds || self.are_too_many(spec, text, &mut work);
        steps.take(work)?;
        Ok(exceeds)
    }

    /// Whether one more word is surely too many.
    fn exceeds_by(&mut self, token: Token<'_>, spec: &ClassSpec, text: &str, work: &mut usize) -> bool {
        self.words += 1;
        if spec.words_max.is_some_and(|most| self.words > most) {
            return true;
        }
        let Some(known) = &spec.vocabulary else { return false };
        *work += known.look_up_operations();
        self.unknown.extend(unknown(token, known, text));
        self.unknown.len() > known.collected_max() && self.are_too_many(spec, text, work)
    }

    /// Whether the unknown words are too many: those that come again count once.
    fn are_too_many(&mut self, spec: &ClassSpec, text: &str, work: &mut usize) -> bool {
        let most = spec.vocabulary.as_ref().map_or(usize::MAX, |known| known.unknown_max);
        self.unknown.len() > most && self.count(text, work) > most
    }

    /// Counts unknown words, once each, and keeps the first of each.
    fn count(&mut self, text: &str, work: &mut usize) -> usize {
        *work += sort_operations(self.unknown.len());
        let word = |at: &Range<usize>| text.get(at.clone()).unwrap_or("");
        self.unknown.sort_unstable_by_key(word);
        self.unknown.dedup_by_key(|at| word(at));
        self.unknown.len()
    }
}

/// Where a word is, unless a class knows it.
fn unknown(token: Token<'_>, known: &Vocabulary, text: &str) -> Option<Range<usize>> {
    let Token::Word(word) = token else { return None };
    // The words are slices of the text.
    let start = word.as_ptr().addr() - text.as_ptr().addr();
    (!known.words.contains(word)).then(|| start..start + word.len())
}

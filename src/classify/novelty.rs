//! Whether a text says more than its class knows.

use super::steps::Steps;
use crate::pack::ClassSpec;
use crate::reason::Reason;
use crate::views::words::{Token, for_each_token};
use std::collections::BTreeSet;

/// What a text has beside what a class knows.
#[derive(Debug, Default)]
pub(super) struct Novelty<'t> {
    /// All words.
    pub(super) words: usize,
    /// Distinct words outside the class's vocabulary; empty where it has none.
    pub(super) unknown: BTreeSet<&'t str>,
}

impl<'t> Novelty<'t> {
    /// Reads the raw view of a text; only where the class asks.
    pub(super) fn of(spec: &ClassSpec, text: &'t str, steps: &mut Steps) -> Result<Self, Reason> {
        let mut novelty = Self::default();
        if spec.words_max.is_none() && spec.vocabulary.is_none() {
            return Ok(novelty);
        }
        steps.take(text.len())?;
        for_each_token(text, |token| {
            novelty.words += 1;
            if let (Token::Word(word), Some(vocabulary)) = (token, &spec.vocabulary)
                && !vocabulary.words.contains(word)
            {
                novelty.unknown.insert(word);
            }
        });
        Ok(novelty)
    }

    /// Whether that is more than the class allows.
    pub(super) fn exceeds(&self, spec: &ClassSpec) -> bool {
        spec.words_max.is_some_and(|most| self.words > most)
            || spec.vocabulary.as_ref().is_some_and(|vocabulary| self.unknown.len() > vocabulary.unknown_max)
    }
}

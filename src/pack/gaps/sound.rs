//! Whether the tables of gaps from a file are such.

use super::{Gaps, Within};
use crate::pack::phrases::Phrases;
use crate::pack::wire::{Counts, ensure};

impl Gaps {
    /// Checks what tables that were made always are.
    ///
    /// # Errors
    /// What is wrong first.
    pub(crate) fn check(&self, counts: Counts<'_>, phrases: &Phrases) -> Result<(), String> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let texts = self.literals.iter().map(|literal| &literal.text);
        ensure(texts.into_iter().all(|text| text.bytes().all(is_plain)), "a word of a gap is no word")?;
        let has_firsts = self.firsts.len() == self.literals.len();
        let has_uses = is_division(&self.uses_from, self.uses.len(), self.literals.len());
        ensure(has_firsts && has_uses, "the gaps are out of order")?;
        let words = phrases.words() as usize;
        ensure(is_division(&self.within_from, self.within.len(), words), "words within words are out of order")?;
        let uses = self.uses.iter().all(|usage| {
            let has_first = usage.first < counts.gap_literals && usage.chars_min <= usage.chars_max;
            has_first && counts.have(usage.pattern, usage.field, usage.views)
        });
        ensure(uses, "a gap has no pattern")?;
        let within = (0..phrases.words()).all(|word| {
            let bytes = phrases.text_of(word).map_or(0, str::len) as u64;
            self.within(word).iter().all(|within| is_within(within, bytes, counts))
        });
        ensure(within, "a word is not within the word that it should be within")?;
        ensure(phrases.notes_gaps(|word| !self.within(word).is_empty()), "a word tells wrongly what is within it")
    }
}

/// Whether `from` divides so many things among so many owners.
fn is_division(from: &[u32], things: usize, owners: usize) -> bool {
    let ends = (from.first().copied(), from.last().map(|last| *last as usize));
    from.len() == owners + 1 && from.is_sorted() && ends == (Some(0), Some(things))
}

fn is_within(within: &Within, bytes: u64, counts: Counts<'_>) -> bool {
    within.literal < counts.gap_literals && u64::from(within.at) + u64::from(within.bytes) <= bytes
}

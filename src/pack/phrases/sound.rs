//! Whether a tree of phrases from a file is one.

use super::{BETWEEN_BITS, PhraseUse, Phrases, WORD_BITS};
use crate::pack::table::Table;
use crate::pack::wire::{Counts, ensure};

impl Phrases {
    /// Checks what a tree that was made always is. Above all, every edge leads to a later node, so that no phrase
    /// goes on for ever.
    ///
    /// # Errors
    /// What is wrong first.
    pub(crate) fn check(&self, counts: Counts<'_>) -> Result<(), String> {
        let tables = [&self.short, &self.long, &self.edges];
        ensure(tables.into_iter().all(Table::is_sound), "a table of words is not one")?;
        let is_text = self.ends.iter().all(|end| self.text.is_char_boundary(*end as usize))
            && self.ends.is_sorted()
            && self.ends.last().map_or(0, |end| *end as usize) == self.text.len();
        ensure(is_text, "the words are cut in the wrong places")?;
        let mut words = self.short.entries().chain(self.long.entries());
        ensure(words.all(|(_, word)| word < self.words()), "a word has no such number")?;
        ensure(self.betweens.is_sorted_by(|one, next| one < next), "what stands between words is out of order")?;
        ensure(self.edges.entries().all(|(edge, next)| self.is_edge(edge, next)), "a phrase goes on wrongly")?;
        let mut firsts = self.nodes.iter().scan(0_u32, |first, node| {
            let expected = *first;
            *first = first.saturating_add(node.count);
            Some(node.first == expected)
        });
        let count: u64 = self.nodes.iter().map(|node| u64::from(node.count)).sum();
        let are_nodes = self.nodes.len() >= self.ends.len() && firsts.all(|fits| fits);
        ensure(are_nodes && count == self.outputs.len() as u64, "the ends of phrases are out of order")?;
        ensure(self.outputs.iter().all(|usage| is_use(usage, counts)), "a phrase has no pattern")
    }

    fn is_edge(&self, edge: u64, next: u32) -> bool {
        let bits = |from: u32, count: u32| (edge >> from) & ((1 << count) - 1);
        let (word, between, node) =
            (bits(0, WORD_BITS), bits(WORD_BITS, BETWEEN_BITS), edge >> (WORD_BITS + BETWEEN_BITS));
        (1..=u64::from(self.words())).contains(&word)
            && between <= self.betweens.len() as u64
            && node < u64::from(next)
            && (next as usize) < self.nodes.len()
    }
}

fn is_use(usage: &PhraseUse, counts: Counts<'_>) -> bool {
    let has_rule = usage.rule == PhraseUse::MANY || usage.rule < counts.rules;
    has_rule && counts.have(usage.pattern, usage.field, usage.views.with(usage.wakes))
}

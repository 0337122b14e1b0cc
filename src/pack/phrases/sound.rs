//! Whether a tree of phrases from a file is one.

use super::{BETWEEN_BITS, Befores, PhraseUse, Phrases, Step, WORD_BITS};
use crate::pack::table::{Entry, Table};
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
        let words = || self.short.entries().chain(self.long.entries());
        ensure(words().all(|entry| Step(entry.value).node() < self.words()), "a word has no such number")?;
        ensure(self.betweens.is_sorted_by(|one, next| one < next), "what stands between words is out of order")?;
        ensure(
            self.edges.entries().all(|entry| self.is_edge(entry.key, Step(entry.value).node())),
            "a phrase goes on wrongly",
        )?;
        let mut firsts = self.nodes.iter().scan(0_u32, |first, node| {
            let expected = *first;
            *first = first.saturating_add(node.count);
            Some(node.first == expected)
        });
        let count: u64 = self.nodes.iter().map(|node| u64::from(node.count)).sum();
        let are_nodes = self.nodes.len() >= self.ends.len() && firsts.all(|fits| fits);
        ensure(are_nodes && count == self.outputs.len() as u64, "the ends of phrases are out of order")?;
        ensure(self.outputs.iter().all(|usage| is_use(usage, counts)), "a phrase has no pattern")?;
        let mut befores = vec![0; self.ends.len()];
        let mut goes_on = vec![false; self.nodes.len()];
        for edge in self.edges.entries() {
            let (word, _, node) = parts(edge.key);
            befores
                .get_mut((word as usize).wrapping_sub(1))
                .into_iter()
                .for_each(|befores| *befores |= Befores::bit(node as u32));
            goes_on.get_mut(node as usize).into_iter().for_each(|goes_on| *goes_on = true);
        }
        let is_step = |entry: &Entry| {
            let node = Step(entry.value).node();
            let ends = !self.ends_at(node).is_empty();
            Step(entry.value).ends() == ends && goes_on.get(node as usize) == Some(&Step(entry.value).goes_on())
        };
        ensure(words().chain(self.edges.entries()).all(|entry| is_step(&entry)), "a phrase ends where it does not")?;
        let follows = |entry: Entry| befores.get(Step(entry.value).node() as usize) == Some(&entry.tag);
        ensure(words().all(follows), "a word follows others than it does")
    }

    fn is_edge(&self, edge: u64, next: u32) -> bool {
        let (word, between, node) = parts(edge);
        (1..=u64::from(self.words())).contains(&word)
            && between <= self.betweens.len() as u64
            && node < u64::from(next)
            && (next as usize) < self.nodes.len()
    }
}

/// The word, one more than its number, what stands before it, and the node.
fn parts(edge: u64) -> (u64, u64, u64) {
    let bits = |from: u32, count: u32| (edge >> from) & ((1 << count) - 1);
    (bits(0, WORD_BITS), bits(WORD_BITS, BETWEEN_BITS), edge >> (WORD_BITS + BETWEEN_BITS))
}

fn is_use(usage: &PhraseUse, counts: Counts<'_>) -> bool {
    let has_rule = usage.rule == PhraseUse::MANY || usage.rule < counts.rules;
    has_rule && counts.have(usage.pattern, usage.field, usage.views.with(usage.wakes))
}

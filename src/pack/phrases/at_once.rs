//! How much may come together at one word of any text: part of the bound of a pack.

use super::{BETWEEN_BITS, Between, Node, Phrases, Step, WORD_BITS, Word};
use std::collections::{BTreeMap, VecDeque};

/// The most of each, at one word of any text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AtOnce {
    /// Phrases that may go on.
    pub(crate) open: u32,
    /// Patterns that end.
    pub(crate) outputs: u32,
    /// Words of a phrase.
    pub(crate) words: u32,
}

impl Phrases {
    /// Counted over the whole tree. At a node that is reached, all nodes may be reached whose path is an end of its
    /// path; failure links, as of Aho and Corasick (1975), find these.
    pub(crate) fn at_once(&self) -> AtOnce {
        let children: BTreeMap<(Node, Between, Word), Node> =
            self.edges.entries().map(|entry| (parts(entry.key), Step(entry.value).node())).collect();
        let own = |node: Node| {
            let goes_on = children.range(out_of(node)).next().is_some();
            AtOnce { open: u32::from(goes_on), outputs: self.ends_at(node).len() as u32, words: 1 }
        };
        let mut most: Vec<AtOnce> = (0..self.nodes.len() as Node).map(own).collect();
        let mut fails: Vec<Option<Node>> = vec![None; self.nodes.len()];
        let mut waiting: VecDeque<Node> = (0..self.words()).collect();
        // A tree has no more edges than nodes; one that lies might lead in a circle.
        for _ in 0..self.nodes.len() {
            let Some(node) = waiting.pop_front() else { break };
            let above = most.get(node as usize).map_or(0, |above| above.words);
            for ((_, between, word), child) in children.range(out_of(node)) {
                let mut fail = fails.get(node as usize).copied().flatten();
                let found = loop {
                    let Some(at) = fail else { break *word };
                    match children.get(&(at, *between, *word)) {
                        Some(next) => break *next,
                        None => fail = fails.get(at as usize).copied().flatten().filter(|next| *next < at),
                    }
                };
                let there = most.get(found as usize).copied().unwrap_or_default();
                if let (Some(fail), Some(sum)) = (fails.get_mut(*child as usize), most.get_mut(*child as usize)) {
                    *fail = Some(found);
                    *sum = AtOnce {
                        open: sum.open.saturating_add(there.open),
                        outputs: sum.outputs.saturating_add(there.outputs),
                        words: above.saturating_add(1),
                    };
                }
                waiting.push_back(*child);
            }
        }
        most.into_iter().fold(AtOnce::default(), |all, one| AtOnce {
            open: all.open.max(one.open),
            outputs: all.outputs.max(one.outputs),
            words: all.words.max(one.words),
        })
    }
}

/// All that leads out of a node.
fn out_of(node: Node) -> std::ops::Range<(Node, Between, Word)> {
    (node, Between::SPACE, 0)..(node.saturating_add(1), Between::SPACE, 0)
}

/// What an edge is made of.
fn parts(edge: u64) -> (Node, Between, Word) {
    let low = |bits: u32| (1_u64 << bits) - 1;
    let word = (edge & low(WORD_BITS)).saturating_sub(1);
    let between = edge >> WORD_BITS & low(BETWEEN_BITS);
    ((edge >> (WORD_BITS + BETWEEN_BITS)) as Node, Between(between as u32), word as Word)
}

//! Phrases over words: a tree whose letters are whole words.
//!
//! Text has five times fewer words than bytes, and nearly all phrases are words with white space between. So the
//! words of a text are looked up once, each in a table of all words that phrases are made of, and a phrase is a
//! path of them. Three tables do it: from a word's bytes to its number; from a node, what stands between the
//! words, and the next word to the next node; and from a node to the patterns that end there. What the first two
//! answer tells whether there is anything to look up next.
//!
//! Work per word: one look-up, and one for each phrase that may go on. No more can go on at once than the tree
//! has phrases whose beginning is another's end; [`AtOnce`] counts them.

mod at_once;
mod build;
mod sound;

pub(crate) use at_once::AtOnce;
pub(crate) use build::PhraseBuilder;

use super::pattern::ViewSet;
use super::table::{Entry, Table};
use crate::views::atoms::{Atom, KEY_BYTES};

/// A word, by its number.
pub(crate) type Word = u32;
/// A place in the tree, by its number. That of a phrase's first word is the word's own.
pub(crate) type Node = u32;

/// What stands between two words, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Between(u32);

impl Between {
    /// One space: nearly always.
    pub(crate) const SPACE: Self = Self(0);
}

/// Where a phrase is after a word: the node, and what there is to do at it, told before any of it is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step(u32);

impl Step {
    const NODE: u32 = (1 << WORD_BITS) - 1;
    /// Phrases go on from here.
    const GOES_ON: u32 = 1 << 31;
    /// Patterns end here.
    const ENDS: u32 = 1 << 30;
    /// Literals of gaps are within the word.
    const GAPS: u32 = 1 << 29;

    #[inline]
    pub(crate) fn node(self) -> Node {
        self.0 & Self::NODE
    }

    #[inline]
    pub(crate) fn goes_on(self) -> bool {
        self.0 & Self::GOES_ON != 0
    }

    #[inline]
    pub(crate) fn ends(self) -> bool {
        self.0 & Self::ENDS != 0
    }

    #[inline]
    pub(crate) fn has_gaps(self) -> bool {
        self.0 & Self::GAPS != 0
    }
}

/// The nodes from which phrases go on with a word, as a Bloom filter (Bloom 1970) of one bit each: most words that stand
/// side by side are side by side in no phrase, and this tells without a second look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Befores(u32);

impl Befores {
    /// Whether a phrase may go on from a node with this word.
    #[inline]
    pub(crate) fn may_follow(self, node: Node) -> bool {
        self.0 & Self::bit(node) != 0
    }

    #[inline]
    fn bit(node: Node) -> u32 {
        1 << (node.wrapping_mul(0x9e37_79b1) >> 27)
    }
}

const WORD_BITS: u32 = 26;
const BETWEEN_BITS: u32 = 12;

/// All phrases of a pack that begin and end with a word.
#[derive(Clone, Debug, Default, PartialEq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(crate) struct Phrases {
    /// Words of up to eight bytes, by their bytes: the [`Step`] of each, and its [`Befores`].
    short: Table,
    /// Longer ones, by a hash of them.
    long: Table,
    /// All words, one after the other, and where each ends.
    text: String,
    ends: Vec<u32>,
    /// What stands between words and is no single space: by number, less one.
    betweens: Vec<String>,
    /// From a node, what stands between and a word to a [`Step`].
    edges: Table,
    nodes: Vec<NodeInfo>,
    outputs: Vec<PhraseUse>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, Default, PartialEq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
struct NodeInfo {
    /// Its first output; the others follow.
    first: u32,
    count: u32,
}

/// What it means that a phrase was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(crate) struct PhraseUse {
    /// The pattern that it belongs to.
    pub(crate) pattern: u32,
    /// The field that the pattern looks at.
    pub(crate) field: u32,
    /// The one rule that waits for the pattern; [`PhraseUse::MANY`] where it is another number of rules.
    pub(crate) rule: u32,
    /// The views in which it counts.
    pub(crate) views: ViewSet,
    /// The views in which it makes the one rule a candidate.
    pub(crate) wakes: ViewSet,
    /// It begins where the field does.
    pub(crate) at_start: bool,
    /// It ends where the field does.
    pub(crate) at_end: bool,
}

impl PhraseUse {
    /// The pattern says which rules wait for it.
    pub(crate) const MANY: u32 = u32::MAX;
}

impl Phrases {
    /// The step that a word of a view's text is by itself, and what it may follow.
    #[inline]
    pub(crate) fn word(&self, text: &str, atom: &Atom) -> Option<(Step, Befores)> {
        let (start, end) = (atom.start as usize, atom.end as usize);
        let found = if end - start <= KEY_BYTES {
            self.short.get(atom.key)?
        } else {
            self.long_word(text.get(start..end)?, atom.key)?
        };
        Some((Step(found.value), Befores(found.tag)))
    }

    #[inline(never)]
    fn long_word(&self, text: &str, key: u64) -> Option<Entry> {
        let found = self.long.get(key | 1)?;
        (self.text_of(Step(found.value).node())? == text).then_some(found)
    }

    /// Whether a word has a number.
    pub(crate) fn has(&self, word: &str) -> bool {
        let atom = Atom { start: 0, end: word.len() as u32, key: crate::views::atoms::key(word) };
        self.word(word, &atom).is_some()
    }

    /// The number of what stands between two words; `None` where no phrase has that.
    pub(crate) fn between(&self, text: &str) -> Option<Between> {
        if text == " " {
            return Some(Between::SPACE);
        }
        let at = self.betweens.binary_search_by(|known| known.as_str().cmp(text)).ok()?;
        Some(Between(at as u32 + 1))
    }

    /// Where a phrase that has come to `node` is after one more word.
    #[inline]
    pub(crate) fn next(&self, node: Node, between: Between, word: Word) -> Option<Step> {
        self.edges.get(edge(node, between, word)).map(|found| Step(found.value))
    }

    /// The patterns that end at a node.
    #[inline]
    pub(crate) fn ends_at(&self, node: Node) -> &[PhraseUse] {
        let info = self.nodes.get(node as usize).copied().unwrap_or_default();
        let end = info.first.saturating_add(info.count);
        self.outputs.get(info.first as usize..end as usize).unwrap_or(&[])
    }

    /// Notes the words within which there are literals of gaps.
    pub(crate) fn note_gaps(&mut self, has_gaps: impl Fn(Word) -> bool) {
        for entry in self.short.entries_mut().chain(self.long.entries_mut()) {
            if has_gaps(Step(entry.value).node()) {
                entry.value |= Step::GAPS;
            }
        }
    }

    /// Whether it is told so of each word.
    pub(crate) fn notes_gaps(&self, has_gaps: impl Fn(Word) -> bool) -> bool {
        let mut words = self.short.entries().chain(self.long.entries()).map(|entry| Step(entry.value));
        words.all(|word| word.has_gaps() == has_gaps(word.node()))
    }

    /// Whether there is nothing to look for.
    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A word's text.
    pub(crate) fn text_of(&self, word: Word) -> Option<&str> {
        let end = *self.ends.get(word as usize)? as usize;
        let start = match word.checked_sub(1) {
            Some(before) => *self.ends.get(before as usize)? as usize,
            None => 0,
        };
        self.text.get(start..end)
    }

    /// How many words there are.
    pub(crate) fn words(&self) -> u32 {
        self.ends.len() as u32
    }

    /// Memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let tables = [&self.short, &self.long, &self.edges].map(Table::bytes).iter().sum::<usize>();
        tables
            + self.text.len()
            + self.ends.len() * 4
            + self.nodes.len() * size_of::<NodeInfo>()
            + self.outputs.len() * size_of::<PhraseUse>()
    }
}

fn edge(node: Node, between: Between, word: Word) -> u64 {
    // No edge is zero: that is an empty place.
    (u64::from(node) << (WORD_BITS + BETWEEN_BITS)) | (u64::from(between.0) << WORD_BITS) | (u64::from(word) + 1)
}

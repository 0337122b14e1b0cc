//! One automaton for all literals of a pack.
//!
//! This is where a serialised automaton, and the static bound of a pack (scan + candidates × length), will
//! find what they need: the literals, their uses, and nothing else.

use super::pattern::ViewSet;
use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError, MatchKind};
use std::collections::BTreeMap;

/// Finds the literals of a pack in a view.
pub(crate) struct Scanner {
    automaton: AhoCorasick,
    uses: Vec<Vec<Use>>,
}

/// What it means that a literal was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    /// The pattern that it belongs to.
    pub(crate) pattern: usize,
    /// The field that the pattern looks at.
    pub(crate) field: usize,
    /// The views in which it counts.
    pub(crate) views: ViewSet,
    /// What is to be checked.
    pub(crate) check: Check,
}

/// What must hold where a literal was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// A phrase: its ends.
    Phrase(Ends),
    /// A regex may match.
    Gate,
}

/// What must hold at the ends of a phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ends {
    /// It begins where the field does (`^`).
    pub(crate) at_start: bool,
    /// It ends where the field does (`$`).
    pub(crate) at_end: bool,
    /// It begins with a word, which must begin there.
    pub(crate) word_before: bool,
    /// It ends with a word, which must end there.
    pub(crate) word_after: bool,
}

/// Literals being collected.
#[derive(Default)]
pub(crate) struct Literals(BTreeMap<Vec<u8>, Vec<Use>>);

impl Literals {
    /// Adds a literal, which is not empty.
    pub(crate) fn add(&mut self, literal: &[u8], usage: Use) {
        let uses = self.0.entry(literal.to_vec()).or_default();
        match uses.iter_mut().find(|seen| Use { views: usage.views, ..**seen } == usage) {
            Some(seen) => seen.views = seen.views.with(usage.views),
            None => uses.push(usage),
        }
    }

    /// All bytes of all literals.
    pub(crate) fn total_bytes(&self) -> usize {
        self.0.keys().map(Vec::len).sum()
    }
}

impl Scanner {
    /// Builds the automaton.
    pub(crate) fn new(literals: Literals) -> Result<Self, BuildError> {
        let (literals, uses): (Vec<_>, Vec<_>) = literals.0.into_iter().unzip();
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .match_kind(MatchKind::Standard)
            .build(literals)?;
        Ok(Self { automaton, uses })
    }

    /// Every place of every literal, overlapping ones too, by where they end.
    pub(crate) fn found<'s>(&'s self, text: &'s str) -> impl Iterator<Item = (std::ops::Range<usize>, &'s [Use])> {
        self.automaton.find_overlapping_iter(text).map(|found| {
            let uses = self.uses.get(found.pattern().as_usize()).map_or(&[][..], Vec::as_slice);
            (found.range(), uses)
        })
    }
}

//! One automaton for the literals that are no words: phrases with a sign at an end, and what regexes wait for.

use super::pattern::ViewSet;
use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError, MatchKind};
use std::collections::BTreeMap;
use std::ops::Range;

/// Up to so many bytes of literals the automaton is a DFA, one look-up a byte; beyond, it is kept small.
const DFA_BYTES_MAX: usize = 4_096;

/// Finds the literals of a pack in a view.
pub(crate) struct Literals {
    /// None where there are no literals.
    automaton: Option<AhoCorasick>,
    /// The literals, in order, each with its uses: what the automaton is made of.
    pub(crate) entries: Vec<(Vec<u8>, Vec<LiteralUse>)>,
}

/// What it means that a literal was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(crate) struct LiteralUse {
    /// The pattern that it belongs to.
    pub(crate) pattern: u32,
    /// The field that the pattern looks at.
    pub(crate) field: u32,
    /// The views in which it counts.
    pub(crate) views: ViewSet,
    /// What is to be checked.
    pub(crate) check: Check,
}

/// What must hold where a literal was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(crate) enum Check {
    /// A phrase: its ends.
    Phrase(Ends),
    /// A regex may match.
    Gate,
}

/// What must hold at the ends of a phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
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
pub(crate) struct LiteralBuilder(BTreeMap<Vec<u8>, Vec<LiteralUse>>);

impl LiteralBuilder {
    /// Adds a literal, which is not empty.
    pub(crate) fn add(&mut self, literal: &[u8], usage: LiteralUse) {
        let uses = self.0.entry(literal.to_vec()).or_default();
        match uses.iter_mut().find(|seen| LiteralUse { views: usage.views, ..**seen } == usage) {
            Some(seen) => seen.views = seen.views.with(usage.views),
            None => uses.push(usage),
        }
    }

    /// The literals, in order, each with its uses.
    pub(crate) fn into_entries(self) -> Vec<(Vec<u8>, Vec<LiteralUse>)> {
        self.0.into_iter().collect()
    }
}

impl Literals {
    /// Builds the automaton.
    ///
    /// # Errors
    /// Where it becomes too large.
    pub(crate) fn new(entries: Vec<(Vec<u8>, Vec<LiteralUse>)>) -> Result<Self, BuildError> {
        let bytes: usize = entries.iter().map(|(literal, _)| literal.len()).sum();
        let kind = if bytes <= DFA_BYTES_MAX { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA };
        let build = || {
            AhoCorasick::builder()
                .kind(Some(kind))
                .match_kind(MatchKind::Standard)
                .build(entries.iter().map(|(literal, _)| literal))
        };
        let automaton = if entries.is_empty() { None } else { Some(build()?) };
        Ok(Self { automaton, entries })
    }

    /// Every place of every literal, overlapping ones too, by where they end. Literals may end within a character.
    pub(crate) fn found<'s>(
        &'s self,
        text: &'s (impl AsRef<[u8]> + ?Sized),
    ) -> impl Iterator<Item = (Range<usize>, &'s [LiteralUse])> {
        let all = self.automaton.iter().flat_map(move |automaton| automaton.find_overlapping_iter(text.as_ref()));
        all.map(|found| {
            let uses = self.entries.get(found.pattern().as_usize()).map_or(&[][..], |(_, uses)| uses.as_slice());
            (found.range(), uses)
        })
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.automaton.is_none()
    }

    /// Memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let entries = self.entries.iter().map(|(text, uses)| text.len() + uses.len() * size_of::<LiteralUse>() + 48);
        entries.sum::<usize>() + self.automaton.as_ref().map_or(0, AhoCorasick::memory_usage)
    }
}

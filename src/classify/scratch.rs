//! Memory that a worker keeps from message to message.

use super::hits::{Hits, Marks};
use super::judge::Fired;
use super::novelty::Novelty;
use crate::automaton::Memory;
use crate::pack::Pack;
use crate::pack::pattern::ViewSet;
use crate::views::{Folder, View, Views};

/// Memory for classifying, reused: once it has seen a pack and its longest message, deciding allocates nothing.
/// It fits itself to any pack.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(super) fields: Fields,
    pub(super) folder: Folder,
    pub(super) hits: Hits,
    pub(super) marks: Marks,
    pub(super) words: Words,
    /// Memory of the automata, and what their groups captured.
    pub(super) memory: Memory,
    pub(super) slots: Vec<Option<usize>>,
    pub(super) fired: Vec<Fired>,
    pub(super) novelty: Novelty,
    pub(super) evidence: Vec<Spot>,
}

/// The fields of the pack, as this message has them.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<FieldViews>);

/// A field of this message.
#[derive(Debug, Default)]
pub(super) struct FieldViews {
    /// Whether the message has it.
    pub(super) present: bool,
    /// Its views, if it does.
    pub(super) views: Views,
}

/// How many words a text has, and how many of them no phrase of the pack has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) words: u32,
    pub(super) unknown: u32,
}

/// Memory for reading words.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// Of the text as sent.
    pub(super) seen: Seen,
    /// Phrases that may go on.
    pub(super) open: Vec<OpenPhrase>,
    /// Where literals of gaps were found in this view.
    pub(super) places: super::gaps::Places,
}

/// A phrase that may go on.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenPhrase {
    /// Where in the tree it has come to.
    pub(super) node: u32,
    /// Its first byte.
    pub(super) start: u32,
}

/// Where a rule fired, by numbers: the rule, the field, bytes of the field as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    pub(super) rule: u32,
    pub(super) field: u32,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Scratch {
    /// Memory for a pack.
    pub fn new(pack: &Pack) -> Self {
        let mut scratch = Self::default();
        scratch.prepare(pack);
        scratch
    }

    /// The share of the last message's words that no phrase of the pack has; none where no word was read.
    pub fn unknown_words(&self) -> Option<f64> {
        let Seen { words, unknown } = self.words.seen;
        (words > 0).then(|| f64::from(unknown) / f64::from(words))
    }

    /// Forgets the last message: the next one may not be read.
    pub(crate) fn forget(&mut self) {
        self.words.seen = Seen::default();
    }

    /// Forgets the last message, and fits the pack.
    pub(super) fn prepare(&mut self, pack: &Pack) {
        self.fields.0.resize_with(pack.fields.len(), FieldViews::default);
        self.hits.prepare(pack.patterns.len());
        self.marks.prepare(pack.rules.len());
        self.words.places.prepare(pack.gaps.literals.len());
        self.words.seen = Seen::default();
        self.fired.clear();
        self.evidence.clear();
    }
}

impl Fields {
    pub(super) fn iter(&self) -> impl Iterator<Item = &FieldViews> {
        self.0.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut FieldViews> {
        self.0.iter_mut()
    }

    /// The text of this message, raw.
    pub(super) fn text(&self) -> &str {
        self.0.first().map_or("", |field| field.views.raw().text())
    }

    /// A field's view; `None` where the message does not have the field.
    pub(super) fn view(&self, field: u32, view: ViewSet) -> Option<&View> {
        let field = self.0.get(field as usize).filter(|field| field.present)?;
        Some(if view == ViewSet::FOLDED { field.views.folded() } else { field.views.raw() })
    }

    /// Whether the message has a field.
    pub(super) fn has(&self, field: u32) -> bool {
        self.0.get(field as usize).is_some_and(|field| field.present)
    }

    /// Whether both views of a field say the same.
    pub(super) fn is_shared(&self, field: u32) -> bool {
        self.0.get(field as usize).is_some_and(|field| field.views.is_shared())
    }
}

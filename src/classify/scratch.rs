//! Memory that a worker keeps from message to message.

use crate::pack::Pack;
use crate::pack::pattern::ViewSet;
use crate::views::{View, Views};
use std::ops::Range;

/// Memory for classifying, reused. It fits itself to any pack.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The fields of the pack, as this message has them.
    pub(super) fields: Vec<FieldViews>,
    hits: Vec<Hit>,
    /// Patterns whose hit was touched.
    dirty: Vec<usize>,
    rules: Vec<bool>,
    /// Rules that could fire.
    candidates: Vec<usize>,
}

/// A field of this message.
#[derive(Debug, Default)]
pub(super) struct FieldViews {
    /// Whether the message has it.
    pub(super) present: bool,
    /// Its views, if it does.
    pub(super) views: Views,
}

/// Where a pattern matched: the leftmost place in each view, in bytes of the view.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Hit {
    pub(super) raw: Option<Range<usize>>,
    pub(super) folded: Option<Range<usize>>,
    /// Where a literal that a regex needs was first seen.
    pub(super) raw_gate: Option<usize>,
    /// The same in the folded view.
    pub(super) folded_gate: Option<usize>,
}

impl Scratch {
    /// Memory for a pack.
    pub fn new(pack: &Pack) -> Self {
        let mut scratch = Self::default();
        scratch.prepare(pack);
        scratch
    }

    /// Forgets the last message, and fits the pack.
    pub(super) fn prepare(&mut self, pack: &Pack) {
        for index in self.dirty.drain(..) {
            if let Some(hit) = self.hits.get_mut(index) {
                *hit = Hit::default();
            }
        }
        for index in self.candidates.drain(..) {
            if let Some(marked) = self.rules.get_mut(index) {
                *marked = false;
            }
        }
        self.hits.resize_with(pack.patterns.len(), Hit::default);
        self.rules.resize(pack.rules.len(), false);
        self.fields.resize_with(pack.fields.len(), FieldViews::default);
    }

    /// The text of this message, raw.
    pub(super) fn text(&self) -> &str {
        self.fields.first().map_or("", |field| field.views.raw().text())
    }

    pub(super) fn hit(&self, pattern: usize) -> Option<&Hit> {
        self.hits.get(pattern)
    }

    /// The hit of a pattern, to be changed; [`Scratch::prepare`] will reset it.
    pub(super) fn hit_mut(&mut self, pattern: usize) -> Option<&mut Hit> {
        let hit = self.hits.get_mut(pattern)?;
        if *hit == Hit::default() {
            self.dirty.push(pattern);
        }
        Some(hit)
    }

    /// Patterns that matched, or whose gate was seen; ordered by index.
    pub(super) fn seen(&mut self) -> Vec<usize> {
        self.dirty.sort_unstable();
        self.dirty.dedup();
        self.dirty.clone()
    }

    /// Notes that a rule could fire.
    pub(super) fn mark(&mut self, rule: usize) {
        if let Some(marked) = self.rules.get_mut(rule)
            && !*marked
        {
            *marked = true;
            self.candidates.push(rule);
        }
    }

    /// The rules that could fire, ordered by index.
    pub(super) fn candidates(&mut self) -> &[usize] {
        self.candidates.sort_unstable();
        &self.candidates
    }

    /// A field's view; `None` where the message does not have the field.
    pub(super) fn view(&self, field: usize, view: ViewSet) -> Option<&View> {
        let field = self.fields.get(field).filter(|field| field.present)?;
        Some(if view == ViewSet::RAW { field.views.raw() } else { field.views.folded() })
    }

    /// Whether the message has a field.
    pub(super) fn has(&self, field: usize) -> bool {
        self.fields.get(field).is_some_and(|field| field.present)
    }
}

impl Hit {
    /// Notes a match in some views; the leftmost stays, of those the longest.
    pub(super) fn note(&mut self, views: ViewSet, found: &Range<usize>) {
        let better = |known: &Option<Range<usize>>| {
            known.as_ref().is_none_or(|known| (found.start, known.end) < (known.start, found.end))
        };
        if views.overlaps(ViewSet::RAW) && better(&self.raw) {
            self.raw = Some(found.clone());
        }
        if views.overlaps(ViewSet::FOLDED) && better(&self.folded) {
            self.folded = Some(found.clone());
        }
    }

    /// Notes that a literal of a regex's gate was seen.
    pub(super) fn note_gate(&mut self, views: ViewSet, at: usize) {
        let first = |known: Option<usize>| Some(known.map_or(at, |known| known.min(at)));
        if views.overlaps(ViewSet::RAW) {
            self.raw_gate = first(self.raw_gate);
        }
        if views.overlaps(ViewSet::FOLDED) {
            self.folded_gate = first(self.folded_gate);
        }
    }

    /// Whether it matched in one of some views.
    pub(super) fn is_in(&self, views: ViewSet) -> bool {
        (views.overlaps(ViewSet::RAW) && self.raw.is_some())
            || (views.overlaps(ViewSet::FOLDED) && self.folded.is_some())
    }
}

//! Which patterns matched in this message, and which rules that concerns. Both forget by counting messages, so
//! that nothing has to be cleared.

use crate::pack::pattern::ViewSet;
use std::ops::Range;

/// What is known of each pattern in this message.
#[derive(Debug, Default)]
pub(super) struct Hits {
    message: u32,
    hits: Vec<Hit>,
    /// Patterns with a gate that was seen.
    gated: Vec<u32>,
}

/// What is known of a pattern in a message.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Hit {
    message: u32,
    /// The views in which it matched.
    pub(super) matched: ViewSet,
    /// A regex: the views in which it was run.
    pub(super) ran: ViewSet,
    /// The leftmost place, in bytes of the raw view: of a regex only where it begins.
    pub(super) raw: Place,
    /// The same in the folded view.
    pub(super) folded: Place,
    /// Where a literal that a regex needs was first seen.
    raw_gate: Option<u32>,
    /// The same in the folded view.
    folded_gate: Option<u32>,
}

/// Bytes of a view.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Place {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Place {
    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl Hits {
    /// Forgets the last message, and fits a pack.
    pub(super) fn prepare(&mut self, patterns: usize) {
        self.gated.clear();
        self.hits.resize_with(patterns, Hit::default);
        self.message = self.message.wrapping_add(1);
        if self.message == 0 {
            self.hits.fill(Hit::default());
            self.message = 1;
        }
    }

    /// What is known of a pattern.
    pub(super) fn get(&self, pattern: u32) -> Hit {
        let hit = self.hits.get(pattern as usize).copied().unwrap_or_default();
        if hit.message == self.message { hit } else { Hit::default() }
    }

    /// What is known of a pattern, to be added to.
    pub(super) fn get_mut(&mut self, pattern: u32) -> Option<&mut Hit> {
        let hit = self.hits.get_mut(pattern as usize)?;
        if hit.message != self.message {
            *hit = Hit { message: self.message, ..Hit::default() };
        }
        Some(hit)
    }

    /// Notes a match of a phrase or a gap in some views; the leftmost stays, of those the longest. Whether it is the first.
    pub(super) fn note_phrase(&mut self, pattern: u32, views: ViewSet, found: Place) -> bool {
        let Some(hit) = self.get_mut(pattern) else { return false };
        let better = |known: Place| (found.start, known.end) < (known.start, found.end);
        let first = !hit.matched.overlaps(ViewSet::RAW);
        if views.overlaps(ViewSet::RAW) && (first || better(hit.raw)) {
            hit.raw = found;
        }
        let first = !hit.matched.overlaps(ViewSet::FOLDED);
        if views.overlaps(ViewSet::FOLDED) && (first || better(hit.folded)) {
            hit.folded = found;
        }
        hit.add(views)
    }

    /// Lets a match that is known end later, in some views.
    pub(super) fn extend(&mut self, pattern: u32, views: ViewSet, end: u32) {
        let Some(hit) = self.get_mut(pattern) else { return };
        if views.overlaps(ViewSet::RAW) {
            hit.raw.end = end;
        }
        if views.overlaps(ViewSet::FOLDED) {
            hit.folded.end = end;
        }
    }

    /// Notes where the leftmost match of a regex begins, in some views.
    pub(super) fn note_start(&mut self, pattern: u32, views: ViewSet, start: u32) {
        let Some(hit) = self.get_mut(pattern) else { return };
        let place = Place { start, end: start };
        if views.overlaps(ViewSet::RAW) {
            hit.raw = place;
        }
        if views.overlaps(ViewSet::FOLDED) {
            hit.folded = place;
        }
        hit.add(views);
    }

    /// Notes that a literal of a regex's gate was seen.
    pub(super) fn note_gate(&mut self, pattern: u32, views: ViewSet, at: u32) {
        let Some(hit) = self.get_mut(pattern) else { return };
        let is_new = hit.raw_gate.is_none() && hit.folded_gate.is_none();
        let first = |known: Option<u32>| Some(known.map_or(at, |known| known.min(at)));
        if views.overlaps(ViewSet::RAW) {
            hit.raw_gate = first(hit.raw_gate);
        }
        if views.overlaps(ViewSet::FOLDED) {
            hit.folded_gate = first(hit.folded_gate);
        }
        if is_new {
            self.gated.push(pattern);
        }
    }

    /// Patterns with a gate that was seen, in the order in which they were.
    pub(super) fn gated(&self, at: usize) -> Option<u32> {
        self.gated.get(at).copied()
    }
}

impl Hit {
    fn add(&mut self, views: ViewSet) -> bool {
        let before = self.matched;
        self.matched = before.with(views);
        self.matched != before
    }

    /// The place in a view.
    pub(super) fn place(&self, view: ViewSet) -> Place {
        if view.overlaps(ViewSet::RAW) { self.raw } else { self.folded }
    }

    /// Where the gate of a regex was first seen in a view.
    pub(super) fn gate(&self, view: ViewSet) -> Option<usize> {
        let seen = if view.overlaps(ViewSet::RAW) { self.raw_gate } else { self.folded_gate };
        seen.map(|at| at as usize)
    }
}

/// The rules that could fire.
#[derive(Debug, Default)]
pub(super) struct Marks {
    message: u32,
    marks: Vec<u32>,
    rules: Vec<u32>,
}

impl Marks {
    /// Forgets the last message, and fits a pack.
    pub(super) fn prepare(&mut self, rules: usize) {
        self.rules.clear();
        self.marks.resize(rules, 0);
        self.message = self.message.wrapping_add(1);
        if self.message == 0 {
            self.marks.fill(0);
            self.message = 1;
        }
    }

    /// Notes that a rule could fire.
    pub(super) fn mark(&mut self, rule: u32) {
        if let Some(mark) = self.marks.get_mut(rule as usize)
            && *mark != self.message
        {
            *mark = self.message;
            self.rules.push(rule);
        }
    }

    /// The rules that could fire, ordered by index; they are taken out, and given back by [`Marks::put_back`].
    pub(super) fn take(&mut self) -> Vec<u32> {
        self.rules.sort_unstable();
        std::mem::take(&mut self.rules)
    }

    pub(super) fn put_back(&mut self, rules: Vec<u32>) {
        self.rules = rules;
    }
}

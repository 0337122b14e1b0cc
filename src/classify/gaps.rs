//! Gaps while a view is read: where the literals were, and which of them are the right distance apart.

use crate::pack::gaps::{GapUse, Literal, bit};
use crate::pack::pattern::ViewSet;

/// Where the literals of gaps were found in one view, by where they end.
#[derive(Debug, Default)]
pub(super) struct Places {
    view: u32,
    /// For each literal: the view that it was last found in, and the last of its places.
    last: Vec<(u32, u32)>,
    places: Vec<Place>,
    /// The first literals that were found in this view, a bit for some of them each.
    found: u64,
}

/// A place of a literal, and the one before of the same literal.
#[derive(Clone, Copy, Debug)]
struct Place {
    end: u32,
    before: Option<u32>,
}

/// A view that is being read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'t> {
    pub(super) field: u32,
    pub(super) views: ViewSet,
    pub(super) text: &'t str,
    pub(super) is_ascii: bool,
}

impl Places {
    /// Fits a pack.
    pub(super) fn prepare(&mut self, literals: usize) {
        self.last.resize(literals, (0, 0));
        self.forget();
    }

    /// Forgets the last view.
    pub(super) fn forget(&mut self) {
        self.places.clear();
        self.found = 0;
        self.view = self.view.wrapping_add(1);
        if self.view == 0 {
            self.last.fill((0, 0));
            self.view = 1;
        }
    }

    /// Notes where a literal was found.
    pub(super) fn push(&mut self, literal: Literal, end: u32) {
        self.found |= bit(literal);
        let before = self.last_of(literal);
        if let Some(last) = self.last.get_mut(literal as usize) {
            *last = (self.view, self.places.len() as u32);
            self.places.push(Place { end, before });
        }
    }

    /// Whether some of these literals, a bit for some of them each, may have been found in this view.
    #[inline]
    pub(super) fn may_close(&self, firsts: u64) -> bool {
        self.found & firsts != 0
    }

    /// Whether a literal was found in this view.
    #[inline]
    pub(super) fn has(&self, literal: Literal) -> bool {
        self.may_close(bit(literal)) && self.last.get(literal as usize).is_some_and(|(view, _)| *view == self.view)
    }

    fn last_of(&self, literal: Literal) -> Option<u32> {
        self.last.get(literal as usize).filter(|(view, _)| *view == self.view).map(|(_, at)| *at)
    }

    /// Where the leftmost of the first literals of a gap ends, of those that end the right distance before the second
    /// begins. It is asked from the first place of the second on, so that what is found is the leftmost match: whatever
    /// is too far from this place is too far from all that follow.
    pub(super) fn closes(&self, usage: &GapUse, start: u32, reading: Reading<'_>, work: &mut usize) -> Option<u32> {
        // A character has at most four bytes.
        let bytes_max = if reading.is_ascii { usage.chars_max } else { usage.chars_max.saturating_mul(4) };
        let mut at = self.last_of(usage.first);
        let mut leftmost = None;
        let (mut counted, mut chars) = (start, 0);
        while let Some(place) = at.and_then(|at| self.places.get(at as usize)) {
            *work += 1;
            if let Some(bytes) = start.checked_sub(place.end) {
                if bytes > bytes_max {
                    break;
                }
                chars += if reading.is_ascii {
                    counted.saturating_sub(place.end)
                } else {
                    count(reading.text, place.end, counted, work)
                };
                counted = place.end;
                if chars > usage.chars_max {
                    break;
                }
                if chars >= usage.chars_min {
                    leftmost = Some(place.end);
                }
            }
            at = place.before;
        }
        leftmost
    }
}

/// Whether a gap that begins after `first` still reaches a second literal at `start`.
pub(super) fn reaches(usage: &GapUse, first: u32, start: u32, reading: Reading<'_>, work: &mut usize) -> bool {
    let bytes = start.saturating_sub(first);
    if reading.is_ascii || bytes > usage.chars_max.saturating_mul(4) {
        return bytes <= usage.chars_max;
    }
    count(reading.text, first, start, work) <= usage.chars_max
}

/// The characters between two places.
fn count(text: &str, start: u32, end: u32, work: &mut usize) -> u32 {
    *work += end.saturating_sub(start) as usize;
    text.get(start as usize..end as usize).map_or(0, |between| between.chars().count() as u32)
}

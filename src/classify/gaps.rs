//! Gaps while a view is read: where the literals were, and which of them are the right distance apart.

use super::hits::{Hits, Marks};
use super::steps::Steps;
use crate::pack::Pack;
use crate::pack::gaps::{GapUse, Literal};
use crate::pack::pattern::ViewSet;
use crate::reason::Reason;

/// Where the literals of gaps were found in one view, by where they end.
#[derive(Debug, Default)]
pub(super) struct Places {
    view: u32,
    /// For each literal: the view that it was last found in, and the last of its places.
    last: Vec<(u32, u32)>,
    places: Vec<Place>,
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
        self.view = self.view.wrapping_add(1);
        if self.view == 0 {
            self.last.fill((0, 0));
            self.view = 1;
        }
    }

    fn push(&mut self, literal: Literal, end: u32) {
        let before = self.last_of(literal);
        if let Some(last) = self.last.get_mut(literal as usize) {
            *last = (self.view, self.places.len() as u32);
            self.places.push(Place { end, before });
        }
    }

    fn last_of(&self, literal: Literal) -> Option<u32> {
        self.last.get(literal as usize).filter(|(view, _)| *view == self.view).map(|(_, at)| *at)
    }
}

/// Notes that a literal was found: closes the gaps that wait for it, opens those that begin with it.
pub(super) fn found(
    pack: &Pack,
    reading: Reading<'_>,
    literal: Literal,
    (start, end): (u32, u32),
    places: &mut Places,
    hits: &mut Hits,
    marks: &mut Marks,
    steps: &mut Steps,
) -> Result<(), Reason> {
    let uses = pack.gaps.uses(literal);
    steps.take(1 + uses.len())?;
    for usage in uses.iter().filter(|usage| usage.field == reading.field) {
        let views = usage.views.both(reading.views);
        if views != ViewSet::NONE && closes(usage, start, reading, places, steps)? && hits.note(usage.pattern, views) {
            super::scan::wake(pack, usage.pattern, views, marks);
        }
    }
    places.push(literal, end);
    Ok(())
}

/// Whether the first literal of a gap ends the right distance before the second begins.
fn closes(
    usage: &GapUse,
    start: u32,
    reading: Reading<'_>,
    places: &Places,
    steps: &mut Steps,
) -> Result<bool, Reason> {
    let mut at = places.last_of(usage.first);
    while let Some(place) = at.and_then(|at| places.places.get(at as usize)) {
        steps.take(1)?;
        if let Some(bytes) = start.checked_sub(place.end) {
            // A character has at most four bytes.
            if bytes > usage.chars_max.saturating_mul(4) {
                return Ok(false);
            }
            let chars = if reading.is_ascii { bytes } else { chars(reading.text, place.end, start, steps)? };
            if (usage.chars_min..=usage.chars_max).contains(&chars) {
                return Ok(true);
            }
        }
        at = place.before;
    }
    Ok(false)
}

fn chars(text: &str, start: u32, end: u32, steps: &mut Steps) -> Result<u32, Reason> {
    steps.take((end - start) as usize)?;
    Ok(text.get(start as usize..end as usize).map_or(0, |between| between.chars().count() as u32))
}

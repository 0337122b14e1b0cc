//! Deterministic automata: one look-up a character.
//!
//! A row has an entry for each class, the edge of the text last. Whether a match ends at a place is known once the
//! character after it is read, because a look may ask for that character: a row that is reached says so for the place
//! *before* that character.

/// The unit of the numbers of rows, in entries: that lets 16 bits reach 512 KiB.
pub(super) const UNIT: usize = 4;

/// A deterministic automaton.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dfa {
    /// The rows, one after the other; each entry is where a row begins, in units.
    pub(super) rows: Vec<[u16; UNIT]>,
    /// Where to begin, by the class of the character that is behind. Wider than need be: with 16 bits, the compiler
    /// widens the row anew at every character, a cycle of seven.
    pub(super) starts: Vec<u32>,
    /// The row that leads nowhere. Those after it tell of a match, those before it do not.
    pub(super) dead: u16,
}

impl Dfa {
    /// Where to begin.
    fn start(&self, behind: u8) -> Option<usize> {
        usize::try_from(*self.starts.get(usize::from(behind))?).ok()
    }

    /// Whether there is a match: reads no further than the first. `last` is the class after all others.
    #[inline]
    pub(super) fn any(&self, behind: u8, classes: impl Iterator<Item = u8>, last: u8) -> bool {
        let Some(mut row) = self.start(behind) else { return false };
        let dead = usize::from(self.dead);
        for class in classes {
            let Some(next) = self.next(row, class) else { return false };
            row = next;
            if row >= dead {
                return row > dead;
            }
        }
        self.next(row, last).is_some_and(|next| next > dead)
    }

    /// The last place with a match. Each class comes with the place before it is read; `last` is the class after all
    /// others, with the last place.
    #[inline]
    pub(super) fn last(
        &self,
        behind: u8,
        classes: impl Iterator<Item = (usize, u8)>,
        last: (usize, u8),
    ) -> Option<usize> {
        let mut row = self.start(behind)?;
        let dead = usize::from(self.dead);
        let mut found = None;
        for (at, class) in classes {
            row = self.next(row, class)?;
            if row >= dead {
                if row == dead {
                    return found;
                }
                found = Some(at);
            }
        }
        if self.next(row, last.1).is_some_and(|next| next > dead) { Some(last.0) } else { found }
    }

    #[inline]
    fn next(&self, row: usize, class: u8) -> Option<usize> {
        // The column does not depend on the row and is there before it: what is left to wait for is one load.
        let column = self.rows.get(usize::from(class) / UNIT..)?;
        column.get(row)?.get(usize::from(class) % UNIT).map(|next| usize::from(*next))
    }

    /// How many states it has.
    pub fn states(&self) -> usize {
        let units = self.starts.len().div_ceil(UNIT);
        self.rows.len().checked_div(units).unwrap_or(0)
    }

    /// What it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.rows.len() * UNIT * 2 + self.starts.len() * 4
    }
}

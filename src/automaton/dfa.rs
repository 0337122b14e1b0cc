//! Deterministic automata: one look-up a character, and one counter.
//!
//! A row has an entry for each class, the edge of the text last. Whether a match ends at a place is known once the
//! character after it is read, because a look may ask for that character: a row that is reached says so for the place
//! *before* that character.
//!
//! Of a gap like `.{0,40}` a DFA would need 40 copies, of each state that may lie beside it. Instead, it counts: a row
//! may begin the count, each character takes one from it, and the one that takes the last is read by another row, in
//! which the gap is over. Most regexes have one gap at most, and there is one counter.

/// The unit of the numbers of rows, in entries: that lets 16 bits reach 512 KiB.
pub(super) const UNIT: usize = 4;
/// What a row does: it tells of a match.
pub(super) const MATCHES: u8 = 1;
/// It begins the count.
pub(super) const COUNTS: u8 = 2;
/// It begins the count with the character that was just read.
pub(super) const COUNTS_READ: u8 = 4;

/// A deterministic automaton.
#[derive(Debug, Clone, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Dfa {
    /// The rows, one after the other; each entry is where a row begins, in units.
    pub(super) rows: Vec<[u16; UNIT]>,
    /// Where to begin, by the class of the character that is behind. Wider than need be: with 16 bits, the compiler
    /// widens the row anew at every character, a cycle of seven.
    pub(super) starts: Vec<u32>,
    /// The row that leads nowhere. Those before it do nothing.
    pub(super) dead: u16,
    /// What each row from the dead one on does, by units.
    pub(super) acts: Vec<u8>,
    /// How many characters are counted; 0 where nothing is.
    pub(super) count: u32,
    /// How far behind a row lies the one that reads the last of them, in units.
    pub(super) over: u16,
    /// How many units a state takes.
    pub(super) width: u16,
}

/// Where a DFA is in a text; without a counter, it is a little faster.
struct Walk<'a, const COUNTED: bool> {
    dfa: &'a Dfa,
    row: usize,
    dead: usize,
    left: usize,
}

impl Dfa {
    /// Whether there is a match: reads no further than the first. `last` is the class after all others.
    #[inline]
    pub(super) fn any(&self, behind: u8, classes: impl Iterator<Item = u8>, last: u8) -> bool {
        match self.count {
            0 => self.any_of::<false>(behind, classes, last),
            _ => self.any_of::<true>(behind, classes, last),
        }
    }

    #[inline]
    fn any_of<const COUNTED: bool>(&self, behind: u8, classes: impl Iterator<Item = u8>, last: u8) -> bool {
        let Some(mut walk) = self.walk::<COUNTED>(behind) else { return false };
        for class in classes {
            match walk.read(class) {
                Some(true) => {
                    let Some(matched) = walk.act() else { return false };
                    if matched {
                        return true;
                    }
                }
                Some(false) => {}
                None => return false,
            }
        }
        walk.ends(last)
    }

    /// Every place with a match, in the order of reading. Each class comes with the place before it is read; `last` is
    /// the class after all others, with the last place.
    #[inline]
    pub(super) fn each(
        &self,
        behind: u8,
        classes: impl Iterator<Item = (usize, u8)>,
        last: (usize, u8),
        matched: impl FnMut(usize),
    ) {
        match self.count {
            0 => self.each_of::<false>(behind, classes, last, matched),
            _ => self.each_of::<true>(behind, classes, last, matched),
        };
    }

    /// Answers nothing where it was led nowhere.
    #[inline]
    fn each_of<const COUNTED: bool>(
        &self,
        behind: u8,
        classes: impl Iterator<Item = (usize, u8)>,
        last: (usize, u8),
        mut matched: impl FnMut(usize),
    ) -> Option<()> {
        let mut walk = self.walk::<COUNTED>(behind)?;
        for (at, class) in classes {
            if walk.read(class)? && walk.act()? {
                matched(at);
            }
        }
        if walk.ends(last.1) {
            matched(last.0);
        }
        Some(())
    }

    fn walk<const COUNTED: bool>(&self, behind: u8) -> Option<Walk<'_, COUNTED>> {
        let row = usize::try_from(*self.starts.get(usize::from(behind))?).ok()?;
        let mut walk = Walk { dfa: self, row, dead: usize::from(self.dead), left: usize::MAX };
        if row >= walk.dead {
            walk.act()?;
        }
        Some(walk)
    }

    /// How many states it has.
    pub fn states(&self) -> usize {
        self.rows.len().checked_div(usize::from(self.width)).unwrap_or(0)
    }

    /// What it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.rows.len() * UNIT * 2 + self.starts.len() * 4 + self.acts.len()
    }
}

impl<const COUNTED: bool> Walk<'_, COUNTED> {
    /// Reads a character. Answers whether the row that it leads to does something.
    #[inline]
    fn read(&mut self, class: u8) -> Option<bool> {
        let mut row = self.row;
        if COUNTED {
            self.left = self.left.wrapping_sub(1);
            row += if self.left == 0 { usize::from(self.dfa.over) } else { 0 };
        }
        self.row = self.next(row, class)?;
        Some(self.row >= self.dead)
    }

    #[inline]
    fn next(&self, row: usize, class: u8) -> Option<usize> {
        // The column does not depend on the row and is there before it: what is left to wait for is one load.
        let column = self.dfa.rows.get(usize::from(class) / UNIT..)?;
        column.get(row)?.get(usize::from(class) % UNIT).map(|next| usize::from(*next))
    }

    /// Does what the row says, and answers whether it tells of a match; `None` where it leads nowhere.
    fn act(&mut self) -> Option<bool> {
        let act = self.dfa.acts.get(self.row.checked_sub(self.dead)?).copied()?;
        let count = usize::try_from(self.dfa.count).ok()?;
        match act {
            0 => return None,
            act if act & COUNTS != 0 => self.left = count,
            act if act & COUNTS_READ != 0 => self.left = count.checked_sub(1)?,
            _ => {}
        }
        Some(act & MATCHES != 0)
    }

    /// Whether a match ends here, with this class ahead.
    fn ends(&self, last: u8) -> bool {
        let act = self.next(self.row, last).and_then(|row| self.dfa.acts.get(row.checked_sub(self.dead)?));
        act.is_some_and(|act| act & MATCHES != 0)
    }
}

//! Nondeterministic automata over classes of characters, as plain data.

use super::look::Look;

/// A state. Where there are two ways on, the first is preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub enum State {
    /// The end of a match.
    Match,
    /// Reads a character of a set.
    Chars {
        /// The set, by number.
        set: u16,
        /// Where it leads.
        next: u32,
    },
    /// Two ways on.
    Split {
        /// The preferred one.
        first: u32,
        /// The other one.
        second: u32,
    },
    /// Goes on where a look holds.
    Look {
        /// The look.
        look: Look,
        /// Where it leads.
        next: u32,
    },
    /// Notes the place in a slot.
    Slot {
        /// The slot.
        slot: u16,
        /// Where it leads.
        next: u32,
    },
}

/// A set of classes, a bit each.
pub type Mask = [u64; 4];

/// A nondeterministic automaton.
#[derive(Debug, Clone, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Nfa {
    pub(super) states: Vec<State>,
    pub(super) sets: Vec<Mask>,
    /// Where a match begins.
    pub(super) start: u32,
    /// Where a search begins: a match here, or else anywhere later.
    pub(super) search: u32,
}

impl Nfa {
    /// A state, by number.
    #[inline]
    pub(super) fn state(&self, at: u32) -> Option<State> {
        self.states.get(usize::try_from(at).ok()?).copied()
    }

    /// Whether a class is of a set.
    #[inline]
    pub(super) fn reads(&self, set: u16, class: u8) -> bool {
        self.sets.get(usize::from(set)).is_some_and(|mask| has(mask, class))
    }

    /// What it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.states.len() * size_of::<State>() + self.sets.len() * size_of::<Mask>()
    }
}

/// Whether a class is of a set.
#[inline]
pub(super) fn has(mask: &Mask, class: u8) -> bool {
    mask.get(usize::from(class / 64)).is_some_and(|word| word >> (class % 64) & 1 == 1)
}

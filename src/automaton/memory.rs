//! The memory of a simulation, kept from one to the next so that none allocates once it is warm.

use super::seen::Seen;

/// Memory for one simulation at a time; it fits itself to any program.
#[derive(Debug, Default)]
pub struct Memory {
    /// Which states were reached at this place.
    pub(super) seen: Seen,
    /// Where the closure of a state has still to go.
    pub(super) stack: Vec<Step>,
    /// The slots while a closure is made.
    pub(super) slots: Vec<usize>,
    pub(super) now: Threads,
    pub(super) next: Threads,
    /// The slots of the best match so far.
    pub(super) best: Vec<usize>,
}

/// The threads at one place, the preferred first, each with its row of slots.
#[derive(Debug, Default)]
pub(super) struct Threads {
    pub(super) states: Vec<u32>,
    pub(super) slots: Vec<usize>,
}

/// A step of a closure.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// Explore a state.
    Explore(u32),
    /// Put a slot back to what it was, for the ways not yet explored.
    Restore(u16, usize),
}

/// The value of a slot that was not reached.
pub(super) const UNSET: usize = usize::MAX;

impl Memory {
    /// None is taken before it is needed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes ready for an automaton with so many states, and threads with so many slots.
    pub(super) fn fit(&mut self, states: usize, width: usize) {
        self.seen.fit(states);
        self.stack.clear();
        self.now.clear();
        self.next.clear();
        for slots in [&mut self.slots, &mut self.best] {
            slots.clear();
            slots.resize(width, UNSET);
        }
    }
}

impl Threads {
    pub(super) fn clear(&mut self) {
        self.states.clear();
        self.slots.clear();
    }
}

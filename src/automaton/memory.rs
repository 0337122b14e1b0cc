//! The memory of a simulation, kept from one to the next so that none allocates once it is warm.

use super::seen::Seen;

/// Memory for one simulation at a time; it fits itself to any program.
#[derive(Debug)]
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
    /// Places where matches begin, a bit each.
    pub(super) begins: Vec<u64>,
    /// Operations done since they were last taken.
    pub(super) operations: u64,
    /// Operations that may be done until then; a simulation that would do more ends without a match.
    pub(super) operations_max: u64,
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
    /// None is taken before it is needed, and operations are not limited before they are.
    pub fn new() -> Self {
        Self {
            seen: Seen::default(),
            stack: Vec::new(),
            slots: Vec::new(),
            now: Threads::default(),
            next: Threads::default(),
            best: Vec::new(),
            begins: Vec::new(),
            operations: 0,
            operations_max: u64::MAX,
        }
    }

    /// Sets how many operations may be done from here on: a simulation that would do more finds nothing.
    pub fn allow(&mut self, operations_max: u64) {
        self.operations = 0;
        self.operations_max = operations_max;
    }

    /// Operations done since they were allowed. Where they are more than that, what was found is not to be relied on.
    pub fn operations(&self) -> u64 {
        self.operations
    }

    /// Operations that were allowed.
    pub fn allowed(&self) -> u64 {
        self.operations_max
    }

    /// Counts operations; whether they are allowed.
    #[inline]
    pub(super) fn count(&mut self, operations: usize) -> bool {
        self.operations = self.operations.saturating_add(operations as u64);
        self.operations <= self.operations_max
    }

    /// The first of the places that are marked, from one on.
    pub(super) fn next_begin(&self, from: usize) -> Option<usize> {
        let mut at = from / 64;
        let mut word = *self.begins.get(at)? & (u64::MAX << (from % 64));
        while word == 0 {
            at += 1;
            word = *self.begins.get(at)?;
        }
        Some(at * 64 + word.trailing_zeros() as usize)
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

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Threads {
    pub(super) fn clear(&mut self) {
        self.states.clear();
        self.slots.clear();
    }
}

//! The work of one decision, counted so that the same message always costs the same.

use crate::automaton::Memory;
use crate::reason::Reason;

/// Steps that are left.
pub(super) struct Steps {
    max: u64,
    left: u64,
}

impl Steps {
    pub(super) fn new(max: u64) -> Self {
        Self { max, left: max }
    }

    /// Takes a step for each byte.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), Reason> {
        let left = self.left.checked_sub(bytes as u64);
        self.left = left.unwrap_or(0);
        left.map(|_| ()).ok_or(Reason::OverBudget)
    }

    /// Lets an automaton work; it stops where the steps run out.
    pub(super) fn lend<T>(&mut self, memory: &mut Memory, work: impl FnOnce(&mut Memory) -> T) -> Result<T, Reason> {
        memory.allow(self.left);
        let answer = work(memory);
        let left = self.left.checked_sub(memory.operations());
        self.left = left.unwrap_or(0);
        left.map(|_| answer).ok_or(Reason::OverBudget)
    }

    /// The same, for what may take no more than `left`; `None` where it would have taken more.
    pub(super) fn lend_up_to<T>(
        &mut self,
        left: &mut u64,
        memory: &mut Memory,
        work: impl FnOnce(&mut Memory) -> T,
    ) -> Result<Option<T>, Reason> {
        memory.allow(self.left.min(*left));
        let answer = work(memory);
        let left_of_all = self.left.checked_sub(memory.operations());
        self.left = left_of_all.unwrap_or(0);
        left_of_all.ok_or(Reason::OverBudget)?;
        *left = left.saturating_sub(memory.operations());
        Ok((memory.operations() <= memory.allowed()).then_some(answer))
    }

    /// Steps taken.
    pub(super) fn taken(&self) -> u64 {
        self.max - self.left
    }
}

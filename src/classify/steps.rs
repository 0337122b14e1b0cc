//! The work of one decision, counted so that the same message always costs the same.

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

    /// Steps taken.
    pub(super) fn taken(&self) -> u64 {
        self.max - self.left
    }
}

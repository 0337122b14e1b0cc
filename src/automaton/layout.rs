//! From the states of a DFA to its tables.

use super::dfa::{Dfa, UNIT};

/// The states of a DFA, by their numbers.
pub(super) struct Layout<'a> {
    /// Where each class of each state leads; where something is counted, each state has a second row.
    pub(super) table: &'a [u32],
    /// How many classes there are.
    pub(super) stride: usize,
    /// What each state does.
    pub(super) acts: &'a [u8],
    /// The state that leads nowhere.
    pub(super) dead: u32,
    /// Where to begin.
    pub(super) starts: &'a [u32],
    /// How many characters are counted.
    pub(super) count: u32,
}

impl Layout<'_> {
    /// Orders the states, those that do nothing first, and makes their numbers places in the table.
    pub(super) fn lay_out(&self) -> Option<Dfa> {
        let dead = usize::try_from(self.dead).ok()?;
        let mut order: Vec<usize> = (0..self.acts.len()).collect();
        order.sort_by_key(|state| (self.act(*state) != 0 || *state == dead, *state != dead));
        let over = self.stride.div_ceil(UNIT);
        let rows_each = if self.count > 0 { 2 } else { 1 };
        let width = over * rows_each;
        let mut places = vec![0; order.len()];
        for (rank, state) in order.iter().enumerate() {
            *places.get_mut(*state)? = u16::try_from(rank * width).ok()?;
        }
        let place = |state: &u32| places.get(usize::try_from(*state).ok()?).copied();
        let dead_place = place(&self.dead)?;
        let mut rows = Vec::with_capacity(order.len() * width);
        let mut acts = Vec::new();
        for state in &order {
            let from = state * self.stride * rows_each;
            for row in self.table.get(from..from + self.stride * rows_each)?.chunks(self.stride) {
                for classes in row.chunks(UNIT) {
                    let mut cells = [dead_place; UNIT];
                    for (cell, to) in cells.iter_mut().zip(classes) {
                        *cell = place(to)?;
                    }
                    rows.push(cells);
                }
            }
            if *places.get(*state)? >= dead_place {
                acts.resize(acts.len() + width, self.act(*state));
            }
        }
        let starts: Option<Vec<u32>> = self.starts.iter().map(|start| place(start).map(u32::from)).collect();
        Some(Dfa {
            rows,
            starts: starts?,
            dead: dead_place,
            acts,
            count: self.count,
            over: u16::try_from(over).ok()?,
            width: u16::try_from(width).ok()?,
        })
    }

    fn act(&self, state: usize) -> u8 {
        self.acts.get(state).copied().unwrap_or(0)
    }
}

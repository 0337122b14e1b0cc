//! A set of states of an NFA that is emptied at once.

/// The set: those states whose round is this one.
#[derive(Debug)]
pub(super) struct Seen {
    rounds: Vec<u32>,
    round: u32,
}

impl Seen {
    /// For so many states.
    pub(super) fn new(states: usize) -> Self {
        Self { rounds: vec![0; states], round: 1 }
    }

    /// Makes room for so many states.
    pub(super) fn fit(&mut self, states: usize) {
        if self.rounds.len() < states {
            self.rounds.resize(states, 0);
        }
    }

    /// Empties the set.
    pub(super) fn clear(&mut self) {
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.rounds.fill(0);
            self.round = 1;
        }
    }

    /// Adds a state. Answers whether it is new; what is no state is not.
    #[inline]
    pub(super) fn add(&mut self, state: u32) -> bool {
        let place = usize::try_from(state).ok().and_then(|at| self.rounds.get_mut(at));
        place.is_some_and(|seen| std::mem::replace(seen, self.round) != self.round)
    }
}

impl Default for Seen {
    fn default() -> Self {
        Self::new(0)
    }
}

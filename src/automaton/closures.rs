//! What a state of an NFA leads to without reading a character, worked out once.

use super::nfa::{Nfa, State};
use super::seen::Seen;
use std::ops::Range;

/// What a simulation does at one place at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Work {
    /// States looked at on the way to those that read a character.
    pub(super) explored: u32,
    /// Threads: states that read a character, or end a match.
    pub(super) threads: u32,
}

impl Work {
    /// Both, one after the other.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            explored: self.explored.saturating_add(other.explored),
            threads: self.threads.saturating_add(other.threads),
        }
    }

    /// The more of each.
    pub(super) fn max(self, other: Self) -> Self {
        Self { explored: self.explored.max(other.explored), threads: self.threads.max(other.threads) }
    }
}

/// The closures of an NFA, as they were asked for.
pub(super) struct Closures {
    reached: Vec<u32>,
    ranges: Vec<Option<Range<usize>>>,
    asked: Vec<Option<u8>>,
    works: Vec<Option<Work>>,
    seen: Seen,
    stack: Vec<u32>,
    steps_left: u32,
}

impl Closures {
    /// For an NFA of so many states.
    pub(super) fn new(states: usize, steps_max: u32) -> Self {
        Self {
            reached: Vec::new(),
            ranges: vec![None; states],
            asked: vec![None; states],
            works: vec![None; states],
            seen: Seen::new(states),
            stack: Vec::new(),
            steps_left: steps_max,
        }
    }

    /// The states that read a character, end a match, or look, in order of preference; `None` where the steps have
    /// run out.
    pub(super) fn of(&mut self, nfa: &Nfa, state: u32) -> Option<&[u32]> {
        let place = usize::try_from(state).ok()?;
        let range = match self.ranges.get(place)?.clone() {
            Some(range) => range,
            None => {
                let from = self.reached.len();
                self.explore(nfa, state, false)?;
                self.ranges.get_mut(place)?.insert(from..self.reached.len()).clone()
            }
        };
        self.reached.get(range)
    }

    /// The kinds that a look asks for, and the looks that lie behind it; nothing for a state of another sort.
    pub(super) fn asked(&mut self, nfa: &Nfa, state: u32) -> Option<u8> {
        if !matches!(nfa.state(state)?, State::Look { .. }) {
            return Some(0);
        }
        let place = usize::try_from(state).ok()?;
        if let Some(known) = self.asked.get(place)? {
            return Some(*known);
        }
        let from = self.reached.len();
        self.explore(nfa, state, true)?;
        let kinds = self.reached.drain(from..).map(|reached| match nfa.state(reached) {
            Some(State::Look { look, .. }) => look.kinds(),
            _ => 0,
        });
        let kinds = kinds.fold(0, |all, kinds| all | kinds);
        Some(*self.asked.get_mut(place)?.insert(kinds))
    }

    /// What a simulation does to go from a state to all that it leads to without a character, if all looks hold.
    pub(super) fn work(&mut self, nfa: &Nfa, state: u32) -> Option<Work> {
        let place = usize::try_from(state).ok()?;
        if let Some(known) = self.works.get(place)? {
            return Some(*known);
        }
        let (from, left) = (self.reached.len(), self.steps_left);
        self.explore(nfa, state, true)?;
        let threads = u32::try_from(self.reached.drain(from..).count()).ok()?;
        Some(*self.works.get_mut(place)?.insert(Work { explored: left - self.steps_left, threads }))
    }

    /// Whether some look lies on a way back to itself that reads nothing, as in `(?:a*?\b)+`.
    pub(super) fn return_to_a_look(&mut self, nfa: &Nfa) -> Option<bool> {
        for (number, state) in nfa.states.iter().enumerate() {
            let State::Look { next, .. } = state else { continue };
            let from = self.reached.len();
            self.explore(nfa, *next, true)?;
            if self.reached.drain(from..).any(|reached| usize::try_from(reached) == Ok(number)) {
                return Some(true);
            }
        }
        Some(false)
    }

    fn explore(&mut self, nfa: &Nfa, state: u32, beyond_looks: bool) -> Option<()> {
        self.seen.clear();
        self.stack.clear();
        self.stack.push(state);
        while let Some(state) = self.stack.pop() {
            self.steps_left = self.steps_left.checked_sub(1)?;
            if !self.seen.add(state) {
                continue;
            }
            match nfa.state(state)? {
                State::Split { first, second } => self.stack.extend([second, first]),
                State::Slot { next, .. } => self.stack.push(next),
                State::Match | State::Chars { .. } => self.reached.push(state),
                State::Look { next, .. } => {
                    self.reached.push(state);
                    self.stack.extend(beyond_looks.then_some(next));
                }
            }
        }
        Some(())
    }
}

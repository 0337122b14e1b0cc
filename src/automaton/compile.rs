//! From a parsed regex to an NFA, after Thompson; the states are made from the end of the regex to its front, so
//! that each knows where it leads when it is made.
//!
//! Where an expression can match the empty text, `x*` is made as `(x+)?`: that keeps the order of preference that
//! Perl has and the `regex` crate follows (<https://github.com/rust-lang/regex/issues/779>).

use super::Refused;
use super::look::Look;
use super::nfa::{Nfa, State};
use super::sets::{self, Ranges, Sets};
use regex_syntax::hir::{Capture, Hir, HirKind, Repetition};

/// Which way an automaton reads, and what it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// From front to end, by preference.
    Forward,
    /// From end to front: only whether there is a match. Preference and groups are left out.
    Backward,
}

/// The copies of an expression that may each be left out, as in `x{0,40}`: blocks of states of one size, one after
/// the other. Whoever stands in a later block can do all that he could do at the same place of an earlier one, for
/// more copies are ahead of him.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chain {
    pub(super) base: u32,
    pub(super) size: u32,
    pub(super) count: u32,
    /// Whether another copy is preferred to going on.
    pub(super) greedy: bool,
    /// Where it goes on.
    pub(super) next: u32,
}

/// Makes an NFA of a regex.
pub(super) struct Compiler<'a> {
    sets: &'a Sets,
    direction: Direction,
    states: Vec<State>,
    states_max: u32,
    chains: Vec<Chain>,
}

impl<'a> Compiler<'a> {
    /// The number of the state that ends a match.
    const MATCH: u32 = 0;

    /// For a regex with these sets.
    pub(super) fn new(sets: &'a Sets, direction: Direction, states_max: u32) -> Self {
        Self { sets, direction, states: vec![State::Match], states_max, chains: Vec::new() }
    }

    /// Makes the NFA. Its sets are left empty: they depend on the partition.
    pub(super) fn compile(mut self, hir: &Hir) -> Result<(Nfa, Vec<Chain>), Refused> {
        let start = self.expression(hir, Self::MATCH)?;
        let search = self.make(State::Split { first: start, second: start })?;
        let skip = self.make(State::Chars { set: Sets::ALL, next: search })?;
        self.put(search, State::Split { first: start, second: skip });
        Ok((Nfa { states: self.states, sets: Vec::new(), start, search }, self.chains))
    }

    /// Makes the states of an expression that leads to `next`, and answers where it begins.
    fn expression(&mut self, hir: &Hir, next: u32) -> Result<u32, Refused> {
        match hir.kind() {
            HirKind::Empty => Ok(next),
            HirKind::Literal(literal) => self.literal(sets::literal_chars(&literal.0)?, next),
            HirKind::Class(class) => self.set(&sets::ranges(class)?, next),
            HirKind::Look(look) => self.make(State::Look { look: Look::of(*look), next }),
            HirKind::Repetition(repetition) => self.repetition(repetition, next),
            HirKind::Capture(capture) => self.capture(capture, next),
            HirKind::Concat(parts) => match self.direction {
                Direction::Forward => parts.iter().rev().try_fold(next, |next, part| self.expression(part, next)),
                Direction::Backward => parts.iter().try_fold(next, |next, part| self.expression(part, next)),
            },
            HirKind::Alternation(parts) => self.alternation(parts, next),
        }
    }

    fn literal(&mut self, literal: &str, next: u32) -> Result<u32, Refused> {
        let mut chars = literal.chars();
        match self.direction {
            Direction::Forward => chars.rev().try_fold(next, |next, c| self.set(&sets::single(c), next)),
            Direction::Backward => chars.try_fold(next, |next, c| self.set(&sets::single(c), next)),
        }
    }

    fn set(&mut self, ranges: &Ranges, next: u32) -> Result<u32, Refused> {
        self.make(State::Chars { set: self.sets.number(ranges), next })
    }

    fn alternation(&mut self, parts: &[Hir], next: u32) -> Result<u32, Refused> {
        let mut entry = None;
        for part in parts.iter().rev() {
            let first = self.expression(part, next)?;
            entry = Some(match entry {
                None => first,
                Some(second) => self.make(State::Split { first, second })?,
            });
        }
        entry.map_or_else(|| self.make(State::Chars { set: Sets::NONE, next }), Ok)
    }

    fn capture(&mut self, capture: &Capture, next: u32) -> Result<u32, Refused> {
        let group = capture.name.as_ref().and_then(|_| self.sets.group(capture.index));
        let (Some(group), Direction::Forward) = (group, self.direction) else {
            return self.expression(&capture.sub, next);
        };
        let end = self.make(State::Slot { slot: group * 2 + 1, next })?;
        let entry = self.expression(&capture.sub, end)?;
        self.make(State::Slot { slot: group * 2, next: entry })
    }

    fn repetition(&mut self, repetition: &Repetition, next: u32) -> Result<u32, Refused> {
        let Repetition { min, max, greedy, ref sub } = *repetition;
        match (self.direction, max) {
            (Direction::Forward, Some(max)) => {
                let entry = self.optional(sub, max.saturating_sub(min), greedy, next)?;
                self.copies(sub, min, entry)
            }
            (Direction::Forward, None) if min == 0 => self.star(sub, greedy, next),
            (Direction::Forward, None) => {
                let entry = self.plus(sub, greedy, next)?;
                self.copies(sub, min - 1, entry)
            }
            // Which copies come first makes no difference to whether there is a match. With the optional ones in
            // front, a DFA has far fewer states: whoever stands in them, stands in all of the others soon.
            (Direction::Backward, Some(max)) => {
                let entry = self.copies(sub, min, next)?;
                self.optional(sub, max.saturating_sub(min), greedy, entry)
            }
            (Direction::Backward, None) if min == 1 => self.plus(sub, greedy, next),
            (Direction::Backward, None) => {
                let entry = self.copies(sub, min, next)?;
                self.star(sub, greedy, entry)
            }
        }
    }

    fn copies(&mut self, sub: &Hir, count: u32, next: u32) -> Result<u32, Refused> {
        (0..count).try_fold(next, |next, _| self.expression(sub, next))
    }

    /// Up to `count` copies. Each may lead straight to `next`.
    fn optional(&mut self, sub: &Hir, count: u32, greedy: bool, next: u32) -> Result<u32, Refused> {
        let base = self.count();
        let mut entry = next;
        for _ in 0..count {
            let copy = self.expression(sub, entry)?;
            entry = self.choice(greedy, copy, next)?;
        }
        if count > 1 {
            self.chains.push(Chain { base, size: (self.count() - base) / count, count, greedy, next });
        }
        Ok(entry)
    }

    fn star(&mut self, sub: &Hir, greedy: bool, next: u32) -> Result<u32, Refused> {
        if sub.properties().minimum_len().is_some_and(|least| least > 0) {
            let again = self.make(State::Match)?;
            let copy = self.expression(sub, again)?;
            self.put(again, Self::split(greedy, copy, next));
            return Ok(again);
        }
        let copy = self.plus(sub, greedy, next)?;
        self.choice(greedy, copy, next)
    }

    fn plus(&mut self, sub: &Hir, greedy: bool, next: u32) -> Result<u32, Refused> {
        let again = self.make(State::Match)?;
        let copy = self.expression(sub, again)?;
        self.put(again, Self::split(greedy, copy, next));
        Ok(copy)
    }

    fn choice(&mut self, greedy: bool, copy: u32, next: u32) -> Result<u32, Refused> {
        self.make(Self::split(greedy, copy, next))
    }

    fn split(greedy: bool, copy: u32, next: u32) -> State {
        let (first, second) = if greedy { (copy, next) } else { (next, copy) };
        State::Split { first, second }
    }

    fn count(&self) -> u32 {
        u32::try_from(self.states.len()).unwrap_or(u32::MAX)
    }

    fn make(&mut self, state: State) -> Result<u32, Refused> {
        let number = self.count();
        if number >= self.states_max {
            return Err(Refused::TooManyStates { max: self.states_max });
        }
        self.states.push(state);
        Ok(number)
    }

    fn put(&mut self, at: u32, state: State) {
        if let Some(place) = usize::try_from(at).ok().and_then(|at| self.states.get_mut(at)) {
            *place = state;
        }
    }
}

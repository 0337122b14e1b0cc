//! A program: all that matching one regex takes.

use super::alphabet::{Alphabet, Alphabets, Partition, Plane};
use super::compile::{Compiler, Direction};
use super::memory::{Memory, UNSET};
use super::nfa::{Mask, Nfa, State};
use super::sets::Sets;
use super::simulate::{Simulation, Span};
use super::{Bounds, Refused};
use regex_syntax::hir::{Hir, Look};
use std::ops::Range;

/// A regex, compiled. It belongs to the [`Alphabets`] that it was made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    alphabet: Alphabet,
    nfa: Nfa,
    /// The classes that a match can begin with; `None` where it may begin without a character.
    first: Option<Mask>,
    /// Whether every match begins where the text does.
    at_start: bool,
    /// The names of the groups that have one.
    groups: Vec<String>,
}

/// The most operations a character: look-ups in a table, or steps of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operations {
    /// Of [`Program::is_match`].
    pub is_match: u32,
    /// Of [`Program::find`].
    pub find: u32,
    /// Of [`Program::captures`].
    pub captures: u32,
}

impl Program {
    /// Makes a program.
    ///
    /// # Errors
    /// Where the regex is beyond the bounds, or speaks of bytes.
    pub fn new(hir: &Hir, alphabets: &mut Alphabets, bounds: &Bounds) -> Result<Self, Refused> {
        let sets = Sets::of(hir)?;
        let (mut nfa, _) = Compiler::new(&sets, Direction::Forward, bounds.nfa_states_max).compile(hir)?;
        let partition = Partition::of(&sets.borders()?)?;
        nfa.sets = masks(&sets, &partition);
        let first = nfa.first();
        let at_start = hir.properties().look_set_prefix().contains(Look::Start);
        let alphabet = partition.into_alphabet(alphabets);
        Ok(Self { alphabet, nfa, first, at_start, groups: sets.into_names() })
    }

    /// The named groups, in the order of the regex.
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// The number of a named group: its slots are twice that, and the next.
    pub fn group(&self, name: &str) -> Option<usize> {
        self.groups.iter().position(|group| group == name)
    }

    /// Whether there is a match that begins at `from` or later. Looks see the text before `from`.
    pub fn is_match(&self, alphabets: &Alphabets, text: &str, from: usize, memory: &mut Memory) -> bool {
        let span = Span { from, anchored: self.at_start, any: true, until: text.len() };
        self.simulate(alphabets, text, span, 0, memory).is_some()
    }

    /// The leftmost match that begins at `from` or later, and of those the preferred one.
    pub fn find(&self, alphabets: &Alphabets, text: &str, from: usize, memory: &mut Memory) -> Option<Range<usize>> {
        let span = Span { from, anchored: self.at_start, any: false, until: text.len() };
        let end = self.simulate(alphabets, text, span, 1, memory)?;
        let start = memory.best.first().copied().filter(|start| *start <= end)?;
        Some(start..end)
    }

    /// The same as [`Program::find`], and where the named groups matched: two slots each, both set or neither.
    pub fn captures(
        &self,
        alphabets: &Alphabets,
        text: &str,
        from: usize,
        memory: &mut Memory,
        slots: &mut Vec<Option<usize>>,
    ) -> Option<Range<usize>> {
        slots.clear();
        slots.resize(self.groups.len() * 2, None);
        let found = self.find(alphabets, text, from, memory)?;
        if self.groups.is_empty() {
            return Some(found);
        }
        let span = Span { from: found.start, anchored: true, any: false, until: found.end };
        self.simulate(alphabets, text, span, slots.len() + 1, memory)?;
        let pairs = memory.best.get(1..).unwrap_or_default().chunks_exact(2);
        for (pair, places) in pairs.zip(slots.chunks_exact_mut(2)) {
            if let ([start, end], [first, second]) = (pair, places)
                && *end != UNSET
                && start <= end
            {
                (*first, *second) = (Some(*start), Some(*end));
            }
        }
        Some(found)
    }

    fn simulate(
        &self,
        alphabets: &Alphabets,
        text: &str,
        span: Span,
        width: usize,
        memory: &mut Memory,
    ) -> Option<usize> {
        let plane = self.plane(alphabets)?;
        if self.at_start && span.from > 0 {
            return None;
        }
        let first = self.first.as_ref();
        Simulation { nfa: &self.nfa, alphabet: &self.alphabet, plane, first, text }.run(span, width, memory)
    }

    fn plane<'a>(&self, alphabets: &'a Alphabets) -> Option<&'a Plane> {
        alphabets.plane(self.alphabet.plane_number())
    }
}

fn masks(sets: &Sets, partition: &Partition) -> Vec<Mask> {
    let mut masks = vec![Mask::default(); sets.iter().count()];
    for (ranges, number) in sets.iter() {
        if let Some(mask) = masks.get_mut(usize::from(number)) {
            *mask = partition.mask(ranges);
        }
    }
    masks
}

impl Nfa {
    /// The classes that a match can begin with; `None` where it may begin without a character.
    fn first(&self) -> Option<Mask> {
        let mut first = Mask::default();
        let mut seen = vec![false; self.states.len()];
        let mut stack = vec![self.start];
        while let Some(state) = stack.pop() {
            let place = usize::try_from(state).ok().and_then(|at| seen.get_mut(at))?;
            if std::mem::replace(place, true) {
                continue;
            }
            match self.state(state)? {
                State::Match => return None,
                State::Chars { set, .. } => {
                    let mask = self.sets.get(usize::from(set))?;
                    first.iter_mut().zip(mask).for_each(|(all, more)| *all |= more);
                }
                State::Split { first, second } => stack.extend([first, second]),
                State::Look { next, .. } | State::Slot { next, .. } => stack.push(next),
            }
        }
        Some(first)
    }
}

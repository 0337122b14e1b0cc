//! A program: all that matching one regex takes.

use super::alphabet::{Alphabet, Alphabets, Partition};
use super::compile::{Compiler, Direction};
use super::determinise::{Keep, Source, determinise};
use super::dfa::Dfa;
use super::nfa::{Mask, Nfa, State};
use super::sets::Sets;
use super::{Bounds, Refused};
use regex_syntax::hir::{Hir, Look};

/// A regex, compiled. It belongs to the [`Alphabets`] that it was made with.
#[derive(Debug, Clone, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Program {
    pub(super) alphabet: Alphabet,
    pub(super) nfa: Nfa,
    /// The classes that a match can begin with; `None` where it may begin without a character.
    pub(super) first: Option<Mask>,
    /// Whether every match begins where the text does.
    pub(super) at_start: bool,
    /// Reads backward from the end of the text: tells where matches begin.
    pub(super) starts: Option<Dfa>,
    /// Reads forward from where a match begins: tells where the preferred one ends.
    pub(super) ends: Option<Dfa>,
    /// The names of the groups that have one.
    pub(super) groups: Vec<String>,
}

/// The most operations a byte: look-ups in a table, or steps of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operations {
    /// Of [`Program::is_match`].
    pub is_match: u32,
    /// Of [`Program::match_at`].
    pub match_at: u32,
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
        let (mut nfa, chains) = Compiler::new(&sets, Direction::Forward, bounds.nfa_states_max).compile(hir)?;
        let partition = Partition::of(&sets.borders()?)?;
        nfa.sets = masks(&sets, &partition);
        let first = nfa.first();
        let at_start = hir.properties().look_set_prefix().contains(Look::Start);
        let alphabet = partition.into_alphabet(alphabets);
        let kinds = alphabet.kinds();
        let source = Source { nfa: &nfa, chains: &chains, kinds, entry: nfa.start, keep: Keep::Preferred };
        let ends = determinise(source, bounds);
        let starts = if at_start { None } else { backward(hir, &sets, &nfa, kinds, bounds) };
        Ok(Self { alphabet, nfa, first, at_start, starts, ends, groups: sets.into_names() })
    }

    /// The same program, for other alphabets, which take over what it needs.
    pub fn moved(self, from: &Alphabets, to: &mut Alphabets) -> Self {
        let plane = to.adopt(from, self.alphabet.plane_number());
        Self { alphabet: self.alphabet.on_plane(plane), ..self }
    }

    /// The named groups, in the order of the regex.
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// The number of a named group: its slots are twice that, and the next.
    pub fn group(&self, name: &str) -> Option<usize> {
        self.groups.iter().position(|group| group == name)
    }

    /// What it takes, in bytes, without the [`Alphabets`] that it shares.
    pub fn bytes(&self) -> usize {
        let dfas = [&self.starts, &self.ends].into_iter().flatten().map(Dfa::bytes).sum::<usize>();
        let names = self.groups.iter().map(|name| size_of::<String>() + name.len()).sum::<usize>();
        size_of::<Self>() + self.alphabet.bytes() + self.nfa.bytes() + dfas + names
    }

    /// The DFA that reads backward and tells where matches begin, and the one that reads forward from such a place
    /// and tells where the preferred match ends, as far as they are within the bounds.
    pub fn dfas(&self) -> (Option<&Dfa>, Option<&Dfa>) {
        (self.starts.as_ref(), self.ends.as_ref())
    }

    /// The most operations a byte of the text from `from` on.
    ///
    /// A DFA takes two an ASCII character: its class, and the row. Finding the class of another takes up to ten steps
    /// in its plane, and such a character has two bytes at least: so six a byte cover both. A simulation finds the
    /// class too, reaches each state of the NFA at most once at each place, and looks at each thread once more: two a
    /// state; where it keeps slots, those of a thread are copied up to three times.
    pub fn operations(&self) -> Operations {
        let states = u32::try_from(self.nfa.states.len()).unwrap_or(u32::MAX);
        let simulation =
            |slots: u32| states.saturating_mul(slots.saturating_mul(3).saturating_add(2)).saturating_add(6);
        let groups = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
        let match_at = if self.ends.is_some() { 6 } else { simulation(0) };
        let (is_match, find) = match &self.starts {
            _ if self.at_start => (match_at, match_at),
            Some(_) => (6, match_at.saturating_add(6)),
            None => (simulation(0), simulation(1)),
        };
        let captures = if groups == 0 { 0 } else { simulation(groups.saturating_mul(2).saturating_add(1)) };
        Operations { is_match, match_at, find, captures: find.saturating_add(captures) }
    }
}

/// The DFA that reads backward.
fn backward(hir: &Hir, sets: &Sets, forward: &Nfa, kinds: &[u8], bounds: &Bounds) -> Option<Dfa> {
    let (mut nfa, chains) = Compiler::new(sets, Direction::Backward, bounds.nfa_states_max).compile(hir).ok()?;
    nfa.sets.clone_from(&forward.sets);
    let at_end = hir.properties().look_set_suffix().contains(Look::End);
    let entry = if at_end { nfa.start } else { nfa.search };
    determinise(Source { nfa: &nfa, chains: &chains, kinds, entry, keep: Keep::All }, bounds)
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

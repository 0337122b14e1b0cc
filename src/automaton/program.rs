//! A program: all that matching one regex takes.

use super::alphabet::{Alphabet, Alphabets, Partition};
use super::closures::Work;
use super::compile::{Compiler, Direction};
use super::determinise::{Keep, Source, determinise};
use super::dfa::Dfa;
use super::nfa::{Mask, Nfa, State};
use super::search::DFA_OPERATIONS;
use super::sets::Sets;
use super::simulate::{CHAR_OPERATIONS, STATE_OPERATIONS, THREAD_OPERATIONS};
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
    /// The most bytes of a match; `None` where there is no most.
    pub(super) match_bytes_max: Option<u32>,
    /// What a simulation of one match does at a character at most.
    pub(super) work_max: Work,
}

/// The most operations that a text may take: look-ups in a table, or steps of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operations {
    /// Of [`Program::start`].
    pub start: u64,
    /// Of [`Program::match_at`].
    pub match_at: u64,
    /// Of [`Program::captures`].
    pub captures: u64,
    /// Of [`Program::mark_starts`].
    pub mark_starts: u64,
    /// Of [`Program::next_start`].
    pub next_start: u64,
    /// How far the last three may go beyond what the memory allows before they stop.
    pub beyond: u64,
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
        let (ends, work_max) = determinise(source, bounds).unzip();
        let work_max = work_max.unwrap_or_else(|| nfa.work_max());
        let starts = if at_start { None } else { backward(hir, &sets, &nfa, kinds, bounds) };
        let match_bytes_max = hir.properties().maximum_len().and_then(|bytes| u32::try_from(bytes).ok());
        let groups = sets.into_names();
        Ok(Self { alphabet, nfa, first, at_start, starts, ends, groups, match_bytes_max, work_max })
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

    /// The most operations that a text of so many bytes may take.
    pub fn operations(&self, text_bytes: usize) -> Operations {
        let to_u64 = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
        let whole = to_u64(text_bytes) + 1;
        // Whoever begins where a match does reads to its end, and up to two characters more to be sure of it.
        let reach = self.match_bytes_max.map_or(whole, |most| whole.min(u64::from(most) + 9));
        let dfa = to_u64(DFA_OPERATIONS);
        let here = if self.ends.is_some() { dfa } else { self.nfa.work_max().operations(0) };
        let match_at = reach.saturating_mul(here);
        let start = match &self.starts {
            _ if self.at_start => match_at,
            Some(_) => whole.saturating_mul(dfa),
            None => whole.saturating_mul(self.nfa.work_max().operations(1)),
        };
        let (mark_starts, next_start) = match &self.starts {
            _ if self.at_start => (0, start),
            Some(_) => (whole.saturating_mul(dfa), whole / 64 + 1),
            None => (0, start),
        };
        let width = to_u64(self.groups.len() * 2 + 1);
        let captures = if width == 1 { 0 } else { reach.saturating_mul(self.work_max.operations(width)) };
        // A DFA does not stop before the match is over, a simulation at the next character.
        let by_dfa = if self.ends.is_some() { match_at } else { 0 };
        let beyond = self.nfa.work_max().operations(width).saturating_add(by_dfa).saturating_add(whole / 64 + 1);
        Operations { start, match_at, captures, mark_starts, next_start, beyond }
    }
}

impl Work {
    /// The operations of a simulation at a character, where threads have so many slots: each state that is explored,
    /// and what it has to be put back for; each thread, and its slots, which are copied up to three times.
    fn operations(self, width: u64) -> u64 {
        let thread = width.saturating_mul(3).saturating_add(THREAD_OPERATIONS as u64);
        let threads = u64::from(self.threads).saturating_mul(thread);
        let steps = if width > 1 { 2 * STATE_OPERATIONS } else { STATE_OPERATIONS };
        let explored = u64::from(self.explored).saturating_mul(steps);
        explored.saturating_add(threads).saturating_add(CHAR_OPERATIONS as u64)
    }
}

/// The DFA that reads backward.
fn backward(hir: &Hir, sets: &Sets, forward: &Nfa, kinds: &[u8], bounds: &Bounds) -> Option<Dfa> {
    let (mut nfa, chains) = Compiler::new(sets, Direction::Backward, bounds.nfa_states_max).compile(hir).ok()?;
    nfa.sets.clone_from(&forward.sets);
    let at_end = hir.properties().look_set_suffix().contains(Look::End);
    let entry = if at_end { nfa.start } else { nfa.search };
    determinise(Source { nfa: &nfa, chains: &chains, kinds, entry, keep: Keep::All }, bounds).map(|(dfa, _)| dfa)
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
    /// What a simulation does at a character at most, whatever the text: each state is explored once, by way of each
    /// that leads to it, and each may be a thread.
    fn work_max(&self) -> Work {
        let states = u32::try_from(self.states.len()).unwrap_or(u32::MAX);
        Work { explored: states.saturating_mul(3).saturating_add(1), threads: states }
    }

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

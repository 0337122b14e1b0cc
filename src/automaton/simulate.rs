//! The simulation of an NFA, after Pike: all threads go through the text together, the preferred first, so that each
//! state is reached at most once a character. It is what groups are found by, and what is left where a DFA would
//! have too many states.

use super::alphabet::Alphabet;
use super::memory::{Memory, Step, Threads, UNSET};
use super::nfa::{Nfa, State};
use super::plane::Plane;

/// What a simulation takes a character, whatever its threads: its class, the kinds of both neighbours, whether a match may
/// begin.
pub(super) const CHAR_OPERATIONS: usize = 6;

/// What it takes a state that is looked at: a stack, a set, the state itself.
pub(super) const STATE_OPERATIONS: u64 = 6;
/// What it takes a thread that reads a character.
pub(super) const THREAD_OPERATIONS: usize = 5;

/// A simulation of one automaton on one text.
pub(super) struct Simulation<'a> {
    pub(super) nfa: &'a Nfa,
    pub(super) alphabet: &'a Alphabet,
    pub(super) plane: &'a Plane,
    /// The classes that a match can begin with; `None` where it may begin without a character.
    pub(super) first: Option<&'a super::nfa::Mask>,
    pub(super) text: &'a str,
}

/// Where a simulation may begin, and when it ends.
#[derive(Clone, Copy)]
pub(super) struct Span {
    /// The first place where a match may begin.
    pub(super) from: usize,
    /// Whether a match may begin only there.
    pub(super) anchored: bool,
    /// Whether any match will do.
    pub(super) any: bool,
    /// The last place where a match may end.
    pub(super) until: usize,
}

impl Simulation<'_> {
    /// The end of the preferred match. `memory.best` has its slots: the first is where it begins.
    pub(super) fn run(&self, span: Span, width: usize, memory: &mut Memory) -> Option<usize> {
        memory.fit(self.nfa.states.len(), width);
        let (before, rest) = self.text.split_at_checked(span.from)?;
        let mut behind = before.chars().next_back().map_or(self.alphabet.edge(), |c| self.class(c));
        let mut at = span.from;
        let mut end = None;
        let mut chars = rest.chars();
        loop {
            let read = chars.next();
            let ahead = read.map_or(self.alphabet.edge(), |c| self.class(c));
            let kinds = (self.alphabet.kinds_of(behind), self.alphabet.kinds_of(ahead));
            let fresh = end.is_none() && (!span.anchored || at == span.from) && self.may_begin(ahead);
            if !memory.count(CHAR_OPERATIONS) {
                return None;
            }
            if fresh || !memory.next.states.is_empty() {
                self.settle(at, kinds, fresh, width, memory);
                if self.step(ahead, width, memory) {
                    end = Some(at);
                }
            }
            let done = end.is_some() && span.any || at >= span.until;
            let over = memory.next.states.is_empty() && (end.is_some() || span.anchored);
            let Some(c) = read else { return end };
            if done || over {
                return end;
            }
            at += c.len_utf8();
            behind = ahead;
        }
    }

    fn class(&self, c: char) -> u8 {
        self.alphabet.class(self.plane, c)
    }

    fn may_begin(&self, ahead: u8) -> bool {
        self.first.is_none_or(|first| super::nfa::has(first, ahead))
    }

    /// From where threads were led to, to what they wait for: follows every way that reads no character.
    fn settle(&self, at: usize, kinds: (u8, u8), fresh: bool, width: usize, memory: &mut Memory) {
        memory.seen.clear();
        let led = std::mem::take(&mut memory.next);
        memory.count(led.slots.len());
        memory.now.clear();
        for (thread, state) in led.states.iter().enumerate() {
            let slots = led.slots.get(thread * width..(thread + 1) * width).unwrap_or_default();
            memory.slots.clear();
            memory.slots.extend_from_slice(slots);
            self.explore(*state, at, kinds, memory);
        }
        if fresh {
            memory.slots.clear();
            memory.slots.resize(width, UNSET);
            if let Some(begin) = memory.slots.first_mut() {
                *begin = at;
            }
            self.explore(self.nfa.start, at, kinds, memory);
        }
        memory.next = led;
        memory.next.clear();
    }

    fn explore(&self, state: u32, at: usize, (behind, ahead): (u8, u8), memory: &mut Memory) {
        memory.stack.push(Step::Explore(state));
        while let Some(step) = memory.stack.pop() {
            memory.operations += STATE_OPERATIONS;
            let state = match step {
                Step::Explore(state) => state,
                Step::Restore(slot, was) => {
                    set(&mut memory.slots, slot, was);
                    continue;
                }
            };
            if !memory.seen.add(state) {
                continue;
            }
            match self.nfa.state(state) {
                Some(State::Match | State::Chars { .. }) => {
                    memory.operations += memory.slots.len() as u64;
                    memory.now.states.push(state);
                    memory.now.slots.extend_from_slice(&memory.slots);
                }
                Some(State::Split { first, second }) => {
                    memory.stack.push(Step::Explore(second));
                    memory.stack.push(Step::Explore(first));
                }
                Some(State::Look { look, next }) if look.holds(behind, ahead) => memory.stack.push(Step::Explore(next)),
                Some(State::Slot { slot, next }) => {
                    if let Some(was) = set(&mut memory.slots, slot, at) {
                        memory.stack.push(Step::Restore(slot, was));
                    }
                    memory.stack.push(Step::Explore(next));
                }
                Some(State::Look { .. }) | None => {}
            }
        }
    }

    /// Reads a character. Answers whether the text so far ends a match; it ends all threads that are less preferred.
    fn step(&self, class: u8, width: usize, memory: &mut Memory) -> bool {
        memory.count(memory.now.states.len() * THREAD_OPERATIONS + memory.now.slots.len());
        let Memory { now, next, best, .. } = memory;
        for (thread, state) in now.states.iter().enumerate() {
            let row = thread * width..(thread + 1) * width;
            match self.nfa.state(*state) {
                Some(State::Match) => {
                    best.clear();
                    best.extend_from_slice(now.slots.get(row).unwrap_or_default());
                    return true;
                }
                Some(State::Chars { set, next: to }) if self.nfa.reads(set, class) => {
                    lead(next, to, now.slots.get(row).unwrap_or_default());
                }
                _ => {}
            }
        }
        false
    }
}

fn lead(threads: &mut Threads, to: u32, slots: &[usize]) {
    threads.states.push(to);
    threads.slots.extend_from_slice(slots);
}

/// Sets a slot, beside the first, and answers what it was.
fn set(slots: &mut [usize], slot: u16, value: usize) -> Option<usize> {
    slots.get_mut(usize::from(slot) + 1).map(|place| std::mem::replace(place, value))
}

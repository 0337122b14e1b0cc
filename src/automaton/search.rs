//! Searching: by the DFAs where there are any, else by simulation.
//!
//! A leftmost match is found in two passes. One reads the text from its end and tells at each place whether a match
//! begins there; the last place told is the leftmost. The other begins there and tells where the preferred match ends.
//! The usual order, forward first, needs a DFA that keeps apart all places where a match may have begun: with
//! `refund.{0,40}card` that is millions of states. Backward it does not matter where a match ends, so that of two
//! counts under way the one with more left makes the other superfluous.

use super::alphabet::{Alphabets, Plane};
use super::dfa::Dfa;
use super::memory::{Memory, UNSET};
use super::program::Program;
use super::simulate::{Simulation, Span};
use std::ops::Range;

impl Program {
    /// Whether there is a match that begins at `from` or later. Looks see the text before `from`.
    pub fn is_match(&self, alphabets: &Alphabets, text: &str, from: usize, memory: &mut Memory) -> bool {
        let Some(search) = Search::new(self, alphabets, text, from) else { return false };
        match &self.starts {
            _ if self.at_start => from == 0 && search.matches_here(memory),
            Some(starts) => search.any_start(starts),
            None => search.simulate(Kind::Any, 0, memory).is_some(),
        }
    }

    /// Whether, and up to where, the preferred match that begins at exactly this place goes.
    pub fn match_at(&self, alphabets: &Alphabets, text: &str, at: usize, memory: &mut Memory) -> Option<usize> {
        Search::new(self, alphabets, text, at)?.end(memory)
    }

    /// The leftmost match that begins at `from` or later, and of those the preferred one.
    pub fn find(&self, alphabets: &Alphabets, text: &str, from: usize, memory: &mut Memory) -> Option<Range<usize>> {
        let search = Search::new(self, alphabets, text, from)?;
        let start = match &self.starts {
            _ if self.at_start => (from == 0).then_some(0)?,
            Some(starts) => search.first_start(starts)?,
            None => {
                let end = search.simulate(Kind::Preferred, 1, memory)?;
                return Some(*memory.best.first()?..end).filter(|found| found.start <= found.end);
            }
        };
        Some(start..Search::new(self, alphabets, text, start)?.end(memory)?)
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
        let search = Search::new(self, alphabets, text, found.start)?;
        search.simulate(Kind::Until(found.end), slots.len() + 1, memory)?;
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
}

/// A search of one text, from a place on.
struct Search<'a> {
    program: &'a Program,
    plane: &'a Plane,
    text: &'a str,
    rest: &'a str,
    from: usize,
}

/// What a simulation is for.
#[derive(Clone, Copy)]
enum Kind {
    /// Any match.
    Any,
    /// Any match that begins here.
    AnyHere,
    /// The leftmost, preferred one.
    Preferred,
    /// The preferred one that begins here.
    Here,
    /// The same, of which the end is known.
    Until(usize),
}

impl<'a> Search<'a> {
    fn new(program: &'a Program, alphabets: &'a Alphabets, text: &'a str, from: usize) -> Option<Self> {
        let plane = alphabets.plane(program.alphabet.plane_number())?;
        Some(Self { program, plane, text, rest: text.get(from..)?, from })
    }

    fn class(&self, c: char) -> u8 {
        self.program.alphabet.class(self.plane, c)
    }

    fn ascii(&self, byte: u8) -> u8 {
        self.program.alphabet.ascii(byte)
    }

    fn edge(&self) -> u8 {
        self.program.alphabet.edge()
    }

    /// The class of the character before the search.
    fn before(&self) -> u8 {
        let before = self.text.get(..self.from).and_then(|before| before.chars().next_back());
        before.map_or(self.edge(), |c| self.class(c))
    }

    /// Whether a match begins anywhere.
    fn any_start(&self, starts: &Dfa) -> bool {
        let (edge, before) = (self.edge(), self.before());
        if self.rest.is_ascii() {
            return starts.any(edge, self.rest.bytes().rev().map(|byte| self.ascii(byte)), before);
        }
        starts.any(edge, self.rest.chars().rev().map(|c| self.class(c)), before)
    }

    /// The first place where a match begins.
    fn first_start(&self, starts: &Dfa) -> Option<usize> {
        let (edge, last) = (self.edge(), (self.from, self.before()));
        if self.rest.is_ascii() {
            let classes = self.rest.bytes().enumerate().rev().map(|(at, b)| (self.from + at + 1, self.ascii(b)));
            return starts.last(edge, classes, last);
        }
        let classes = self.rest.char_indices().rev().map(|(at, c)| (self.from + at + c.len_utf8(), self.class(c)));
        starts.last(edge, classes, last)
    }

    /// Whether a match begins here.
    fn matches_here(&self, memory: &mut Memory) -> bool {
        let Some(ends) = &self.program.ends else {
            return self.simulate(Kind::AnyHere, 0, memory).is_some();
        };
        ends.any(self.before(), self.rest.chars().map(|c| self.class(c)), self.edge())
    }

    /// Where the preferred match that begins here ends.
    fn end(&self, memory: &mut Memory) -> Option<usize> {
        let Some(ends) = &self.program.ends else {
            return self.simulate(Kind::Here, 0, memory);
        };
        let classes = self.rest.char_indices().map(|(at, c)| (self.from + at, self.class(c)));
        ends.last(self.before(), classes, (self.text.len(), self.edge()))
    }

    fn simulate(&self, kind: Kind, width: usize, memory: &mut Memory) -> Option<usize> {
        let anchored = self.program.at_start || matches!(kind, Kind::AnyHere | Kind::Here | Kind::Until(_));
        let span = Span {
            from: self.from,
            anchored,
            any: matches!(kind, Kind::Any | Kind::AnyHere),
            until: if let Kind::Until(end) = kind { end } else { self.text.len() },
        };
        let Program { nfa, alphabet, first, .. } = self.program;
        let simulation = Simulation { nfa, alphabet, plane: self.plane, first: first.as_ref(), text: self.text };
        simulation.run(span, width, memory)
    }
}

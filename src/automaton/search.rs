//! Searching: by the DFAs where there are any, else by simulation.
//!
//! A leftmost match is found in two passes. One reads the text from its end and tells at each place whether a match
//! begins there; the last place told is the leftmost. The other begins there and tells where the preferred match ends.
//! The usual order, forward first, needs a DFA that keeps apart all places where a match may have begun: with
//! `refund.{0,40}card` that is millions of states. Backward it does not matter where a match ends, so that of two
//! counts under way the one with more left makes the other superfluous.

use super::alphabet::Alphabets;
use super::dfa::Dfa;
use super::memory::{Memory, UNSET};
use super::plane::Plane;
use super::program::Program;
use super::simulate::{Simulation, Span};
use std::ops::Range;

impl Program {
    /// The first place, from `from` on, where a match begins. Looks see the text before `from`.
    pub fn start(&self, alphabets: &Alphabets, text: &str, from: usize, memory: &mut Memory) -> Option<usize> {
        let search = Search::new(self, alphabets, text, from)?;
        match &self.starts {
            _ if self.at_start => (from == 0 && search.matches_here(memory)).then_some(0),
            Some(starts) => search.first_start(starts, memory),
            None => {
                search.simulate(Kind::Preferred, 1, memory)?;
                memory.best.first().copied().filter(|start| text.is_char_boundary(*start))
            }
        }
    }

    /// Up to where the preferred match that begins at exactly this place goes, if there is one.
    pub fn match_at(&self, alphabets: &Alphabets, text: &str, at: usize, memory: &mut Memory) -> Option<usize> {
        Search::new(self, alphabets, text, at)?.end(memory)
    }

    /// The leftmost match that begins at `from` or later, and of those the preferred one.
    pub fn find(&self, alphabets: &Alphabets, text: &str, from: usize, memory: &mut Memory) -> Option<Range<usize>> {
        let start = self.start(alphabets, text, from, memory)?;
        Some(start..self.match_at(alphabets, text, start, memory)?)
    }

    /// Finds all places where matches begin, at once, for [`Program::next_start`].
    pub fn mark_starts(&self, alphabets: &Alphabets, text: &str, memory: &mut Memory) {
        memory.begins.clear();
        memory.begins.resize(text.len() / 64 + 1, 0);
        if let (Some(starts), Some(search)) = (&self.starts, Search::new(self, alphabets, text, 0)) {
            search.mark_starts(starts, memory);
        }
    }

    /// The first place, from `from` on, where a match begins, in a text whose places were marked.
    pub fn next_start(&self, alphabets: &Alphabets, text: &str, from: usize, memory: &mut Memory) -> Option<usize> {
        if self.at_start || self.starts.is_none() {
            return self.start(alphabets, text, from, memory);
        }
        let begin = memory.next_begin(from);
        memory.count(begin.unwrap_or(text.len()).saturating_sub(from) / 64 + 1);
        begin.filter(|start| text.is_char_boundary(*start))
    }

    /// Where the named groups matched in a match that was found: two slots each, both set or neither.
    pub fn captures(
        &self,
        alphabets: &Alphabets,
        text: &str,
        found: Range<usize>,
        memory: &mut Memory,
        slots: &mut Vec<Option<usize>>,
    ) {
        slots.clear();
        slots.resize(self.groups.len() * 2, None);
        let Some(search) = Search::new(self, alphabets, text, found.start).filter(|_| !self.groups.is_empty()) else {
            return;
        };
        if search.simulate(Kind::Until(found.end), slots.len() + 1, memory).is_none() {
            return;
        }
        let pairs = memory.best.get(1..).unwrap_or_default().chunks_exact(2);
        for (pair, places) in pairs.zip(slots.chunks_exact_mut(2)) {
            if let ([start, end], [first, second]) = (pair, places)
                && *end != UNSET
                && start <= end
            {
                (*first, *second) = (Some(*start), Some(*end));
            }
        }
    }
}

/// What a DFA takes a byte: an ASCII character its class and the row that it leads to; another one, of two bytes at
/// least, two more look-ups for its class.
pub(super) const DFA_OPERATIONS: usize = 2;

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

    /// The first place where a match begins.
    fn first_start(&self, starts: &Dfa, memory: &mut Memory) -> Option<usize> {
        let mut first = None;
        self.each_start(starts, memory, |at| first = Some(at));
        first
    }

    /// Marks all places where matches begin.
    fn mark_starts(&self, starts: &Dfa, memory: &mut Memory) {
        let mut begins = std::mem::take(&mut memory.begins);
        self.each_start(starts, memory, |at| {
            if let Some(word) = begins.get_mut(at / 64) {
                *word |= 1 << (at % 64);
            }
        });
        memory.begins = begins;
    }

    /// All places where matches begin, the last first.
    fn each_start(&self, starts: &Dfa, memory: &mut Memory, begins: impl FnMut(usize)) {
        memory.count((self.rest.len() + 1) * DFA_OPERATIONS);
        let (edge, last) = (self.edge(), (self.from, self.before()));
        if self.rest.is_ascii() {
            let classes = self.rest.bytes().enumerate().rev().map(|(at, b)| (self.from + at + 1, self.ascii(b)));
            return starts.each(edge, classes, last, begins);
        }
        let classes = self.rest.char_indices().rev().map(|(at, c)| (self.from + at + c.len_utf8(), self.class(c)));
        starts.each(edge, classes, last, begins);
    }

    /// Whether a match begins here.
    fn matches_here(&self, memory: &mut Memory) -> bool {
        let Some(ends) = &self.program.ends else {
            return self.simulate(Kind::AnyHere, 0, memory).is_some();
        };
        let mut chars = self.rest.chars();
        let found = ends.any(self.before(), chars.by_ref().map(|c| self.class(c)), self.edge());
        memory.count((self.rest.len() - chars.as_str().len() + 1) * DFA_OPERATIONS);
        found
    }

    /// Where the preferred match that begins here ends.
    fn end(&self, memory: &mut Memory) -> Option<usize> {
        let Some(ends) = &self.program.ends else {
            return self.simulate(Kind::Here, 0, memory);
        };
        let mut chars = self.rest.char_indices();
        let classes = chars.by_ref().map(|(at, c)| (self.from + at, self.class(c)));
        let mut end = None;
        ends.each(self.before(), classes, (self.text.len(), self.edge()), |at| end = Some(at));
        memory.count((self.rest.len() - chars.as_str().len() + 1) * DFA_OPERATIONS);
        end
    }

    fn simulate(&self, kind: Kind, width: usize, memory: &mut Memory) -> Option<usize> {
        let anchored = self.program.at_start || matches!(kind, Kind::AnyHere | Kind::Here | Kind::Until(_));
        let span = Span {
            from: self.from,
            anchored,
            any: matches!(kind, Kind::AnyHere),
            until: if let Kind::Until(end) = kind { end } else { self.text.len() },
        };
        let Program { nfa, alphabet, first, .. } = self.program;
        let simulation = Simulation { nfa, alphabet, plane: self.plane, first: first.as_ref(), text: self.text };
        simulation.run(span, width, memory)
    }
}

//! The automata against what is known of them.

mod bounds;
mod cases;
mod hostile;
mod random;

use super::{Alphabets, Bounds, Memory, Program, Refused};
use std::ops::Range;

/// A program with what it needs.
struct Ready {
    program: Program,
    alphabets: Alphabets,
    memory: Memory,
}

impl Ready {
    fn new(source: &str, bounds: &Bounds) -> Self {
        Self::try_new(source, bounds).unwrap()
    }

    fn try_new(source: &str, bounds: &Bounds) -> Result<Self, Refused> {
        let hir = regex_syntax::parse(source).unwrap();
        let mut alphabets = Alphabets::new();
        let program = Program::new(&hir, &mut alphabets, bounds)?;
        Ok(Self { program, alphabets, memory: Memory::new() })
    }

    fn start(&mut self, text: &str, from: usize) -> Option<usize> {
        self.program.start(&self.alphabets, text, from, &mut self.memory)
    }

    fn find(&mut self, text: &str, from: usize) -> Option<Range<usize>> {
        self.program.find(&self.alphabets, text, from, &mut self.memory)
    }

    fn captures(&mut self, text: &str, from: usize) -> (Option<Range<usize>>, Vec<Option<usize>>) {
        let mut slots = vec![None; self.program.groups().len() * 2];
        let found = self.find(text, from);
        if let Some(found) = &found {
            self.program.captures(&self.alphabets, text, found.clone(), &mut self.memory, &mut slots);
        }
        (found, slots)
    }
}

/// No DFA at all: everything is simulated.
fn simulated() -> Bounds {
    Bounds { dfa_states_max: 0, ..Bounds::default() }
}

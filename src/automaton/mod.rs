//! Regexes as automata over characters, not bytes, with a bound on the work that is known when they are made.
//!
//! The crate `regex-syntax` parses; here a [`Program`] is made of its [`Hir`](regex_syntax::hir::Hir). It matches as
//! the `regex` crate does: the leftmost match, and of those that begin there the one that Perl would prefer.
//!
//! Why not `regex-automata`: its dense DFAs have no Unicode word boundaries, its lazy DFAs no worst case, and its
//! simulations work on UTF-8, where `\w` alone is hundreds of states. Over classes of characters `\w` is one
//! transition, a word boundary is a question about two neighbours, and a DFA of most regexes has some dozens of states.
//!
//! ```text
//! Hir ─► sets ─► Partition ─► Alphabet
//!    └─► compile ─► Nfa ─► determinise ─► Dfa
//! ```
//!
//! A program is plain data, and the same regex makes the same program. It may come from a file that lies: then it
//! gives wrong answers, but it neither panics nor loops, and all its ranges are within the text.

mod alphabet;
mod closures;
mod compile;
mod determinise;
mod dfa;
mod layout;
mod look;
mod memory;
mod nfa;
mod plane;
mod program;
mod search;
mod seen;
mod sets;
mod simulate;
mod subset;
#[cfg(test)]
mod tests;

pub use alphabet::{Alphabet, Alphabets};
pub use closures::Work;
pub use dfa::Dfa;
pub use look::Look;
pub use memory::Memory;
pub use nfa::{Mask, Nfa, State};
pub use plane::Plane;
pub use program::{Operations, Program};

/// How much a program may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The most states of an NFA. Beyond it, a regex is refused.
    pub nfa_states_max: u32,
    /// The most states of a DFA. Beyond it, there is none, and the NFA is simulated.
    pub dfa_states_max: u32,
    /// The most bytes of the tables of a DFA. Beyond it, there is none.
    pub dfa_bytes_max: u32,
    /// The most steps that making a DFA may take. Beyond it, there is none.
    pub dfa_steps_max: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { nfa_states_max: 20_000, dfa_states_max: 4_096, dfa_bytes_max: 256 << 10, dfa_steps_max: 1_000_000 }
    }
}

/// Why a regex makes no program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Its counts multiply.
    #[error("a regex of more than {max} states")]
    TooManyStates {
        /// The bound.
        max: u32,
    },
    /// It tells too many kinds of characters apart.
    #[error("a regex that tells more than {max} classes of characters apart")]
    TooManyClasses {
        /// The bound.
        max: usize,
    },
    /// Together, regexes divide the characters beyond ASCII in too many ways.
    #[error("regexes whose sets of characters take more than {bytes_max} bytes")]
    TooManyPlanes {
        /// The bound.
        bytes_max: usize,
    },
    /// It has too many different sets of characters.
    #[error("a regex of more than {} sets of characters", u16::MAX)]
    TooManySets,
    /// It speaks of bytes, by `(?-u)`.
    #[error("a regex that matches bytes beside characters")]
    Bytes,
    /// `regex-syntax` was built without its Unicode tables.
    #[error("a regex that needs Unicode tables, which this program was built without")]
    NoUnicode,
}

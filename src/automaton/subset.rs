//! The states of a DFA while it is made: lists of states of an NFA.

use super::compile::Chain;
use super::dfa::{COUNTS, COUNTS_READ, MATCHES};
use super::nfa::{Nfa, State};

/// A state of a DFA.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Subset {
    /// Whether a match ended before the character that led here.
    pub(super) matched: bool,
    /// The kinds behind that its looks ask for.
    pub(super) behind: u8,
    /// What becomes of the count.
    pub(super) count: Count,
    /// States of the NFA.
    pub(super) items: Vec<u32>,
}

/// What becomes of the count: the later, the more is left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Count {
    /// It goes on, if it has begun.
    Keep,
    /// It begins with the character that was just read.
    BeginRead,
    /// It begins here.
    Begin,
}

/// The chain that is counted instead of copied: all its copies are the first one, and how many are left is counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counter {
    /// The state of the first copy, which reads a character.
    pub(super) item: u32,
    /// Where it goes on.
    pub(super) next: u32,
    /// Whether another copy is preferred to going on.
    pub(super) greedy: bool,
    /// How many copies there are.
    pub(super) count: u32,
}

/// Fewer copies are not worth a counter.
const COUNT_MIN: u32 = 8;

impl Subset {
    /// What it does, for the tables.
    pub(super) fn act(&self) -> u8 {
        let count = match self.count {
            Count::Keep => 0,
            Count::BeginRead => COUNTS_READ,
            Count::Begin => COUNTS,
        };
        count | if self.matched { MATCHES } else { 0 }
    }
}

impl Counter {
    /// The longest chain of single characters that is not part of another chain.
    pub(super) fn of(nfa: &Nfa, chains: &[Chain]) -> Option<Self> {
        let end = |chain: &Chain| chain.base + chain.size * chain.count;
        let inside = |chain: &Chain, other: &Chain| other.base <= chain.base && end(chain) <= end(other);
        let alone = |chain: &&Chain| !chains.iter().any(|other| other != *chain && inside(chain, other));
        let single = |chain: &&Chain| chain.size == 2 && matches!(nfa.state(chain.base), Some(State::Chars { .. }));
        let longest = chains.iter().filter(single).filter(alone).max_by_key(|chain| chain.count)?;
        let Chain { count, greedy, next, .. } = *longest;
        (count >= COUNT_MIN).then_some(Self { item: end(longest) - 2, next, greedy, count })
    }
}

//! What a pack looks for: patterns on fields, the literals that find them, and in which views.

use crate::automaton::Program;

/// A set of views.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize,
)]
pub(crate) struct ViewSet(u8);

impl ViewSet {
    /// Neither.
    pub(crate) const NONE: Self = Self(0);
    /// The raw view only: what helps to handle.
    pub(crate) const RAW: Self = Self(1);
    /// The folded view only.
    pub(crate) const FOLDED: Self = Self(2);
    /// Either view: what helps to escalate.
    pub(crate) const EITHER: Self = Self(3);

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Each of them, or none.
    pub(crate) fn each(self) -> [Self; 2] {
        [self.both(Self::RAW), self.both(Self::FOLDED)]
    }

    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.both(other) != Self::NONE
    }
}

/// A phrase or a regex on one field; rules that say the same share it.
#[derive(Clone, Debug, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(crate) struct Pattern {
    /// The field, by its index in the pack.
    pub(crate) field: u32,
    /// As a rule writes it.
    pub(crate) written: String,
    /// The views that some rule wants it in.
    pub(crate) views: ViewSet,
    /// The views in which it can make a rule a candidate; none where no rule waits for it.
    pub(crate) wakes: ViewSet,
    /// How it is matched.
    pub(crate) matcher: Matcher,
    /// The rules that cannot fire until it has matched, or another that they wait for; by index.
    pub(crate) rules: Vec<u32>,
}

/// How a pattern is matched.
#[derive(Clone, Debug, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(crate) enum Matcher {
    /// By its words, or by its literals.
    Phrase,
    /// By two words and what is between.
    Gap,
    /// By a regex, which runs once one of the literals that it needs was seen, and a rule asks.
    Regex {
        /// Its automaton.
        program: Box<Program>,
        /// What must be seen before it can match.
        gate: Gate,
    },
}

impl Matcher {
    /// How dear it is to let a rule wait for this: what the scan finds anyway is cheap, a regex that must run on
    /// every message is not.
    pub(crate) fn cost_to_wait_for(&self) -> u32 {
        match self {
            Self::Phrase => 0,
            Self::Gap => 1,
            Self::Regex { gate: Gate::Prefix | Gate::Suffix, .. } => 2,
            Self::Regex { gate: Gate::Open, .. } => 3,
        }
    }
}

/// What must be seen before a regex is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(crate) enum Gate {
    /// One of the literals that every match begins with: the search starts at the first.
    Prefix,
    /// One of the literals that every match ends with: the search starts at the front.
    Suffix,
    /// There are no such literals.
    Open,
}

//! Which classes could go without a person one day, by what their actions reach: a person promotes, and evidence decides.

use crate::policy::action::{Nature, Reach, Reversibility};
use crate::policy::level::Level;
use crate::trust::{Bound, SIGNIFICANCE, Tally, threshold};

/// How far an action reaches, and whether it can be taken back: how much a wrong one destroys. Ordered from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Radius {
    /// It stays inside Decile.
    Internal,
    /// It writes to the source, and can be undone.
    Reversible,
    /// It writes to the source, and can be undone with effort or in part.
    SemiReversible,
    /// It cannot be undone.
    Irreversible,
}

/// Whether a class could go without a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It could be among the first: level 2 handles it, and it comes often enough for evidence to gather.
    Candidate,
    /// Level 2 would handle it, but it comes too seldom for evidence to gather soon.
    Seldom,
    /// Only level 3 handles it, and that has to be reached by level 2.
    Later,
    /// Its level is above 1 already.
    Promoted,
    /// Its action cannot be undone: always a person's.
    Never,
}

/// So many decisions without an error are needed for level 2, where no other class is tested at the same time.
pub(super) fn messages_min() -> u64 {
    let bound = threshold(Level::Routine).map(|threshold| Bound::new(threshold, SIGNIFICANCE, 1));
    bound.and_then(|bound| bound.missing(Tally::default())).unwrap_or(u64::MAX)
}

impl Radius {
    /// How far actions of this nature reach.
    pub fn of(nature: Nature) -> Self {
        match (nature.reach, nature.reversibility) {
            (_, Reversibility::Irreversible) => Self::Irreversible,
            (Reach::Internal, _) => Self::Internal,
            (Reach::Outward, Reversibility::Reversible) => Self::Reversible,
            (Reach::Outward, Reversibility::SemiReversible) => Self::SemiReversible,
        }
    }

    /// In a few words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Reversible => "outward, reversible",
            Self::SemiReversible => "outward, semi-reversible",
            Self::Irreversible => "irreversible",
        }
    }
}

impl Standing {
    /// Why, for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Candidate => "candidate for level 2",
            Self::Seldom => "too seldom for evidence to gather soon",
            Self::Later => "only level 3 handles it: after level 2",
            Self::Promoted => "above level 1 already",
            Self::Never => "never: it cannot be undone",
        }
    }
}

pub(super) fn standing(radius: Radius, level: Level, messages: u64) -> Standing {
    match radius {
        Radius::Irreversible => Standing::Never,
        _ if level >= Level::Routine => Standing::Promoted,
        Radius::SemiReversible => Standing::Later,
        Radius::Internal | Radius::Reversible if messages < messages_min() => Standing::Seldom,
        Radius::Internal | Radius::Reversible => Standing::Candidate,
    }
}

//! Canaries: attempts that must be refused, so that a wall that has fallen shows before anything went through it.
//!
//! On the reserved channel lie three grants, placed by `decile setup`: one that is over, one that was revoked, one that
//! nobody of ours signed. Each is right in everything else. Each wall is asked by itself, through the code that every
//! action goes through: the types for a permit, the broker for a commit, the executor for its consent. A halt, caps and
//! the age of an action could hide that a wall has fallen, and are left out.

mod grants;
mod tried;

pub use grants::{NotPlaced, Placed, grant};
pub use tried::Trial;

use crate::class::{ActionType, NameError};

/// One of the grants that must not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Canary {
    /// Its time is over.
    Expired,
    /// There is a revocation upon it.
    Revoked,
    /// No operator has the key that signed it.
    Forged,
}

/// One of the three walls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wall {
    /// No permit without a grant: [`crate::governing`] and [`crate::permit`].
    Types,
    /// No commit under a condition that does not hold: [`crate::bus::batch`].
    Broker,
    /// Nothing is carried out on anybody's word: [`crate::executor::verify`].
    Executor,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// As it must be.
    Refused,
    /// The wall has fallen.
    Passed,
}

/// What is published where one has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct CanaryAlert {
    /// The version of this form: 1.
    pub v: u32,
    /// The wall that let it pass.
    pub wall: Wall,
    /// What passed.
    pub canary: Canary,
    /// When.
    pub at: jiff::Timestamp,
}

impl Canary {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Expired, Self::Revoked, Self::Forged];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Forged => "forged",
        }
    }

    /// The type of action that its grant is for.
    ///
    /// # Errors
    /// Never; the words are names.
    pub fn kind(self) -> Result<ActionType, NameError> {
        ActionType::parse(&format!("canary_{}", self.as_str()))
    }
}

impl Wall {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Types, Self::Broker, Self::Executor];

    /// Its word: a label of metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Types => "types",
            Self::Broker => "broker",
            Self::Executor => "executor",
        }
    }
}

impl Tried {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Refused, Self::Passed];

    /// Its word: a label of metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Passed => "passed",
        }
    }

    pub(crate) fn passed_if(has_passed: bool) -> Self {
        if has_passed { Self::Passed } else { Self::Refused }
    }
}

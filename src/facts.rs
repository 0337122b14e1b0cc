//! What the gate rests on beside the rules and the policy. The shell looks; the gate only reads.

use crate::authority::GrantId;
use jiff::Timestamp;

/// The facts that a message is decided under; all of them are recorded in its decision.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Facts {
    /// The time of the decision.
    pub now: Timestamp,
    /// The halt, as last seen.
    pub halt: Halt,
    /// What covers an outward action of this message, as last seen.
    pub cover: Cover,
    /// What the bus says of the class's level on this channel, as last seen. None where nobody has looked: what was promoted
    /// is taken to stand.
    #[serde(default = "untouched", skip_serializing_if = "is_untouched")]
    pub level: Option<Leveled>,
}

/// What lies on the subject of a level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Leveled {
    /// The stream sequence of the last record; 0 where there is none.
    pub revision: u64,
    /// That of the last demotion; 0 where there never was one.
    pub demoted: u64,
}

#[expect(clippy::unnecessary_wraps, reason = "it is the default of an optional field")]
fn untouched() -> Option<Leveled> {
    Some(Leveled::default())
}

/// Nearly all decisions: nothing was ever promoted or demoted on the bus.
fn is_untouched(level: &Option<Leveled>) -> bool {
    *level == untouched()
}

/// The halt, with the revision of the record that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Halt {
    /// Not halted; 0 where no halt was ever recorded.
    Off {
        /// The stream sequence of the record.
        revision: u64,
    },
    /// Halted: nothing is handled.
    On {
        /// The stream sequence of the record.
        revision: u64,
    },
}

/// What covers an outward action. It lets nothing out by itself: that takes a permit, which is made of what was verified.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cover {
    /// What is known of grants is too old to rely on.
    Stale,
    /// No grant covers the action.
    NoGrant,
    /// A grant does, but a cap's window is full.
    CapReached,
    /// A grant does, and there is room.
    Granted {
        /// Which.
        grant: GrantId,
        /// The stream sequence of its record.
        revision: u64,
    },
}

impl Facts {
    /// The facts where nothing was ever halted or granted, and nobody has looked for demotions: what offline commands decide
    /// under.
    pub fn quiet(now: Timestamp) -> Self {
        Self { now, halt: Halt::Off { revision: 0 }, cover: Cover::NoGrant, level: None }
    }
}

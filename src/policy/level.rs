//! Trust levels, and the table of what each reaches.

use super::action::{Reach, Reversibility};

/// How far a class may act by itself. There is no fourth step, in any type, file or flag.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde_repr::Serialize_repr, serde_repr::Deserialize_repr,
)]
#[repr(u8)]
pub enum Level {
    /// 0: a suggestion to a person.
    Suggest = 0,
    /// 1, the default: a draft that a person may approve.
    Draft = 1,
    /// 2: internal and reversible outward actions.
    Routine = 2,
    /// 3: what can be half undone, too.
    Bounded = 3,
}

impl Level {
    /// Every level, lowest first.
    pub const ALL: [Self; 4] = [Self::Suggest, Self::Draft, Self::Routine, Self::Bounded];

    /// The level of a number.
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|level| u64::from(*level as u8) == number)
    }
}

/// In a schema a level is its number.
impl schemars::JsonSchema for Level {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Level".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 0, "maximum": 3 })
    }
}

/// What a level allows for an action: a cell of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowance {
    /// A person decides, and sees what is suggested.
    Suggest,
    /// A person decides, without even a suggestion of the action.
    Escalate,
    /// A person decides, with a draft.
    Draft,
    /// Handled.
    Handle,
    /// Handled if a grant covers it and its caps have room.
    HandleUnderGrant,
}

/// The table: what each level reaches. A row for each level, a column for each kind of action; README and
/// policy file tell it in words.
pub fn allowance(level: Level, reach: Reach, reversibility: Reversibility) -> Allowance {
    match (level, reach, reversibility) {
        (Level::Suggest, Reach::Internal, _) => Allowance::Suggest,
        (Level::Suggest, Reach::Outward, _) => Allowance::Escalate,
        (Level::Draft, _, _) | (_, _, Reversibility::Irreversible) => Allowance::Draft,
        (Level::Routine | Level::Bounded, Reach::Internal, _) => Allowance::Handle,
        (Level::Routine, Reach::Outward, Reversibility::SemiReversible) => Allowance::Draft,
        (Level::Routine, Reach::Outward, Reversibility::Reversible)
        | (Level::Bounded, Reach::Outward, Reversibility::Reversible | Reversibility::SemiReversible) => {
            Allowance::HandleUnderGrant
        }
    }
}

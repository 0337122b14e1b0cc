//! Actions as written: types in `[[action]]`, and what a class does in `action = { … }`.

use super::required_name;
use crate::diagnostic::Location;
use crate::diagnostic::table::{Placed, Table};
use crate::policy::action::{Reach, Reversibility};

/// A type of action: one of your own, or a built-in one made stricter.
#[derive(Debug, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenActionType {
    /// Its name: letters, digits, `_` and `-`.
    #[schemars(required, rename = "type")]
    pub kind: Option<Placed<String>>,
    /// Where it writes; `outward` unless a built-in type says less.
    pub reach: Option<Placed<Reach>>,
    /// Whether it can be undone; `irreversible` unless a built-in type says less.
    pub reversibility: Option<Placed<Reversibility>>,
    /// The type that undoes it: `decile undo` needs one.
    pub inverse: Option<Placed<String>>,
    /// What it does, in a line.
    pub description: Option<Placed<String>>,
}

/// What to do with a message. Which keys belong to it depends on its type.
#[derive(Debug, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenAction {
    /// The type: `label`, `note`, `draft`, `archive`, `mark_read`, `react`, `reply`, `forward`, `send`, or one
    /// of your own.
    #[schemars(required, rename = "type")]
    pub kind: Option<Placed<String>>,
    /// The text to write: of `note`, `draft`, `reply`, `send` and your own types. `{sender}`, `{subject}`,
    /// `{channel}`, `{class}` and `{date}` are filled in.
    pub template: Option<Placed<String>>,
    /// The label: of `label`.
    pub label: Option<Placed<String>>,
    /// Who gets it: of `forward` and `send`.
    pub to: Option<Placed<String>>,
    /// The emoji's name: of `react`.
    pub emoji: Option<Placed<String>>,
    /// Fixed arguments of your own types.
    #[schemars(with = "Option<std::collections::BTreeMap<String, String>>")]
    pub arguments: Option<WrittenArguments>,
    /// Where the action stands.
    #[schemars(skip)]
    pub at: Location,
}

/// Arguments of a type of one's own: names that the user chose.
#[derive(Debug)]
pub struct WrittenArguments {
    /// Names and values, as far as they are strings.
    pub entries: Vec<(Placed<String>, Placed<String>)>,
    /// Where they stand.
    pub at: Location,
}

const REACHES: [(&str, Reach); 2] = [("internal", Reach::Internal), ("outward", Reach::Outward)];
const REVERSIBILITIES: [(&str, Reversibility); 3] = [
    ("reversible", Reversibility::Reversible),
    ("semi_reversible", Reversibility::SemiReversible),
    ("irreversible", Reversibility::Irreversible),
];

impl WrittenActionType {
    pub(super) fn read(table: &Table<'_>) -> Self {
        Self {
            kind: required_name(table, "type"),
            reach: table.word("reach", &REACHES),
            reversibility: table.word("reversibility", &REVERSIBILITIES),
            inverse: super::name(table, "inverse"),
            description: table.string("description"),
        }
    }
}

impl WrittenAction {
    pub(super) fn read(table: &Table<'_>) -> Self {
        Self {
            kind: required_name(table, "type"),
            template: table.string("template"),
            label: table.string("label"),
            to: table.string("to"),
            emoji: table.string("emoji"),
            arguments: table.raw("arguments").map(|raw| WrittenArguments {
                entries: table
                    .named("arguments")
                    .into_iter()
                    .filter_map(|(name, value)| Some((name, value.string("arguments")?)))
                    .collect(),
                at: raw.at(),
            }),
            at: table.at(),
        }
    }
}

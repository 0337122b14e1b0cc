//! Actions: what to do, how far it reaches, and whether it can be undone.

use super::draft::Template;
use crate::class::ActionType;
use std::collections::BTreeMap;

/// Where an action writes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Stays inside Decile.
    Internal,
    /// Writes to the source.
    Outward,
}

/// Whether an action can be undone. Ordered from lax to strict.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Reversibility {
    /// It can.
    Reversible,
    /// Only with effort, or in part.
    SemiReversible,
    /// It cannot: always a person's.
    Irreversible,
}

/// What a type of action means: built in, or declared in the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nature {
    /// Where it writes.
    pub reach: Reach,
    /// Whether it can be undone.
    pub reversibility: Reversibility,
}

/// An action that is neither built in nor declared: outward and irreversible.
pub const UNDECLARED: Nature = Nature { reach: Reach::Outward, reversibility: Reversibility::Irreversible };

/// The types that need no declaration.
pub const BUILT_IN_TYPES: [&str; 12] = [
    "label",
    "note",
    "draft",
    "archive",
    "mark_read",
    "react",
    "unarchive",
    "mark_unread",
    "unreact",
    "reply",
    "forward",
    "send",
];

/// The nature of the built-in types.
pub fn built_in(kind: &str) -> Option<Nature> {
    let (reach, reversibility) = match kind {
        "label" | "note" | "draft" => (Reach::Internal, Reversibility::Reversible),
        "archive" | "mark_read" | "react" | "unarchive" | "mark_unread" | "unreact" => {
            (Reach::Outward, Reversibility::Reversible)
        }
        "reply" | "forward" | "send" => (Reach::Outward, Reversibility::SemiReversible),
        _ => return None,
    };
    Some(Nature { reach, reversibility })
}

/// What undoes a built-in type.
pub fn built_in_inverse(kind: &ActionType) -> Option<ActionType> {
    let inverse = match kind.as_str() {
        "archive" => "unarchive",
        "mark_read" => "mark_unread",
        "react" => "unreact",
        _ => return None,
    };
    ActionType::parse(inverse).ok()
}

/// What a policy line does with a message, resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Its type.
    pub kind: ActionType,
    /// Its nature, with what the policy made stricter.
    pub nature: Nature,
    /// Fixed arguments, as the policy writes them: `label = "scheduled"`, `to = "legal@…"`.
    pub arguments: BTreeMap<String, String>,
    /// The text that it would write.
    pub template: Option<Template>,
}

//! Names that rules and policies share: of classes, of rules, and of types of actions.

use std::fmt;
use std::sync::Arc;

/// The longest name of a class, in bytes.
pub const NAME_BYTES_MAX: usize = 64;

/// A class: what a message *is*. `[A-Za-z0-9_-]{1,64}`, the decision type of the policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Class(Arc<str>);

/// A rule's id: `[A-Za-z0-9_-]{1,64}`, unique in its pack.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct RuleId(Arc<str>);

/// The name is empty, too long, or has other bytes than `[A-Za-z0-9_-]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name is 1 to {NAME_BYTES_MAX} letters, digits, `_` or `-`")]
pub struct NameError;

/// A type of action: `label`, `reply`. `[A-Za-z0-9_-]{1,64}`: one token of a subject.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct ActionType(Arc<str>);

macro_rules! name {
    ($type:ident) => {
        impl $type {
            /// Checks a name.
            ///
            /// # Errors
            /// Where it is not `[A-Za-z0-9_-]{1,64}`.
            pub fn parse(name: &str) -> Result<Self, NameError> {
                if is_name(name) { Ok(Self(Arc::from(name))) } else { Err(NameError) }
            }

            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $type {
            type Error = NameError;

            fn try_from(name: String) -> Result<Self, NameError> {
                Self::parse(&name)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

name!(Class);
name!(RuleId);
name!(ActionType);

impl ActionType {
    /// The type that a policy uses where it names none.
    pub fn note() -> Self {
        Self(Arc::from("note"))
    }
}

/// Whether a text is `[A-Za-z0-9_-]{1,64}`: what classes, rules, desks, restrictions and action types are
/// named by.
pub fn is_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        assert!(Class::parse("billing_dispute").is_ok());
        for wrong in ["", "a b", "a.b", "é", &"x".repeat(65)] {
            assert_eq!(Class::parse(wrong), Err(NameError), "{wrong}");
        }
    }
}

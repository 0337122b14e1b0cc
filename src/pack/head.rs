//! What deciding needs of a rule whatever it says, kept apart: sixteen bytes a rule stay in the cache where rules do not,
//! and most rules need no more.

use super::Rule;
use super::pattern::{Matcher, Pattern};

/// The head of a rule. It is made of the rule, and not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The class, by index; [`Head::NONE`] for a restricting rule.
    class: u32,
    /// The pattern of a rule that is one phrase or gap, permits, and has no other condition; [`Head::NONE`] for others.
    only: u32,
    /// The field of that pattern.
    field: u32,
}

impl Head {
    const NONE: u32 = u32::MAX;

    /// The heads of all rules.
    pub(crate) fn all(rules: &[Rule], patterns: &[Pattern]) -> Vec<Self> {
        rules.iter().map(|rule| Self::of(rule, patterns)).collect()
    }

    fn of(rule: &Rule, patterns: &[Pattern]) -> Self {
        let only = match *rule.any {
            [only] if rule.is_plain && !rule.restricts() => patterns.get(only as usize).map(|pattern| (only, pattern)),
            _ => None,
        };
        let found_by_the_scan = only.filter(|(_, pattern)| !matches!(pattern.matcher, Matcher::Regex { .. }));
        let (only, field) = found_by_the_scan.map_or((Self::NONE, 0), |(only, pattern)| (only, pattern.field));
        Self { class: rule.class.unwrap_or(Self::NONE), only, field }
    }

    /// Whether it forces escalation.
    pub(crate) fn restricts(self) -> bool {
        self.class == Self::NONE
    }

    /// The class that it names.
    pub(crate) fn class(self) -> Option<u32> {
        (!self.restricts()).then_some(self.class)
    }

    /// The pattern, and its field, of a rule that fires wherever that is found.
    pub(crate) fn only(self) -> Option<(u32, u32)> {
        (self.only != Self::NONE).then_some((self.only, self.field))
    }
}

//! Two verdicts on each message of a corpus, compared: what changes, in the order in which a person should look.
//!
//! A verdict changes where its class or its reason does. That other rules led to the same class is no change:
//! nothing else becomes of the message.

use super::{Outcome, Verdict};
use crate::class::Class;
use crate::reason::Reason;
use std::collections::BTreeMap;

/// How a verdict changes. The order is the one to read in: what may now happen by itself stands first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// A class where there was none.
    NewlyHandled {
        /// The class that it has now.
        class: Class,
        /// Why it had none.
        before: Reason,
    },
    /// Another class.
    Reclassified {
        /// The class that it had.
        before: Class,
        /// The class that it has now.
        after: Class,
    },
    /// No class where there was one.
    NoLongerHandled {
        /// The class that it had.
        class: Class,
        /// Why it has none now.
        after: Reason,
    },
    /// No class either way, and another reason.
    OtherReason {
        /// Why it had none.
        before: Reason,
        /// Why it has none now.
        after: Reason,
    },
}

/// What a [`Change`] is, without saying of which class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// A class where there was none.
    NewlyHandled,
    /// Another class.
    Reclassified,
    /// No class where there was one.
    NoLongerHandled,
    /// No class either way, and another reason.
    OtherReason,
}

/// The messages that change in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<E> {
    /// How many there are.
    pub messages: u64,
    /// The first of them, at most as many as were asked for.
    pub examples: Vec<E>,
}

/// All that changes between two packs over a corpus. Its memory is bounded by classes, reasons and examples,
/// not by the corpus.
#[derive(Clone, Debug)]
pub struct Differences<E> {
    examples_max: usize,
    groups: BTreeMap<Change, Group<E>>,
}

impl Change {
    /// What changes between two verdicts on one message; `None` where class and reason stay.
    pub fn between(before: &Verdict, after: &Verdict) -> Option<Self> {
        let change = match (before.outcome.clone(), after.outcome.clone()) {
            (before, after) if before == after => return None,
            (Outcome::None(before), Outcome::Class(class)) => Self::NewlyHandled { class, before },
            (Outcome::Class(before), Outcome::Class(after)) => Self::Reclassified { before, after },
            (Outcome::Class(class), Outcome::None(after)) => Self::NoLongerHandled { class, after },
            (Outcome::None(before), Outcome::None(after)) => Self::OtherReason { before, after },
        };
        Some(change)
    }

    /// Which way it goes.
    pub fn direction(&self) -> Direction {
        match self {
            Self::NewlyHandled { .. } => Direction::NewlyHandled,
            Self::Reclassified { .. } => Direction::Reclassified,
            Self::NoLongerHandled { .. } => Direction::NoLongerHandled,
            Self::OtherReason { .. } => Direction::OtherReason,
        }
    }
}

impl Direction {
    /// Every direction, in the order to read in.
    pub const ALL: [Self; 4] = [Self::NewlyHandled, Self::Reclassified, Self::NoLongerHandled, Self::OtherReason];
}

impl<E> Differences<E> {
    /// Nothing compared yet; each group will keep at most `examples_max` examples.
    pub fn new(examples_max: usize) -> Self {
        Self { examples_max, groups: BTreeMap::new() }
    }

    /// Compares two verdicts on one message; `example` is asked for only where it is kept.
    pub fn add(&mut self, before: &Verdict, after: &Verdict, example: impl FnOnce() -> E) {
        let Some(change) = Change::between(before, after) else { return };
        let group = self.groups.entry(change).or_insert_with(|| Group { messages: 0, examples: Vec::new() });
        group.messages += 1;
        if group.examples.len() < self.examples_max {
            group.examples.push(example());
        }
    }

    /// Every group, in the order to read in.
    pub fn groups(&self) -> impl Iterator<Item = (&Change, &Group<E>)> {
        self.groups.iter()
    }

    /// How many messages change.
    pub fn changed(&self) -> u64 {
        self.groups.values().map(|group| group.messages).sum()
    }

    /// How many messages change this way.
    pub fn changed_in(&self, direction: Direction) -> u64 {
        let groups = self.groups.iter().filter(|(change, _)| change.direction() == direction);
        groups.map(|(_, group)| group.messages).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(name: &str) -> Verdict {
        Verdict { outcome: Outcome::Class(Class::parse(name).unwrap()), evidence: Vec::new() }
    }

    fn none(reason: Reason) -> Verdict {
        Verdict::none(reason, Vec::new())
    }

    fn name(name: &str) -> Class {
        Class::parse(name).unwrap()
    }

    #[test]
    fn what_may_happen_by_itself_comes_first_and_examples_are_bounded() {
        let mut differences = Differences::new(2);
        let pairs = [
            (none(Reason::Novel), none(Reason::Unmatched)),
            (class("a"), none(Reason::Restricted)),
            (class("b"), class("a")),
            (none(Reason::Unmatched), class("b")),
            (none(Reason::Unmatched), class("a")),
            (none(Reason::Unmatched), class("a")),
            (none(Reason::Unmatched), class("a")),
            (none(Reason::Conflict), class("a")),
        ];
        for (number, (before, after)) in pairs.iter().enumerate() {
            differences.add(before, after, || number);
        }
        let found: Vec<(Change, u64, Vec<usize>)> =
            differences.groups().map(|(change, it)| (change.clone(), it.messages, it.examples.clone())).collect();
        let newly = |class: &str, before| Change::NewlyHandled { class: name(class), before };
        let expected = [
            (newly("a", Reason::Unmatched), 3, vec![4, 5]),
            (newly("a", Reason::Conflict), 1, vec![7]),
            (newly("b", Reason::Unmatched), 1, vec![3]),
            (Change::Reclassified { before: name("b"), after: name("a") }, 1, vec![2]),
            (Change::NoLongerHandled { class: name("a"), after: Reason::Restricted }, 1, vec![1]),
            (Change::OtherReason { before: Reason::Novel, after: Reason::Unmatched }, 1, vec![0]),
        ];
        assert_eq!(found, expected);
        assert_eq!(differences.changed(), 8);
        assert_eq!(Direction::ALL.map(|direction| differences.changed_in(direction)), [5, 1, 1, 1]);
        assert!(Direction::ALL.is_sorted());
    }

    #[test]
    fn the_same_class_or_reason_is_no_change() {
        let mut differences: Differences<()> = Differences::new(9);
        for verdict in [class("a"), none(Reason::Restricted)] {
            differences.add(&verdict, &verdict, || panic!("nothing to keep"));
        }
        assert_eq!((differences.changed(), differences.groups().count()), (0, 0));
    }
}

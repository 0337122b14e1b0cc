//! What was decided within five minutes, in counts: all that drift is judged by, and no message's text.

use crate::drift::calendar::WINDOW_S;
use crate::drift::fold::{CLASSES_MAX, REASONS_MAX};
use std::collections::BTreeMap;

/// Stands for messages without a class. No class is called so: the brackets are not allowed in a name.
pub const NO_CLASS: &str = "(none)";
/// Stands for all classes, or reasons, beyond the most that are told apart.
pub const OTHER: &str = "(other)";
/// The longest name of a class or a reason, in bytes; longer ones are nobody's.
pub(crate) const NAME_BYTES_MAX: usize = 64;
/// How many lengths are told apart: bucket b has payloads of 2^b bytes up to twice as many, the last one all longer ones.
pub const LENGTHS: u8 = 16;

/// How many shares of unknown words are told apart: bucket b has messages of whose words b tenths and more are unknown, the last
/// one those of which all are.
pub const UNKNOWNS: u8 = 11;

/// How many decisions, and how many of them were escalations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// All decisions.
    pub decisions: u64,
    /// Those that brought the message to a person.
    pub escalated: u64,
}

/// Counts of the decisions of one window of [`WINDOW_S`] seconds, disjoint from every other.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// When the window begins, in seconds since the epoch: a multiple of [`WINDOW_S`].
    pub start_s: i64,
    /// By class, [`NO_CLASS`] or [`OTHER`].
    pub classes: BTreeMap<String, Counts>,
    /// Escalations by reason.
    pub reasons: BTreeMap<String, u64>,
    /// Messages by length bucket, of [`LENGTHS`].
    pub lengths: BTreeMap<u8, u64>,
    /// Messages by the share of their words that no rule knows, in [`UNKNOWNS`] buckets; without those that have no words.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unknown: BTreeMap<u8, u64>,
}

impl Counts {
    /// Both together.
    #[must_use]
    pub fn and(self, more: Self) -> Self {
        Self {
            decisions: self.decisions.saturating_add(more.decisions),
            escalated: self.escalated.saturating_add(more.escalated),
        }
    }
}

impl Tally {
    /// Of the window in which this second lies; empty.
    pub fn at(at_s: i64) -> Self {
        Self { start_s: at_s - at_s.rem_euclid(WINDOW_S), ..Self::default() }
    }

    /// Takes one decision: its class, the reason if it was an escalation, how long the payload was, in bytes, and what share of
    /// the message's words no rule knows, if it has any.
    pub fn add(&mut self, class: Option<&str>, reason: Option<&str>, payload_bytes: usize, unknown: Option<f64>) {
        let one = Counts { decisions: 1, escalated: u64::from(reason.is_some()) };
        bounded(&mut self.classes, class.unwrap_or(NO_CLASS), CLASSES_MAX, |counts: &mut Counts| {
            *counts = counts.and(one)
        });
        if let Some(reason) = reason {
            bounded(&mut self.reasons, reason, REASONS_MAX, |many| *many += 1);
        }
        *self.lengths.entry(length(payload_bytes)).or_default() += 1;
        if let Some(share) = unknown {
            *self.unknown.entry(tenths(share)).or_default() += 1;
        }
    }

    /// How many decisions.
    pub fn decisions(&self) -> u64 {
        self.all().decisions
    }

    /// How many of them were escalations.
    pub fn escalated(&self) -> u64 {
        self.all().escalated
    }

    /// All classes together.
    pub(crate) fn all(&self) -> Counts {
        self.classes.values().fold(Counts::default(), |sum, counts| sum.and(*counts))
    }
}

/// Changes the entry of this name, or of [`OTHER`] where there are too many names already. On the way of each message: a
/// name that is known is not made anew.
pub(crate) fn bounded<T: Default>(map: &mut BTreeMap<String, T>, name: &str, most: usize, change: impl FnOnce(&mut T)) {
    if let Some(known) = map.get_mut(name) {
        return change(known);
    }
    let name = if map.len() < most { name } else { OTHER };
    change(map.entry(name.to_owned()).or_default());
}

/// In which bucket a payload of this length is counted.
fn length(payload_bytes: usize) -> u8 {
    let log2 = payload_bytes.checked_ilog2().unwrap_or(0);
    u8::try_from(log2).unwrap_or(LENGTHS).min(LENGTHS - 1)
}

/// In which bucket a share is counted.
fn tenths(share: f64) -> u8 {
    (1..UNKNOWNS).rev().find(|bucket| share >= f64::from(*bucket) / f64::from(UNKNOWNS - 1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_by_class_reason_and_length() {
        let mut tally = Tally::at(1_000_123);
        tally.add(Some("billing"), None, 0, None);
        tally.add(Some("billing"), Some("level"), 300, Some(0.25));
        tally.add(None, Some("unmatched"), usize::MAX, Some(1.0));
        assert_eq!((tally.start_s, tally.decisions(), tally.escalated()), (999_900, 3, 2));
        assert_eq!(tally.classes["billing"], Counts { decisions: 2, escalated: 1 });
        assert_eq!(tally.classes[NO_CLASS], Counts { decisions: 1, escalated: 1 });
        assert_eq!(tally.lengths, BTreeMap::from([(0, 1), (8, 1), (15, 1)]));
        assert_eq!(tally.unknown, BTreeMap::from([(2, 1), (10, 1)]));
        assert_eq!([0.0, 0.099, 0.1, 0.3, 0.999, 1.0, f64::NAN].map(tenths), [0, 0, 1, 3, 9, 10, 0]);
        let json = serde_json::to_string(&tally).unwrap();
        assert_eq!(serde_json::from_str::<Tally>(&json).unwrap(), tally);
        assert!(serde_json::from_str::<Tally>(&json.replacen('{', "{\"more\":1,", 1)).is_err());
        assert_eq!([255, 256, 511, 512].map(length), [7, 8, 8, 9]);
    }

    #[test]
    fn it_is_bounded() {
        let mut tally = Tally::at(0);
        for i in 0..3_000 {
            tally.add(Some(&format!("c{i}")), Some(&format!("r{i}")), 10, None);
        }
        tally.add(Some(&"x".repeat(65)), None, 10, None);
        assert_eq!((tally.classes.len(), tally.reasons.len()), (CLASSES_MAX + 1, REASONS_MAX + 1));
        assert_eq!((tally.decisions(), tally.escalated()), (3_001, 3_000));
    }
}

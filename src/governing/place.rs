//! A grant's subject: what stands there, and what lies there.

use super::{CLOCK_OFF_MAX, Record};
use crate::authority::VerifiedGrant;
use jiff::Timestamp;
use std::sync::Arc;

/// What stands on a grant's subject.
#[derive(Clone, Debug, Default)]
pub(super) enum Standing {
    /// A grant, with its revision.
    Grant(Arc<VerifiedGrant>, u64),
    /// Nothing that permits anything.
    #[default]
    Nothing,
}

/// A grant's subject.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// What stands there.
    pub(super) standing: Standing,
    /// The latest records, the last of all at the end; what lies below those that matter is left out.
    lying: Vec<Lying>,
}

/// The two records that a record is stored upon; 0 where there is none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beneath {
    /// The sequence of the one before it.
    pub(super) last: u64,
    /// The sequence of the one before that which the broker still had: a grant vanishes from its subject when it ends, and
    /// whoever signs the next one cannot see that it was there.
    pub(super) before: u64,
}

#[derive(Clone, Copy, Debug)]
struct Lying {
    sequence: u64,
    /// When the broker forgets it; `None` for never.
    gone_at: Option<Timestamp>,
}

/// The most records with an end that are told apart.
const LYING_MAX: usize = 16;

impl Lying {
    /// Whether the broker may have forgotten it by then. Of several servers, each has a clock of its own.
    fn is_gone(&self, at: Timestamp) -> bool {
        self.gone_at.is_some_and(|gone_at| gone_at.duration_since(at) <= CLOCK_OFF_MAX)
    }

    /// Both as one, which is there while either is.
    fn with(self, other: Self) -> Self {
        let gone_at = self.gone_at.zip(other.gone_at).map(|(one, other)| one.max(other));
        Self { sequence: self.sequence.max(other.sequence), gone_at }
    }
}

impl Place {
    /// The sequence of the last record; 0 where there is none.
    pub(super) fn last(&self) -> u64 {
        self.lying.last().map_or(0, |it| it.sequence)
    }

    /// What a record that is stored now is stored upon.
    pub(super) fn beneath(&self, at: Timestamp) -> Beneath {
        let before = self.lying.iter().rev().skip(1).find(|it| !it.is_gone(at));
        Beneath { last: self.last(), before: before.map_or(0, |it| it.sequence) }
    }

    /// Puts a record on top.
    pub(super) fn put(&mut self, record: &Record<'_>, standing: Standing) {
        let gone_at = record.kept.and_then(|kept| record.stored_at.checked_add(kept).ok());
        self.lying.push(Lying { sequence: record.sequence, gone_at });
        self.standing = standing;
        // Nothing is looked for below the second that stays for ever.
        let stay = self.lying.iter().enumerate().rev().filter(|(_, it)| it.gone_at.is_none());
        if let Some(below) = stay.map(|(at, _)| at).nth(1) {
            self.lying.drain(..below);
        }
        if let [first, second, ..] = self.lying[..]
            && self.lying.len() > LYING_MAX
        {
            self.lying.splice(..2, [first.with(second)]);
        }
    }
}

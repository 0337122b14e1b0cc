//! The leases of an instance, as it knows them itself: a chain that is renewed while it stands. What counts in the end is the
//! broker's clock.

use super::Moment;
use std::time::Duration;

/// A chain of leases.
#[derive(Clone, Debug)]
pub struct Chain<L> {
    age_max: Duration,
    epoch: u64,
    standing: Option<Standing<L>>,
    asked_at: Option<Moment>,
}

#[derive(Clone, Debug)]
struct Standing<L> {
    lease: L,
    asked_at: Moment,
}

/// What became of a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewed<L> {
    /// The next lease stands.
    Stored(L),
    /// The one before does not stand any more.
    Broken,
    /// The broker did not say.
    Unknown,
}

impl<L> Chain<L> {
    /// A chain whose leases stand for so long.
    pub fn new(age_max: Duration) -> Self {
        Self { age_max, epoch: 0, standing: None, asked_at: None }
    }

    /// Of which chain this is: another one where the last was broken.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Whether the next lease is to be asked for.
    pub fn is_due(&self, now: Moment) -> bool {
        let is_old = self.asked_at.is_none_or(|asked_at| now.since(asked_at) >= self.age_max / 3);
        is_old || self.lease(now).is_none()
    }

    /// The next lease is asked for. It stands only upon the one that comes back; the first one upon none. Upon one that is over
    /// by our clocks nothing stands, whatever the broker would say: one that comes back keeps for a moment what ended while
    /// it was away.
    pub fn ask(&mut self, now: Moment) -> Option<&L> {
        self.asked_at = Some(now);
        if self.standing.is_some() && self.lease(now).is_none() {
            self.break_off();
        }
        self.standing.as_ref().map(|standing| &standing.lease)
    }

    /// What the broker answered to what was asked then.
    pub fn renewed(&mut self, asked_at: Moment, renewed: Renewed<L>) {
        match renewed {
            Renewed::Stored(lease) => self.standing = Some(Standing { lease, asked_at }),
            // Whatever our clocks say. What came while that chain stood may have been decided by others.
            Renewed::Broken => self.break_off(),
            // The one before is still there, or it is not: the next attempt will tell.
            Renewed::Unknown => {}
        }
    }

    fn break_off(&mut self) {
        self.standing = None;
        self.epoch += 1;
    }

    /// The lease that plans may rest on.
    pub fn lease(&self, now: Moment) -> Option<&L> {
        let standing = self.standing.as_ref()?;
        (now.since(standing.asked_at) < self.age_max).then_some(&standing.lease)
    }
}

/// What the client has been sent and nobody has looked at yet: it counts only while its chain stands, and while somebody
/// looks.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    epoch: u64,
    seen_at: Moment,
    unseen_max: Duration,
}

impl Held {
    /// Asked for now, under this chain. Nothing may lie unseen for longer than a plan may wait.
    pub fn new(epoch: u64, now: Moment, unseen_max: Duration) -> Self {
        Self { epoch, seen_at: now, unseen_max }
    }

    /// Whether what comes next may still be decided; else all of it is thrown away, and asked for anew.
    pub fn look(&mut self, epoch: u64, now: Moment) -> bool {
        let is_seen = now.since(self.seen_at) <= self.unseen_max;
        self.seen_at = now;
        is_seen && epoch == self.epoch
    }
}

//! The leases of an instance that are over, until the broker has forgotten them.

use super::Moment;
use std::collections::VecDeque;
use std::time::Duration;

/// The leases of an instance that the broker may still keep. One that was away keeps what ended meanwhile for a moment when it
/// comes back (nats-server 2.15: a quarter of a second and more), and what a client held back for it arrives just then: so a
/// connection that writes is not made anew before all that is over is gone.
#[derive(Clone, Debug)]
pub struct Lingering<L> {
    age_max: Duration,
    stored: VecDeque<(L, Moment)>,
}

impl<L> Lingering<L> {
    /// None yet, of those that stand for so long.
    pub fn new(age_max: Duration) -> Self {
        Self { age_max, stored: VecDeque::new() }
    }

    /// One is stored that was asked for then; later than those before.
    pub fn stored(&mut self, lease: L, asked_at: Moment) {
        self.stored.push_back((lease, asked_at));
    }

    /// The first that is over, and not known to be gone.
    pub fn over(&self, now: Moment) -> Option<&L> {
        let (lease, asked_at) = self.stored.front()?;
        (now.since(*asked_at) >= self.age_max).then_some(lease)
    }

    /// The first is gone.
    pub fn gone(&mut self) {
        self.stored.pop_front();
    }
}

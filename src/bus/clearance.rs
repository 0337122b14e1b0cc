//! A connection that writes is not made again before the broker has forgotten every lease of ours that is over.
//!
//! A client sends what it took while there was no connection as soon as there is one, and a broker that comes back keeps
//! what ended meanwhile for a moment: a plan that is long too old would be stored.
//!
//! A hole is left. An instance that has its clearance and is stopped before it has connected, for longer than its lease, while
//! the broker is started again, and that goes on within that broker's first moments, sends such a plan all the same: the
//! client library cannot be told to forget what it holds.

use super::clock;
use super::connect::Connection;
use super::records::find_last;
use crate::commit::{Lingering, Moment};
use crate::subject::Root;
use std::time::Duration;
use tokio::sync::watch;

/// Knows the leases of an instance that the broker may still keep, by their numbers, and finds out which are gone.
#[derive(Debug)]
pub struct Clearing {
    lingering: watch::Sender<Lingering<u64>>,
}

/// What a connection waits for before it is made again.
#[derive(Clone, Debug)]
pub struct Clearance {
    lingering: watch::Receiver<Lingering<u64>>,
}

impl Clearing {
    /// For leases that stand for so long.
    pub fn new(plan_age_max: Duration) -> Self {
        Self { lingering: watch::Sender::new(Lingering::new(plan_age_max)) }
    }

    /// What it gives.
    pub fn clearance(&self) -> Clearance {
        Clearance { lingering: self.lingering.subscribe() }
    }

    pub(super) fn stored(&self, number: u64, asked_at: Moment) {
        self.lingering.send_modify(|lingering| lingering.stored(number, asked_at));
    }

    /// Asks the broker for what is over; whether all of it is gone.
    pub(super) async fn clear(&self, connection: &Connection, stream: &str, root: &Root, instance: u64) -> bool {
        while let Some(number) = self.over() {
            if !matches!(find_last(connection, stream, &root.lease_lanes(instance, number)).await, Ok(None)) {
                return false;
            }
            self.lingering.send_modify(Lingering::gone);
        }
        true
    }

    fn over(&self) -> Option<u64> {
        self.lingering.borrow().over(clock::now()).copied()
    }
}

impl Clearance {
    /// Waits until nothing lingers; for ever only where nobody can find out.
    pub(super) async fn given(mut self) {
        // An error: there is no keeper any more, and no lease.
        let _ = self.lingering.wait_for(|lingering| lingering.over(clock::now()).is_none()).await;
    }
}

//! What governs, in the daemon: followed from the first moment, looked at for each decision.

use crate::authority::Authority;
use crate::bus::follow::{Follower, Known};
use crate::channel::Channel;
use crate::class::Class;
use crate::facts::{Halt, Leveled};
use crate::governing::{Ask, At, Governing, Seen, Sight};
use crate::health::Health;
use crate::metrics::Metrics;
use crate::triage::Snapshot;
use arc_swap::ArcSwap;
use jiff::Timestamp;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What the follower tells the daemon.
pub(super) struct Watch {
    snapshot: Arc<ArcSwap<Snapshot>>,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    caught_up: watch::Sender<bool>,
}

impl Watch {
    pub(super) fn new(snapshot: &Arc<ArcSwap<Snapshot>>, metrics: &Arc<Metrics>, health: &Arc<Health>) -> Self {
        let (snapshot, metrics, health) = (Arc::clone(snapshot), Arc::clone(metrics), Arc::clone(health));
        Self { snapshot, metrics, health, caught_up: watch::Sender::new(false) }
    }

    /// Waits until all that governs has been read once; `false` where we are stopped meanwhile. Until then nothing is
    /// decided: a halt could stand.
    pub(super) async fn has_caught_up(&self, stop: &CancellationToken) -> bool {
        let mut caught_up = self.caught_up.subscribe();
        tokio::select! {
            () = stop.cancelled() => false,
            waited = caught_up.wait_for(|is_so| *is_so) => waited.is_ok(),
        }
    }
}

impl Follower for Watch {
    fn authority(&self) -> Arc<Authority> {
        Arc::clone(&self.snapshot.load().authority)
    }

    fn caught_up(&self) {
        self.caught_up.send_replace(true);
        self.health.governed();
    }

    fn known(&self, known: &Governing, now: Timestamp) {
        self.metrics.grants_fresh.set(f64::from(u8::from(known.is_fresh(now))));
        self.metrics.halted.set(f64::from(u8::from(matches!(known.halt(), Halt::On { .. }))));
        self.metrics.grants.set(f64::from(u32::try_from(known.grants().count()).unwrap_or(u32::MAX)));
    }
}

/// Nothing is known yet.
pub(super) fn unknown(snapshot: &Snapshot) -> Known {
    Arc::new(RwLock::new(Governing::new(snapshot.root.clone(), Arc::clone(&snapshot.authority))))
}

/// What is known, looked at at one moment.
pub(super) struct Live<'a> {
    pub(super) known: &'a Known,
    pub(super) now: Timestamp,
}

impl Live<'_> {
    fn at<T>(&self, look: impl FnOnce(At<'_>) -> T) -> T {
        let governing = self.known.read().unwrap_or_else(PoisonError::into_inner);
        look(At { governing: &governing, now: self.now })
    }
}

impl Sight for Live<'_> {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn halt(&self) -> Halt {
        self.at(|known| known.halt())
    }

    fn cover(&self, ask: &Ask<'_>) -> Seen {
        self.at(|known| known.cover(ask))
    }

    fn level(&self, class: &Class, channel: &Channel) -> Option<Leveled> {
        self.at(|known| known.level(class, channel))
    }
}

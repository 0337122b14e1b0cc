//! From what the bus reports to metrics, health and the log.

use crate::bus::inbound::Intake;
use crate::bus::outbound::Observer;
use crate::bus::{Purpose, Watcher};
use crate::health::{Health, Stage};
use crate::metrics::{Counted, Metrics};
use async_nats::Event;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Observes both ends of the pipeline.
pub(super) struct Observed {
    metrics: Arc<Metrics>,
    health: Arc<Health>,
}

/// How often histograms are folded together.
const UPKEEP: Duration = Duration::from_secs(5);

impl Observed {
    pub(super) fn new(metrics: Arc<Metrics>, health: Arc<Health>) -> Self {
        health.beat_all();
        Self { metrics, health }
    }
}

impl Intake for Observed {
    fn arrived(&self, deliveries: u64) {
        self.metrics.received.increment(1);
        if deliveries > 1 {
            self.metrics.redelivered.increment(1);
        }
        self.health.beat(Stage::Intake);
    }

    fn waiting(&self, stream: &str, pending: u64) {
        self.metrics.lag(stream, pending);
    }

    fn attached(&self, stream: &str, is_attached: bool) {
        self.metrics.attached(stream, is_attached);
        self.health.attached(stream, is_attached);
        self.health.beat(Stage::Intake);
    }

    fn beat(&self) {
        self.health.beat(Stage::Intake);
    }
}

impl Observer<Counted> for Observed {
    fn committed(&self, note: &Counted, took: Duration, is_duplicate: bool) {
        if is_duplicate {
            self.metrics.duplicates.increment(1);
        } else {
            self.metrics.decided(note);
        }
        self.metrics.decision_seconds.record(note.decided_in);
        self.metrics.commit_seconds.record(took);
        self.health.committing(true);
    }

    fn refused(&self, _note: &Counted, error: &str) {
        tracing::error!(error = %error.escape_debug(), "a decision was not committed; its message comes again");
        self.metrics.commit_failures.increment(1);
        self.health.committing(false);
    }

    fn beat(&self, inflight: usize) {
        self.metrics.inflight.set(f64::from(u32::try_from(inflight).unwrap_or(u32::MAX)));
        self.health.beat(Stage::Commit);
    }
}

/// Tells metrics and health of a connection's changes.
pub(super) fn connection_watcher(metrics: &Arc<Metrics>, health: &Arc<Health>) -> Watcher {
    let (metrics, health) = (Arc::clone(metrics), Arc::clone(health));
    Arc::new(move |purpose, event| {
        let is_connected = match event {
            Event::Connected => true,
            Event::Disconnected | Event::Closed => false,
            _ => return,
        };
        metrics.connected(purpose.as_str(), is_connected);
        health.connected(purpose == Purpose::Publish, is_connected);
    })
}

/// Keeps histograms small until `stop`.
pub(super) async fn upkeep(metrics: Arc<Metrics>, stop: CancellationToken) {
    let handle = metrics.handle();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(UPKEEP) => handle.run_upkeep(),
        }
    }
}

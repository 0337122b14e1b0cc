//! From what the bus reports to metrics, health and the log.

use super::drift::Counting;
use super::workers::Note;
use crate::bus::Watcher;
use crate::bus::inbound::Intake;
use crate::bus::lease::Flow;
use crate::bus::lookup::Finder;
use crate::bus::outbound::Observer;
use crate::commit::DeadWhy;
use crate::health::{Health, Stage};
use crate::metrics::Metrics;
use async_nats::Event;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Observes both ends of the pipeline.
pub(super) struct Observed {
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    counting: Arc<Counting>,
}

/// How often histograms are folded together.
const UPKEEP: Duration = Duration::from_secs(5);

impl Observed {
    pub(super) fn new(metrics: Arc<Metrics>, health: Arc<Health>, counting: Arc<Counting>) -> Self {
        health.beat_all();
        Self { metrics, health, counting }
    }
}

impl Intake for Observed {
    fn arrived(&self, messages: usize, again: usize) {
        self.metrics.received.increment(messages as u64);
        if again > 0 {
            self.metrics.redelivered.increment(again as u64);
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

impl Finder for Observed {
    fn found(&self) {
        self.metrics.duplicates.increment(1);
    }
}

impl Observer<Note> for Observed {
    fn committed(&self, note: &Note, took: Duration, is_duplicate: bool) {
        let Note::Decided(note) = note else { return };
        if is_duplicate {
            self.metrics.duplicates.increment(1);
        } else {
            self.metrics.decided(note);
            self.counting.count(note, Timestamp::now());
        }
        self.metrics.decision_seconds.record(note.decided_in);
        self.metrics.commit_seconds.record(took);
    }

    fn sampled(&self, note: &Note, lost: Option<&str>) {
        let Note::Decided(note) = note else { return };
        if let Some(why) = lost {
            tracing::warn!(why = %why.escape_debug(), "a sample was not stored; its decision stands");
        }
        self.metrics.sampled(note, lost.is_none());
    }

    fn refused(&self, _note: &Note, error: &str) {
        tracing::error!(error = %error.escape_debug(), "a decision was not committed; its message comes again");
        self.metrics.commit_failures.increment(1);
    }

    fn given_up(&self, why: DeadWhy) {
        tracing::error!(why = why.as_str(), "a message was given up; `decile dlq list` shows it");
        self.metrics.given_up(why);
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
        health.connected(purpose, is_connected);
    })
}

/// Tells metrics and health whether messages are taken.
pub(super) async fn flow(
    mut flow: watch::Receiver<Flow>,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    stop: CancellationToken,
) {
    let mut before = None;
    loop {
        let closed = match &*flow.borrow_and_update() {
            Flow::Open(_) => None,
            Flow::Closed(why) => Some(*why),
        };
        if before != Some(closed) {
            match closed {
                Some(why) => tracing::warn!(why = why.meaning(), "no messages are taken"),
                None => tracing::info!("messages are taken"),
            }
            metrics.flowing(closed);
            health.flowing(closed);
            before = Some(closed);
        }
        tokio::select! {
            () = stop.cancelled() => return,
            changed = flow.changed() => if changed.is_err() { return },
        }
    }
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

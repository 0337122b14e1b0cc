//! Whether the pipeline moves, and whether it can take messages.

use crate::bus::Purpose;
use crate::bus::lease::ClosedWhy;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A stage that must move for the daemon to be alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Pulling messages.
    Intake,
    /// Deciding.
    Decide,
    /// Committing.
    Commit,
}

/// Each stage says that it moves, working or idle; one that is stuck falls silent.
#[derive(Debug)]
pub struct Health {
    started: Instant,
    beats_ms: [AtomicU64; 3],
    sources: usize,
    attached: Mutex<BTreeSet<String>>,
    consume_connected: AtomicBool,
    publish_connected: AtomicBool,
    closed: Mutex<Option<ClosedWhy>>,
    is_governed: AtomicBool,
}

/// A stage that has said nothing for this long is stuck.
const SILENCE_MAX: Duration = Duration::from_secs(10);

impl Health {
    /// For a daemon that reads so many source streams.
    pub fn new(sources: usize) -> Self {
        Self {
            started: Instant::now(),
            beats_ms: Default::default(),
            sources,
            attached: Mutex::default(),
            consume_connected: AtomicBool::new(false),
            publish_connected: AtomicBool::new(false),
            closed: Mutex::new(Some(ClosedWhy::NoLease)),
            is_governed: AtomicBool::new(false),
        }
    }

    /// A stage moves.
    pub fn beat(&self, stage: Stage) {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.cell(stage).store(now, Ordering::Relaxed);
    }

    /// Every stage moves: while the daemon waits for the broker, there is nothing to move.
    pub fn beat_all(&self) {
        for stage in [Stage::Intake, Stage::Decide, Stage::Commit] {
            self.beat(stage);
        }
    }

    /// Whether every stage has moved lately.
    pub fn is_alive(&self) -> bool {
        let now = self.started.elapsed();
        [Stage::Intake, Stage::Decide, Stage::Commit].into_iter().all(|stage| {
            let beat = Duration::from_millis(self.cell(stage).load(Ordering::Relaxed));
            now.saturating_sub(beat) < SILENCE_MAX
        })
    }

    /// Whether messages can come in and records go out.
    pub fn is_ready(&self) -> bool {
        self.why_not_ready().is_empty()
    }

    /// What is missing; empty where nothing is.
    pub fn why_not_ready(&self) -> String {
        let mut missing = Vec::new();
        if !self.consume_connected.load(Ordering::Relaxed) {
            missing.push("not connected for consuming".to_owned());
        }
        if !self.publish_connected.load(Ordering::Relaxed) {
            missing.push("not connected for publishing".to_owned());
        }
        let attached = self.attached.lock().unwrap_or_else(PoisonError::into_inner).len();
        if attached < self.sources {
            missing.push(format!("{attached} of {} consumers attached", self.sources));
        }
        if !self.is_governed.load(Ordering::Relaxed) {
            missing.push("halts and grants have not been read".to_owned());
        }
        if let Some(why) = *self.closed.lock().unwrap_or_else(PoisonError::into_inner) {
            missing.push(format!("no messages are taken: {}", why.meaning()));
        }
        missing.join("; ")
    }

    /// A connection stands, or not.
    pub fn connected(&self, purpose: Purpose, is_connected: bool) {
        match purpose {
            Purpose::Publish => self.publish_connected.store(is_connected, Ordering::Relaxed),
            Purpose::Consume => self.consume_connected.store(is_connected, Ordering::Relaxed),
            // Without it messages are decided all the same: grants become stale.
            Purpose::Govern | Purpose::Command | Purpose::Execute => {}
        }
    }

    /// What governs has been read once.
    pub fn governed(&self) {
        self.is_governed.store(true, Ordering::Relaxed);
    }

    /// The consumer of a stream is attached, or not.
    pub fn attached(&self, stream: &str, is_attached: bool) {
        let mut attached = self.attached.lock().unwrap_or_else(PoisonError::into_inner);
        if is_attached {
            attached.insert(stream.to_owned());
        } else {
            attached.remove(stream);
        }
    }

    /// Whether messages are taken, and if not, why.
    pub fn flowing(&self, closed: Option<ClosedWhy>) {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = closed;
    }

    fn cell(&self, stage: Stage) -> &AtomicU64 {
        let [intake, decide, commit] = &self.beats_ms;
        match stage {
            Stage::Intake => intake,
            Stage::Decide => decide,
            Stage::Commit => commit,
        }
    }
}

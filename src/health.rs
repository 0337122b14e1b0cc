//! Whether the pipeline moves, and whether it can take messages.

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
    commit_ok: AtomicBool,
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
            commit_ok: AtomicBool::new(true),
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
        if !self.commit_ok.load(Ordering::Relaxed) {
            missing.push("the broker refuses decisions".to_owned());
        }
        missing.join("; ")
    }

    /// A connection stands, or not.
    pub fn connected(&self, is_publish: bool, is_connected: bool) {
        let cell = if is_publish { &self.publish_connected } else { &self.consume_connected };
        cell.store(is_connected, Ordering::Relaxed);
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

    /// The last commit was acknowledged, or not.
    pub fn committing(&self, is_ok: bool) {
        self.commit_ok.store(is_ok, Ordering::Relaxed);
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

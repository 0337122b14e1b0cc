//! Reload: a whole new snapshot, or nothing. Where it fails, what was in force stays in force, and a
//! metric says so.

use super::watchdog;
use crate::metrics::Metrics;
use crate::triage::Snapshot;
use crate::trust::{self, Refused};
use arc_swap::ArcSwap;
use jiff::Timestamp;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// So many levels that do not count are named in the log.
const REFUSED_SAID_MAX: usize = 20;

/// What became of a reload: the new world, or a text that says why not, for the log.
pub type Reloaded = Result<Snapshot, String>;

/// Makes a snapshot anew from the files that the daemon was started with.
pub struct Reloader {
    load: Arc<dyn Fn() -> Reloaded + Send + Sync>,
}

impl std::fmt::Debug for Reloader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reloader")
    }
}

impl Reloader {
    /// With the function that reads the files.
    pub fn new(load: impl Fn() -> Reloaded + Send + Sync + 'static) -> Self {
        Self { load: Arc::new(load) }
    }

    /// Reloads on every SIGHUP.
    pub(super) async fn follow(self, snapshot: Arc<ArcSwap<Snapshot>>, metrics: Arc<Metrics>) {
        let Ok(mut hangups) = signal(SignalKind::hangup()) else {
            tracing::error!("SIGHUP cannot be received; restart to load changed files");
            return;
        };
        while hangups.recv().await.is_some() {
            self.once(&snapshot, &metrics).await;
        }
    }

    async fn once(&self, snapshot: &ArcSwap<Snapshot>, metrics: &Metrics) {
        watchdog::reloading();
        let load = Arc::clone(&self.load);
        let loaded = tokio::task::spawn_blocking(move || load()).await.unwrap_or_else(|error| Err(error.to_string()));
        let current = snapshot.load_full();
        match loaded.and_then(|fresh| fits(&current, fresh)) {
            Ok(fresh) => {
                tracing::info!(pack = fresh.digests.pack.short(), policy = fresh.digests.policy.short(), "reloaded");
                metrics.in_force(&fresh.digests, Some(&current.digests));
                say_refused(&fresh, metrics);
                metrics.watched(fresh.policy.deadlines.keys());
                snapshot.store(Arc::new(fresh));
                metrics.reloaded(true);
                watchdog::reloaded("reloaded");
            }
            Err(why) => {
                tracing::error!(%why, "not reloaded; what was in force stays in force");
                metrics.reloaded(false);
                watchdog::reloaded("the last reload failed; what was in force stays in force");
            }
        }
    }
}

/// Says which levels of the file do not count.
pub(super) fn say_refused(snapshot: &Snapshot, metrics: &Metrics) {
    let ended = trust::ended(&snapshot.policy, Timestamp::now());
    let refused: Vec<&Refused> = snapshot.refused.iter().chain(&ended).collect();
    metrics.levels_refused.set(f64::from(u32::try_from(refused.len()).unwrap_or(u32::MAX)));
    for refused in refused.iter().take(REFUSED_SAID_MAX) {
        tracing::warn!(advice = refused.advice(), "{refused}");
    }
    if refused.len() > REFUSED_SAID_MAX {
        tracing::warn!(levels = refused.len(), "more levels do not count; `decile check` names them all");
    }
}

/// Streams, consumers and filters are made at the start; a change of them needs a restart.
fn fits(current: &Snapshot, fresh: Snapshot) -> Result<Snapshot, String> {
    if bindings(current) == bindings(&fresh) && current.root == fresh.root {
        Ok(fresh)
    } else {
        Err("streams, consumers, subjects or the root have changed: restart to apply that".to_owned())
    }
}

fn bindings(snapshot: &Snapshot) -> Vec<(&str, &str, Vec<&str>)> {
    snapshot
        .sources
        .iter()
        .map(|source| {
            let subjects = source.channels.iter().map(|spec| spec.subject.as_str()).collect();
            (source.stream.as_str(), source.consumer.as_str(), subjects)
        })
        .collect()
}

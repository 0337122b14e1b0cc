//! How much waits for people, for how long: shown in the metrics, as it lies in the stream.

use super::workers::Snapshots;
use crate::bus::Trouble;
use crate::bus::outbound::Outlet;
use crate::bus::records::Start;
use crate::inbox::{Load, Published};
use crate::metrics::Metrics;
use crate::store::Watch;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often it is looked, and shown.
const LOOK: Duration = Duration::from_secs(5);
/// How long it waits before it reads on, where there is more.
const READ_ON: Duration = Duration::from_millis(250);
/// What is read at a time, in a millisecond: 400 a second are more than people can answer.
const READ_MAX: usize = 100;
/// What came before that waits no more as far as the metrics are concerned, and is not read at a start.
const BACK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What waits, as far as it has been read.
pub(super) struct Waiting {
    outlet: Outlet,
    snapshot: Snapshots,
    metrics: Arc<Metrics>,
    load: Load,
    watch: Option<Watch>,
    shown: Option<Instant>,
}

impl Waiting {
    pub(super) fn new(outlet: Outlet, snapshot: Snapshots, metrics: Arc<Metrics>) -> Self {
        let load = Load::new(outlet.root.clone());
        Self { outlet, snapshot, metrics, load, watch: None, shown: None }
    }

    /// Looks until `stop`.
    pub(super) async fn keep(mut self, stop: CancellationToken) {
        loop {
            let looked = tokio::select! {
                () = stop.cancelled() => return,
                looked = self.look() => looked,
            };
            let is_more = looked.unwrap_or_else(|trouble| {
                tracing::debug!(%trouble, "what waits for people was not read; it is read anew");
                self.load = Load::new(self.outlet.root.clone());
                self.watch = None;
                false
            });
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(if is_more { READ_ON } else { LOOK }) => {}
            }
        }
    }

    /// Whether there is more to read.
    async fn look(&mut self) -> Result<bool, Trouble> {
        let now = Timestamp::now();
        let oldest = now.saturating_sub(BACK).unwrap_or(now);
        let mut watch = match self.watch.take() {
            Some(watch) => watch,
            None => self.open(oldest).await?,
        };
        watch.look_again();
        let mut is_more = true;
        for _ in 0..READ_MAX {
            let Some(kept) = watch.next_stored().await? else {
                is_more = false;
                break;
            };
            let (subject, sequence, stored_at) = (kept.subject.as_str(), kept.sequence, kept.stored_at);
            self.load.apply(&Published { subject, sequence, stored_at, payload: &kept.payload });
        }
        self.watch = Some(watch);
        if !is_more || self.shown.is_none_or(|shown| shown.elapsed() >= LOOK) {
            self.shown = Some(Instant::now());
            self.load.forget(oldest);
            for desk in self.snapshot.load().policy.desks() {
                self.metrics.waits(desk, self.load.at(desk), now);
            }
        }
        Ok(is_more)
    }

    async fn open(&self, oldest: Timestamp) -> Result<Watch, Trouble> {
        let Outlet { connection, stream, root, .. } = &self.outlet;
        Watch::open_at(connection, stream, root.load(), Start::Time(oldest), LOOK).await
    }
}

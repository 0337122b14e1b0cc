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
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(5);
/// What is read at a look: 400 a second are more than people can answer, and cost a hundredth of a core.
const READ_MAX: usize = 2_000;
/// What came before that waits no more as far as the metrics are concerned, and is not read at a start.
const BACK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What waits, as far as it has been read.
pub(super) struct Waiting {
    outlet: Outlet,
    snapshot: Snapshots,
    metrics: Arc<Metrics>,
    load: Load,
    watch: Option<Watch>,
}

impl Waiting {
    pub(super) fn new(outlet: Outlet, snapshot: Snapshots, metrics: Arc<Metrics>) -> Self {
        let load = Load::new(outlet.root.clone());
        Self { outlet, snapshot, metrics, load, watch: None }
    }

    /// Looks until `stop`.
    pub(super) async fn keep(mut self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                looked = self.look() => if let Err(trouble) = looked {
                    tracing::debug!(%trouble, "what waits for people was not read; trying again");
                    self.load = Load::new(self.outlet.root.clone());
                    self.watch = None;
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    async fn look(&mut self) -> Result<(), Trouble> {
        let now = Timestamp::now();
        let oldest = now.saturating_sub(BACK).unwrap_or(now);
        let mut watch = match self.watch.take() {
            Some(watch) => watch,
            None => self.open(oldest).await?,
        };
        watch.look_again();
        for _ in 0..READ_MAX {
            let Some(kept) = watch.next_stored().await? else { break };
            let (subject, sequence, stored_at) = (kept.subject.as_str(), kept.sequence, kept.stored_at);
            self.load.apply(&Published { subject, sequence, stored_at, payload: &kept.payload });
        }
        self.watch = Some(watch);
        self.load.forget(oldest);
        for desk in self.snapshot.load().policy.desks() {
            self.metrics.waits(desk, self.load.at(desk), now);
        }
        Ok(())
    }

    async fn open(&self, oldest: Timestamp) -> Result<Watch, Trouble> {
        let Outlet { connection, stream, root, .. } = &self.outlet;
        Watch::open_at(connection, stream, root.load(), Start::Time(oldest), LOOK).await
    }
}

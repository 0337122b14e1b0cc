//! Canaries, tried again and again: each refusal is counted, and what passes halts everything.

use super::tighten;
use super::workers::Snapshots;
use crate::authority::Tightening;
use crate::bus::Trouble;
use crate::bus::batch::{self, Acted};
use crate::bus::follow::{Known, broker_now};
use crate::bus::outbound::Outlet;
use crate::bus::records::{Reader, Start};
use crate::canary::{Canary, CanaryAlert, NotPlaced, Placed, Trial, Tried, Wall};
use crate::channel::Channel;
use crate::decision::DecisionId;
use crate::executor::verify::Found;
use crate::facts::Halt;
use crate::governing::At;
use crate::metrics::Metrics;
use crate::triage::Snapshot;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it is looked whether there are canaries now, where there are none.
const LOOK: Duration = Duration::from_secs(5);
/// The last records on a canary's subject, as far as they are looked at.
const RECORDS_MAX: usize = 16;

/// What has passed.
type Fallen = BTreeSet<(Wall, Canary)>;

/// What trying canaries takes, and what was found the last time.
pub(super) struct Canaries {
    outlet: Outlet,
    snapshot: Snapshots,
    known: Known,
    metrics: Arc<Metrics>,
    fallen: Fallen,
    missing: BTreeMap<Canary, NotPlaced>,
}

impl Canaries {
    pub(super) fn new(outlet: Outlet, snapshot: Snapshots, known: Known, metrics: Arc<Metrics>) -> Self {
        Self { outlet, snapshot, known, metrics, fallen: Fallen::new(), missing: BTreeMap::new() }
    }

    /// Tries them until `stop`.
    pub(super) async fn keep(mut self, stop: CancellationToken) {
        loop {
            let every = self.snapshot.load().canary;
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(every.unwrap_or(LOOK)) => {}
            }
            let snapshot = self.snapshot.load_full();
            if snapshot.canary.is_none() {
                continue;
            }
            if let Err(trouble) = self.round(&snapshot).await {
                tracing::warn!(%trouble, "canaries were not tried; trying again");
            }
        }
    }

    async fn round(&mut self, snapshot: &Snapshot) -> Result<(), Trouble> {
        for (wall, tried) in Wall::ALL.into_iter().flat_map(|wall| Tried::ALL.map(|tried| (wall, tried))) {
            self.metrics.canary(wall, tried, 0);
        }
        let now = broker_now(&self.outlet.connection, &self.outlet.stream).await?;
        let (mut fallen, mut missing) = (Fallen::new(), BTreeMap::new());
        for canary in Canary::ALL {
            let records = self.records(canary).await?;
            let placed = match Placed::find(canary, &records, &snapshot.authority, now) {
                Ok(placed) => placed,
                Err(why) => {
                    missing.insert(canary, why);
                    continue;
                }
            };
            for (wall, tried) in self.trials(&placed, snapshot, now).await {
                self.metrics.canary(wall, tried, 1);
                if tried == Tried::Passed {
                    fallen.insert((wall, canary));
                }
            }
        }
        self.say_missing(missing);
        self.raise(fallen, snapshot, now).await
    }

    /// What lies on a canary's subject.
    async fn records(&self, canary: Canary) -> Result<Vec<Found>, Trouble> {
        let Outlet { connection, stream, root, .. } = &self.outlet;
        let (kind, channel) = (canary.kind().map_err(|error| other(&error))?, reserved()?);
        let filter = root.grant(&kind, &channel).as_str().to_owned();
        let mut reader = Reader::open(connection, stream, [filter], Start::Sequence(1)).await?;
        let mut records = VecDeque::new();
        while let Some(message) = reader.next_stored().await? {
            let stored_at = Timestamp::from_nanosecond(message.time.unix_timestamp_nanos()).unwrap_or_default();
            let (sequence, bytes) = (message.sequence, message.payload.to_vec());
            records.push_back(Found { sequence, stored_at, bytes, after: None });
            if records.len() > RECORDS_MAX {
                records.pop_front();
            }
        }
        Ok(records.into())
    }

    /// Each wall by itself: what one refuses is still put to the others.
    async fn trials(&self, placed: &Placed, snapshot: &Snapshot, now: Timestamp) -> Vec<(Wall, Tried)> {
        let Outlet { connection, stream, root, .. } = &self.outlet;
        let Some(trial) = drawn().and_then(|id| Trial::new(placed, snapshot, stream, id, now)) else {
            return Vec::new();
        };
        let types = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            trial.types(At { governing: &known, now: Timestamp::now() })
        };
        let broker = match trial.permit() {
            Ok((permit, decision)) => match batch::act(connection, stream, root, permit, decision, None, None).await {
                Acted::Committed | Acted::Before => Some(Tried::Passed),
                Acted::Refused => Some(Tried::Refused),
                Acted::Unknown(why) => {
                    tracing::warn!(why, "the broker was not asked about a canary");
                    None
                }
            },
            Err(_) => None,
        };
        let tried = [(Wall::Types, types), (Wall::Broker, broker), (Wall::Executor, trial.executor(now))];
        tried.into_iter().filter_map(|(wall, tried)| Some((wall, tried?))).collect()
    }

    /// Said when it changes, and not at every round.
    fn say_missing(&mut self, missing: BTreeMap<Canary, NotPlaced>) {
        for (canary, why) in &missing {
            if self.missing.get(canary) != Some(why) {
                let canary = canary.as_str();
                tracing::warn!(canary, %why, "a canary is not tried: `decile setup --apply --key FILE` places it");
            }
        }
        self.missing = missing;
    }

    /// Halts everything and tells: whenever something has passed that was not known to, or while nothing is halted.
    async fn raise(&mut self, fallen: Fallen, snapshot: &Snapshot, now: Timestamp) -> Result<(), Trouble> {
        for (wall, canary) in &fallen {
            let (wall, canary) = (wall.as_str(), canary.as_str());
            tracing::error!(wall, canary, "a wall has fallen: it let a canary pass; everything is halted");
        }
        let is_halted = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            matches!(known.halt(), Halt::On { .. })
        };
        let fresh: Fallen = if is_halted { fallen.difference(&self.fallen).copied().collect() } else { fallen.clone() };
        if !fresh.is_empty() {
            self.halt(&fresh, now).await?;
        }
        for (wall, canary) in &fresh {
            self.alert(*wall, *canary, snapshot, now).await?;
        }
        self.fallen = fallen;
        Ok(())
    }

    async fn halt(&self, fresh: &Fallen, now: Timestamp) -> Result<(), Trouble> {
        let passed: Vec<String> =
            fresh.iter().map(|(wall, it)| format!("{}: {}", wall.as_str(), it.as_str())).collect();
        let reason = format!("a canary has passed ({})", passed.join(", "));
        tighten::tighten(&self.outlet, self.outlet.root.halt(), &Tightening::halt("canary", now, &reason)).await
    }

    async fn alert(&self, wall: Wall, canary: Canary, snapshot: &Snapshot, at: Timestamp) -> Result<(), Trouble> {
        let alert = CanaryAlert { v: 1, wall, canary, at };
        tighten::alert(&self.outlet, "canary", &alert, snapshot.retention.escalated).await
    }
}

/// An id of no message: drawn, so that the broker has never seen it.
fn drawn() -> Option<DecisionId> {
    DecisionId::try_from(format!("{:032x}", fastrand::u128(..))).ok()
}

fn reserved() -> Result<Channel, Trouble> {
    Channel::canary().map_err(|error| other(&error))
}

fn other(why: &dyn std::fmt::Display) -> Trouble {
    Trouble::Other { doing: "try canaries".to_owned(), why: why.to_string() }
}

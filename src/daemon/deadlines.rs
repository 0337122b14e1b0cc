//! Escalations that nobody answers in time: somebody is told again, another desk gets them, or they are closed, as the
//! policy says. Each once, over all instances: whoever takes the slot does it.

use super::workers::Snapshots;
use crate::bus::Trouble;
use crate::bus::batch::{self, BatchEntry, Batched};
use crate::bus::outbound::Outlet;
use crate::bus::records::{Reader, Start, find_last, find_one};
use crate::decision::{DecisionId, Escalation, Record};
use crate::metrics::Metrics;
use crate::policy::{Deadline, Desk, Overdue};
use crate::rulings::{RulingReceipt, Word};
use crate::triage::Snapshot;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What the slot of an answer holds where there was none in time.
pub(super) const EXPIRED: &[u8] = b"expired";
/// How often it is looked.
const LOOK: Duration = Duration::from_secs(2);
/// How long before now escalations are looked for at the start, beside their deadline: another instance has done the rest.
const BACK: SignedDuration = SignedDuration::from_hours(24);
/// The most escalations that are remembered; those beyond are looked at when there is room again.
const OPEN_MAX: usize = 100_000;

/// What is open, by when it must have been answered.
pub(super) struct Deadlines {
    pub(super) outlet: Outlet,
    pub(super) snapshot: Snapshots,
    metrics: Arc<Metrics>,
    open: BTreeMap<(Timestamp, u64), DecisionId>,
    read_to: HashMap<Desk, Start>,
    desks: HashMap<u64, Desk>,
}

impl Deadlines {
    pub(super) fn new(outlet: Outlet, snapshot: Snapshots, metrics: Arc<Metrics>) -> Self {
        let (open, read_to, desks) = (BTreeMap::new(), HashMap::new(), HashMap::new());
        Self { outlet, snapshot, metrics, open, read_to, desks }
    }

    /// Looks until `stop`.
    pub(super) async fn keep(mut self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            if let Err(trouble) = self.look().await {
                tracing::warn!(%trouble, "deadlines were not looked after; trying again");
            }
        }
    }

    async fn look(&mut self) -> Result<(), Trouble> {
        let snapshot = self.snapshot.load_full();
        let now = Timestamp::now();
        for (desk, deadline) in &snapshot.policy.deadlines {
            self.read(desk, deadline, now).await?;
        }
        while let Some(entry) = self.open.first_entry().filter(|entry| entry.key().0 <= now) {
            let (sequence, id) = (entry.key().1, entry.get().clone());
            self.overdue(sequence, &id, &snapshot, now).await?;
            self.open.pop_first();
            self.desks.remove(&sequence);
        }
        Ok(())
    }

    /// What has been escalated to a desk since the last look.
    async fn read(&mut self, desk: &Desk, deadline: &Deadline, now: Timestamp) -> Result<(), Trouble> {
        let after = SignedDuration::try_from(deadline.after).unwrap_or(SignedDuration::MAX);
        let first = || Start::Time(now.saturating_sub(after).unwrap_or(now).saturating_sub(BACK).unwrap_or(now));
        let start = self.read_to.get(desk).copied().unwrap_or_else(first);
        let Outlet { connection, stream, root, .. } = &self.outlet;
        let mut records = Reader::open(connection, stream, [root.escalated_to(desk)], start).await?;
        while self.open.len() < OPEN_MAX
            && let Some(message) = records.next_stored().await?
        {
            self.read_to.insert(desk.clone(), Start::Sequence(message.sequence.saturating_add(1)));
            let Ok(Record::Escalated(escalation)) = Record::parse(&message.payload) else { continue };
            let stored_at = Timestamp::from_nanosecond(message.time.unix_timestamp_nanos()).unwrap_or_default();
            let due = stored_at.saturating_add(after).unwrap_or(Timestamp::MAX);
            self.open.insert((due, message.sequence), escalation.decision.id);
            self.desks.insert(message.sequence, desk.clone());
        }
        Ok(())
    }

    async fn overdue(
        &self,
        sequence: u64,
        id: &DecisionId,
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let Outlet { connection, stream, root, .. } = &self.outlet;
        let deadline = self.desks.get(&sequence).and_then(|desk| Some((desk, snapshot.policy.deadlines.get(desk)?)));
        // The policy may have changed meanwhile.
        let Some((desk, deadline)) = deadline else { return Ok(()) };
        if find_last(connection, stream, root.ruling(id).as_str()).await?.is_some() {
            return Ok(());
        }
        let kept = Some(snapshot.retention.escalated);
        let entry = |subject, bytes: Vec<u8>, expected| BatchEntry { subject, bytes: bytes.into(), kept, expected };
        let receipt = |word| RulingReceipt::overdue(id.clone(), word, now).encode().map_err(|error| other(&error));
        let once = || entry(root.deadline_slot(id, desk), Vec::new(), Some(0));
        let entries = match &deadline.overdue {
            Overdue::Remind => vec![
                once(),
                entry(root.ruling_receipt(id), receipt(Word::Reminded)?, None),
                entry(root.alert("overdue"), receipt(Word::Reminded)?, None),
            ],
            Overdue::Expire => vec![
                entry(root.ruling_slot(id), EXPIRED.to_vec(), Some(0)),
                entry(root.ruling_receipt(id), receipt(Word::Expired)?, None),
            ],
            Overdue::Reroute(to) => {
                let Some(escalation) = self.escalation(sequence).await? else { return Ok(()) };
                let channel = escalation.decision.channel.clone();
                let bytes = rerouted(escalation, desk, to).encode().map_err(|error| other(&error))?;
                vec![
                    once(),
                    entry(root.escalated(to, &channel), bytes, None),
                    entry(root.ruling_receipt(id), receipt(Word::Rerouted)?, None),
                ]
            }
        };
        match batch::publish(connection, stream, &entries).await {
            Batched::Stored(_) => {
                self.metrics.overdue(desk);
                tracing::info!(id = id.as_str(), desk = desk.as_str(), "nobody answered in time");
            }
            // Another instance did it, or an answer came just now.
            Batched::Refused => {}
            Batched::Unknown(why) => return Err(other(&why)),
        }
        Ok(())
    }

    async fn escalation(&self, sequence: u64) -> Result<Option<Escalation>, Trouble> {
        let found = find_one(&self.outlet.connection, &self.outlet.stream, sequence).await?;
        Ok(found.and_then(|message| match Record::parse(&message.payload) {
            Ok(Record::Escalated(escalation)) => Some(*escalation),
            _ => None,
        }))
    }
}

/// The same escalation for another desk.
fn rerouted(mut escalation: Escalation, from: &Desk, to: &Desk) -> Record {
    escalation.why = format!("{}; `{}` did not answer in time", escalation.why, from.as_str());
    escalation.decision.desk = Some(to.clone());
    Record::Escalated(Box::new(escalation))
}

fn other(why: &dyn std::fmt::Display) -> Trouble {
    Trouble::Other { doing: "look after deadlines".to_owned(), why: why.to_string() }
}

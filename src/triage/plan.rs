//! What the shell has to do about a message: everything, and nothing left to choose.

use super::record::{Course, Decided};
use crate::decision::{Context, Decision, DecisionId, Record, Timings};
use crate::permit::WritePermit;
use crate::subject::Subject;
use std::time::Duration;

/// One publish, complete; and, where an outward action may leave, the batch to try before it.
#[derive(Debug)]
pub struct Plan {
    /// The decision's id, which deduplicates the publish.
    pub id: DecisionId,
    /// An outward action with its permit. Only if the broker refuses it, the rest of the plan is carried out.
    pub act: Option<Box<Act>>,
    /// Where it goes.
    pub subject: Subject,
    /// How long it is kept.
    pub ttl: Duration,
    /// What is committed.
    pub record: Record,
}

/// An outward action: it is committed together with its decision, or not at all.
#[derive(Debug)]
pub struct Act {
    /// What permits it.
    pub permit: WritePermit,
    /// The decision to act.
    pub decision: Decision,
}

impl Plan {
    /// What was decided: to act, where there is an action, and else what the plan commits.
    pub fn decided(&self) -> Record {
        match &self.act {
            Some(act) => Record::Outward(Box::new(act.permit.record(act.decision.clone()))),
            None => self.record.clone(),
        }
    }

    /// The same with what the message's thread said before: for the reader of an escalation, and asked for by nothing else.
    #[must_use]
    pub fn with_thread(mut self, said: impl FnOnce() -> Vec<Context>) -> Self {
        if let Record::Escalated(escalation) = &mut self.record {
            escalation.thread = said();
        }
        self
    }

    /// Where to publish, and the bytes: at most `record_bytes_max`, what the broker takes, where naming the message
    /// instead of attaching it can bring them there.
    ///
    /// # Errors
    /// Never for records that triage makes.
    pub fn encode(self, timings: Timings, record_bytes_max: usize) -> Result<(Subject, Vec<u8>), serde_json::Error> {
        let record = self.record.with_timings(timings);
        let bytes = record.encode()?;
        let bytes = if bytes.len() <= record_bytes_max { bytes } else { record.at_source().encode()? };
        Ok((self.subject, bytes))
    }
}

/// The plan for what was decided.
pub(super) fn plan(decided: &Decided<'_>, act: Option<Box<Act>>) -> Plan {
    let snapshot = decided.snapshot;
    let channel = &decided.reading.spec.channel;
    let (subject, ttl) = match decided.course() {
        Course::Handle(class) => (snapshot.root.handled(class, channel), snapshot.retention.handled),
        Course::Escalate { desk, .. } => (snapshot.root.escalated(desk, channel), snapshot.retention.escalated),
        Course::Pass(_) => (snapshot.root.passed(channel), snapshot.retention.passed),
    };
    let (id, record) = (decided.id.clone(), decided.record());
    Plan { id, act, subject, ttl, record }
}

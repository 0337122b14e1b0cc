//! What the shell has to do about a message: everything, and nothing left to choose.

use super::record::{Course, Decided};
use crate::decision::{Context, DecisionId, Record, Timings};
use crate::subject::Subject;
use std::time::Duration;

/// One publish, complete. There is no plan for an outward action: such a plan must carry a permit, and
/// permits cannot be made yet.
#[derive(Debug)]
pub struct Plan {
    /// The decision's id, which deduplicates the publish.
    pub id: DecisionId,
    /// Where it goes.
    pub subject: Subject,
    /// How long it is kept.
    pub ttl: Duration,
    /// What is committed.
    pub record: Record,
    /// What to do if the broker refuses.
    pub if_refused: IfRefused,
}

/// What to do if the broker refuses, or does not answer in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfRefused {
    /// Do not acknowledge the source: it delivers the message again, and the same id is decided again.
    Redeliver,
}

impl Plan {
    /// The bytes to publish: at most `record_bytes_max`, what the broker takes, where naming the message
    /// instead of attaching it can bring them there.
    ///
    /// # Errors
    /// Never for records that triage makes.
    pub fn encode(self, timings: Timings, record_bytes_max: usize) -> Result<Vec<u8>, serde_json::Error> {
        let record = self.record.with_timings(timings);
        let bytes = record.encode()?;
        if bytes.len() <= record_bytes_max { Ok(bytes) } else { record.at_source().encode() }
    }
}

/// The plan for what was decided.
pub(super) fn plan(decided: &Decided<'_>, context: Vec<Context>) -> Plan {
    let snapshot = decided.snapshot;
    let channel = &decided.reading.spec.channel;
    let (subject, ttl) = match decided.course() {
        Course::Handle(class) => (snapshot.root.handled(class, channel), snapshot.retention.handled),
        Course::Escalate { desk, .. } => (snapshot.root.escalated(desk, channel), snapshot.retention.escalated),
        Course::Pass(_) => (snapshot.root.passed(channel), snapshot.retention.passed),
    };
    Plan { id: decided.id.clone(), subject, ttl, record: decided.record(context), if_refused: IfRefused::Redeliver }
}

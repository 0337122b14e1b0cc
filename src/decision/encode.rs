//! Records as bytes, and back. One place writes them, one place reads them.

use super::{Attached, Context, Decision, Escalation, MessageRecord, Outward, RECORD_VERSION};

/// How long a decision took. Replays differ here and nowhere else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timings {
    /// From the delivery's arrival in this instance to the start of its decision, in microseconds.
    pub queued_us: u64,
    /// Decode, views, rules and gate, in microseconds.
    pub decided_us: u64,
}

/// Room for most records: a buffer that grows is copied each time.
const ROOM_BYTES: usize = 1_536;

/// What is committed for one message.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// On `handled`: the decision, with its internal action.
    Handled(Box<Decision>),
    /// On `escalated`: the decision and what a person needs.
    Escalated(Box<Escalation>),
    /// On `passed`: the decision and the message, for the orchestrator.
    Passed(Box<PassedOn>),
    /// On `action` or `approved`: the decision, the outward action and what permits it.
    Outward(Box<Outward>),
}

/// A direct message, passed on.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PassedOn {
    /// The decision.
    pub decision: Decision,
    /// The message.
    pub message: MessageRecord,
}

/// Bytes that are no record of ours.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Not JSON, or not of this form.
    #[error("not a decision record: {0}")]
    Form(#[from] serde_json::Error),
    /// Of another version.
    #[error("the record has version {0}, this decile reads version {RECORD_VERSION}")]
    Version(u64),
}

impl Record {
    /// The decision in it.
    pub fn decision(&self) -> &Decision {
        match self {
            Self::Handled(decision) => decision,
            Self::Escalated(escalation) => &escalation.decision,
            Self::Passed(passed) => &passed.decision,
            Self::Outward(outward) => &outward.decision,
        }
    }

    /// The decision in it, to be filled in.
    pub(crate) fn decision_mut(&mut self) -> &mut Decision {
        match self {
            Self::Handled(decision) => decision,
            Self::Escalated(escalation) => &mut escalation.decision,
            Self::Passed(passed) => &mut passed.decision,
            Self::Outward(outward) => &mut outward.decision,
        }
    }

    /// The bytes to commit.
    ///
    /// # Errors
    /// Never for records that triage makes; JSON of maps with text keys always encodes.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = Vec::with_capacity(ROOM_BYTES);
        match self {
            Self::Handled(decision) => serde_json::to_writer(&mut bytes, decision),
            Self::Escalated(escalation) => serde_json::to_writer(&mut bytes, escalation),
            Self::Passed(passed) => serde_json::to_writer(&mut bytes, passed),
            Self::Outward(outward) => serde_json::to_writer(&mut bytes, outward),
        }?;
        Ok(bytes)
    }

    /// The same record with what its thread said before.
    #[must_use]
    pub fn with_thread(mut self, thread: Vec<Context>) -> Self {
        if let Self::Escalated(escalation) = &mut self {
            escalation.thread = thread;
        }
        self
    }

    /// The same record with other durations.
    #[must_use]
    pub fn with_timings(mut self, timings: Timings) -> Self {
        self.decision_mut().timings = timings;
        self
    }

    /// The same record without what makes it long: the message is named by where it lies. For a record that
    /// the broker would not take. A handled decision is short already.
    #[must_use]
    pub fn at_source(self) -> Self {
        match self {
            Self::Escalated(mut escalation) => {
                let wrong = "too long for one message of the broker".to_owned();
                let bytes = escalation.decision.message.payload_bytes;
                escalation.payload = Some(Attached::AtSource { wrong, bytes });
                escalation.message = None;
                escalation.thread = Vec::new();
                Self::Escalated(escalation)
            }
            other => other,
        }
    }

    /// Reads a record back; which kind it is shows in its fields.
    ///
    /// # Errors
    /// Where the bytes are no record, or one of another version.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(bytes)?;
        let version = fields.get("decision").and_then(|decision| decision.get("v")).or_else(|| fields.get("v"));
        match version.and_then(serde_json::Value::as_u64) {
            Some(version) if version != u64::from(RECORD_VERSION) => return Err(RecordError::Version(version)),
            _ => {}
        }
        Ok(if fields.contains_key("why") {
            Self::Escalated(serde_json::from_slice(bytes)?)
        } else if fields.contains_key("proof") {
            Self::Outward(serde_json::from_slice(bytes)?)
        } else if fields.contains_key("decision") {
            Self::Passed(serde_json::from_slice(bytes)?)
        } else {
            Self::Handled(serde_json::from_slice(bytes)?)
        })
    }
}

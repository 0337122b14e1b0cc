//! Atomic batches: several records, each with a condition, all of them or none (ADR-50 of NATS). The only place that
//! publishes outward actions, and only for a [`WritePermit`].
//!
//! async-nats has no batches, so their headers are written here.

use super::connect::Connection;
use super::records::find_last;
use crate::decision::{Decision, DecisionId, message_id};
use crate::permit::{Entry, WritePermit, Writes};
use crate::subject::{Root, Subject};
use async_nats::HeaderMap;
use async_nats::header::{
    NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_EXPECTED_STREAM, NATS_MESSAGE_ID, NATS_MESSAGE_TTL,
};
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::response::Response;
use bytes::Bytes;
use std::time::Duration;

const BATCH_ID: &str = "Nats-Batch-Id";
const BATCH_SEQUENCE: &str = "Nats-Batch-Sequence";
const BATCH_COMMIT: &str = "Nats-Batch-Commit";
const EXPECTED_SUBJECT: &str = "Nats-Expected-Last-Subject-Sequence-Subject";

/// How often a batch is tried while others are on their way, and the longest wait between two tries.
const BUSY_TRIES_MAX: usize = 100;
const BUSY_WAIT: Duration = Duration::from_millis(20);
/// How long a fence is kept: it has done its work when it is stored.
const FENCE_KEPT: Duration = Duration::from_secs(60);
const BUSY: &str = "others write under the same conditions without end";

/// One record of a batch of a command's. There is no [`Subject`] of an outward action.
#[derive(Clone, Debug)]
pub struct BatchEntry {
    /// Where it goes.
    pub subject: Subject,
    /// Its bytes.
    pub bytes: Bytes,
    /// How long it is kept; `None` for ever.
    pub kept: Option<Duration>,
    /// The sequence that the last record of its subject must have; 0 for none.
    pub expected: Option<u64>,
}

/// The last record on a subject that a write rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// The subject.
    pub subject: String,
    /// The sequence of its last record.
    pub revision: u64,
}

/// One record of a batch, as it is published.
#[derive(Clone)]
struct Line {
    subject: String,
    bytes: Bytes,
    kept: Option<Duration>,
    /// The sequence that the last record of a subject must have, 0 for none; of its own subject, unless another is
    /// named.
    condition: Option<(u64, Option<String>)>,
    /// The id under which the broker drops a second copy.
    id: Option<String>,
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Batched {
    /// All of it is stored; the last record has this sequence.
    Stored(u64),
    /// A condition does not hold, or the id is known: nothing is stored.
    Refused,
    /// The broker could not say, or says something else: nothing is known.
    Unknown(String),
}

/// What became of an outward action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acted {
    /// It is committed, with its decision.
    Committed,
    /// It had been committed before, under the same id.
    Before,
    /// The broker refused it: a grant, the halt, a use or a cap is not what was relied on.
    Refused,
    /// Nothing is known.
    Unknown(String),
}

/// What the broker says of a batch.
enum Answer {
    /// All of it is stored; the last record has this sequence.
    Stored(u64),
    /// The id is known: nothing is stored.
    Known,
    /// A condition does not hold: nothing is stored.
    Refused,
    /// Another write that a condition is about is on its way through the replicas: nothing is stored.
    Busy,
    /// The broker could not say, or says something else.
    Unknown(String),
}

/// What the broker answers to the last record of a batch.
#[derive(serde::Deserialize)]
struct BatchAck {
    seq: u64,
    #[serde(default)]
    duplicate: bool,
}

/// Commits an outward action together with its decision, under the conditions that its permit states, and on the lease
/// of the plan, where it has one. Spends the permit. `retry`: the dead letter whose answer it comes of, where it does.
pub async fn act(
    connection: &Connection,
    stream: &str,
    root: &Root,
    permit: WritePermit,
    decision: Decision,
    lease: Option<&Fence>,
    retry: Option<u64>,
) -> Acted {
    let leased = lease.map(|lease| Line::on_lease(root, &decision.id, lease));
    let Writes { action, id, attempts } = match permit.spend(root, decision) {
        Ok(writes) => writes,
        Err(error) => return Acted::Unknown(error.to_string()),
    };
    let id = message_id(&id, retry);
    for beside in attempts {
        let mut lines = vec![Line { id: Some(id.clone()), ..Line::of(&action) }];
        lines.extend(beside.iter().map(Line::of));
        lines.extend(leased.clone());
        match publish_patiently(connection, stream, &lines).await {
            Answer::Stored(_) => return Acted::Committed,
            Answer::Busy => return Acted::Unknown(BUSY.to_owned()),
            Answer::Unknown(why) => return Acted::Unknown(why),
            // Another slot does not change that it was decided before.
            Answer::Known => break,
            Answer::Refused => {}
        }
    }
    is_there(connection, stream, &action.subject).await
}

/// Whether a refused action was refused because it is there already.
async fn is_there(connection: &Connection, stream: &str, subject: &str) -> Acted {
    // Asked of the leader: a replica may be behind.
    match find_last(connection, stream, subject).await {
        Ok(Some(_)) => Acted::Before,
        Ok(None) => Acted::Refused,
        Err(trouble) => Acted::Unknown(trouble.to_string()),
    }
}

impl Line {
    fn of(entry: &Entry) -> Self {
        Self {
            subject: entry.subject.clone(),
            bytes: Bytes::copy_from_slice(&entry.bytes),
            kept: Some(entry.kept),
            condition: Some((entry.revision, entry.condition.clone())),
            id: None,
        }
    }

    /// Writes next to nothing: its condition is what matters.
    fn on_lease(root: &Root, id: &DecisionId, lease: &Fence) -> Self {
        Self {
            subject: root.filter(&format!("slot.fence.{id}.lease")),
            bytes: Bytes::from_static(b"{}"),
            kept: Some(FENCE_KEPT),
            condition: Some((lease.revision, Some(lease.subject.clone()))),
            id: None,
        }
    }
}

/// Stores the records of a lease, each on a subject of its own, where the one before still stands: their sequences follow
/// each other up to the one that comes back.
pub(super) async fn lease(
    connection: &Connection,
    stream: &str,
    subjects: &[String],
    bytes: &Bytes,
    kept: Duration,
    before: Option<&Fence>,
) -> Batched {
    let mut before = before.map(|fence| (fence.revision, Some(fence.subject.clone())));
    let line = |subject: &String| Line {
        subject: subject.clone(),
        bytes: bytes.clone(),
        kept: Some(kept),
        condition: Some(before.take().unwrap_or((0, None))),
        id: None,
    };
    let lines: Vec<Line> = subjects.iter().map(line).collect();
    batched(publish_patiently(connection, stream, &lines).await)
}

/// Publishes a command's batch, and awaits the answer to its last record.
pub async fn publish(connection: &Connection, stream: &str, entries: &[BatchEntry]) -> Batched {
    let line = |entry: &BatchEntry| Line {
        subject: entry.subject.as_str().to_owned(),
        bytes: entry.bytes.clone(),
        kept: entry.kept,
        condition: entry.expected.map(|revision| (revision, None)),
        id: None,
    };
    let lines: Vec<Line> = entries.iter().map(line).collect();
    batched(publish_patiently(connection, stream, &lines).await)
}

fn batched(answer: Answer) -> Batched {
    match answer {
        Answer::Stored(sequence) => Batched::Stored(sequence),
        Answer::Busy => Batched::Unknown(BUSY.to_owned()),
        Answer::Known | Answer::Refused => Batched::Refused,
        Answer::Unknown(why) => Batched::Unknown(why),
    }
}

/// Publishes a batch, again and again while others are on their way.
async fn publish_patiently(connection: &Connection, stream: &str, lines: &[Line]) -> Answer {
    for _ in 0..BUSY_TRIES_MAX {
        match publish_lines(connection, stream, lines).await {
            Answer::Busy => tokio::time::sleep(BUSY_WAIT.mul_f64(fastrand::f64())).await,
            answer => return answer,
        }
    }
    Answer::Busy
}

async fn publish_lines(connection: &Connection, stream: &str, lines: &[Line]) -> Answer {
    // An id of this batch alone; what it is made of says nothing to anybody.
    let batch = format!("{:032x}", fastrand::u128(..));
    let Some((last, first)) = lines.split_last() else { return Answer::Unknown("an empty batch".to_owned()) };
    for (at, line) in first.iter().enumerate() {
        let headers = headers(line, &batch, at + 1, stream);
        let sent = connection.client.publish_with_headers(line.subject.clone(), headers, line.bytes.clone()).await;
        if let Err(error) = sent {
            return Answer::Unknown(error.to_string());
        }
    }
    let mut headers = headers(last, &batch, lines.len(), stream);
    headers.insert(BATCH_COMMIT, "1");
    let answer = connection.client.request_with_headers(last.subject.clone(), headers, last.bytes.clone()).await;
    match answer.map(|answer| serde_json::from_slice::<Response<BatchAck>>(&answer.payload)) {
        Ok(Ok(Response::Ok(BatchAck { duplicate: true, .. }))) => Answer::Known,
        Ok(Ok(Response::Ok(ack))) => Answer::Stored(ack.seq),
        Ok(Ok(Response::Err { error })) if is_known(error.error_code()) => Answer::Known,
        Ok(Ok(Response::Err { error })) if is_busy(error.error_code()) => Answer::Busy,
        Ok(Ok(Response::Err { error })) if error.error_code() == ErrorCode::STREAM_WRONG_LAST_SEQUENCE => {
            Answer::Refused
        }
        Ok(Ok(Response::Err { error })) => Answer::Unknown(error.to_string()),
        Ok(Err(error)) => Answer::Unknown(error.to_string()),
        Err(error) => Answer::Unknown(error.to_string()),
    }
}

/// An id that is known.
fn is_known(code: ErrorCode) -> bool {
    code == ErrorCode::ATOMIC_PUBLISH_CONTAINS_DUPLICATE_MESSAGE
}

/// With replicas, what is on its way counts: whether the condition will hold is not known yet. The broker says so with
/// an error of its own, which names no sequence.
fn is_busy(code: ErrorCode) -> bool {
    code == ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT
}

fn headers(line: &Line, batch: &str, sequence: usize, stream: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(BATCH_ID, batch);
    headers.insert(BATCH_SEQUENCE, sequence.to_string());
    headers.insert(NATS_EXPECTED_STREAM, stream);
    if let Some(id) = &line.id {
        headers.insert(NATS_MESSAGE_ID, id.as_str());
    }
    if let Some(kept) = line.kept {
        headers.insert(NATS_MESSAGE_TTL, format!("{}s", kept.as_secs().max(1)));
    }
    if let Some((revision, subject)) = &line.condition {
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, revision.to_string());
        if let Some(subject) = subject {
            headers.insert(EXPECTED_SUBJECT, subject.as_str());
        }
    }
    headers
}

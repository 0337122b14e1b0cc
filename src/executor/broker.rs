//! What an executor asks the broker: the last message on a subject, the time, how much waits. It needs no right to read
//! anything else.

use super::verify::Found;
use crate::bus::{Connection, Trouble};
use crate::subject::Subject;
use async_nats::HeaderMap;
use async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE;
use async_nats::jetstream::stream::DirectGetErrorKind;
use jiff::Timestamp;

/// Says that an expectation is about another subject.
const OF_OTHER_SUBJECT: &str = "Nats-Expected-Last-Subject-Sequence-Subject";

/// A connection, and where our records are.
#[derive(Clone, Debug)]
pub(super) struct Broker {
    pub(super) connection: Connection,
    /// Our stream.
    pub(super) stream: String,
    /// Our durable consumer on it.
    pub(super) consumer: String,
}

/// What the broker says of a consumer, and when.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
pub(super) struct ConsumerNow {
    /// The broker's time.
    #[serde(rename = "ts")]
    pub(super) now: Timestamp,
    num_pending: u64,
    num_ack_pending: u64,
}

impl ConsumerNow {
    /// Whether everything is delivered and acknowledged.
    pub(super) fn is_idle(&self) -> bool {
        self.num_pending == 0 && self.num_ack_pending == 0
    }
}

impl Broker {
    /// The last message on a subject.
    pub(super) async fn last(&self, subject: &Subject) -> Result<Option<Found>, Trouble> {
        let doing = || format!("read the last message on `{subject}`");
        let stream = self.connection.jetstream.get_stream_no_info(&self.stream).await;
        let stream = stream.map_err(|error| other(doing(), &error))?;
        let message = match stream.direct_get_last_for_subject(subject.as_str()).await {
            Ok(message) => message,
            Err(error) => {
                return match error.kind() {
                    DirectGetErrorKind::NotFound => Ok(None),
                    DirectGetErrorKind::TimedOut => Err(self.connection.unanswered(doing())),
                    _ => Err(other(doing(), &error)),
                };
            }
        };
        let stored_at = Timestamp::from_nanosecond(message.time.unix_timestamp_nanos());
        Ok(Some(Found {
            sequence: message.sequence,
            stored_at: stored_at.map_err(|error| other(doing(), &error))?,
            after: after(&message.headers),
            bytes: message.payload.to_vec(),
        }))
    }

    /// Our consumer, and the time.
    pub(super) async fn now(&self) -> Result<ConsumerNow, Trouble> {
        let Self { stream, consumer, .. } = self;
        let asked = self
            .connection
            .jetstream
            .request(format!("CONSUMER.INFO.{stream}.{consumer}"), &serde_json::json!({}))
            .await;
        asked.map_err(|error: async_nats::jetstream::context::RequestError| {
            other(format!("ask about the consumer `{consumer}` on `{stream}`"), &error)
        })
    }
}

/// The message behind which the broker was told to store one, and no other: it keeps the header by which it was told.
fn after(headers: &HeaderMap) -> Option<u64> {
    if headers.get(OF_OTHER_SUBJECT).is_some() {
        return None;
    }
    let mut expected = headers.get_all(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE);
    match (expected.next(), expected.next()) {
        (Some(only), None) => only.as_str().parse().ok(),
        _ => None,
    }
}

pub(super) fn other(doing: String, error: &dyn std::fmt::Display) -> Trouble {
    Trouble::Other { doing, why: error.to_string() }
}

//! Everything that the stream ever had, in order: read as it comes, because some of it expires, and once more at the end.

use crate::replicas::caught_up;
use crate::support::until;
use async_nats::jetstream;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use bytes::Bytes;
use futures::StreamExt as _;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// A record as the broker has it.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) subject: String,
    pub(crate) sequence: u64,
    /// When the broker stored it.
    pub(crate) at: Timestamp,
    pub(crate) bytes: Bytes,
}

impl Stored {
    fn of(message: &jetstream::Message) -> Self {
        let info = message.info().expect("a place");
        Self {
            subject: message.subject.to_string(),
            sequence: info.stream_sequence,
            at: Timestamp::from_nanosecond(info.published.unix_timestamp_nanos()).expect("a time"),
            bytes: message.payload.clone(),
        }
    }
}

/// By their sequences.
pub(crate) type Records = BTreeMap<u64, Stored>;

/// Reads along.
pub(crate) struct Tail {
    seen: Arc<Mutex<Records>>,
    reading: tokio::task::JoinHandle<()>,
}

impl Tail {
    /// Of our stream, from its beginning.
    pub(crate) async fn of(jetstream: &jetstream::Context) -> Self {
        let stream = jetstream.get_stream("DECILE").await.expect("our stream");
        let seen = Arc::new(Mutex::new(Records::new()));
        let into = Arc::clone(&seen);
        let reading = tokio::spawn(async move {
            loop {
                let Ok(consumer) = stream.create_consumer(OrderedConfig::default()).await else { continue };
                let Ok(mut messages) = consumer.messages().await else { continue };
                while let Some(Ok(message)) = messages.next().await {
                    let stored = Stored::of(&message);
                    into.lock().unwrap().insert(stored.sequence, stored);
                }
            }
        });
        Self { seen, reading }
    }

    /// Looks at what is there.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Records) -> T) -> T {
        look(&self.seen.lock().unwrap())
    }

    /// All of it, once the reader has come to the end.
    pub(crate) async fn all(self, jetstream: &jetstream::Context) -> Records {
        let stream = caught_up(jetstream, "DECILE").await;
        let last = stream.cached_info().state.last_sequence;
        until("all records read", || async {
            self.look(|seen| seen.last_key_value().is_some_and(|(it, _)| *it >= last)).then_some(())
        })
        .await;
        self.reading.abort();
        let mut records = self.seen.lock().unwrap().clone();
        let left = stream.cached_info().state.messages;
        let consumer = stream.create_consumer(OrderedConfig::default()).await.expect("a consumer");
        let mut messages = consumer.messages().await.expect("messages");
        for _ in 0..left {
            // What expires meanwhile does not come.
            let next = tokio::time::timeout(std::time::Duration::from_secs(5), messages.next()).await;
            let Ok(Some(Ok(message))) = next else { break };
            let stored = Stored::of(&message);
            let is_last = stored.sequence >= last;
            records.insert(stored.sequence, stored);
            if is_last {
                break;
            }
        }
        let missing = (1..=last).filter(|it| !records.contains_key(it)).count();
        assert_eq!(missing, 0, "records that nobody saw");
        records
    }
}

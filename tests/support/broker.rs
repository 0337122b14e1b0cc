//! A client of the broker: publishes messages, reads what was committed.

use super::until;
use async_nats::HeaderMap;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::{self, consumer, stream};
use bytes::Bytes;
use decile::bus::private::PrivateServer;
use futures::StreamExt as _;
use serde_json::Value;

/// A client.
pub(crate) struct Broker {
    /// JetStream on it.
    pub(crate) jetstream: jetstream::Context,
}

/// A record as the broker has it.
#[derive(Clone, Debug)]
pub(crate) struct Committed {
    /// Its sequence.
    pub(crate) stored: u64,
    /// Its subject.
    pub(crate) subject: String,
    /// Its headers, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// Its bytes.
    pub(crate) bytes: Bytes,
    /// Its bytes as JSON.
    pub(crate) record: Value,
}

impl Committed {
    /// The decision in it.
    pub(crate) fn decision(&self) -> &Value {
        self.record.get("decision").unwrap_or(&self.record)
    }

    /// Whether it is the record of a decision, and not what governs it.
    pub(crate) fn is_decision(&self) -> bool {
        ["handled", "escalated", "passed", "action"].iter().any(|it| self.subject.starts_with(&format!("decile.{it}.")))
    }

    /// Where the message lies: its sequence in its stream.
    pub(crate) fn sequence(&self) -> u64 {
        self.decision()["source"]["sequence"].as_u64().expect("a sequence")
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Disposition and reason in a word: `handle`, `pass`, `no_grant`.
    pub(crate) fn outcome(&self) -> &str {
        let decision = self.decision();
        match decision["disposition"].as_str() {
            Some("escalate") => decision["reason"].as_str().expect("an escalation has a reason"),
            disposition => disposition.expect("a disposition"),
        }
    }
}

impl Broker {
    /// Connects to a server of the test's own.
    pub(crate) async fn on(server: &PrivateServer) -> Self {
        Self::with(async_nats::ConnectOptions::new(), server.url()).await
    }

    /// Connects with a login, to a server or, with commas between, to any of several.
    pub(crate) async fn with(options: async_nats::ConnectOptions, urls: &str) -> Self {
        let urls: Vec<String> = urls.split(',').map(str::to_owned).collect();
        let client = options.retry_on_initial_connect().connect(urls).await.expect("the server takes us");
        Self { jetstream: jetstream::new(client) }
    }

    /// Publishes a message; its sequence comes back.
    pub(crate) async fn publish(&self, subject: &str, payload: impl Into<Bytes>) -> u64 {
        self.publish_with(subject, &[], payload).await
    }

    /// Publishes a message with headers.
    pub(crate) async fn publish_with(&self, subject: &str, headers: &[(&str, &str)], payload: impl Into<Bytes>) -> u64 {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, *value);
        }
        let sent = self.jetstream.publish_with_headers(subject.to_owned(), map, payload.into()).await;
        sent.expect("the message is sent").await.expect("a stream takes the message").sequence
    }

    /// Publishes a message of Decile's own shape on `in.main.x`.
    pub(crate) async fn say(&self, text: &str) -> u64 {
        self.publish("in.main.x", serde_json::json!({ "text": text }).to_string()).await
    }

    /// Publishes many messages without waiting for each.
    pub(crate) async fn publish_all(&self, subject: &str, payloads: impl IntoIterator<Item = String>) {
        let mut acks = Vec::new();
        for payload in payloads {
            acks.push(self.jetstream.publish(subject.to_owned(), payload.into()).await.expect("sent"));
        }
        for ack in acks {
            ack.await.expect("a stream takes the message");
        }
    }

    /// How many messages a stream has ever had, as soon as a server says: one whose leader died does not for a while.
    pub(crate) async fn last_sequence(&self, stream: &str) -> u64 {
        let found = || async { self.jetstream.get_stream(stream).await.ok() };
        until(&format!("the stream {stream}"), found).await.cached_info().state.last_sequence
    }

    /// Everything in the stream for decisions, once there are at least so many.
    pub(crate) async fn committed(&self, wanted: u64) -> Vec<Committed> {
        until(&format!("{wanted} records in DECILE"), || async {
            let all = self.all("DECILE").await;
            (all.len() as u64 >= wanted).then_some(all)
        })
        .await
    }

    /// The record on one message, once it is there.
    pub(crate) async fn record_on(&self, sequence: u64) -> Committed {
        until(&format!("a record on the message {sequence}"), || async {
            self.all("DECILE").await.into_iter().find(|record| record.is_decision() && record.sequence() == sequence)
        })
        .await
    }

    /// Publishes a message of Decile's own shape, and waits for its record.
    pub(crate) async fn decide(&self, text: &str) -> Committed {
        let sequence = self.say(text).await;
        self.record_on(sequence).await
    }

    /// Everything in a stream now, but the leases of those who write.
    pub(crate) async fn all(&self, stream: &str) -> Vec<Committed> {
        let Ok(stream) = self.jetstream.get_stream(stream).await else { return Vec::new() };
        if stream.cached_info().state.messages == 0 {
            return Vec::new();
        }
        let consumer = stream.create_consumer(OrderedConfig::default()).await.expect("a consumer");
        let mut messages = consumer.messages().await.expect("messages");
        let mut all = Vec::new();
        while let Some(message) = messages.next().await {
            let message = message.expect("a message");
            let pending = message.info().expect("a place").pending;
            if !message.subject.contains(".lease.") {
                all.push(committed(&message));
            }
            if pending == 0 {
                break;
            }
        }
        all
    }

    /// How many messages a stream has now, but for the leases of those who write.
    pub(crate) async fn count(&self, stream: &str) -> u64 {
        self.all(stream).await.len() as u64
    }

    /// The last record on a subject.
    pub(crate) async fn last(&self, stream: &str, subject: &str) -> Option<Committed> {
        self.all(stream).await.into_iter().rfind(|record| record.subject == subject)
    }

    /// Waits until every message of a stream is acknowledged.
    pub(crate) async fn all_acknowledged(&self, stream: &str) {
        until(&format!("every message of {stream} acknowledged"), || async {
            let info = self.find_consumer(stream).await?;
            (info.num_ack_pending == 0 && info.num_pending == 0).then_some(())
        })
        .await;
    }

    /// The daemon's consumer on a stream, as soon as a server says: one whose leader died does not for a while.
    pub(crate) async fn consumer(&self, stream: &str) -> consumer::Info {
        until(&format!("the consumer on {stream}"), || self.find_consumer(stream)).await
    }

    async fn find_consumer(&self, stream: &str) -> Option<consumer::Info> {
        self.jetstream.get_stream_no_info(stream).await.ok()?.consumer_info("decile").await.ok()
    }

    /// Makes a stream.
    pub(crate) async fn make_stream(&self, config: stream::Config) {
        self.jetstream.create_stream(config).await.expect("the stream can be made");
    }
}

fn committed(message: &jetstream::Message) -> Committed {
    let headers = message.headers.iter().flat_map(HeaderMap::iter);
    let headers = headers.flat_map(|(name, values)| {
        values.iter().map(|value| (name.to_string().to_lowercase(), value.as_str().to_owned()))
    });
    Committed {
        stored: message.info().expect("a place").stream_sequence,
        subject: message.subject.to_string(),
        headers: headers.collect(),
        bytes: message.payload.clone(),
        // What governs may be anything.
        record: serde_json::from_slice(&message.payload).unwrap_or_default(),
    }
}

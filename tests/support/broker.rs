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

    /// Connects with a login.
    pub(crate) async fn with(options: async_nats::ConnectOptions, url: &str) -> Self {
        let client = options.retry_on_initial_connect().connect(url).await.expect("the server takes us");
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

    /// How many messages a stream has ever had.
    pub(crate) async fn last_sequence(&self, stream: &str) -> u64 {
        match self.jetstream.get_stream(stream).await {
            Ok(stream) => stream.cached_info().state.last_sequence,
            Err(_) => 0,
        }
    }

    /// Everything in the stream for decisions, once there are at least so many.
    pub(crate) async fn committed(&self, wanted: u64) -> Vec<Committed> {
        until(&format!("{wanted} records in DECILE"), || async {
            (self.last_sequence("DECILE").await >= wanted).then_some(())
        })
        .await;
        self.all("DECILE").await
    }

    /// The record on one message, once it is there.
    pub(crate) async fn record_on(&self, sequence: u64) -> Committed {
        until(&format!("a record on the message {sequence}"), || async {
            self.all("DECILE").await.into_iter().find(|record| record.sequence() == sequence)
        })
        .await
    }

    /// Publishes a message of Decile's own shape, and waits for its record.
    pub(crate) async fn decide(&self, text: &str) -> Committed {
        let sequence = self.say(text).await;
        self.record_on(sequence).await
    }

    /// Everything in a stream now.
    pub(crate) async fn all(&self, stream: &str) -> Vec<Committed> {
        let Ok(stream) = self.jetstream.get_stream(stream).await else { return Vec::new() };
        let wanted = stream.cached_info().state.messages;
        if wanted == 0 {
            return Vec::new();
        }
        let consumer = stream.create_consumer(OrderedConfig::default()).await.expect("a consumer");
        let wanted = usize::try_from(wanted).expect("a count");
        let messages = consumer.messages().await.expect("messages").take(wanted);
        messages.map(|message| committed(&message.expect("a message"))).collect().await
    }

    /// Waits until every message of a stream is acknowledged.
    pub(crate) async fn all_acknowledged(&self, stream: &str) {
        until(&format!("every message of {stream} acknowledged"), || async {
            let info = self.consumer(stream).await;
            (info.num_ack_pending == 0 && info.num_pending == 0).then_some(())
        })
        .await;
    }

    /// The daemon's consumer on a stream.
    pub(crate) async fn consumer(&self, stream: &str) -> consumer::Info {
        let stream = self.jetstream.get_stream(stream).await.expect("the stream");
        stream.consumer_info("decile").await.expect("the consumer")
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
        subject: message.subject.to_string(),
        headers: headers.collect(),
        bytes: message.payload.clone(),
        record: serde_json::from_slice(&message.payload).expect("a record is JSON"),
    }
}

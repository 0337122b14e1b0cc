//! Streams as they are, for the checker.

use crate::checker::Raw;
use crate::replicas::caught_up;
use async_nats::HeaderMap;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::{self, Message};
use futures::StreamExt as _;
use std::time::Duration;

/// Longer than a message of a server that lives may take.
const SILENCE_MAX: Duration = Duration::from_secs(20);

/// Reads all that is in a stream now.
pub(crate) async fn read(jetstream: &jetstream::Context, stream: &str, mut take: impl FnMut(Raw)) {
    let stream = caught_up(jetstream, stream).await;
    if stream.cached_info().state.messages == 0 {
        return;
    }
    let consumer = stream.create_consumer(OrderedConfig::default()).await.expect("a consumer");
    let mut messages = consumer.messages().await.expect("messages");
    loop {
        let next = tokio::time::timeout(SILENCE_MAX, messages.next()).await;
        let message = next.expect("the stream goes on").expect("a message").expect("a message");
        let is_last = message.info().expect("a place").pending == 0;
        take(raw(&message));
        if is_last {
            return;
        }
    }
}

fn raw(message: &Message) -> Raw {
    let info = message.info().expect("a place");
    let headers = message.headers.iter().flat_map(HeaderMap::iter);
    let headers = headers.flat_map(|(name, values)| {
        values.iter().map(|value| (name.to_string().to_lowercase(), value.as_str().to_owned()))
    });
    Raw {
        sequence: info.stream_sequence,
        stored_at_ns: info.published.unix_timestamp_nanos(),
        subject: message.subject.to_string(),
        headers: headers.collect(),
        bytes: message.payload.to_vec(),
    }
}

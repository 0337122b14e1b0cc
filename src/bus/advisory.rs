//! What the broker says when it gives a message up: an advisory, published once and kept by nobody, unless a stream takes
//! it. Format: ADR-15 and `server/jetstream_events.go` of nats-server, `io.nats.jetstream.advisory.v1`.

use crate::commit::DeadWhy;

/// That a message of a consumer will not be delivered any more.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Advisory {
    /// The stream of the message.
    pub stream: String,
    /// The consumer.
    pub consumer: String,
    /// The message's sequence in its stream.
    pub stream_seq: u64,
    /// How often it had been delivered.
    #[serde(default)]
    pub deliveries: u64,
    /// Why, where somebody ended it and said so.
    #[serde(default)]
    pub reason: String,
}

/// The subjects of the advisories on a consumer's messages.
pub fn subjects(stream: &str, consumer: &str) -> [String; 2] {
    ["MAX_DELIVERIES", "MSG_TERMINATED"].map(|kind| format!("$JS.EVENT.ADVISORY.CONSUMER.{kind}.{stream}.{consumer}"))
}

impl Advisory {
    /// Reads one; `None` for anything else.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// Whether we ended the message ourselves: then it has its dead letter.
    pub fn is_ours(&self) -> bool {
        [DeadWhy::Deliveries, DeadWhy::Refused, DeadWhy::GivenUp].iter().any(|why| why.as_str() == self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advisories_as_the_server_writes_them() {
        let text = r#"{"type":"io.nats.jetstream.advisory.v1.max_deliver","id":"x","timestamp":"2026-01-02T03:04:05Z",
            "stream":"IN","consumer":"decile","stream_seq":7,"deliveries":3}"#;
        let advisory = Advisory::parse(text.as_bytes()).unwrap();
        assert_eq!((advisory.stream.as_str(), advisory.stream_seq, advisory.deliveries), ("IN", 7, 3));
        assert!(!advisory.is_ours());
        let ended = text.replace("\"deliveries\":3", "\"deliveries\":3,\"reason\":\"refused\"");
        assert!(Advisory::parse(ended.as_bytes()).unwrap().is_ours());
        assert_eq!(Advisory::parse(b"{}"), None);
    }
}

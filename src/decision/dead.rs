//! What could not be decided, after all attempts: what a person finds instead of a decision.

use super::{Attached, DecisionId, SourceRef};
use crate::channel::Channel;
use crate::commit::DeadWhy;
use crate::message::Delivery;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use jiff::Timestamp;
use std::sync::Arc;

/// The version of the stored form.
pub const DEAD_LETTER_VERSION: u32 = 1;

/// A message that was given up, on `<root>.dlq.<channel>`. It has no decision; a person retries or drops it. It is committed
/// under the decision's id, so that of the two only one can be.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadLetter {
    /// [`DEAD_LETTER_VERSION`].
    pub v: u32,
    /// The id that its decision would have.
    pub id: DecisionId,
    /// The channel.
    pub channel: Channel,
    /// Where the message lies.
    pub source: SourceRef,
    /// Why it was given up.
    pub why: DeadWhy,
    /// How often it was delivered.
    pub deliveries: u64,
    /// When it was given up, by the clock of the instance.
    pub at: Timestamp,
    /// The message's bytes, or where they lie.
    pub payload: Attached,
    /// The message's subject, where it is known: without it only the source can say how to read the message.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub subject: String,
    /// The letter before, by its sequence in our stream, whose answer had the message tried again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub after: Option<u64>,
}

/// The id that the broker knows a record by: a message's decision and its dead letter have the same, so that of the two
/// only one can be. What comes of an answer to a dead letter has another, by the letter's sequence.
pub fn message_id(id: &(impl std::fmt::Display + ?Sized), letter: Option<u64>) -> String {
    letter.map_or_else(|| id.to_string(), |letter| format!("{id}-{letter}"))
}

/// Of which message it is, and which letter's answer it came of.
pub fn of_message_id(text: &str) -> (&str, Option<u64>) {
    match text.split_once('-') {
        Some((id, letter)) => (id, letter.parse().ok()),
        None => (text, None),
    }
}

impl DeadLetter {
    /// The message, as far as the letter holds it; `None` where its bytes or its subject are not there. Its headers are
    /// gone: a rule that asks for one finds it absent.
    pub fn delivery(&self) -> Option<Delivery> {
        let payload = match &self.payload {
            Attached::Text { text, .. } => Bytes::from(text.clone()),
            Attached::Bytes { base64, .. } => BASE64.decode(base64).ok()?.into(),
            Attached::AtSource { .. } => return None,
        };
        let delivery = Delivery {
            stream: Arc::from(self.source.stream.as_str()),
            sequence: self.source.sequence,
            stored_at_ns: self.source.stored_at_ns.parse().ok()?,
            subject: self.subject.clone(),
            headers: Vec::new(),
            payload,
        };
        (!self.subject.is_empty() && DecisionId::of(&delivery) == self.id).then_some(delivery)
    }

    /// The bytes to commit.
    ///
    /// # Errors
    /// Never: a record always encodes.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Reads one back.
    ///
    /// # Errors
    /// Where the bytes are none of this version.
    pub fn parse(bytes: &[u8]) -> Result<Self, super::RecordError> {
        let letter: Self = serde_json::from_slice(bytes)?;
        if letter.v == DEAD_LETTER_VERSION { Ok(letter) } else { Err(super::RecordError::Version(u64::from(letter.v))) }
    }
}

impl DeadWhy {
    /// What it means, for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Deliveries => "delivered too often without a decision: deciding it may end the daemon",
            Self::Refused => "the broker refuses its record",
            Self::GivenUp => "the broker gave it up: its consumer bounds deliveries",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN: &str = concat!(
        r#"{"v":1,"id":"00112233445566778899aabbccddeeff","channel":"slack.support","#,
        r#""source":{"stream":"IN","sequence":7,"stored_at_ns":"1750000000000000001"},"why":"deliveries","#,
        r#""deliveries":11,"at":"2026-01-02T03:04:05Z","#,
        r#""payload":{"text":{"wrong":"delivered too often without a decision: deciding it may end the daemon","#,
        r#""text":"{}"}}}"#
    );

    #[test]
    fn the_stored_form_is_this_one() {
        let letter = DeadLetter::parse(GOLDEN.as_bytes()).unwrap();
        assert_eq!(letter.why, DeadWhy::Deliveries);
        assert_eq!(String::from_utf8(letter.encode().unwrap()).unwrap(), GOLDEN);
    }

    #[test]
    fn what_comes_of_an_answer_has_an_id_of_its_own() {
        let longer = GOLDEN.replacen("}}}", "}},\"subject\":\"in.x\",\"after\":12}", 1);
        let letter = DeadLetter::parse(longer.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(letter.encode().unwrap()).unwrap(), longer);
        let id = "00112233445566778899aabbccddeeff";
        for (after, wanted) in [(None, id.to_owned()), (letter.after, format!("{id}-12"))] {
            assert_eq!(message_id(&letter.id, after), wanted);
            assert_eq!(of_message_id(&wanted), (id, after));
        }
    }

    #[test]
    fn a_letter_holds_its_message_where_it_knows_the_subject() {
        let source = SourceRef { stream: "IN".to_owned(), sequence: 7, stored_at_ns: "9".to_owned() };
        let delivery = Delivery {
            stream: Arc::from("IN"),
            sequence: 7,
            stored_at_ns: 9,
            subject: "in.x".to_owned(),
            headers: Vec::new(),
            payload: Bytes::from_static(b"{}"),
        };
        let golden = DeadLetter::parse(GOLDEN.as_bytes()).unwrap();
        let letter = DeadLetter { id: DecisionId::of(&delivery), source, subject: "in.x".to_owned(), ..golden };
        assert_eq!(letter.delivery().map(|it| (it.subject, it.payload)), Some((delivery.subject, delivery.payload)));
        assert!(DeadLetter { subject: String::new(), ..letter.clone() }.delivery().is_none());
        let elsewhere = SourceRef { sequence: 8, ..letter.source.clone() };
        assert!(DeadLetter { source: elsewhere, ..letter }.delivery().is_none(), "the id is of another message");
    }

    #[test]
    fn another_version_is_refused() {
        let other = GOLDEN.replacen("\"v\":1", "\"v\":2", 1);
        assert_eq!(
            DeadLetter::parse(other.as_bytes()).unwrap_err().to_string(),
            "the record has version 2, this decile reads version 1"
        );
    }
}

//! What decoding promises: a message, or the reason why there is none; never a panic, never silence.

mod bad_input;
mod fields;
mod fuzz;
mod samples;

use super::inspect::{Inspection, inspect};
use super::recipe::{Mapping, Preset, Recipe, Source};
use super::{DecodeLimits, Malformed, MalformedKind, decode};
use crate::channel::Channel;
use crate::message::{Delivery, Message};
use bytes::Bytes;

const LIMITS: DecodeLimits = DecodeLimits { message_bytes_max: 16 * 1024, json_depth_max: 32 };

const PRESETS: [Preset; 5] = [Preset::Decile, Preset::Raw, Preset::Cloudevents, Preset::SlackEvents, Preset::Mail];

/// A recipe and what it is given.
struct Case {
    recipe: Recipe,
    limits: DecodeLimits,
    delivery: Delivery,
}

impl Case {
    fn new(preset: Preset, payload: impl AsRef<[u8]>) -> Self {
        let recipe = Recipe { preset, by_hand: Mapping::default(), own_senders: Vec::new() };
        Self { recipe, limits: LIMITS, delivery: delivery("chat.support.7", payload.as_ref(), &[]) }
    }

    fn map(mut self, change: impl FnOnce(&mut Mapping)) -> Self {
        change(&mut self.recipe.by_hand);
        self
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.delivery.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn decode(&self) -> Result<Message, Malformed> {
        let decoded = decode(&self.recipe, &channel(), &self.limits, &self.delivery);
        agree(&decoded, &self.inspect());
        decoded
    }

    fn inspect(&self) -> Inspection {
        inspect(&self.recipe, &channel(), &self.limits, &self.delivery)
    }

    /// The message, where there must be one.
    fn message(&self) -> Message {
        self.decode().unwrap_or_else(|malformed| panic!("{malformed}"))
    }

    /// Checks why there is no message.
    fn refused(&self, kind: MalformedKind, detail: &str) {
        match self.decode() {
            Ok(message) => panic!("not refused as {kind:?}: {message:?}"),
            Err(malformed) => {
                assert_eq!(malformed.kind, kind, "{malformed}");
                assert!(malformed.detail.contains(detail), "{malformed} does not say {detail}");
            }
        }
    }
}

fn channel() -> Channel {
    Channel::parse("chat.support").unwrap()
}

fn delivery(subject: &str, payload: &[u8], headers: &[(String, String)]) -> Delivery {
    Delivery {
        stream: "CHAT".into(),
        sequence: 1,
        stored_at_ns: 0,
        subject: subject.to_owned(),
        headers: headers.to_vec(),
        payload: Bytes::copy_from_slice(payload),
    }
}

fn sources(written: &[&str]) -> Vec<Source> {
    written.iter().map(|source| Source::parse(source).unwrap()).collect()
}

/// What an inspection shows is what decoding does.
fn agree(decoded: &Result<Message, Malformed>, inspection: &Inspection) {
    match (decoded, &inspection.malformed) {
        (Ok(message), None) => {
            let shown = |name: &str| inspection.fields.iter().find(|field| field.field == name);
            let bytes = |name: &str| shown(name).and_then(|field| field.value_bytes);
            assert_eq!(inspection.mark.as_ref().map(|mark| mark.origin), Some(message.origin));
            assert_eq!(bytes("text"), Some(message.text.len()));
            assert_eq!(bytes("sender"), message.sender.as_ref().map(String::len));
            assert_eq!(bytes("subject"), message.subject.as_ref().map(String::len));
            assert_eq!(bytes("id"), message.id.as_ref().map(String::len));
            assert_eq!(bytes("thread"), message.thread.as_ref().map(String::len));
            assert_eq!(shown("sent_at").is_some_and(|field| field.value.is_some()), message.sent_at.is_some());
            let taken = inspection.fields.iter().filter(|field| field.value.is_some());
            let attributes = taken.filter(|field| field.field.starts_with("attribute:")).count();
            assert_eq!(attributes, message.attributes.len());
        }
        (Err(malformed), Some(shown)) => {
            assert_eq!((malformed.kind, &malformed.detail), (shown.kind, &shown.detail));
            assert_eq!(inspection.mark, None);
        }
        _ => panic!("{decoded:?} is not what is shown: {inspection:?}"),
    }
}

//! What a thread said before: shown to the person who gets its escalation. Bounded, and gone with the
//! instance; no decision rests on it.
//!
//! Workers decide beside each other, and what comes again comes late: each message has its place by when the broker
//! stored it, not by when it was decided. What is still being decided is missing from what came before.

use crate::channel::Channel;
use crate::config::Limits;
use crate::decision::Context;
use crate::message::{Delivery, Message};
use lru::LruCache;
use std::collections::VecDeque;
use std::num::NonZeroUsize;

/// A thread on a channel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Thread {
    channel: Channel,
    name: String,
}

/// The place of a message among others: when it was stored, and its sequence where the times are the same.
type Place = (i128, u64);

/// The threads seen last, and the last messages of each.
#[derive(Debug)]
pub struct Threads {
    seen: LruCache<Thread, VecDeque<(Place, Context)>>,
    messages_max: usize,
    text_bytes_max: usize,
}

impl Threads {
    /// An empty memory within the configured bounds.
    pub fn new(limits: &Limits) -> Self {
        let threads_max = NonZeroUsize::new(limits.threads_max).unwrap_or(NonZeroUsize::MIN);
        Self {
            seen: LruCache::new(threads_max),
            messages_max: limits.thread_messages_max,
            text_bytes_max: limits.thread_text_bytes_max,
        }
    }

    /// What the message's thread said before it, oldest first.
    pub fn before(&mut self, delivery: &Delivery, message: &Message) -> Vec<Context> {
        let place = place(delivery);
        thread_of(message)
            .and_then(|thread| self.seen.get(&thread))
            .map(|messages| messages.iter().take_while(|(at, _)| *at < place).map(|(_, said)| said.clone()).collect())
            .unwrap_or_default()
    }

    /// Remembers a message for those that follow it; one that comes again is remembered once.
    pub fn remember(&mut self, delivery: &Delivery, message: &Message) {
        let Some(thread) = thread_of(message) else { return };
        let place = place(delivery);
        let messages = self.seen.get_or_insert_mut(thread, VecDeque::new);
        let Err(index) = messages.binary_search_by_key(&place, |(at, _)| *at) else { return };
        let said = Context {
            sender: message.sender.clone(),
            sent_at: message.sent_at,
            text: cut(&message.text, self.text_bytes_max).to_owned(),
        };
        messages.insert(index, (place, said));
        while messages.len() > self.messages_max {
            messages.pop_front();
        }
    }
}

fn place(delivery: &Delivery) -> Place {
    (delivery.stored_at_ns, delivery.sequence)
}

fn thread_of(message: &Message) -> Option<Thread> {
    message.thread.as_ref().map(|name| Thread { channel: message.channel.clone(), name: name.clone() })
}

/// The longest beginning of `text` of at most `bytes_max` bytes.
fn cut(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Origin;
    use std::sync::Arc;

    fn delivery(sequence: u64) -> Delivery {
        Delivery {
            stream: Arc::from("S"),
            sequence,
            stored_at_ns: i128::from(sequence / 2),
            subject: "in.main".to_owned(),
            headers: Vec::new(),
            payload: bytes::Bytes::new(),
        }
    }

    fn message(text: &str, thread: &str) -> Message {
        Message {
            channel: Channel::parse("test.main").unwrap(),
            id: None,
            sender: None,
            subject: None,
            text: text.to_owned(),
            sent_at: None,
            thread: Some(thread.to_owned()),
            attributes: Default::default(),
            headers: Default::default(),
            origin: Origin::Person,
        }
    }

    #[test]
    fn a_message_has_its_place_by_when_it_was_stored() {
        let mut threads =
            Threads { seen: LruCache::new(NonZeroUsize::MIN.saturating_add(1)), messages_max: 3, text_bytes_max: 16 };
        let before = |threads: &mut Threads, sequence: u64| -> Vec<String> {
            let said = threads.before(&delivery(sequence), &message("", "t"));
            said.into_iter().map(|it| it.text).collect()
        };
        for sequence in [2, 5, 4, 3, 5] {
            threads.remember(&delivery(sequence), &message(&sequence.to_string(), "t"));
            threads.remember(&delivery(sequence), &message("elsewhere", "u"));
        }
        assert_eq!(before(&mut threads, 6), ["3", "4", "5"], "decided in another order, and 5 twice");
        assert_eq!(before(&mut threads, 5), ["3", "4"], "not itself, nor what came after");
        threads.remember(&delivery(1), &message("1", "t"));
        assert_eq!(before(&mut threads, 6), ["3", "4", "5"], "late, and older than all that is kept");
    }
}

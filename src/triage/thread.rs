//! What a thread said before: shown to the person who gets its escalation. Bounded, and gone with the
//! instance; no decision rests on it.

use crate::channel::Channel;
use crate::config::Limits;
use crate::decision::Context;
use crate::message::Message;
use lru::LruCache;
use std::collections::VecDeque;
use std::num::NonZeroUsize;

/// A thread on a channel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Thread {
    channel: Channel,
    name: String,
}

/// The threads seen last, and the last messages of each.
#[derive(Debug)]
pub struct Threads {
    seen: LruCache<Thread, VecDeque<Context>>,
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
    pub fn before(&mut self, message: &Message) -> Vec<Context> {
        thread_of(message)
            .and_then(|thread| self.seen.get(&thread))
            .map(|messages| messages.iter().cloned().collect())
            .unwrap_or_default()
    }

    /// Remembers a message for those that follow it.
    pub fn remember(&mut self, message: &Message) {
        let Some(thread) = thread_of(message) else { return };
        let context = Context {
            sender: message.sender.clone(),
            sent_at: message.sent_at,
            text: cut(&message.text, self.text_bytes_max).to_owned(),
        };
        let messages = self.seen.get_or_insert_mut(thread, VecDeque::new);
        messages.push_back(context);
        while messages.len() > self.messages_max {
            messages.pop_front();
        }
    }
}

fn thread_of(message: &Message) -> Option<Thread> {
    message.thread.as_ref().map(|name| Thread { channel: message.channel.clone(), name: name.clone() })
}

/// The longest beginning of `text` of at most `bytes_max` bytes.
fn cut(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or(text)
}

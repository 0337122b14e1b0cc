//! A message in hand, until its hand is dropped.

use crate::commit::{Hands, MessageKey};
use crate::message::Delivery;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is in hand of a source; shared by those who take and those who are done.
pub(super) type Shared = Arc<Mutex<Hands>>;

/// A message in hand: copies of it that come meanwhile are dropped, as long as this is not.
#[derive(Debug)]
pub struct Hand {
    held: Option<(Shared, MessageKey)>,
    is_done: bool,
}

impl Hand {
    /// Of a message that comes by another way than its source's consumer: nobody keeps account of it.
    pub fn unaccounted() -> Self {
        Self { held: None, is_done: false }
    }

    /// Takes a delivery; `None` where its message is in hand already.
    pub(super) fn take(hands: &Shared, delivery: &Delivery, is_first: bool) -> Option<Self> {
        let key = MessageKey { sequence: delivery.sequence, stored_at_ns: delivery.stored_at_ns };
        let is_taken = lock(hands).take(key, is_first);
        is_taken.then(|| Self { held: Some((Arc::clone(hands), key)), is_done: false })
    }

    /// Its source was told that it need not come again.
    pub(super) fn done(mut self) {
        self.is_done = true;
    }

    pub(super) fn untouched(&self, until_ns: i128) {
        if let Some((hands, key)) = &self.held {
            lock(hands).untouched(*key, until_ns);
        }
    }

    pub(super) fn untouched_until_ns(&self) -> Option<i128> {
        let (hands, key) = self.held.as_ref()?;
        lock(hands).untouched_until_ns(*key)
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        if let Some((hands, key)) = &self.held {
            lock(hands).let_go(*key, self.is_done);
        }
    }
}

pub(super) fn lock(hands: &Shared) -> MutexGuard<'_, Hands> {
    hands.lock().unwrap_or_else(PoisonError::into_inner)
}

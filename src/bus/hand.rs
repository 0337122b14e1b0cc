//! A message in hand, until its hand is dropped.

use crate::commit::Hands;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is in hand of a source; shared by those who take and those who are done.
pub(super) type Shared = Arc<Mutex<Hands>>;

/// A message in hand: copies of it that come meanwhile are dropped, as long as this is not.
#[derive(Debug)]
pub struct Hand {
    hands: Option<Shared>,
    sequence: u64,
}

impl Hand {
    /// Of a message that comes by another way than its source's consumer: nobody keeps account of it.
    pub fn unaccounted() -> Self {
        Self { hands: None, sequence: 0 }
    }

    /// Takes a delivery; `None` where its message is in hand already.
    pub(super) fn take(hands: &Shared, sequence: u64, is_first: bool) -> Option<Self> {
        let is_taken = lock(hands).take(sequence, is_first);
        is_taken.then(|| Self { hands: Some(Arc::clone(hands)), sequence })
    }

    pub(super) fn untouched(&self, until_ns: i128) {
        if let Some(hands) = &self.hands {
            lock(hands).untouched(self.sequence, until_ns);
        }
    }

    pub(super) fn untouched_until_ns(&self) -> Option<i128> {
        lock(self.hands.as_ref()?).untouched_until_ns(self.sequence)
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        if let Some(hands) = &self.hands {
            lock(hands).let_go(self.sequence);
        }
    }
}

pub(super) fn lock(hands: &Shared) -> MutexGuard<'_, Hands> {
    hands.lock().unwrap_or_else(PoisonError::into_inner)
}

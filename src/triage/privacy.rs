//! Senders in records: a keyed hash, so that the same sender can be recognised and nobody can be looked up.

use crate::config::SenderKey;

/// Hashes senders, or leaves them out where there is no key.
#[derive(Debug)]
pub struct SenderHasher {
    key: SenderKey,
}

const DIGITS: usize = 16;
/// What a key for drawing samples is derived under.
const DRAWS: &str = "decile samples, version 1";

impl SenderHasher {
    /// A hasher with the configured key.
    pub fn new(key: SenderKey) -> Self {
        Self { key }
    }

    /// Whether there is a key.
    pub fn has_key(&self) -> bool {
        matches!(self.key, SenderKey::Keyed(_))
    }

    /// A key for drawing samples, where there is a key: instances that share it draw alike.
    pub fn draw_key(&self) -> Option<[u8; 32]> {
        match &self.key {
            SenderKey::Omit => None,
            SenderKey::Keyed(key) => Some(blake3::derive_key(DRAWS, key)),
        }
    }

    /// The sender's hash: the first 16 hexadecimal digits of BLAKE3, keyed.
    pub fn hash(&self, sender: &str) -> Option<String> {
        match &self.key {
            SenderKey::Omit => None,
            SenderKey::Keyed(key) => {
                Some(blake3::keyed_hash(key, sender.as_bytes()).to_hex().chars().take(DIGITS).collect())
            }
        }
    }
}

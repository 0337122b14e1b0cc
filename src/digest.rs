//! Digests (BLAKE3): what a decision rests on is named by them, and a decision's id is one.

use arrayvec::ArrayString;
use std::fmt;

/// A BLAKE3 digest, 32 bytes; 64 hexadecimal digits as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Digest([u8; 32]);

/// The text is not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 hexadecimal digits")]
pub struct DigestError;

/// A label that says what is digested under it, prepared for many digests.
#[derive(Clone, Debug)]
pub struct Label(blake3::Hasher);

impl Label {
    /// Prepares a label.
    pub fn new(label: &str) -> Self {
        Self(blake3::Hasher::new_derive_key(label))
    }

    /// The digest of parts under it. Each part is preceded by its length, so that no two lists of parts run together.
    pub fn digest<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> Digest {
        let mut hasher = self.0.clone();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Digest(*hasher.finalize().as_bytes())
    }
}

impl Digest {
    /// The digest of parts under a label: see [`Label::digest`].
    pub fn of<'a>(label: &str, parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Label::new(label).digest(parts)
    }

    /// A digest that was stored as bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// All 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// As many digits as there is room for.
    pub fn start<const DIGITS: usize>(&self) -> ArrayString<DIGITS> {
        let (all, mut start) = (blake3::Hash::from_bytes(self.0).to_hex(), ArrayString::new());
        all.chars().take(DIGITS).for_each(|digit| start.push(digit));
        start
    }

    /// The first eight digits, for lists that people read.
    pub fn short(&self) -> String {
        self.to_string().chars().take(8).collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl TryFrom<String> for Digest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, DigestError> {
        blake3::Hash::from_hex(text).map(|hash| Self(*hash.as_bytes())).map_err(|_| DigestError)
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

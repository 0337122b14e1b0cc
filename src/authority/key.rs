//! Operators' keys: nkeys (ed25519) of the type "operator", `O…` and `SO…`. A server lets in users (`U…`) and nobody
//! else, so that by its type such a key never logs in.

use nkeys::{KeyPair, KeyPairType};
use std::fmt;

/// An operator's public key: `O` and 55 more characters of base32.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey(String);

/// An operator's seed. Commands of people hold one for as long as they sign; the daemon never does.
pub struct Seed(KeyPair);

/// Why a text is no key of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not an nkey.
    #[error("it is no nkey: `decile key new` makes one")]
    Form,
    /// An nkey for something else, such as a login.
    #[error("it is no operator's key: those begin with `O`, their seeds with `SO`")]
    Type,
    /// It could not sign.
    #[error("the key cannot sign")]
    CannotSign,
}

/// The characters of a seed, and those that it is made of.
const SEED_CHARS: usize = 58;

impl PublicKey {
    /// Checks a key.
    ///
    /// # Errors
    /// Where it is none, or not an operator's.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let pair = KeyPair::from_public_key(text).map_err(|_| KeyError::Form)?;
        operators(&pair)?;
        Ok(Self(text.to_owned()))
    }

    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this key has signed these bytes.
    pub fn has_signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        KeyPair::from_public_key(&self.0).is_ok_and(|pair| pair.verify(bytes, signature).is_ok())
    }
}

impl Seed {
    /// A new one.
    pub fn generate() -> Self {
        Self(KeyPair::new(KeyPairType::Operator))
    }

    /// Reads a seed: the first word of the text that could be one.
    ///
    /// # Errors
    /// Where there is none, or it is not an operator's.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let word = text.split_whitespace().find(|word| word.starts_with('S') && word.len() == SEED_CHARS);
        let pair = KeyPair::from_seed(word.ok_or(KeyError::Form)?).map_err(|_| KeyError::Form)?;
        operators(&pair)?;
        Ok(Self(pair))
    }

    /// Its public key.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.public_key())
    }

    /// The seed itself, to be kept in a file.
    ///
    /// # Errors
    /// Never: a seed that was made or read can be written.
    pub fn reveal(&self) -> Result<String, KeyError> {
        self.0.seed().map_err(|_| KeyError::CannotSign)
    }

    /// Signs.
    ///
    /// # Errors
    /// Never: a seed that was made or read can sign.
    pub(super) fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.0.sign(bytes).map_err(|_| KeyError::CannotSign)
    }
}

/// Whether a text holds an operator's seed, wherever in it. One that is broken does not count: it signs nothing.
pub fn holds_seed(text: &[u8]) -> bool {
    let is_of_seed = |byte: &u8| byte.is_ascii_uppercase() || matches!(byte, b'2'..=b'7');
    text.split(|byte| !is_of_seed(byte))
        .flat_map(|run| run.windows(SEED_CHARS))
        .filter(|window| window.starts_with(b"SO"))
        .filter_map(|window| std::str::from_utf8(window).ok())
        .any(|window| Seed::parse(window).is_ok())
}

fn operators(pair: &KeyPair) -> Result<(), KeyError> {
    if pair.key_pair_type() == KeyPairType::Operator { Ok(()) } else { Err(KeyError::Type) }
}

/// A seed shows in no log.
impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seed(of {})", self.0.public_key())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for PublicKey {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        Self::parse(&text)
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> String {
        key.0
    }
}

//! The only way from a name to a NATS subject.
//!
//! Bytes outside `[A-Za-z0-9_-]` become `=HH`, so that a channel named `*`, `>` or `a.b` is one harmless
//! token and no two names share one.

use std::fmt;

/// The longest token, in bytes, once encoded.
pub const TOKEN_BYTES_MAX: usize = 128;

/// One token of a NATS subject, 1 to [`TOKEN_BYTES_MAX`] bytes of `[A-Za-z0-9_=-]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(String);

/// Why a name cannot be a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// No bytes at all.
    #[error("the name is empty")]
    Empty,
    /// More than [`TOKEN_BYTES_MAX`] bytes once encoded.
    #[error("the name is longer than {TOKEN_BYTES_MAX} bytes once encoded for a subject")]
    TooLong,
}

impl Token {
    /// Encodes a name.
    ///
    /// # Errors
    /// Where the name is empty, or too long once encoded.
    pub fn encode(name: impl AsRef<[u8]>) -> Result<Self, TokenError> {
        let name = name.as_ref();
        if name.is_empty() {
            return Err(TokenError::Empty);
        }
        let mut encoded = String::with_capacity(name.len());
        for &byte in name.iter().take(TOKEN_BYTES_MAX + 1) {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => encoded.push(char::from(byte)),
                other => encoded.push_str(&format!("={other:02X}")),
            }
        }
        if encoded.len() > TOKEN_BYTES_MAX { Err(TokenError::TooLong) } else { Ok(Self(encoded)) }
    }

    /// The token's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nats_would_interpret_is_escaped() {
        for (name, token) in [("*", "=2A"), (">", "=3E"), ("a.b", "a=2Eb"), ("a b", "a=20b"), ("=", "=3D")] {
            assert_eq!(Token::encode(name).map(|token| token.to_string()), Ok(token.to_owned()));
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_escaped_too() {
        assert_eq!(Token::encode([0xFF, 0x00]).map(|token| token.to_string()), Ok("=FF=00".to_owned()));
    }

    #[test]
    fn no_token_is_empty_or_too_long() {
        assert_eq!(Token::encode(""), Err(TokenError::Empty));
        assert_eq!(Token::encode("x".repeat(128)).map(|token| token.as_str().len()), Ok(128));
        assert_eq!(Token::encode("x".repeat(129)), Err(TokenError::TooLong));
        assert_eq!(Token::encode(".".repeat(43)), Err(TokenError::TooLong));
        assert_eq!(Token::encode("x".repeat(1_000)), Err(TokenError::TooLong));
    }
}

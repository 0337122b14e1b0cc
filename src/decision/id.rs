//! A decision's id: a digest of where its message lies, so that redelivery decides under the same id.

use crate::digest::Label;
use crate::message::Delivery;
use arrayvec::ArrayString;
use std::fmt;
use std::sync::LazyLock;

/// 32 hexadecimal digits: the first 16 bytes of a digest of stream, sequence and the broker's timestamp.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct DecisionId(ArrayString<DIGITS>);

/// The text is not 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a decision's id is 32 hexadecimal digits")]
pub struct DecisionIdError;

const DIGITS: usize = 32;

/// Prepared once: there is an id for each message.
static LABEL: LazyLock<Label> = LazyLock::new(|| Label::new("decile/decision/v1"));

impl DecisionId {
    /// The id of the decision on a delivery.
    pub fn of(delivery: &Delivery) -> Self {
        let digest = LABEL.digest([
            delivery.stream.as_bytes(),
            &delivery.sequence.to_le_bytes()[..],
            &delivery.stored_at_ns.to_le_bytes()[..],
        ]);
        Self(digest.start())
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DecisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for DecisionId {
    type Error = DecisionIdError;

    fn try_from(text: String) -> Result<Self, DecisionIdError> {
        let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let digits = ArrayString::from(&text).ok().filter(|digits| digits.len() == DIGITS && is_hex);
        digits.map(Self).ok_or(DecisionIdError)
    }
}

impl serde::Serialize for DecisionId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

//! A sample of what was handled, for a person to look at afterwards.

use super::{Decision, MessageRecord, RecordError};
use jiff::Timestamp;

/// The version of the stored form.
pub const SAMPLE_VERSION: u32 = 1;

/// A handled decision with its message, on `<root>.review.<class>`. Whoever reviews it names the class before they are shown
/// what was decided.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// [`SAMPLE_VERSION`].
    pub v: u32,
    /// The decision. Durations are left out.
    pub decision: Decision,
    /// The message.
    pub message: MessageRecord,
    /// When somebody must have reviewed it: after that, it counts against its class.
    pub answer_by: Timestamp,
}

impl Sample {
    /// The bytes to commit.
    ///
    /// # Errors
    /// Never: a record always encodes.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Reads one back.
    ///
    /// # Errors
    /// Where the bytes are none of this version.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        let sample: Self = serde_json::from_slice(bytes)?;
        if sample.v == SAMPLE_VERSION { Ok(sample) } else { Err(RecordError::Version(u64::from(sample.v))) }
    }
}

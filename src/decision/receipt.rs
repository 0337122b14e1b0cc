//! What became of an action: the executor's two records, its intent and then the outcome; and the alarm that some
//! outcomes raise.

use super::DecisionId;
use crate::channel::Channel;
use jiff::Timestamp;
use std::fmt;

/// The version of the stored form of receipts and alerts.
pub const RECEIPT_VERSION: u32 = 1;
/// The longest detail of a receipt, in bytes.
pub const DETAIL_BYTES_MAX: usize = 1_024;

/// A record of an executor: what it is about to do, or what became of it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// [`RECEIPT_VERSION`].
    pub v: u32,
    /// The decision whose action it is.
    pub decision: DecisionId,
    /// The action's sequence in our stream.
    pub action: u64,
    /// Before or after.
    pub phase: Phase,
    /// Which executor, and which start of it.
    pub executor: String,
    /// When, by the executor's clock.
    pub at: Timestamp,
    /// What else there is to say: what the command printed, why it was refused.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub detail: String,
}

/// Before or after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The executor is about to check the action and to carry it out. Without an outcome after it: nobody knows.
    Intent,
    /// What became of it.
    Outcome(Outcome),
}

/// What became of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Carried out: the command said so.
    Done,
    /// The command said that it failed.
    Failed {
        /// Its exit code; none where it was never started.
        code: Option<i32>,
    },
    /// It may have been carried out, or not: the executor or its command was stopped on the way. A person must look.
    Unknown,
    /// Not carried out: what permitted it no longer does.
    Stale(StaleWhy),
    /// Not carried out: nothing permits it.
    Refused(RefusedWhy),
}

/// Why an action that was permitted no longer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StaleWhy {
    /// Everything is halted, or was since.
    Halted,
    /// Its grant has expired.
    Expired,
    /// No grant stands any more.
    Revoked,
    /// Another grant stands.
    Replaced,
    /// Its ruling or undo is no longer the last word on the decision.
    Overruled,
    /// It waited longer than `action_age_ms_max`.
    TooOld,
    /// Its class was demoted on the channel since, or promoted anew.
    Demoted,
}

/// Why nothing permits an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefusedWhy {
    /// No outward action of a version that this decile reads.
    Form,
    /// It contradicts itself, or the subject that it lies on.
    Contradiction,
    /// The reserved channel: nothing is carried out there.
    Canary,
    /// The proof's signature is wrong, of nobody who may sign, or of another deployment.
    Signature,
    /// Its signer may not permit that.
    Right,
    /// The proof was stored too long after it was signed, or stands longer than it may.
    Copy,
    /// The proof is not what lies at the broker.
    Proof,
    /// The grant's time has not come.
    Early,
    /// The proof is for something else.
    NotCovered,
    /// The action is not the one that was approved.
    Altered,
    /// It cannot be undone, and nobody who may has said so.
    Irreversible,
    /// Another action under the same decision has been carried out.
    Second,
}

/// An alarm of an executor.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptAlert {
    /// [`RECEIPT_VERSION`].
    pub v: u32,
    /// The channel.
    pub channel: Channel,
    /// The decision, as far as the subject of the action names one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub decision: Option<DecisionId>,
    /// The action's sequence in our stream.
    pub action: u64,
    /// What became of it.
    pub outcome: Outcome,
    /// Which executor.
    pub executor: String,
    /// When, by the executor's clock.
    pub at: Timestamp,
}

/// Bytes that are no receipt of this version.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// Not of this form.
    #[error("not a receipt: {0}")]
    Form(#[from] serde_json::Error),
    /// Of another version.
    #[error("the receipt has version {0}, this decile reads version {RECEIPT_VERSION}")]
    Version(u32),
}

impl Receipt {
    /// Reads one back.
    ///
    /// # Errors
    /// Where the bytes are no receipt, or one of another version.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        let receipt: Self = serde_json::from_slice(bytes)?;
        if receipt.v == RECEIPT_VERSION { Ok(receipt) } else { Err(ReceiptError::Version(receipt.v)) }
    }

    /// The bytes to commit.
    ///
    /// # Errors
    /// Never: texts and numbers always encode.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

impl Outcome {
    /// Its word in logs and subjects.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed { .. } => "failed",
            Self::Unknown => "unknown",
            Self::Stale(_) => "stale",
            Self::Refused(_) => "refused",
        }
    }

    /// Whether nothing can have been carried out.
    pub fn is_without_effect(self) -> bool {
        matches!(self, Self::Stale(_) | Self::Refused(_))
    }

    /// Whether somebody must hear of it: nobody knows what happened, or somebody tried what they may not.
    pub fn is_alarm(self) -> bool {
        matches!(self, Self::Unknown | Self::Refused(_))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())?;
        match self {
            Self::Failed { code: Some(code) } => write!(f, " (exit code {code})"),
            Self::Stale(why) => write!(f, " ({why:?})"),
            Self::Refused(why) => write!(f, " ({why:?})"),
            Self::Done | Self::Failed { code: None } | Self::Unknown => Ok(()),
        }
    }
}

/// Text from outside as a detail: at most [`DETAIL_BYTES_MAX`] bytes, with nothing that a terminal obeys.
pub fn detail(text: &str) -> String {
    let mut plain = String::new();
    for c in text.trim().chars().map(visible) {
        if plain.len() + c.len_utf8() > DETAIL_BYTES_MAX {
            break;
        }
        plain.push(c);
    }
    plain
}

fn visible(c: char) -> char {
    match c {
        '\n' | '\r' | '\t' => ' ',
        _ if c.is_control() => '\u{FFFD}',
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' => '\u{FFFD}',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const ID: &str = "000102030405060708090a0b0c0d0e0f";

    fn receipt(phase: Phase, detail: &str) -> Receipt {
        Receipt {
            v: RECEIPT_VERSION,
            decision: DecisionId::try_from(ID.to_owned()).unwrap(),
            action: 42,
            phase,
            executor: "execute-slack=2Esupport/9f".to_owned(),
            at: "2026-01-02T03:04:06Z".parse().unwrap(),
            detail: detail.to_owned(),
        }
    }

    /// `DECILE_WRITE_GOLDEN=1` writes them anew.
    #[test]
    fn receipts_are_stored_byte_for_byte_as_they_were() {
        let outcomes = [
            Outcome::Done,
            Outcome::Failed { code: Some(3) },
            Outcome::Failed { code: None },
            Outcome::Unknown,
            Outcome::Stale(StaleWhy::TooOld),
            Outcome::Refused(RefusedWhy::Altered),
        ];
        let mut all = vec![receipt(Phase::Intent, "")];
        all.extend(outcomes.map(|outcome| receipt(Phase::Outcome(outcome), "said")));
        let lines: String =
            all.iter().map(|it| String::from_utf8(it.encode().unwrap()).unwrap()).map(|it| it + "\n").collect();
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/receipts-v{RECEIPT_VERSION}.jsonl"));
        if std::env::var_os("DECILE_WRITE_GOLDEN").is_some() {
            std::fs::write(&file, &lines).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap_or_default(), lines);
        let read: Vec<Receipt> = lines.lines().map(|line| Receipt::parse(line.as_bytes()).unwrap()).collect();
        assert_eq!(read, all);
    }

    #[test]
    fn another_version_and_unknown_fields_are_refused() {
        let text = String::from_utf8(receipt(Phase::Intent, "").encode().unwrap()).unwrap();
        let newer = text.replace("\"v\":1", "\"v\":2");
        assert!(matches!(Receipt::parse(newer.as_bytes()), Err(ReceiptError::Version(2))));
        let more = text.replace("\"v\":1", "\"v\":1,\"more\":1");
        assert!(matches!(Receipt::parse(more.as_bytes()), Err(ReceiptError::Form(_))));
    }

    #[test]
    fn a_detail_is_bounded_and_moves_no_terminal() {
        assert_eq!(detail(" a\u{1b}[2Jb\r\nc\u{202e}\n"), "a\u{FFFD}[2Jb  c\u{FFFD}");
        assert_eq!(detail(&"é".repeat(2_000)).len(), DETAIL_BYTES_MAX);
        assert_eq!(detail(&"€".repeat(2_000)).len(), DETAIL_BYTES_MAX - 1, "cut between characters");
    }
}

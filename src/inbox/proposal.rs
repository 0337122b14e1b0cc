//! A draft from outside: an agent, a template service. Unsigned, and worth nothing until a person approves it.
//!
//! The form is JSON, `config/schema/proposal.schema.json`. Where it writes is not in it: an approval takes channel and
//! target from the escalation.

use crate::class::ActionType;
use crate::decision::{DecisionId, Escalation, OutwardAction};
use crate::plain::{lines, one_line};
use std::collections::BTreeMap;

/// The version of the form.
pub const PROPOSAL_VERSION: u32 = 1;
/// The longest proposal, in bytes.
pub const PROPOSAL_BYTES_MAX: usize = 65_536;
/// The longest text that it may draft, in bytes.
pub const TEXT_BYTES_MAX: usize = 16_384;
/// The longest name of who proposes, in characters.
const BY_CHARS_MAX: usize = 64;
/// The longest note, in characters.
const NOTE_CHARS_MAX: usize = 500;
/// The most arguments.
const ARGUMENTS_MAX: usize = 16;
/// The longest name or value of one, in characters.
const ARGUMENT_CHARS_MAX: usize = 256;

/// What somebody outside would answer.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// [`PROPOSAL_VERSION`].
    pub v: u32,
    /// The decision that it is about.
    pub decision: DecisionId,
    /// The escalation's sequence in our stream.
    pub escalation: u64,
    /// Who says that they drafted it. Nobody vouches for it.
    pub by: String,
    /// What they would do.
    pub action: ProposedAction,
    /// Why, in a line.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub note: String,
}

/// An action without a place: neither channel nor target.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposedAction {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ActionType,
    /// Its arguments.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub arguments: BTreeMap<String, String>,
    /// The text that it writes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
}

/// Why bytes are no proposal.
#[derive(Debug, thiserror::Error)]
pub enum ProposalError {
    /// Too long.
    #[error("it has more than {PROPOSAL_BYTES_MAX} bytes, or a text of more than {TEXT_BYTES_MAX}")]
    TooLong,
    /// More arguments than there may be.
    #[error("it has more than {ARGUMENTS_MAX} arguments, or one of more than {ARGUMENT_CHARS_MAX} characters")]
    Arguments,
    /// Not of this form.
    #[error("no proposal: {0}")]
    Form(#[from] serde_json::Error),
    /// Of another version.
    #[error("it has version {0}, this decile reads version {PROPOSAL_VERSION}")]
    Version(u32),
}

impl Proposal {
    /// Reads one. Its texts are made plain here, so that what a person sees is what would go out.
    ///
    /// # Errors
    /// Where it is none, of another version, or beyond its bounds.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProposalError> {
        if bytes.len() > PROPOSAL_BYTES_MAX {
            return Err(ProposalError::TooLong);
        }
        let proposal: Self = serde_json::from_slice(bytes)?;
        if proposal.v != PROPOSAL_VERSION {
            return Err(ProposalError::Version(proposal.v));
        }
        if proposal.action.text.as_ref().is_some_and(|text| text.len() > TEXT_BYTES_MAX) {
            return Err(ProposalError::TooLong);
        }
        let is_long = |text: &String| text.chars().count() > ARGUMENT_CHARS_MAX;
        let arguments = &proposal.action.arguments;
        if arguments.len() > ARGUMENTS_MAX || arguments.iter().any(|(key, value)| is_long(key) || is_long(value)) {
            return Err(ProposalError::Arguments);
        }
        Ok(proposal.plain())
    }

    /// The action as it would go out: on the escalation's channel, about the escalation's message.
    pub fn on(&self, escalation: &Escalation) -> OutwardAction {
        OutwardAction {
            kind: self.action.kind.clone(),
            channel: escalation.decision.channel.clone(),
            arguments: self.action.arguments.clone(),
            text: self.action.text.clone(),
            target: escalation.target(),
        }
    }

    fn plain(self) -> Self {
        let plain = |text: &String| one_line(text, ARGUMENT_CHARS_MAX);
        let ProposedAction { kind, arguments, text } = self.action;
        let arguments = arguments.iter().map(|(key, value)| (plain(key), plain(value))).collect();
        let text = text.map(|text| lines(&text));
        Self {
            by: one_line(&self.by, BY_CHARS_MAX),
            note: one_line(&self.note, NOTE_CHARS_MAX),
            action: ProposedAction { kind, arguments, text },
            ..self
        }
    }
}

//! A record of a decision, read without the library: what it says, and what it must say.

use super::Raw;
use serde_json::Value;
use std::collections::BTreeSet;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Handled,
    Escalated,
    Passed,
    Action,
    /// What a person approved: beside its escalation, under the same id.
    Approved,
    DeadLetter,
}

impl Kind {
    /// Whether it is a decision on a message, one of which there must be.
    pub(super) fn decides(self) -> bool {
        !matches!(self, Self::Approved | Self::DeadLetter)
    }
}

/// A record of a decision, or of a message that could not be decided.
pub(super) struct Record {
    pub(super) kind: Kind,
    pub(super) sequence: u64,
    pub(super) subject: String,
    pub(super) id: String,
    /// Where the message lies.
    pub(super) stream: String,
    pub(super) of: u64,
    pub(super) stored_at_ns: i128,
    /// Every pack that it names.
    pub(super) packs: BTreeSet<String>,
    /// Whether its subject says what it says.
    pub(super) is_in_place: bool,
    message_id: Option<String>,
}

impl Record {
    /// Reads one; `None` where it does not say what is decided about which message.
    pub(super) fn read(raw: &Raw, tokens: &[&str]) -> Option<Self> {
        let body: Value = serde_json::from_slice(&raw.bytes).ok()?;
        let kind = match *tokens.get(1)? {
            "handled" => Kind::Handled,
            "escalated" => Kind::Escalated,
            "passed" => Kind::Passed,
            "action" => Kind::Action,
            "approved" => Kind::Approved,
            _ => Kind::DeadLetter,
        };
        let decision = body.get("decision").unwrap_or(&body);
        let source = &decision["source"];
        // An attached message may hold anything: it is not looked into.
        let packs = [&body, &body["decision"]].into_iter().flat_map(packs_of).collect();
        Some(Self {
            kind,
            sequence: raw.sequence,
            subject: raw.subject.clone(),
            id: decision["id"].as_str()?.to_owned(),
            stream: source["stream"].as_str()?.to_owned(),
            of: source["sequence"].as_u64()?,
            stored_at_ns: source["stored_at_ns"].as_str()?.parse().ok()?,
            packs,
            is_in_place: place(tokens[0], kind, decision, &body).is_some_and(|it| it == raw.subject),
            message_id: raw.headers.iter().find(|(name, _)| name == "nats-msg-id").map(|(_, id)| id.clone()),
        })
    }

    /// The digest of where the message lies: BLAKE3 with a label, each part after its length, 16 bytes of it as text.
    pub(super) fn id_must_be(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("decile/decision/v1");
        let parts = [self.stream.as_bytes(), &self.of.to_le_bytes(), &self.stored_at_ns.to_le_bytes()];
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        hasher.finalize().to_hex()[..32].to_owned()
    }

    /// Whether the broker could know it again: by its id, or what is made of it.
    pub(super) fn has_message_id(&self) -> bool {
        let Some(given) = &self.message_id else { return false };
        match self.kind {
            // One message can be approved, and undone.
            Kind::Approved => given.strip_prefix(&self.id).is_some_and(|rest| rest.starts_with('.')),
            // A decision and a dead letter have the same, so that of the two only one can be.
            _ => *given == self.id || self.after().is_some(),
        }
    }

    /// The dead letter, by its sequence, whose answer had the message tried again.
    pub(super) fn after(&self) -> Option<u64> {
        self.message_id.as_deref()?.strip_prefix(&self.id)?.strip_prefix('-')?.parse().ok()
    }
}

/// The subject that a record must lie on.
fn place(root: &str, kind: Kind, decision: &Value, body: &Value) -> Option<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let (id, channel) = (text(&decision["id"])?, text(&decision["channel"])?);
    let disposition = decision["disposition"].as_str();
    let is = |wanted: &str| (disposition == Some(wanted)).then_some(());
    Some(match kind {
        Kind::Handled => {
            is("handle")?;
            format!("{root}.handled.{}.{channel}", text(&decision["verdict"]["class"])?)
        }
        Kind::Escalated => {
            is("escalate")?;
            format!("{root}.escalated.{}.{channel}", text(&decision["desk"])?)
        }
        Kind::Passed => {
            is("pass")?;
            format!("{root}.passed.{channel}")
        }
        Kind::Action => {
            is("handle")?;
            format!("{root}.action.{}.{channel}.{id}", text(&body["action"]["type"])?)
        }
        Kind::Approved => format!("{root}.approved.{}.{channel}.{id}", text(&body["action"]["type"])?),
        Kind::DeadLetter => format!("{root}.dlq.{channel}"),
    })
}

/// The packs that it names: a text, or against all custom a list.
fn packs_of(value: &Value) -> Vec<String> {
    match &value["digests"]["pack"] {
        Value::String(pack) => vec![pack.clone()],
        Value::Array(packs) => packs.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

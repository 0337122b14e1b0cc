//! From the bytes on an action's subject to a claim: a record that is whole, belongs where it lies, and asks to be
//! carried out. It proves nothing yet.

use super::verify::Refusal;
use crate::channel::Channel;
use crate::class::ActionType;
use crate::decision::{DecisionId, Disposed, Outward, Proof, RECORD_VERSION, RefusedWhy};
use crate::subject::{Root, Subject};
use jiff::Timestamp;

/// An action as it was delivered.
#[derive(Clone, Copy, Debug)]
pub struct Delivered<'a> {
    /// The subject that it lies on.
    pub subject: &'a str,
    /// Its sequence in our stream.
    pub sequence: u64,
    /// When the broker stored it.
    pub stored_at: Timestamp,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// An action that asks to be carried out.
#[derive(Clone, Debug)]
pub struct Claim {
    pub(super) outward: Outward,
    pub(super) stored_at: Timestamp,
}

impl Claim {
    /// Reads a delivery on a channel.
    ///
    /// # Errors
    /// [`RefusedWhy::Form`], [`RefusedWhy::Contradiction`], [`RefusedWhy::Canary`].
    pub fn read(root: &Root, channel: &Channel, delivered: Delivered<'_>) -> Result<Self, Refusal> {
        if channel.is_canary() {
            return Err(RefusedWhy::Canary.into());
        }
        let outward: Outward =
            serde_json::from_slice(delivered.bytes).map_err(|error| Refusal::refused(RefusedWhy::Form, &error))?;
        if outward.decision.v != RECORD_VERSION {
            return Err(RefusedWhy::Form.into());
        }
        let is_whole = root.of_outward(&outward) == delivered.subject
            && outward.action.channel == *channel
            && outward.decision.channel == *channel
            && outward.action.target.source == outward.decision.source
            && is_disposed(&outward);
        if !is_whole {
            return Err(RefusedWhy::Contradiction.into());
        }
        Ok(Self { outward, stored_at: delivered.stored_at })
    }

    /// What a canary asks to be carried out, on the reserved channel only: no delivery there becomes a claim.
    pub(crate) fn of_canary(outward: Outward, stored_at: Timestamp) -> Option<Self> {
        outward.action.channel.is_canary().then_some(Self { outward, stored_at })
    }

    /// The decision that it belongs to.
    pub fn id(&self) -> &DecisionId {
        &self.outward.decision.id
    }

    /// Its type.
    pub fn kind(&self) -> &ActionType {
        &self.outward.action.kind
    }

    /// Whether it undoes an action.
    pub fn is_undo(&self) -> bool {
        matches!(self.outward.proof, Proof::Undo { .. })
    }

    /// Where the level that it rests on lies at the broker: what a person said rests on none.
    pub fn level_subject(&self, root: &Root) -> Option<Subject> {
        let Proof::Grant { .. } = self.outward.proof else { return None };
        let class = self.outward.decision.verdict.class.as_ref()?;
        Some(root.level(class, &self.outward.action.channel))
    }

    /// Where the proof that it carries must lie at the broker.
    pub fn proof_subject(&self, root: &Root) -> Subject {
        match self.outward.proof {
            Proof::Grant { .. } => root.grant(self.kind(), &self.outward.action.channel),
            Proof::Ruling { .. } => root.ruling(self.id()),
            Proof::Undo { .. } => root.undo(self.id()),
        }
    }
}

/// What was handled goes out under a grant, what was escalated under a ruling; either may be undone.
fn is_disposed(outward: &Outward) -> bool {
    match outward.proof {
        Proof::Grant { .. } => outward.decision.disposition == Disposed::Handle,
        Proof::Ruling { .. } => outward.decision.disposition == Disposed::Escalate,
        Proof::Undo { .. } => outward.decision.disposition != Disposed::Pass,
    }
}

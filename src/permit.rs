//! The permit: the proof, in the code, that a grant or a ruling covers *this* write.
//!
//! Only [`WritePermit::by_grant`], [`WritePermit::by_ruling`] and [`WritePermit::by_undo`] make one, out of what
//! [`crate::authority`] has verified, the action and the facts. It cannot be copied, and whoever commits with it, spends it.
//! [`WritePermit::for_canary`] makes one of nothing, and for the reserved channel alone, which nobody carries out.

use crate::authority::{Answer, Signed, VerifiedRuling, VerifiedUndo};
use crate::class::{ActionType, Class};
use crate::decision::{Decision, DecisionId, Outward, OutwardAction, Proof};
use crate::facts::{Facts, Halt};
use crate::governing::{Covering, SlotChoice};
use crate::policy::action::Reversibility;
use crate::subject::Root;
use std::time::Duration;

/// Permits one outward action, once.
#[must_use = "a permit that is not used permits nothing"]
#[derive(Debug)]
pub struct WritePermit {
    id: DecisionId,
    action: OutwardAction,
    proof: Proof,
    slots: Vec<SlotChoice>,
    fences: Vec<Fence>,
    kept: Duration,
}

/// A condition on what governs: it must still be the record that was relied on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fence {
    /// What it is about, as a token.
    what: &'static str,
    /// The subject that governs.
    subject: Governs,
    /// The sequence of its last record; 0 where there must be none.
    revision: u64,
}

/// A subject that governs, by what it governs.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Governs {
    Grant,
    Halt,
    Level(Class),
    Ruling,
    Undo,
}

/// Why there is no permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPermit {
    /// The halt is on.
    #[error("the halt is on")]
    Halted,
    /// The grant does not cover the action.
    #[error("the grant does not cover the action")]
    NotCovered,
    /// The ruling does not say that.
    #[error("the ruling is on another action, or no approval")]
    NotRuled,
    /// Its signer may not.
    #[error("its signer may not rule on this desk, or grant this action")]
    Right,
    /// The action cannot be undone, and the ruling does not say that it may go out all the same.
    #[error("the action cannot be undone, and the ruling does not say that its signer knew and may")]
    Irreversible,
}

/// There is no permit of a canary's for a channel that people use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a canary's permit is for the reserved channel")]
pub struct NotCanary;

/// One record of a batch, and the condition on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it goes.
    pub subject: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// How long it is kept.
    pub kept: Duration,
    /// The subject whose last record must have `revision`: by default its own.
    pub condition: Option<String>,
    /// The sequence of that last record; 0 for none.
    pub revision: u64,
}

/// What a permit was spent on: the action, and for each attempt the conditions beside it.
#[derive(Clone, Debug)]
pub struct Writes {
    /// The action, which is written first.
    pub action: Entry,
    /// Under which the broker drops a second copy: the decision's id. For what a person said, the escalation has that one.
    pub id: String,
    /// The rest of the batch: one list for each attempt. They differ in the slots that they take.
    pub attempts: Vec<Vec<Entry>>,
}

/// How long a fence is kept: it has done its work when it is stored.
const FENCE_KEPT: Duration = Duration::from_secs(60);

impl WritePermit {
    /// By a grant that covers the action on a message of this class, with free slots.
    ///
    /// # Errors
    /// [`NoPermit::Halted`], [`NoPermit::NotCovered`].
    pub fn by_grant(
        covering: Covering,
        id: DecisionId,
        class: &Class,
        action: OutwardAction,
        reversibility: Reversibility,
        facts: &Facts,
        kept: Duration,
    ) -> Result<Self, NoPermit> {
        let halt = not_halted(facts.halt)?;
        if reversibility == Reversibility::Irreversible {
            return Err(NoPermit::Irreversible);
        }
        covering.grant.covers(&action, class, facts.now).map_err(|_| NoPermit::NotCovered)?;
        let revision = covering.revision;
        let proof = Proof::Grant { signed: covering.grant.signed().clone(), revision, halt };
        let level = Fence {
            what: "level",
            subject: Governs::Level(class.clone()),
            revision: facts.level.unwrap_or_default().revision,
        };
        let fences = vec![Fence::halt(halt), Fence { what: "grant", subject: Governs::Grant, revision }, level];
        Ok(Self { id, action, proof, slots: covering.slots, fences, kept })
    }

    /// By a ruling on this very action, whose record has this revision.
    ///
    /// # Errors
    /// [`NoPermit::Halted`], [`NoPermit::NotRuled`], [`NoPermit::Irreversible`].
    pub fn by_ruling(
        ruling: &VerifiedRuling,
        revision: u64,
        id: DecisionId,
        action: OutwardAction,
        reversibility: Reversibility,
        halt: Halt,
        kept: Duration,
    ) -> Result<Self, NoPermit> {
        let halt = not_halted(halt)?;
        let (is_ruled, has_been_told) = match &ruling.payload().answer {
            Answer::Approve { action: digest, irreversible } => (*digest == action.digest(&id), *irreversible),
            Answer::Amend { instead, irreversible } => (**instead == action, *irreversible),
            Answer::Reject | Answer::Reclassify { .. } => (false, false),
        };
        if !is_ruled || ruling.payload().decision != id {
            return Err(NoPermit::NotRuled);
        }
        if reversibility == Reversibility::Irreversible && !(has_been_told && ruling.operator().irreversible) {
            return Err(NoPermit::Irreversible);
        }
        let proof = Proof::Ruling { signed: ruling.signed().clone(), revision, halt };
        let fences = vec![Fence::halt(halt), Fence { what: "ruling", subject: Governs::Ruling, revision }];
        Ok(Self { id, action, proof, slots: Vec::new(), fences, kept })
    }

    /// By the wish of an operator who may, to undo an action that went out.
    ///
    /// # Errors
    /// [`NoPermit::Halted`], [`NoPermit::NotRuled`], [`NoPermit::Right`].
    pub fn by_undo(
        undo: &VerifiedUndo,
        revision: u64,
        outward: &Outward,
        inverse: ActionType,
        halt: Halt,
        kept: Duration,
    ) -> Result<Self, NoPermit> {
        let halt = not_halted(halt)?;
        let (id, action, operator) = (&outward.decision.id, &outward.action, undo.operator());
        if undo.payload().decision != *id {
            return Err(NoPermit::NotRuled);
        }
        let may_rule = outward.decision.desk.as_ref().is_some_and(|desk| operator.rulings.has(desk));
        if !may_rule && !operator.may_grant(&action.channel, &action.kind) {
            return Err(NoPermit::Right);
        }
        let proof = Proof::Undo { signed: undo.signed().clone(), revision, halt };
        let fences = vec![Fence::halt(halt), Fence { what: "undo", subject: Governs::Undo, revision }];
        let action = OutwardAction { kind: inverse, text: None, ..action.clone() };
        Ok(Self { id: id.clone(), action, proof, slots: Vec::new(), fences, kept })
    }

    /// For a canary: on the reserved channel and nowhere else, whatever was signed. It states one condition: that the
    /// last record on the grant's subject is `fence`. Whoever makes one knows that it is not, so the broker must refuse.
    ///
    /// # Errors
    /// [`NotCanary`].
    pub fn for_canary(
        signed: Signed,
        revision: u64,
        fence: u64,
        id: DecisionId,
        action: OutwardAction,
        kept: Duration,
    ) -> Result<Self, NotCanary> {
        if !action.channel.is_canary() {
            return Err(NotCanary);
        }
        let proof = Proof::Grant { signed, revision, halt: 0 };
        let fences = vec![Fence { what: "grant", subject: Governs::Grant, revision: fence }];
        Ok(Self { id, action, proof, slots: Vec::new(), fences, kept })
    }

    /// The record that it permits, with its decision.
    pub fn record(&self, decision: Decision) -> Outward {
        Outward { decision, action: self.action.clone(), proof: self.proof.clone() }
    }

    /// Spends it: what is written, and under which conditions.
    ///
    /// # Errors
    /// Never: records always encode.
    pub fn spend(self, root: &Root, decision: Decision) -> Result<Writes, serde_json::Error> {
        let record = self.record(decision);
        let (subject, bytes) = (root.of_outward(&record), serde_json::to_vec(&record)?);
        let action = Entry { subject, bytes, kept: self.kept, condition: None, revision: 0 };
        let attempts = self.slots.iter().map(|slot| slot.candidates.len()).min().unwrap_or(1);
        let attempts = (0..attempts).map(|attempt| self.conditions(root, attempt)).collect();
        let id = match self.proof {
            Proof::Grant { .. } => self.id.to_string(),
            Proof::Ruling { revision, .. } | Proof::Undo { revision, .. } => format!("{}.{revision}", self.id),
        };
        Ok(Writes { action, id, attempts })
    }

    fn conditions(&self, root: &Root, attempt: usize) -> Vec<Entry> {
        let note = format!("{{\"decision\":\"{}\"}}", self.id).into_bytes();
        let slots = self.slots.iter().filter_map(|slot| {
            let number = slot.candidates.get(attempt)?;
            let subject = format!("{root}.slot.{}.{number}", slot.row);
            Some(Entry { subject, bytes: note.clone(), kept: slot.kept, condition: None, revision: 0 })
        });
        let fences = self.fences.iter().map(|fence| Entry {
            subject: format!("{root}.slot.fence.{}.{}", self.id, fence.what),
            bytes: note.clone(),
            kept: FENCE_KEPT,
            condition: Some(self.subject_of(root, &fence.subject)),
            revision: fence.revision,
        });
        slots.chain(self.once(root, &note)).chain(fences).collect()
    }

    /// One answer of a person, one effect, whatever action it names.
    fn once(&self, root: &Root, note: &[u8]) -> Option<Entry> {
        let what = match self.proof {
            Proof::Grant { .. } => return None,
            Proof::Ruling { .. } => "ruling",
            Proof::Undo { .. } => "undo",
        };
        let subject = format!("{root}.slot.{what}.{}", self.id);
        Some(Entry { subject, bytes: note.to_vec(), kept: self.kept, condition: None, revision: 0 })
    }

    fn subject_of(&self, root: &Root, governs: &Governs) -> String {
        let subject = match governs {
            Governs::Grant => root.grant(&self.action.kind, &self.action.channel),
            Governs::Halt => root.halt(),
            Governs::Level(class) => root.level(class, &self.action.channel),
            Governs::Ruling => root.ruling(&self.id),
            Governs::Undo => root.undo(&self.id),
        };
        subject.as_str().to_owned()
    }
}

impl Fence {
    fn halt(revision: u64) -> Self {
        Self { what: "halt", subject: Governs::Halt, revision }
    }
}

fn not_halted(halt: Halt) -> Result<u64, NoPermit> {
    match halt {
        Halt::Off { revision } => Ok(revision),
        Halt::On { .. } => Err(NoPermit::Halted),
    }
}

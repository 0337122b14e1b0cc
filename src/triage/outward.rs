//! From a handled line to an outward action: what would be done, what covers it, and what is done if the broker refuses.

use super::plan::Act;
use super::record::Decided;
use super::{Reading, Snapshot};
use crate::class::Class;
use crate::decision::{DecisionId, OutwardAction, Target};
use crate::facts::{Cover, Facts, Leveled};
use crate::gate::{Disposition, Held};
use crate::governing::{Ask, Covering, Seen, Sight};
use crate::permit::WritePermit;
use crate::policy::Line;
use crate::policy::action::Reach;
use crate::policy::level::Level;
use crate::reason::Reason;
use crate::verdict::Verdict;

/// What covers the outward action that the policy names for the verdict's class, if it names one that could leave.
pub(super) fn seen(
    snapshot: &Snapshot,
    reading: &Reading<'_>,
    verdict: &Verdict,
    level: Option<Leveled>,
    id: &DecisionId,
    sight: &dyn Sight,
) -> Seen {
    let none = Seen { cover: Cover::NoGrant, covering: None };
    let Some(class) = verdict.class() else { return none };
    let line = snapshot.policy.line(class, &reading.spec.channel);
    let level = line.level_at(sight.now(), level);
    if line.action.nature.reach == Reach::Internal || level < Level::Routine {
        return none;
    }
    let action = action(snapshot, reading, class, line);
    sight.cover(&Ask { decision: id, class, action: &action, policy: &snapshot.policy, now: sight.now() })
}

/// The action of a line on a message.
pub(super) fn action(snapshot: &Snapshot, reading: &Reading<'_>, class: &Class, line: &Line) -> OutwardAction {
    let message = reading.message.as_ref().ok();
    OutwardAction {
        kind: line.action.kind.clone(),
        channel: reading.spec.channel.clone(),
        arguments: line.action.arguments.clone(),
        text: super::record::draft_text(snapshot, reading, Some(class), &line.action),
        target: Target {
            message: message.and_then(|message| message.id.clone()),
            thread: message.and_then(|message| message.thread.clone()),
            source: super::record::source(reading.delivery),
        },
    }
}

impl<'a> Decided<'a> {
    /// The permit, where the decision is to act outward. `Err` where it is, and there is none to be had: then the gate and
    /// the mint disagree, and nothing leaves.
    pub(super) fn permit(&self, covering: Option<Covering>) -> Result<Option<WritePermit>, NotPermitted> {
        let (Disposition::Handle { line }, Some(class)) = (self.disposition, self.verdict.class()) else {
            return Ok(None);
        };
        if line.action.nature.reach == Reach::Internal {
            return Ok(None);
        }
        let action = action(self.snapshot, self.reading, class, line);
        let reversibility = line.action.nature.reversibility;
        let kept = self.snapshot.retention.handled;
        let id = self.id.clone();
        let permit =
            WritePermit::by_grant(covering.ok_or(NotPermitted)?, id, class, action, reversibility, &self.facts, kept);
        permit.map(Some).map_err(|_| NotPermitted)
    }

    /// The act, and what is decided if the broker refuses it.
    pub(super) fn with_permit(self, permit: WritePermit) -> (Option<Box<Act>>, Self) {
        let decision = self.decision();
        (Some(Box::new(Act { permit, decision })), self.held_back())
    }

    /// The same with its action held back: what was known of grants was not what the broker has.
    pub(super) fn held_back(self) -> Self {
        let Disposition::Handle { line } = self.disposition else { return self };
        let held = Held::Draft(&line.action);
        let disposition = Disposition::Escalate { reason: Reason::GrantsStale, desk: &line.desk, held };
        Self { disposition, facts: Facts { cover: Cover::Stale, ..self.facts.clone() }, ..self }
    }
}

/// There is no permit.
#[derive(Clone, Copy, Debug)]
pub(super) struct NotPermitted;

//! From a handled decision to the sample that a person looks at afterwards, where it is drawn.

use super::plan::Plan;
use super::{Reading, Snapshot};
use crate::decision::{Decision, Disposed, MessageRecord, Record, SAMPLE_VERSION, Sample};
use crate::subject::Subject;
use crate::trust::Sampler;
use std::time::Duration;

/// A sample on its way out: published once its decision stands.
#[derive(Debug)]
pub struct SamplePlan {
    /// Where it goes.
    pub subject: Subject,
    /// How long it is kept.
    pub ttl: Duration,
    /// What is committed.
    pub sample: Sample,
}

/// The sample of a plan that handles its message, where it is drawn.
pub fn sample(snapshot: &Snapshot, reading: &Reading<'_>, plan: &Plan, sampler: &mut Sampler) -> Option<SamplePlan> {
    let decision = handled(plan)?;
    let (class, message) = (decision.verdict.class.as_ref()?, reading.message.as_ref().ok()?);
    let (sampling, now) = (&snapshot.policy.sampling, decision.facts.now);
    if !sampler.takes(sampling, &decision.id, class, &decision.channel, now) {
        return None;
    }
    let sample = Sample {
        v: SAMPLE_VERSION,
        decision: decision.clone(),
        message: MessageRecord::from(message),
        answer_by: now.saturating_add(sampling.deadline).unwrap_or(now),
    };
    Some(SamplePlan { subject: snapshot.root.review(class), ttl: sampling.kept(), sample })
}

/// Whether a plan handles its message.
pub fn is_handled(plan: &Plan) -> bool {
    handled(plan).is_some()
}

/// The decision to handle: to act outward, or else what is committed, where that handles. What is refused outward becomes
/// an escalation, and nobody need sample what a person decides.
fn handled(plan: &Plan) -> Option<&Decision> {
    match (&plan.act, &plan.record) {
        (Some(act), _) => Some(&act.decision),
        (None, Record::Handled(decision)) if decision.disposition == Disposed::Handle => Some(decision),
        (None, _) => None,
    }
}

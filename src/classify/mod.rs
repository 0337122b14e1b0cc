//! The classifier: a message's fields scanned once, the rules that could fire judged, a verdict.
//!
//! It answers always. It reads a pack and a message, and nothing else: no clock, no files.

mod evidence;
mod judge;
mod novelty;
mod scan;
mod scratch;
mod steps;
mod trace;

#[cfg(test)]
mod tests;

pub use scratch::Scratch;
pub use trace::{
    ClassTrace, ConditionKind, ConditionTrace, RuleTrace, SpanTrace, Trace, UninspectableField, ViewName, trace,
};

use crate::class::RuleId;
use crate::message::Message;
use crate::pack::Pack;
use crate::reason::Reason;
use crate::verdict::{Outcome, Verdict};
use judge::Fired;
use steps::Steps;

/// The bounds of classifying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassifyLimits {
    /// The most spans in a verdict.
    pub evidence_spans_max: usize,
    /// The most work of one decision, in steps: a byte scanned, or given to a regex or to the check of a
    /// phrase.
    pub decision_steps_max: u64,
}

/// Classifies a message. The same pack, message and limits give the same verdict, whatever the scratch
/// was used for before.
pub fn classify(pack: &Pack, message: &Message, limits: &ClassifyLimits, scratch: &mut Scratch) -> Verdict {
    let mut steps = Steps::new(limits.decision_steps_max);
    match evaluate(pack, message, &mut steps, scratch) {
        Ok(evaluation) => evaluation.verdict(pack, limits, scratch),
        Err(reason) => Verdict::none(reason, Vec::new()),
    }
}

/// The rules that fire, or why none could be asked.
pub(crate) fn fired(
    pack: &Pack,
    message: &Message,
    limits: &ClassifyLimits,
    scratch: &mut Scratch,
) -> Result<Vec<RuleId>, Reason> {
    let mut steps = Steps::new(limits.decision_steps_max);
    let evaluation = evaluate(pack, message, &mut steps, scratch)?;
    let rules = evaluation.fired.iter().filter_map(|fired| pack.rules.get(fired.rule));
    Ok(rules.map(|rule| rule.info.id.clone()).collect())
}

/// What classifying found, before it is cut to size.
struct Evaluation {
    fired: Vec<Fired>,
    outcome: Outcome,
}

/// The one evaluation that `classify`, `trace` and the tests beside the rules share.
fn evaluate(pack: &Pack, message: &Message, steps: &mut Steps, scratch: &mut Scratch) -> Result<Evaluation, Reason> {
    scan::inspect(message)?;
    scratch.prepare(pack);
    scan::scan(pack, message, steps, scratch)?;
    let fired = judge::fired(pack, message, steps, scratch)?;
    let outcome = outcome(pack, &fired, steps, scratch)?;
    Ok(Evaluation { fired, outcome })
}

impl Evaluation {
    fn verdict(self, pack: &Pack, limits: &ClassifyLimits, scratch: &Scratch) -> Verdict {
        let evidence = evidence::of(pack, &self.fired, scratch, limits.evidence_spans_max);
        Verdict { outcome: self.outcome, evidence }
    }
}

/// The first reason that holds, or the class.
fn outcome(pack: &Pack, fired: &[Fired], steps: &mut Steps, scratch: &Scratch) -> Result<Outcome, Reason> {
    let rules = || fired.iter().filter_map(|fired| pack.rules.get(fired.rule));
    if rules().any(|rule| rule.restricts()) {
        return Ok(Outcome::None(Reason::Restricted));
    }
    let Some(class) = rules().find_map(|rule| rule.class) else { return Ok(Outcome::None(Reason::Unmatched)) };
    if rules().any(|rule| rule.class != Some(class)) {
        return Ok(Outcome::None(Reason::Conflict));
    }
    let Some(spec) = pack.classes.get(class) else { return Ok(Outcome::None(Reason::Unmatched)) };
    if fired.len() < spec.witnesses {
        return Ok(Outcome::None(Reason::TooFewWitnesses));
    }
    if novelty::Novelty::of(spec, scratch.text(), steps)?.exceeds(spec) {
        return Ok(Outcome::None(Reason::Novel));
    }
    Ok(Outcome::Class(spec.class.clone()))
}

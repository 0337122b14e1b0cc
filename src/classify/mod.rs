//! The classifier: a message's fields scanned once, the rules that could fire judged, a verdict.
//!
//! It answers always. It reads a pack and a message, and nothing else: no clock, no files.

mod evidence;
mod finding;
mod gaps;
mod hits;
mod judge;
mod novelty;
mod regexes;
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

pub use finding::{Finding, Place};

use crate::class::RuleId;
use crate::message::Message;
use crate::pack::Pack;
use crate::reason::Reason;
use crate::verdict::Verdict;
use jiff::Timestamp;
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

/// Classifies a message as of `now`. The same pack, message, time and limits give the same verdict, whatever
/// the scratch was used for before.
pub fn classify(
    pack: &Pack,
    message: &Message,
    now: Timestamp,
    limits: &ClassifyLimits,
    scratch: &mut Scratch,
) -> Verdict {
    find(pack, message, now, limits, scratch).to_verdict()
}

/// The same, without a copy of anything: once the scratch has seen its longest message, it allocates nothing.
pub fn find<'p, 's>(
    pack: &'p Pack,
    message: &Message,
    now: Timestamp,
    limits: &ClassifyLimits,
    scratch: &'s mut Scratch,
) -> Finding<'p, 's> {
    let mut steps = Steps::new(limits.decision_steps_max);
    let outcome = evaluate(pack, message, now, limits, &mut steps, scratch);
    if outcome.is_err() {
        scratch.evidence.clear();
    }
    Finding::new(pack, outcome, &scratch.evidence, steps.taken())
}

/// The rules that fire, or why none could be asked.
pub(crate) fn fired(
    pack: &Pack,
    message: &Message,
    now: Timestamp,
    limits: &ClassifyLimits,
    scratch: &mut Scratch,
) -> Result<Vec<RuleId>, Reason> {
    let mut steps = Steps::new(limits.decision_steps_max);
    evaluate(pack, message, now, limits, &mut steps, scratch)?;
    let rules = scratch.fired.iter().filter_map(|fired| pack.infos.get(fired.rule as usize));
    Ok(rules.map(|info| info.id.clone()).collect())
}

/// A class, by its index, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Class(u32),
    None(Reason),
}

/// The one evaluation that `classify`, `trace` and the tests beside the rules share. The rules that fire and the
/// evidence are left in the scratch.
fn evaluate(
    pack: &Pack,
    message: &Message,
    now: Timestamp,
    limits: &ClassifyLimits,
    steps: &mut Steps,
    scratch: &mut Scratch,
) -> Result<Outcome, Reason> {
    scratch.prepare(pack);
    scan::inspect(message)?;
    scan::scan(pack, message, steps, scratch)?;
    regexes::run(pack, message, now, steps, scratch)?;
    judge::judge(pack, message, now, steps, scratch)?;
    let outcome = outcome(pack, steps, scratch)?;
    evidence::find(pack, limits.evidence_spans_max, steps, scratch)?;
    Ok(outcome)
}

/// The first reason that holds, or the class.
fn outcome(pack: &Pack, steps: &mut Steps, scratch: &mut Scratch) -> Result<Outcome, Reason> {
    let heads = || scratch.fired.iter().filter_map(|fired| pack.heads.get(fired.rule as usize));
    if heads().any(|head| head.restricts()) {
        return Ok(Outcome::None(Reason::Restricted));
    }
    let Some(class) = heads().find_map(|head| head.class()) else { return Ok(Outcome::None(Reason::Unmatched)) };
    if heads().any(|head| head.class() != Some(class)) {
        return Ok(Outcome::None(Reason::Conflict));
    }
    let Some(spec) = pack.classes.get(class as usize) else { return Ok(Outcome::None(Reason::Unmatched)) };
    if scratch.fired.len() < spec.witnesses {
        return Ok(Outcome::None(Reason::TooFewWitnesses));
    }
    if scratch.novelty.exceeds(spec, scratch.fields.text(), steps)? {
        return Ok(Outcome::None(Reason::Novel));
    }
    Ok(Outcome::Class(class))
}

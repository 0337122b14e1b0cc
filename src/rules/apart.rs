//! One class apart from the others: what its digest is of, and no more. For a comparison of two versions of a class's rules:
//! what another class takes from it today, by a rule that may go tomorrow, must not hide what comes in.

use super::resolved::ResolvedRule;
use super::written::Written;
use super::{canonical, compile, lists, resolve};
use crate::class::{Class, RuleId};
use crate::diagnostic::Report;
use crate::digest::Digest;
use crate::pack::{Effect, Pack};
use std::collections::BTreeMap;

/// The rules of one class, and all that restrict. The class's digest is the same as in the whole.
///
/// Everything that is wrong goes to the report; `None` if it has errors.
pub fn compile_class(written: &Written, class: &Class, report: &Report) -> Option<Pack> {
    let (mut resolved, _) = resolve(written, &lists(written, report), report)?;
    resolved.classes.retain(|spec| spec.class == *class);
    resolved.rules.retain(|rule| match &rule.info.effect {
        Effect::Permit(permitted) => permitted == class,
        Effect::Restrict(_) => true,
    });
    compile::compile(resolved, report)
}

/// A rule by what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleDigest {
    /// What it permits or restricts.
    pub effect: Effect,
    /// Of all that can change whether it fires.
    pub digest: Digest,
}

/// Each rule by what it does.
///
/// Everything that is wrong goes to the report; `None` if it has errors.
pub fn digests(written: &Written, report: &Report) -> Option<BTreeMap<RuleId, RuleDigest>> {
    let (resolved, _) = resolve(written, &lists(written, report), report)?;
    let of = |rule: &ResolvedRule| {
        let (effect, digest) = (rule.info.effect.clone(), canonical::rule_digest(rule));
        (rule.info.id.clone(), RuleDigest { effect, digest })
    };
    Some(resolved.rules.iter().map(of).collect())
}

//! Rules, and patterns of rules, that can never do anything. Only permitting rules: a restricting one also
//! fires on what is hidden, or not known.

use super::implies::{contradict, implies};
use super::{Findings, Lint};
use crate::pack::Effect;
use crate::pack::pattern::ViewSet;
use crate::rules::resolved::{Resolved, ResolvedPattern, ResolvedRule};

pub(super) fn lint(resolved: &Resolved, findings: &Findings<'_>) {
    for rule in resolved.rules.iter().filter(|rule| matches!(rule.info.effect, Effect::Permit(_))) {
        one(rule, findings);
    }
}

fn one(rule: &ResolvedRule, findings: &Findings<'_>) {
    let id = &rule.info.id;
    if let Some((pattern, why)) = rule.all.iter().find_map(|pattern| Some((pattern, dead(rule, pattern)?))) {
        let wrong = format!("`{id}` can never fire: it needs `{}`, and {why}", pattern.written);
        return findings.of_rule(Lint::Unreachable, &rule.info, &pattern.at, wrong);
    }
    let dead: Vec<(&ResolvedPattern, String)> =
        rule.any.iter().filter_map(|pattern| Some((pattern, dead(rule, pattern)?))).collect();
    if !rule.any.is_empty() && dead.len() == rule.any.len() {
        let whys: Vec<String> = dead.iter().map(|(pattern, why)| format!("`{}`: {why}", pattern.written)).collect();
        let wrong = format!("`{id}` can never fire, whatever of `any` matches ({})", whys.join("; "));
        return findings.of_rule(Lint::Unreachable, &rule.info, &rule.at, wrong);
    }
    for (pattern, why) in dead {
        let wrong = format!("`{}` never makes `{id}` fire: {why}", pattern.written);
        findings.of_rule(Lint::Unreachable, &rule.info, &pattern.at, wrong);
    }
}

/// Why a rule never fires where a positive pattern of it matches.
fn dead(rule: &ResolvedRule, pattern: &ResolvedPattern) -> Option<String> {
    // Where it matches raw, so does what it implies, and `none` looks at the raw view too.
    let excluding = rule.none.iter().find(|none| implies(pattern, none, ViewSet::RAW));
    let excluding = excluding.map(|none| format!("`none` has `{}`, which matches there too", none.written));
    let other = || rule.all.iter().find(|other| contradict(pattern, other));
    excluding.or_else(|| other().map(|other| format!("`{}` must match beside it, which cannot be", other.written)))
}

//! Patterns that stand somewhere already, and regexes that run on every message.

use super::{Findings, Lint, patterns_of};
use crate::diagnostic::Location;
use crate::pack::{Effect, RuleInfo};
use crate::rules::resolved::{PatternKey, Resolved, ResolvedMatcher, ResolvedRule};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn lint(resolved: &Resolved, findings: &Findings<'_>) {
    resolved.rules.iter().for_each(|rule| repeated(rule, findings));
    slow(resolved, findings);
    shared(resolved, findings);
}

fn repeated(rule: &ResolvedRule, findings: &Findings<'_>) {
    let mut seen: BTreeMap<PatternKey, &Location> = BTreeMap::new();
    for pattern in patterns_of(rule) {
        if let Some(first) = seen.insert(pattern.key(), &pattern.at) {
            let wrong = format!("`{}` stands twice in `{}`, first at {first}", pattern.written, rule.info.id);
            findings.of_rule(Lint::RepeatedPattern, &rule.info, &pattern.at, wrong);
        }
    }
}

/// Each regex once: rules that say the same share it.
fn slow(resolved: &Resolved, findings: &Findings<'_>) {
    let mut seen: BTreeSet<PatternKey> = BTreeSet::new();
    for (rule, pattern) in resolved.rules.iter().flat_map(|rule| patterns_of(rule).map(move |it| (rule, it))) {
        let is_open = matches!(&pattern.matcher, ResolvedMatcher::Regex(_, compiled) if compiled.is_open());
        if is_open && !findings.allows(Lint::SlowRegex, &rule.info) && seen.insert(pattern.key()) {
            let wrong = format!("`{}` has no literal to look for and runs on every message", pattern.written);
            findings.of_rule(Lint::SlowRegex, &rule.info, &pattern.at, wrong);
        }
    }
}

/// Only `any`: that two rules need the same word beside others is how pairs are written.
fn shared(resolved: &Resolved, findings: &Findings<'_>) {
    let mut seen: BTreeMap<(&str, PatternKey), &RuleInfo> = BTreeMap::new();
    for rule in &resolved.rules {
        let Effect::Permit(class) = &rule.info.effect else { continue };
        for pattern in &rule.any {
            match seen.get(&(class.as_str(), pattern.key())) {
                Some(first) if first.id != rule.info.id => {
                    let wrong = format!(
                        "`{}` stands in `any` of `{}` and of `{}`, both of class `{class}`",
                        pattern.written, rule.info.id, first.id
                    );
                    findings.of_rule(Lint::SharedPattern, &rule.info, &pattern.at, wrong);
                }
                Some(_) => {}
                None => _ = seen.insert((class.as_str(), pattern.key()), &rule.info),
            }
        }
    }
}

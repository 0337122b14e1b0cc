//! Rules for every channel that read what not every channel has.

use super::{Findings, Lint, patterns_of};
use crate::message::Field;
use crate::pack::Effect;
use crate::rules::resolved::{Resolved, ResolvedRule};

pub(super) fn lint(resolved: &Resolved, findings: &Findings<'_>) {
    resolved.rules.iter().filter(|rule| rule.channels.is_empty()).for_each(|rule| one(rule, findings));
}

fn one(rule: &ResolvedRule, findings: &Findings<'_>) {
    let (reader, what) = match &rule.info.effect {
        Effect::Restrict(_) => (patterns_of(rule).find(|pattern| pattern.field != Field::Text), "fires"),
        Effect::Permit(_) => (rule.none.iter().find(|pattern| pattern.field != Field::Text), "cannot fire"),
    };
    if let Some(pattern) = reader {
        let wrong = format!("`{}` {what} wherever a message may have no `{}`", rule.info.id, pattern.field);
        findings.of_rule(Lint::MayBeAbsent, &rule.info, &pattern.at, wrong);
    }
}

//! What works, but is probably not what was meant.

use super::lists::Lists;
use super::resolved::{PatternKey, Resolved, ResolvedPattern, ResolvedRule};
use super::written::{Written, WrittenRule};
use crate::diagnostic::{Location, Report};
use crate::message::Field;
use crate::pack::{ClassSpec, Effect};
use std::collections::BTreeMap;

/// Warns about everything that is probably not meant.
pub(super) fn lint(written: &Written, resolved: &Resolved, lists: &Lists<'_>, report: &Report) {
    let by_id = |rule: &&'_ WrittenRule| rule.id.as_ref().map(|id| id.value.clone());
    let rules = written.files.iter().flat_map(|file| &file.rules);
    let written_rules: BTreeMap<String, &WrittenRule> = rules.filter_map(|rule| Some((by_id(&rule)?, rule))).collect();
    for rule in &resolved.rules {
        if let Some(written) = written_rules.get(rule.info.id.as_str()) {
            untested(rule, written, report);
        }
        repeated(rule, report);
        may_be_absent(rule, report);
    }
    for list in lists.unused() {
        let wrong = format!("nothing uses the list `{}`", list.name.value);
        report.warning("unused-list", &list.name.at, wrong, "use it, or remove it");
    }
    lint_classes(written, resolved, report);
}

fn untested(rule: &ResolvedRule, written: &WrittenRule, report: &Report) {
    let id = &rule.info.id;
    if !written.tests.iter().any(|test| test.matches.is_some()) {
        let help = "add a message that it is for: `test = [{ match = \"…\" }]`";
        report.warning("no-match-test", &rule.at, format!("no test shows that `{id}` fires"), help);
    }
    if !written.tests.iter().any(|test| test.no_match.is_some()) {
        let help = "add a message that looks alike and is not meant: `test = [{ no_match = \"…\" }]`";
        report.warning("no-no-match-test", &rule.at, format!("no test shows where `{id}` does not fire"), help);
    }
}

fn repeated(rule: &ResolvedRule, report: &Report) {
    let mut seen: BTreeMap<PatternKey, &Location> = BTreeMap::new();
    for pattern in patterns(rule) {
        if let Some(first) = seen.insert(pattern.key(), &pattern.at) {
            let wrong = format!("`{}` stands twice in `{}`, first at {first}", pattern.written, rule.info.id);
            report.warning("repeated-pattern", &pattern.at, wrong, "remove one of them");
        }
    }
}

/// Rules for every channel that read what not every channel has.
fn may_be_absent(rule: &ResolvedRule, report: &Report) {
    if !rule.channels.is_empty() {
        return;
    }
    let help = "name the `channels` that have the field";
    let (reader, what) = match &rule.info.effect {
        Effect::Restrict(_) => (patterns(rule).find(|pattern| pattern.field != Field::Text), "fires"),
        Effect::Permit(_) => (rule.none.iter().find(|pattern| pattern.field != Field::Text), "cannot fire"),
    };
    if let Some(pattern) = reader {
        let wrong = format!("`{}` {what} wherever a message may have no `{}`", rule.info.id, pattern.field);
        report.warning("may-be-absent", &pattern.at, wrong, help);
    }
}

fn lint_classes(written: &Written, resolved: &Resolved, report: &Report) {
    for name in written.files.iter().flat_map(|file| &file.classes).filter_map(|class| class.name.as_ref()) {
        let Some(spec) = resolved.classes.iter().find(|spec| spec.class.as_str() == name.value) else { continue };
        let count = rules_of(spec, resolved);
        if count == 0 {
            let wrong = format!("no rule names the class `{}`", name.value);
            report.warning("class-without-rules", &name.at, wrong, "add a rule with this `class`, or remove it");
        } else if count < spec.witnesses {
            let wrong = format!("`{}` needs {} witnesses and has rules for {count}", name.value, spec.witnesses);
            report.warning("too-few-rules", &name.at, wrong, "lower `witnesses`, or add rules");
        }
    }
}

fn rules_of(spec: &ClassSpec, resolved: &Resolved) -> usize {
    let names_it = |rule: &&ResolvedRule| matches!(&rule.info.effect, Effect::Permit(class) if *class == spec.class);
    resolved.rules.iter().filter(names_it).count()
}

fn patterns(rule: &ResolvedRule) -> impl Iterator<Item = &ResolvedPattern> {
    rule.any.iter().chain(&rule.all).chain(&rule.none)
}

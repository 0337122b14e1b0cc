//! Rules that no test shows at work.

use super::{Findings, Lint, Subject};
use crate::rules::written::WrittenRule;
use std::collections::BTreeMap;

pub(super) fn lint(subject: &Subject<'_>, findings: &Findings<'_>) {
    let rules = subject.written.files.iter().flat_map(|file| &file.rules);
    let by_id: BTreeMap<&str, &WrittenRule> =
        rules.filter_map(|it| Some((it.id.as_ref()?.value.as_str(), it))).collect();
    for rule in &subject.resolved.rules {
        let tests = by_id.get(rule.info.id.as_str()).map_or(&[][..], |rule| &rule.tests);
        let id = &rule.info.id;
        if !tests.iter().any(|test| test.matches.is_some()) {
            findings.of_rule(Lint::NoMatchTest, &rule.info, &rule.at, format!("no test shows that `{id}` fires"));
        }
        if !tests.iter().any(|test| test.no_match.is_some()) {
            let wrong = format!("no test shows where `{id}` does not fire");
            findings.of_rule(Lint::NoNoMatchTest, &rule.info, &rule.at, wrong);
        }
    }
}

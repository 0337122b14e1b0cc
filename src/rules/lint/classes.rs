//! Classes that no message can be of, and lists that nothing uses.

use super::{Findings, Lint, Subject};
use crate::pack::{ClassSpec, Effect};
use crate::rules::resolved::{Resolved, ResolvedRule};

pub(super) fn lint(subject: &Subject<'_>, findings: &Findings<'_>) {
    let written = subject.written.files.iter().flat_map(|file| &file.classes);
    for name in written.filter_map(|class| class.name.as_ref()) {
        let Some(spec) = subject.resolved.classes.iter().find(|it| it.class.as_str() == name.value) else { continue };
        let count = rules_of(spec, subject.resolved).count();
        if count == 0 {
            let wrong = format!("no rule names the class `{}`", name.value);
            findings.of_class(Lint::ClassWithoutRules, &spec.class, &name.at, wrong);
        } else if count < spec.witnesses {
            let wrong = format!("`{}` needs {} witnesses and has rules for {count}", name.value, spec.witnesses);
            findings.of_class(Lint::TooFewRules, &spec.class, &name.at, wrong);
        }
    }
    for list in subject.lists.unused() {
        findings.of_folder(Lint::UnusedList, &list.name.at, format!("nothing uses the list `{}`", list.name.value));
    }
}

/// The rules of a class.
pub(super) fn rules_of<'r>(spec: &'r ClassSpec, resolved: &'r Resolved) -> impl Iterator<Item = &'r ResolvedRule> {
    let names_it = |rule: &&ResolvedRule| matches!(&rule.info.effect, Effect::Permit(class) if *class == spec.class);
    resolved.rules.iter().filter(names_it)
}

//! What lints find, without what the rules allow.

use super::kinds::{Lint, allowed};
use crate::class::Class;
use crate::diagnostic::{Location, Report};
use crate::pack::{Effect, RuleInfo};
use crate::rules::written::Written;
use std::cell::Cell;

/// Takes what lints find to the report, unless it is allowed there.
pub(super) struct Findings<'a> {
    report: &'a Report,
    allows: Vec<Allow>,
}

/// One lint that is allowed somewhere.
struct Allow {
    lint: Lint,
    owner: Owner,
    at: Location,
    is_used: Cell<bool>,
}

/// What an `allow` stands on.
enum Owner {
    /// A rule, by its id.
    Rule(String),
    /// A class, and all its rules.
    Class(String),
}

impl<'a> Findings<'a> {
    /// Nothing found yet. What stands on rules that are switched off allows nothing, and is not useless.
    pub(super) fn new(written: &Written, report: &'a Report) -> Self {
        let rules = written.files.iter().flat_map(|file| &file.rules).filter(|rule| rule.is_enabled());
        let classes = written.files.iter().flat_map(|file| &file.classes);
        let of_rules = rules.filter_map(|rule| Some((Owner::Rule(rule.id.as_ref()?.value.clone()), &rule.allow)));
        let of_classes = classes.filter_map(|it| Some((Owner::Class(it.name.as_ref()?.value.clone()), &it.allow)));
        let mut allows = Vec::new();
        // Codes that mean nothing have been reported when the rules were resolved.
        let unsaid = Report::new();
        for (owner, codes) in of_rules.chain(of_classes) {
            for code in allowed(codes, &unsaid) {
                allows.push(Allow { lint: code.value, owner: owner.copy(), at: code.at, is_used: Cell::new(false) });
            }
        }
        Self { report, allows }
    }

    /// Whether it is allowed of a rule.
    pub(super) fn allows(&self, lint: Lint, rule: &RuleInfo) -> bool {
        self.is_allowed(lint, |owner| owner.covers(rule))
    }

    /// Something about a rule.
    pub(super) fn of_rule(&self, lint: Lint, rule: &RuleInfo, at: &Location, wrong: String) {
        if !self.allows(lint, rule) {
            self.push(lint, at, wrong);
        }
    }

    /// Something about a class.
    pub(super) fn of_class(&self, lint: Lint, class: &Class, at: &Location, wrong: String) {
        if !self.is_allowed(lint, |owner| matches!(owner, Owner::Class(name) if name == class.as_str())) {
            self.push(lint, at, wrong);
        }
    }

    /// Something about neither.
    pub(super) fn of_folder(&self, lint: Lint, at: &Location, wrong: String) {
        self.push(lint, at, wrong);
    }

    /// Reports what was allowed in vain.
    pub(super) fn finish(self) {
        for allow in self.allows.iter().filter(|allow| !allow.is_used.get() && !allow.lint.is_of_its_run()) {
            let wrong = format!("nothing here is `{}`", allow.lint.code());
            self.push(Lint::UselessAllow, &allow.at, wrong);
        }
    }

    /// Whether something allows it; each that does is of use.
    fn is_allowed(&self, lint: Lint, covers: impl Fn(&Owner) -> bool) -> bool {
        let allowing = self.allows.iter().filter(|allow| allow.lint == lint && covers(&allow.owner));
        allowing.map(|allow| allow.is_used.set(true)).count() > 0
    }

    fn push(&self, lint: Lint, at: &Location, wrong: String) {
        self.report.add(lint.level().severity(), lint.code(), at, wrong, lint.advice());
    }
}

impl Owner {
    fn copy(&self) -> Self {
        match self {
            Self::Rule(id) => Self::Rule(id.clone()),
            Self::Class(name) => Self::Class(name.clone()),
        }
    }

    fn covers(&self, rule: &RuleInfo) -> bool {
        match (self, &rule.effect) {
            (Self::Rule(id), _) => id == rule.id.as_str(),
            (Self::Class(name), Effect::Permit(class)) => name == class.as_str(),
            (Self::Class(_), Effect::Restrict(_)) => false,
        }
    }
}

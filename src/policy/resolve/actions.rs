//! Actions: their natures, and which arguments belong to which type.

use super::{Resolver, unique};
use crate::class::{ActionType, is_name};
use crate::diagnostic::Report;
use crate::diagnostic::table::Placed;
use crate::diagnostic::value::suggestion;
use crate::policy::action::{Action, BUILT_IN_TYPES, Nature, UNDECLARED, built_in};
use crate::policy::draft::Template;
use crate::policy::written::action::{WrittenAction, WrittenActionType};
use std::collections::BTreeMap;

/// The longest argument, in characters.
const ARGUMENT_CHARS_MAX: usize = 256;
/// The most arguments of one action.
const ARGUMENTS_MAX: usize = 16;

/// What a type takes.
struct Takes {
    /// Arguments, all of which must be there.
    arguments: &'static [&'static str],
    template: TakesTemplate,
}

enum TakesTemplate {
    No,
    MayHave,
    MustHave,
}

/// What the built-in types take; `None` for any other type, which takes named arguments and may have a
/// template.
fn takes(kind: &str) -> Option<Takes> {
    let (arguments, template): (&[&str], _) = match kind {
        "label" => (&["label"], TakesTemplate::No),
        "note" => (&[], TakesTemplate::MayHave),
        "draft" | "reply" => (&[], TakesTemplate::MustHave),
        "archive" | "mark_read" | "unarchive" | "mark_unread" => (&[], TakesTemplate::No),
        "react" | "unreact" => (&["emoji"], TakesTemplate::No),
        "forward" => (&["to"], TakesTemplate::No),
        "send" => (&["to"], TakesTemplate::MustHave),
        _ => return None,
    };
    Some(Takes { arguments, template })
}

/// The natures of the types that the policy declares; a built-in type may only become stricter.
pub(super) fn natures(written: &[WrittenActionType], report: &Report) -> BTreeMap<String, Nature> {
    let _ = unique("action", written.iter().filter_map(|action| action.kind.as_ref()), report);
    let mut natures = BTreeMap::new();
    for action in written {
        let Some(kind) = &action.kind else { continue };
        let least = built_in(&kind.value);
        let floor = least.unwrap_or(UNDECLARED);
        let reach = action.reach.as_ref();
        let reversibility = action.reversibility.as_ref();
        if least.is_some() {
            not_laxer(kind, "reach", reach, floor.reach, report);
            not_laxer(kind, "reversibility", reversibility, floor.reversibility, report);
        }
        let nature = Nature {
            reach: reach.map_or(floor.reach, |reach| reach.value),
            reversibility: reversibility.map_or(floor.reversibility, |reversibility| reversibility.value),
        };
        natures.insert(kind.value.clone(), nature);
    }
    natures
}

/// What undoes what, as the policy declares it.
pub(super) fn inverses(written: &[WrittenActionType], report: &Report) -> BTreeMap<ActionType, ActionType> {
    let mut inverses = BTreeMap::new();
    for action in written {
        let (Some(kind), Some(inverse)) = (&action.kind, &action.inverse) else { continue };
        if kind.value == inverse.value {
            report.error("bad-inverse", &inverse.at, "an action does not undo itself", "name the type that undoes it");
        }
        if let (Ok(kind), Ok(inverse)) = (ActionType::parse(&kind.value), ActionType::parse(&inverse.value)) {
            inverses.insert(kind, inverse);
        }
    }
    inverses
}

fn not_laxer<T: Copy + Ord>(kind: &Placed<String>, key: &str, written: Option<&Placed<T>>, least: T, report: &Report) {
    if let Some(written) = written.filter(|written| written.value < least) {
        let message = format!("`{}` cannot have a laxer `{key}` than it has built in", kind.value);
        report.error("laxer", &written.at, message, "leave the key out, or declare a type of your own");
    }
}

impl Resolver<'_> {
    /// What types mean that the policy declares.
    pub(super) fn declared(&self) -> BTreeMap<ActionType, Nature> {
        let parsed = |(kind, nature): (&String, &Nature)| Some((ActionType::parse(kind).ok()?, *nature));
        self.natures.iter().filter_map(parsed).collect()
    }

    /// An action of a type that needs nothing.
    pub(super) fn action_without_arguments(&self, kind: ActionType) -> Action {
        let nature = self.nature(kind.as_str());
        Action { kind, nature, arguments: BTreeMap::new(), template: None }
    }

    /// An action; its place is that of its type.
    pub(super) fn action(&self, written: &WrittenAction) -> Option<Placed<Action>> {
        let kind = written.kind.as_ref()?;
        let mut action = self.action_without_arguments(ActionType::parse(&kind.value).ok()?);
        action.template = written.template.as_ref().and_then(|template| self.template(template));
        match takes(&kind.value) {
            Some(takes) => action.arguments = self.built_in_arguments(kind, written, &takes),
            None => {
                self.warn_undeclared(kind);
                action.arguments = self.named_arguments(kind, written);
            }
        }
        Some(Placed::new(action, kind.at.clone()))
    }

    fn nature(&self, kind: &str) -> Nature {
        self.natures.get(kind).copied().or_else(|| built_in(kind)).unwrap_or(UNDECLARED)
    }

    fn warn_undeclared(&self, kind: &Placed<String>) {
        if !self.natures.contains_key(&kind.value) {
            let known: Vec<&str> = BUILT_IN_TYPES.into_iter().chain(self.natures.keys().map(String::as_str)).collect();
            let message = format!("`{}` is neither built in nor declared: outward and irreversible", kind.value);
            let help = format!("declare it with `[[action]]`; or else: {}", suggestion(&kind.value, &known));
            self.report.warning("undeclared-action", &kind.at, message, help);
        }
    }

    fn template(&self, written: &Placed<String>) -> Option<Template> {
        let template = match Template::parse(&written.value) {
            Ok(template) => template,
            Err(errors) => {
                for error in errors {
                    self.report.error("bad-template", &written.at, error.to_string(), error.help());
                }
                return None;
            }
        };
        let (bytes, max) = (template.text_bytes(), self.known.draft_bytes_max);
        if bytes > max {
            let message = format!("the template has {bytes} bytes of text, a draft at most {max}");
            self.report.error("bad-template", &written.at, message, "shorten it, or raise `draft_bytes_max`");
        }
        Some(template)
    }

    fn built_in_arguments(
        &self,
        kind: &Placed<String>,
        written: &WrittenAction,
        takes: &Takes,
    ) -> BTreeMap<String, String> {
        let mut arguments = BTreeMap::new();
        for (key, value) in written_arguments(written) {
            let is_taken = takes.arguments.contains(&key);
            match value {
                Some(value) if is_taken => self.insert(&mut arguments, key, value),
                Some(value) => self.not_taken(kind, key, &value.at),
                None if is_taken => self.missing(kind, key),
                None => {}
            }
        }
        match (&takes.template, &written.template) {
            (TakesTemplate::No, Some(template)) => self.not_taken(kind, "template", &template.at),
            (TakesTemplate::MustHave, None) => self.missing(kind, "template"),
            _ => {}
        }
        if let Some(named) = &written.arguments {
            self.not_taken(kind, "arguments", &named.at);
        }
        arguments
    }

    fn named_arguments(&self, kind: &Placed<String>, written: &WrittenAction) -> BTreeMap<String, String> {
        for (key, value) in written_arguments(written) {
            if let Some(value) = value {
                self.not_taken(kind, key, &value.at);
            }
        }
        let mut arguments = BTreeMap::new();
        let Some(named) = &written.arguments else { return arguments };
        if named.entries.len() > ARGUMENTS_MAX {
            let message = format!("`{}` has more than {ARGUMENTS_MAX} arguments", kind.value);
            self.report.error("bad-argument", &named.at, message, "remove some");
        }
        for (key, value) in &named.entries {
            if !is_name(&key.value) {
                let message = format!("`{}` cannot be an argument's name", key.value);
                self.report.error("bad-name", &key.at, message, "use 1 to 64 letters, digits, `_` or `-`");
            }
            self.insert(&mut arguments, &key.value, value);
        }
        arguments
    }

    fn insert(&self, arguments: &mut BTreeMap<String, String>, key: &str, value: &Placed<String>) {
        let text = &value.value;
        if text.is_empty() || text.chars().count() > ARGUMENT_CHARS_MAX || text.chars().any(char::is_control) {
            let help = format!("write 1 to {ARGUMENT_CHARS_MAX} characters in one line");
            self.report.error(
                "bad-argument",
                &value.at,
                format!("`{key}` is empty, too long or has line breaks"),
                help,
            );
        }
        arguments.insert(key.to_owned(), text.clone());
    }

    fn missing(&self, kind: &Placed<String>, key: &str) {
        let message = format!("`{}` needs `{key}`", kind.value);
        self.report.error("missing-key", &kind.at, message, format!("add `{key} = \"…\"`"));
    }

    fn not_taken(&self, kind: &Placed<String>, key: &str, at: &crate::diagnostic::Location) {
        let help = match takes(&kind.value) {
            Some(_) => "remove it",
            None => "put it into `arguments = { … }`",
        };
        self.report.error("unknown-argument", at, format!("`{}` takes no `{key}`", kind.value), help);
    }
}

fn written_arguments(written: &WrittenAction) -> [(&'static str, Option<&Placed<String>>); 3] {
    [("label", written.label.as_ref()), ("to", written.to.as_ref()), ("emoji", written.emoji.as_ref())]
}

//! From rules as written to rules as meant.

use super::lists::{Lists, inside};
use super::resolved::{Literals, Resolved, ResolvedMatcher, ResolvedPattern, ResolvedRule};
use super::written::{Written, WrittenPattern, WrittenRule};
use super::{comparison, lint, moment, regex};
use crate::class::{Class, RuleId, is_name};
use crate::diagnostic::table::Placed;
use crate::diagnostic::{Location, Report};
use crate::message::Field;
use crate::pack::comparison::Comparison;
use crate::pack::{ChannelFilter, Effect, RuleInfo};
use crate::views;
use std::collections::BTreeMap;
use std::path::Path;

/// Resolves everything; what is wrong goes to the report, and is left out here.
pub(crate) fn resolve(written: &Written, lists: &Lists<'_>, report: &Report) -> Resolved {
    let mut seen: BTreeMap<&str, &Location> = BTreeMap::new();
    let mut rules = Vec::new();
    for rule in written.files.iter().flat_map(|file| &file.rules) {
        unique_id(rule, &mut seen, report);
        if let Some(resolved) = (Resolver { lists, report }).rule(rule)
            && rule.is_enabled()
        {
            rules.push(resolved);
        }
    }
    rules.sort_by(|a, b| a.info.id.cmp(&b.info.id));
    let classes = super::classes::classes(written, &rules, lists, report);
    let restrictions = super::classes::restrictions(written, &rules, report);
    Resolved { rules, classes, restrictions }
}

fn unique_id<'w>(rule: &'w WrittenRule, seen: &mut BTreeMap<&'w str, &'w Location>, report: &Report) {
    let Some(id) = &rule.id else { return };
    if let Some(first) = seen.insert(&id.value, &id.at) {
        let wrong = format!("the rule `{}` exists already, at {first}", id.value);
        report.error("duplicate-rule", &id.at, wrong, "give it an id of its own");
    }
}

#[derive(Clone, Copy)]
struct Resolver<'a, 'l> {
    lists: &'a Lists<'l>,
    report: &'a Report,
}

impl Resolver<'_, '_> {
    /// Every part is resolved before any is missed, so that all mistakes are found.
    fn rule(self, rule: &WrittenRule) -> Option<ResolvedRule> {
        let id = rule.id.as_ref().and_then(|id| name(id, "rule", self.report));
        let effect = self.effect(rule);
        let channels = self.channels(rule);
        let any = self.patterns(&rule.any);
        let all = self.patterns(&rule.all);
        let none = self.patterns(&rule.none);
        self.needs_witness(rule);
        let groups: Vec<&String> = any.iter().chain(&all).flat_map(ResolvedPattern::groups).collect();
        let comparisons = rule.comparisons.iter().filter_map(|written| self.comparison(written, &groups)).collect();
        lint::allowed(&rule.allow, self.report);
        let expires = rule.expires.as_ref().and_then(|written| moment::expiry(written, self.report));
        let at = rule.id.as_ref()?.at.clone();
        let id = RuleId::parse(id?).ok()?;
        let (owner, note) = (text(&rule.owner), text(&rule.note));
        let info = RuleInfo { id, effect: effect?, origin: origin(&at), owner, note, expires };
        Some(ResolvedRule { info, at, channels, any, all, none, comparisons })
    }

    fn effect(self, rule: &WrittenRule) -> Option<Effect> {
        match (&rule.class, &rule.restrict) {
            (Some(class), None) => Class::parse(name(class, "class", self.report)?).ok().map(Effect::Permit),
            (None, Some(restriction)) => {
                name(restriction, "restriction", self.report).map(|name| Effect::Restrict(name.to_owned()))
            }
            (Some(_), Some(restriction)) => {
                let wrong = "a rule with both `class` and `restrict`";
                self.report.error("rule-effect", &restriction.at, wrong, "a rule permits or restricts: remove one");
                None
            }
            (None, None) => {
                let at = rule.id.as_ref().map_or(&rule.at, |id| &id.at);
                let help = "add `class = \"…\"` (permits) or `restrict = \"…\"` (forces escalation)";
                self.report.error("rule-effect", at, "a rule with neither `class` nor `restrict`", help);
                None
            }
        }
    }

    fn needs_witness(self, rule: &WrittenRule) {
        if rule.any.is_empty() && rule.all.is_empty() {
            let at = rule.id.as_ref().map_or(&rule.at, |id| &id.at);
            let help = "add `any` or `all`: a rule fires on what a message says, never on what it does not say";
            self.report.error("no-pattern", at, "a rule without `any` and `all`", help);
        }
    }

    fn channels(self, rule: &WrittenRule) -> Vec<ChannelFilter> {
        let Some((at, written)) = &rule.channels else { return Vec::new() };
        if written.is_empty() {
            let help = "name a channel, or remove `channels` for all of them";
            self.report.error("no-channel", at, "`channels` is empty: the rule would exist nowhere", help);
        }
        written.iter().filter_map(|channel| self.channel(channel)).collect()
    }

    fn channel(self, written: &Placed<String>) -> Option<ChannelFilter> {
        let part = |text: &str| (text != "*").then(|| text.to_owned());
        let fits = |text: &str| text == "*" || !(text.is_empty() || text.contains('*'));
        match written.value.split_once('.') {
            Some((source, name)) if fits(source) && fits(name) => {
                Some(ChannelFilter { source: part(source), name: part(name) })
            }
            _ => {
                let wrong = format!("`{}` names no channels", written.value);
                let help = "write source and name, `slack.support`, or `*` for a whole one of them: `slack.*`";
                self.report.error("bad-channel", &written.at, wrong, help);
                None
            }
        }
    }

    fn patterns(self, written: &[WrittenPattern]) -> Vec<ResolvedPattern> {
        written.iter().filter_map(|pattern| self.pattern(pattern)).collect()
    }

    fn pattern(self, written: &WrittenPattern) -> Option<ResolvedPattern> {
        let (text, field) = match written {
            WrittenPattern::Text(phrase) => (phrase, &None),
            WrittenPattern::Phrase { phrase, field } => (phrase, field),
            WrittenPattern::Regex { re, field } => (re, field),
        };
        let field = self.field(field);
        let matcher = match written {
            WrittenPattern::Regex { .. } => self.regex(text),
            _ => self.phrase(text),
        };
        Some(ResolvedPattern { field: field?, written: text.value.clone(), at: text.at.clone(), matcher: matcher? })
    }

    fn field(self, written: &Option<Placed<String>>) -> Option<Field> {
        let Some(written) = written else { return Some(Field::Text) };
        let parsed = Field::parse(&written.value);
        if let Err(error) = parsed {
            let wrong = format!("`{}` is no field", written.value);
            self.report.error("unknown-field", &written.at, wrong, error.to_string());
        }
        parsed.ok()
    }

    fn phrase(self, written: &Placed<String>) -> Option<ResolvedMatcher> {
        let (template, texts) = self.lists.phrase(written)?;
        let raw = texts.iter().map(|text| views::raw_text(text)).collect();
        let folded = texts.iter().map(|text| views::folded_text(text)).collect();
        let literals = Literals { at_start: template.at_start, at_end: template.at_end, raw, folded };
        if literals.raw.iter().chain(&literals.folded).any(String::is_empty) {
            let wrong = format!("`{}` has nothing that can be seen", written.value);
            self.report.error("empty-phrase", &written.at, wrong, "write the words to look for");
            return None;
        }
        Some(ResolvedMatcher::Phrase(literals))
    }

    fn regex(self, written: &Placed<String>) -> Option<ResolvedMatcher> {
        match regex::compile(&written.value) {
            Ok(compiled) => Some(ResolvedMatcher::Regex(written.value.clone(), Box::new(compiled))),
            Err(error) => {
                let at = match &error {
                    regex::RegexError::Syntax(_, Some(within)) => inside(written, within.clone()),
                    _ => written.at.clone(),
                };
                self.report.error("bad-regex", &at, error.to_string(), error.help());
                None
            }
        }
    }

    fn comparison(self, written: &Placed<String>, groups: &[&String]) -> Option<Comparison> {
        let comparison = match comparison::parse(&written.value) {
            Ok(comparison) => comparison,
            Err(error) => {
                self.report.error("bad-comparison", &written.at, error.to_string(), error.help());
                return None;
            }
        };
        if !groups.iter().any(|group| **group == comparison.group) {
            let wrong = format!("no regex of `any` or `all` has a group `{}`", comparison.group);
            let help = format!("name a group: `(?P<{}>\\d+)`", comparison.group);
            self.report.error("unknown-group", &written.at, wrong, help);
            return None;
        }
        Some(comparison)
    }
}

/// Checks a name; what is wrong with it is reported.
pub(super) fn name<'w>(written: &'w Placed<String>, what: &str, report: &Report) -> Option<&'w str> {
    if is_name(&written.value) {
        return Some(&written.value);
    }
    let wrong = format!("`{}` cannot name a {what}", written.value);
    report.error("bad-name", &written.at, wrong, "use 1 to 64 letters, digits, `_` or `-`");
    None
}

/// A text, if it was given.
pub(super) fn text(written: &Option<Placed<String>>) -> Option<String> {
    written.as_ref().map(|text| text.value.clone())
}

fn origin(at: &Location) -> String {
    let path = Path::new(at.file().name());
    let file = path.file_name().and_then(|name| name.to_str()).unwrap_or(at.file().name());
    format!("{file}:{}", at.line())
}

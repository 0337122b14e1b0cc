//! The digest of a pack: of what can change a verdict, in one form however it is written.

use super::resolved::{Resolved, ResolvedMatcher, ResolvedPattern, ResolvedRule};
use crate::digest::Digest;
use crate::pack::comparison::Comparison;
use crate::pack::{ClassSpec, Effect, LANGUAGE_VERSION};
use std::collections::BTreeSet;

const LABEL: &str = "decile 2026 pack of rules";
const RULE_LABEL: &str = "decile 2026 rule";
const CLASS_LABEL: &str = "decile 2026 rules of a class";

/// The digest of resolved rules. The order of files, rules and patterns, comments, notes and tests have no
/// part in it.
pub(super) fn digest(resolved: &Resolved) -> Digest {
    let mut parts = Parts(Vec::new());
    parts.text(LANGUAGE_VERSION);
    resolved.classes.iter().for_each(|class| parts.class(class));
    resolved.rules.iter().for_each(|rule| parts.rule(rule));
    Digest::of(LABEL, parts.0.iter().map(Vec::as_slice))
}

/// The digest of what decides whether a message is of a class: the class, the rules that permit it, and all that restrict.
/// Other classes' rules have no part in it: they can only take messages from it. Who takes such a rule away gives these
/// messages back, and so may the end of a rule that expires: that is for a comparison of two packs over messages to find.
pub(super) fn class_digest(resolved: &Resolved, class: &ClassSpec) -> Digest {
    let mut parts = Parts(Vec::new());
    parts.text(LANGUAGE_VERSION);
    parts.class(class);
    let is_of_it = |rule: &&ResolvedRule| match &rule.info.effect {
        Effect::Permit(permitted) => *permitted == class.class,
        Effect::Restrict(_) => true,
    };
    resolved.rules.iter().filter(is_of_it).for_each(|rule| parts.rule(rule));
    Digest::of(CLASS_LABEL, parts.0.iter().map(Vec::as_slice))
}

/// The digest of what can change whether one rule fires.
pub(super) fn rule_digest(rule: &ResolvedRule) -> Digest {
    let mut parts = Parts(Vec::new());
    parts.text(LANGUAGE_VERSION);
    parts.rule(rule);
    Digest::of(RULE_LABEL, parts.0.iter().map(Vec::as_slice))
}

struct Parts(Vec<Vec<u8>>);

impl Parts {
    fn text(&mut self, text: &str) {
        self.0.push(text.as_bytes().to_vec());
    }

    fn number(&mut self, number: Option<usize>) {
        self.0.push(number.map_or(Vec::new(), |number| (number as u64).to_le_bytes().to_vec()));
    }

    /// A list, with its length before it so that it cannot run into what follows.
    fn list<'t>(&mut self, items: impl ExactSizeIterator<Item = &'t str>) {
        self.number(Some(items.len()));
        items.for_each(|item| self.text(item));
    }

    fn class(&mut self, class: &ClassSpec) {
        self.text("class");
        self.text(class.class.as_str());
        self.number(Some(class.witnesses));
        self.number(class.words_max);
        self.number(class.vocabulary.as_ref().map(|vocabulary| vocabulary.unknown_max));
        let none = BTreeSet::new();
        let words = class.vocabulary.as_ref().map_or(&none, |vocabulary| &vocabulary.words);
        self.list(words.iter().map(String::as_str));
    }

    fn rule(&mut self, rule: &ResolvedRule) {
        self.text("rule");
        self.text(rule.info.id.as_str());
        match &rule.info.effect {
            Effect::Permit(class) => ["permit", class.as_str()].iter().for_each(|word| self.text(word)),
            Effect::Restrict(name) => ["restrict", name].iter().for_each(|word| self.text(word)),
        }
        self.text(&rule.info.expires.map_or(String::new(), |expires| expires.to_string()));
        let star = |part: &Option<String>| part.clone().unwrap_or("*".to_owned());
        let channels: BTreeSet<String> =
            rule.channels.iter().map(|filter| format!("{}.{}", star(&filter.source), star(&filter.name))).collect();
        self.list(channels.iter().map(String::as_str));
        [&rule.any, &rule.all, &rule.none].into_iter().for_each(|group| self.group(group));
        let comparisons: BTreeSet<String> = rule.comparisons.iter().map(comparison).collect();
        self.list(comparisons.iter().map(String::as_str));
    }

    fn group(&mut self, patterns: &[ResolvedPattern]) {
        let mut sorted: Vec<&ResolvedPattern> = patterns.iter().collect();
        sorted.sort_by_cached_key(|pattern| pattern.key());
        sorted.dedup_by_key(|pattern| pattern.key());
        self.number(Some(sorted.len()));
        sorted.into_iter().for_each(|pattern| self.pattern(pattern));
    }

    fn pattern(&mut self, pattern: &ResolvedPattern) {
        self.text(&pattern.field.to_string());
        match &pattern.matcher {
            ResolvedMatcher::Regex(source, _) => {
                self.text("re");
                self.text(source);
            }
            ResolvedMatcher::Phrase(literals) => {
                self.text("phrase");
                self.number(Some(usize::from(literals.at_start)));
                self.number(Some(usize::from(literals.at_end)));
                self.list(literals.raw.iter().map(String::as_str));
                self.list(literals.folded.iter().map(String::as_str));
            }
        }
    }
}

/// A comparison as meant: how it is written is not part of it.
fn comparison(comparison: &Comparison) -> String {
    let Comparison { group, operator, against, written: _ } = comparison;
    format!("{group}\n{operator:?}\n{against:?}")
}

//! From rules as meant to a pack.

use super::resolved::{PatternKey, Resolved, ResolvedMatcher, ResolvedPattern, ResolvedRule};
use crate::diagnostic::Report;
use crate::message::Field;
use crate::pack::pattern::{Gate, Matcher, Pattern, ViewSet};
use crate::pack::scanner::{Check, Literals, Scanner, Use};
use crate::pack::{Effect, Pack, Rule};
use std::collections::BTreeMap;

/// The most bytes of literals in a pack.
const LITERAL_BYTES_MAX: usize = 16 << 20;

/// Builds the pack; `None` where that has been reported.
pub(crate) fn compile(resolved: Resolved, report: &Report) -> Option<Pack> {
    let digest = super::canonical::digest(&resolved);
    let Resolved { rules, classes, restrictions } = resolved;
    let mut builder = Builder { fields: vec![Field::Text], ..Builder::default() };
    let mut compiled = Vec::with_capacity(rules.len());
    for rule in rules {
        let class = match &rule.info.effect {
            Effect::Permit(class) => classes.binary_search_by(|spec| spec.class.cmp(class)).ok(),
            Effect::Restrict(_) => None,
        };
        compiled.push(builder.rule(rule, class, compiled.len()));
    }
    let Builder { fields, patterns, found, .. } = builder;
    let literals = literals(&patterns, found);
    let scanner = scanner(literals, report)?;
    let fail_closed = fail_closed(&compiled, &patterns);
    let ungated = ungated(&patterns);
    Some(Pack { digest, rules: compiled, classes, restrictions, fields, patterns, scanner, ungated, fail_closed })
}

#[derive(Default)]
struct Builder {
    fields: Vec<Field>,
    patterns: Vec<Pattern>,
    /// What finds each pattern.
    found: Vec<Found>,
    known: BTreeMap<PatternKey, usize>,
}

/// What finds a pattern: its literals, by what they are for.
enum Found {
    Phrase(super::resolved::Literals),
    Gate(Vec<Vec<u8>>),
}

impl Builder {
    fn rule(&mut self, rule: ResolvedRule, class: Option<usize>, index: usize) -> Rule {
        let mut compiled = Rule {
            info: rule.info,
            class,
            channels: rule.channels,
            any: Vec::new(),
            all: Vec::new(),
            none: Vec::new(),
            comparisons: rule.comparisons,
        };
        let (positive, negative) = (compiled.positive_views(), compiled.negative_views());
        compiled.any = self.patterns(rule.any, positive, index);
        compiled.all = self.patterns(rule.all, positive, index);
        compiled.none = self.patterns(rule.none, negative, index);
        compiled
    }

    fn patterns(&mut self, patterns: Vec<ResolvedPattern>, views: ViewSet, rule: usize) -> Vec<usize> {
        let mut indices = Vec::with_capacity(patterns.len());
        for pattern in patterns {
            let index = self.pattern(pattern);
            if let Some(pattern) = self.patterns.get_mut(index) {
                pattern.views = pattern.views.with(views);
                if pattern.rules.last() != Some(&rule) {
                    pattern.rules.push(rule);
                }
            }
            if !indices.contains(&index) {
                indices.push(index);
            }
        }
        indices
    }

    fn pattern(&mut self, resolved: ResolvedPattern) -> usize {
        let index = self.patterns.len();
        let key = resolved.key();
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        self.known.insert(key, index);
        let field = self.field(resolved.field);
        let (matcher, found) = match resolved.matcher {
            ResolvedMatcher::Phrase(literals) => (Matcher::Phrase, Found::Phrase(literals)),
            ResolvedMatcher::Regex(_, compiled) => {
                let matcher = Matcher::Regex { regex: Box::new(compiled.regex), gate: compiled.gate };
                (matcher, Found::Gate(compiled.literals))
            }
        };
        let written = resolved.written;
        self.patterns.push(Pattern { field, written, views: ViewSet::NONE, matcher, rules: Vec::new() });
        self.found.push(found);
        index
    }

    fn field(&mut self, field: Field) -> usize {
        if let Some(known) = self.fields.iter().position(|seen| *seen == field) {
            return known;
        }
        self.fields.push(field);
        self.fields.len() - 1
    }
}

/// The literals of all patterns, in the views that some rule wants each in.
fn literals(patterns: &[Pattern], found: Vec<Found>) -> Literals {
    let mut literals = Literals::default();
    for (index, (pattern, found)) in patterns.iter().zip(found).enumerate() {
        let mut add = |literal: &[u8], views: ViewSet, check| {
            let views = views.both(pattern.views);
            if views != ViewSet::NONE {
                literals.add(literal, Use { pattern: index, field: pattern.field, views, check });
            }
        };
        match found {
            Found::Gate(gates) => gates.iter().for_each(|gate| add(gate, ViewSet::EITHER, Check::Gate)),
            Found::Phrase(phrase) => {
                let sets = [(&phrase.raw, ViewSet::RAW), (&phrase.folded, ViewSet::FOLDED)];
                for (set, views) in sets {
                    set.iter().for_each(|text| add(text.as_bytes(), views, Check::Phrase(phrase.ends(text))));
                }
            }
        }
    }
    literals
}

fn scanner(literals: Literals, report: &Report) -> Option<Scanner> {
    let total = literals.total_bytes();
    if total > LITERAL_BYTES_MAX {
        let wrong = format!("the phrases of all rules are {total} bytes with their lists written out");
        report.error_nowhere("pack-too-big", wrong, format!("use smaller lists: at most {LITERAL_BYTES_MAX} bytes"));
        return None;
    }
    match Scanner::new(literals) {
        Ok(scanner) => Some(scanner),
        Err(error) => {
            report.error_nowhere("pack-too-big", error.to_string(), "use fewer phrases, or smaller lists");
            None
        }
    }
}

/// Restricting rules with a pattern on a field that may be absent.
fn fail_closed(rules: &[Rule], patterns: &[Pattern]) -> Vec<usize> {
    let may_be_absent = |index: &usize| patterns.get(*index).is_some_and(|pattern| pattern.field != 0);
    let looks_elsewhere = |rule: &Rule| rule.any.iter().chain(&rule.all).chain(&rule.none).any(may_be_absent);
    rules.iter().enumerate().filter(|(_, rule)| rule.restricts() && looks_elsewhere(rule)).map(|(at, _)| at).collect()
}

fn ungated(patterns: &[Pattern]) -> Vec<usize> {
    let open = |pattern: &Pattern| matches!(pattern.matcher, Matcher::Regex { gate: Gate::Open, .. });
    patterns.iter().enumerate().filter(|(_, pattern)| open(pattern)).map(|(at, _)| at).collect()
}

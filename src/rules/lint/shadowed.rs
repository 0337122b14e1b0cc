//! Rules that never fire alone in their class: another asks for no more than they do.
//!
//! For every pair that shares what could be implied, and only for those, the other rule's conditions are
//! proved from this one's, one by one. At most `PAIRS_MAX` pairs are looked at.

use super::implies::{implies, inner, same};
use super::{Findings, Lint};
use crate::message::Field;
use crate::pack::comparison::Comparison;
use crate::pack::{ChannelFilter, RuleInfo};
use crate::rules::resolved::{Resolved, ResolvedMatcher, ResolvedPattern, ResolvedRule};
use std::collections::{BTreeSet, HashMap};

/// The most pairs of rules that are compared.
const PAIRS_MAX: usize = 2_000_000;

pub(super) fn lint(resolved: &Resolved, findings: &Findings<'_>) {
    let rules = &resolved.rules;
    let index = Index::new(rules);
    let mut pairs = 0;
    for (at, rule) in rules.iter().enumerate() {
        let others = index.candidates(rule);
        pairs += others.len();
        if pairs > PAIRS_MAX {
            return;
        }
        let others =
            others.into_iter().filter(|other| *other != at).filter_map(|other| Some((other, rules.get(other)?)));
        // Of two that say the same, the second is the one too many.
        let mut shadowing = others.filter(|(other, it)| shadows(it, rule) && (*other < at || !shadows(rule, it)));
        if let Some((_, other)) = shadowing.next() {
            report(rule, &other.info, findings);
        }
    }
}

fn report(rule: &ResolvedRule, other: &RuleInfo, findings: &Findings<'_>) {
    let wrong = format!("wherever `{}` fires, `{}` ({}) fires too", rule.info.id, other.id, other.origin);
    findings.of_rule(Lint::Shadowed, &rule.info, &rule.at, wrong);
}

/// Whether `other` fires wherever `rule` does, with the same effect.
fn shadows(other: &ResolvedRule, rule: &ResolvedRule) -> bool {
    let (positive, negative) = (rule.info.effect.positive_views(), rule.info.effect.negative_views());
    let brings = |wanted: &ResolvedPattern| {
        rule.all.iter().any(|own| implies(own, wanted, positive))
            || (!rule.any.is_empty() && rule.any.iter().all(|own| implies(own, wanted, positive)))
    };
    let brings_one = |own: &ResolvedPattern| other.any.iter().any(|wanted| implies(own, wanted, positive));
    let any = || {
        other.any.is_empty()
            || rule.all.iter().any(brings_one)
            || (!rule.any.is_empty() && rule.any.iter().all(brings_one))
    };
    let excluded = |wanted: &ResolvedPattern| rule.none.iter().any(|own| implies(wanted, own, negative));
    rule.info.effect == other.info.effect
        && outlives(&other.info, &rule.info)
        && covers(&other.channels, &rule.channels)
        && other.none.iter().all(excluded)
        && other.all.iter().all(brings)
        && any()
        && other.comparisons.iter().all(|wanted| compares(rule, other, wanted))
}

fn outlives(other: &RuleInfo, rule: &RuleInfo) -> bool {
    other.expires.is_none_or(|end| rule.expires.is_some_and(|own| own <= end))
}

fn covers(others: &[ChannelFilter], own: &[ChannelFilter]) -> bool {
    let part = |wide: &Option<String>, narrow: &Option<String>| wide.is_none() || wide == narrow;
    let one = |own: &ChannelFilter| others.iter().any(|it| part(&it.source, &own.source) && part(&it.name, &own.name));
    others.is_empty() || (!own.is_empty() && own.iter().all(one))
}

/// Whether a rule asks for the same comparison, of no more regexes than the other does.
fn compares(rule: &ResolvedRule, other: &ResolvedRule, wanted: &Comparison) -> bool {
    let asks = |own: &Comparison| {
        own.group == wanted.group && own.operator == wanted.operator && own.against == wanted.against
    };
    let captures = |pattern: &&ResolvedPattern| pattern.groups().contains(&wanted.group);
    let mut own = rule.any.iter().chain(&rule.all).filter(captures);
    rule.comparisons.iter().any(asks) && own.all(|own| other.any.iter().chain(&other.all).any(|it| same(own, it)))
}

/// Rules by what must be implied for them to fire: one pattern of `all`, the rarest, or any of `any`.
struct Index<'r> {
    by_key: HashMap<(&'r Field, &'r str), Vec<usize>>,
}

impl<'r> Index<'r> {
    fn new(rules: &'r [ResolvedRule]) -> Self {
        let mut counts: HashMap<(&Field, &str), usize> = HashMap::new();
        let all = rules.iter().flat_map(|rule| rule.any.iter().chain(&rule.all));
        all.flat_map(keys).for_each(|key| *counts.entry(key).or_default() += 1);
        let count = |pattern: &ResolvedPattern| keys(pattern).filter_map(|key| counts.get(&key)).sum::<usize>();
        let mut by_key: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, rule) in rules.iter().enumerate() {
            let rarest = rule.all.iter().min_by_key(|pattern| count(pattern));
            let wanted: Vec<&ResolvedPattern> = rarest.map_or_else(|| rule.any.iter().collect(), |one| vec![one]);
            for key in wanted.into_iter().flat_map(keys) {
                by_key.entry(key).or_default().push(at);
            }
        }
        Self { by_key }
    }

    /// The rules that might be implied; to be implied at all, the first literal of some pattern must do it.
    fn candidates(&self, rule: &ResolvedRule) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        for pattern in rule.any.iter().chain(&rule.all) {
            let Some((field, text)) = keys(pattern).next() else { continue };
            let parts = inner(text).filter_map(|(start, end)| text.get(start..end));
            let looked_up = parts.chain([text]).filter_map(|part| self.by_key.get(&(field, part)));
            found.extend(looked_up.flatten().copied());
        }
        found
    }
}

fn keys(pattern: &ResolvedPattern) -> impl Iterator<Item = (&Field, &str)> {
    let (literals, regex) = match &pattern.matcher {
        ResolvedMatcher::Phrase(literals) => (Some(&literals.raw), None),
        ResolvedMatcher::Regex(source, _) => (None, Some(source)),
    };
    let all = literals.into_iter().flatten().chain(regex);
    all.map(|text| (&pattern.field, text.as_str()))
}

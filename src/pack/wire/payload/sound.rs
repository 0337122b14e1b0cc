//! What must hold of a pack that was opened, as far as it can be told in one pass over it.
//!
//! Nothing rests on it for safety: classifying reads every table by `get`, so that one that lies gives wrong answers and
//! no more. What is told here is told before anybody relies on an answer.

use super::Wrong;
use crate::message::Field;
use crate::pack::literals::{Check, LiteralUse};
use crate::pack::pattern::{Pattern, ViewSet};
use crate::pack::{Effect, Pack, Rule, RuleInfo};

/// Checks a pack.
///
/// # Errors
/// What is wrong first.
pub(super) fn check(pack: &Pack) -> Result<(), Wrong> {
    let counts = Counts::of(pack);
    ensure(pack.rules.len() == pack.infos.len(), "rules and their names differ in number")?;
    ensure(pack.infos.is_sorted_by(|one, next| one.id < next.id), "the rules are out of order")?;
    ensure(pack.classes.is_sorted_by(|one, next| one.class < next.class), "the classes are out of order")?;
    ensure(pack.class_digests.len() == pack.classes.len(), "classes and their digests differ in number")?;
    ensure(pack.restrictions.is_sorted_by(|one, next| one.name < next.name), "the restrictions are out of order")?;
    ensure(pack.fields.first() == Some(&Field::Text), "the text is not the first field")?;
    ensure(pack.fields.is_sorted_by(|one, next| one < next), "the fields are out of order")?;
    ensure(pack.fail_closed.len() == pack.fields.len(), "a field has no list of restricting rules")?;
    let rules = pack.fail_closed.iter().chain(pack.patterns.iter().map(|pattern| &pattern.rules));
    ensure(rules.flatten().all(|rule| *rule < counts.rules), "a rule has no such number")?;
    ensure(pack.open.iter().all(|pattern| counts.has_pattern(*pattern)), "a pattern has no such number")?;
    pack.rules.iter().zip(&pack.infos).try_for_each(|(rule, info)| check_rule(pack, rule, info, counts))?;
    ensure(pack.patterns.iter().all(|pattern| is_pattern(pattern, counts)), "a pattern is not whole")?;
    pack.literals.entries.iter().try_for_each(|(literal, uses)| check_literal(literal, uses, counts))?;
    pack.phrases.check(counts)?;
    pack.gaps.check(counts, &pack.phrases)
}

/// How many there are of what is known by numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts<'p> {
    fields: u32,
    patterns: &'p [Pattern],
    /// Rules.
    pub(crate) rules: u32,
    /// Literals of gaps.
    pub(crate) gap_literals: u32,
}

impl<'p> Counts<'p> {
    fn of(pack: &'p Pack) -> Self {
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        Self {
            fields: count(pack.fields.len()),
            patterns: &pack.patterns,
            rules: count(pack.rules.len()),
            gap_literals: count(pack.gaps.literals.len()),
        }
    }

    /// Whether there is such a pattern, and whether a use of it names its field, and views that there are.
    pub(crate) fn have(self, pattern: u32, field: u32, views: ViewSet) -> bool {
        let known = self.patterns.get(pattern as usize);
        known.is_some_and(|pattern| pattern.field == field) && are_views(views)
    }

    fn has_pattern(self, pattern: u32) -> bool {
        (pattern as usize) < self.patterns.len()
    }
}

fn are_views(views: ViewSet) -> bool {
    views.with(ViewSet::EITHER) == ViewSet::EITHER
}

/// Answers what is wrong where something does not hold.
pub(crate) fn ensure(holds: bool, wrong: &str) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err(wrong.to_owned()) }
}

fn check_rule(pack: &Pack, rule: &Rule, info: &RuleInfo, counts: Counts<'_>) -> Result<(), Wrong> {
    let conditions = || rule.any.iter().chain(&rule.all).chain(&rule.none);
    ensure(conditions().all(|pattern| counts.has_pattern(*pattern)), "a rule has no such pattern")?;
    let named = match (&info.effect, rule.class.map(|at| pack.classes.get(at as usize))) {
        (Effect::Permit(class), Some(Some(spec))) => *class == spec.class,
        (Effect::Restrict(name), None) => pack.restrictions.binary_search_by(|known| known.name.cmp(name)).is_ok(),
        _ => false,
    };
    ensure(named, "a rule's effect is not what it names")?;
    ensure(rule.expires == info.expires, "a rule expires twice")?;
    let is_bare =
        rule.all.is_empty() && rule.none.is_empty() && rule.comparisons.is_empty() && rule.channels.is_empty();
    ensure(!rule.is_plain || (is_bare && rule.expires.is_none()), "a rule is plain and has conditions")
}

fn is_pattern(pattern: &Pattern, counts: Counts<'_>) -> bool {
    pattern.field < counts.fields && are_views(pattern.views.with(pattern.wakes))
}

/// A gate may end in the middle of a character; a phrase is evidence, and may not.
fn check_literal(literal: &[u8], uses: &[LiteralUse], counts: Counts<'_>) -> Result<(), Wrong> {
    let has_pattern = |usage: &LiteralUse| counts.have(usage.pattern, usage.field, usage.views);
    ensure(uses.iter().all(has_pattern), "a literal has no pattern")?;
    let is_phrase = uses.iter().any(|usage| matches!(usage.check, Check::Phrase(_)));
    ensure(!is_phrase || std::str::from_utf8(literal).is_ok(), "a phrase is no text")
}

//! What must hold of a pack that was opened, as far as it can be told in one pass over it.
//!
//! Nothing rests on it for safety: classifying reads every table by `get`, so that one that lies gives wrong answers and
//! no more. What is told here is told before anybody relies on an answer.

use super::Wrong;
use crate::message::Field;
use crate::pack::literals::LiteralUse;
use crate::pack::pattern::{Matcher, Pattern, ViewSet};
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
    ensure(pack.restrictions.is_sorted_by(|one, next| one.name < next.name), "the restrictions are out of order")?;
    ensure(pack.fields.first() == Some(&Field::Text), "the text is not the first field")?;
    ensure(pack.fields.is_sorted_by(|one, next| one < next), "the fields are out of order")?;
    ensure(pack.fail_closed.len() == pack.fields.len(), "a field has no list of restricting rules")?;
    let rules = pack.fail_closed.iter().chain(pack.patterns.iter().map(|pattern| &pattern.rules));
    ensure(rules.flatten().all(|rule| *rule < counts.rules), "a rule has no such number")?;
    ensure(pack.open.iter().all(|pattern| *pattern < counts.patterns), "a pattern has no such number")?;
    pack.rules.iter().zip(&pack.infos).try_for_each(|(rule, info)| check_rule(pack, rule, info, counts))?;
    ensure(pack.patterns.iter().all(|pattern| is_pattern(pattern, counts)), "a pattern is not whole")?;
    ensure(literal_uses(pack).all(|usage| is_literal_use(usage, counts)), "a literal has no pattern")?;
    pack.phrases.check(counts)?;
    pack.gaps.check(counts, &pack.phrases)
}

/// How many there are of what is known by numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    /// Fields.
    pub(crate) fields: u32,
    /// Patterns.
    pub(crate) patterns: u32,
    /// Rules.
    pub(crate) rules: u32,
    /// Literals of gaps.
    pub(crate) gap_literals: u32,
}

impl Counts {
    fn of(pack: &Pack) -> Self {
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        Self {
            fields: count(pack.fields.len()),
            patterns: count(pack.patterns.len()),
            rules: count(pack.rules.len()),
            gap_literals: count(pack.gaps.literals.len()),
        }
    }

    /// Whether there is such a pattern, on such a field, in views that there are.
    pub(crate) fn have(self, pattern: u32, field: u32, views: ViewSet) -> bool {
        pattern < self.patterns && field < self.fields && views.with(ViewSet::EITHER) == ViewSet::EITHER
    }
}

/// Answers what is wrong where something does not hold.
pub(crate) fn ensure(holds: bool, wrong: &str) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err(wrong.to_owned()) }
}

fn check_rule(pack: &Pack, rule: &Rule, info: &RuleInfo, counts: Counts) -> Result<(), Wrong> {
    let conditions = || rule.any.iter().chain(&rule.all).chain(&rule.none);
    ensure(conditions().all(|pattern| *pattern < counts.patterns), "a rule has no such pattern")?;
    let named = match (&info.effect, rule.class.map(|at| pack.classes.get(at as usize))) {
        (Effect::Permit(class), Some(Some(spec))) => *class == spec.class,
        (Effect::Restrict(name), None) => pack.restrictions.iter().any(|restriction| restriction.name == *name),
        _ => false,
    };
    ensure(named, "a rule's effect is not what it names")?;
    ensure(rule.expires == info.expires, "a rule expires twice")?;
    let has_more = !(rule.all.is_empty() && rule.none.is_empty() && rule.comparisons.is_empty())
        || !rule.channels.is_empty()
        || rule.expires.is_some();
    ensure(!(rule.is_plain && has_more), "a rule is plain and has conditions")
}

fn is_pattern(pattern: &Pattern, counts: Counts) -> bool {
    let has_literals = match &pattern.matcher {
        Matcher::Phrase | Matcher::Regex { .. } => true,
        Matcher::Gap(gap) => {
            gap.first < counts.gap_literals && gap.second < counts.gap_literals && gap.chars_min <= gap.chars_max
        }
    };
    has_literals && counts.have(0, pattern.field, pattern.views.with(pattern.wakes))
}

fn literal_uses(pack: &Pack) -> impl Iterator<Item = &LiteralUse> {
    pack.literals.entries.iter().flat_map(|(_, uses)| uses)
}

fn is_literal_use(usage: &LiteralUse, counts: Counts) -> bool {
    counts.have(usage.pattern, usage.field, usage.views)
}

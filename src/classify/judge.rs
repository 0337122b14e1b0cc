//! Which rules fire: the conditions of a rule, in three-valued logic.

use super::hits::Hits;
use super::regexes;
use super::scratch::{Fields, Scratch};
use super::steps::Steps;
use crate::message::Message;
use crate::pack::comparison::Comparison;
use crate::pack::pattern::{Matcher, ViewSet};
use crate::pack::{Pack, Rule, Truth};
use crate::reason::Reason;
use jiff::Timestamp;
use regex_automata::meta::Regex;
use regex_automata::{Input, PatternID};

/// More matches of one regex than this are not looked at by `where`: it is unknown what they say.
const CAPTURES_MAX: usize = 64;

/// A rule that fires.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fired {
    /// The rule, by index.
    pub(super) rule: u32,
    /// True, or (a restricting rule only) unknown.
    pub(super) truth: Truth,
}

/// One condition of a rule, judged.
pub(super) enum Judged<'r> {
    /// `any`: at least one of these patterns.
    Any(&'r [u32], Truth),
    /// One pattern of `all`.
    All(u32, Truth),
    /// One pattern of `none`; true where it did *not* match.
    None(u32, Truth),
    /// One comparison of `where`.
    Where(&'r Comparison, Truth),
}

impl Judged<'_> {
    /// Whether the condition holds.
    pub(super) fn truth(&self) -> Truth {
        match self {
            Self::Any(_, truth) | Self::All(_, truth) | Self::None(_, truth) | Self::Where(_, truth) => *truth,
        }
    }
}

/// Who hears of a rule's conditions while it is judged.
pub(super) trait Witness<'r> {
    /// Whether to go on where the rule cannot fire any more.
    const WANTS_ALL: bool;
    /// A condition has been judged.
    fn hear(&mut self, judged: Judged<'r>);
}

/// Nobody: only the answer counts.
impl Witness<'_> for () {
    const WANTS_ALL: bool = false;
    fn hear(&mut self, _: Judged<'_>) {}
}

/// Finds the rules that fire, of those that the scan marked; ordered by index.
pub(super) fn judge(
    pack: &Pack,
    message: &Message,
    now: Timestamp,
    steps: &mut Steps,
    scratch: &mut Scratch,
) -> Result<(), Reason> {
    let Scratch { fields, hits, marks, fired, .. } = scratch;
    let candidates = marks.take();
    let mut bench = Bench { pack, now, fields, hits, steps };
    let judged = candidates.iter().try_for_each(|index| {
        let Some(rule) = pack.rules.get(*index as usize).filter(|rule| rule.applies(&message.channel, now)) else {
            return Ok(());
        };
        if rule.is_plain && rule.any.len() == 1 && !rule.restricts() {
            fired.push(Fired { rule: *index, truth: Truth::True });
            return Ok(());
        }
        let truth = bench.rule(rule, &mut ())?;
        if truth == Truth::True || (rule.restricts() && truth == Truth::Unknown) {
            fired.push(Fired { rule: *index, truth });
            // Evidence is of each pattern that matched, also where one was enough.
            rule.any.iter().try_for_each(|index| bench.state(*index, rule.positive_views()).map(|_| ()))?;
        }
        Ok(())
    });
    marks.put_back(candidates);
    judged
}

/// What rules are judged by.
pub(super) struct Bench<'s> {
    pub(super) pack: &'s Pack,
    pub(super) now: Timestamp,
    pub(super) fields: &'s Fields,
    pub(super) hits: &'s mut Hits,
    pub(super) steps: &'s mut Steps,
}

impl Bench<'_> {
    /// Judges a rule.
    pub(super) fn rule<'r, W: Witness<'r>>(&mut self, rule: &'r Rule, witness: &mut W) -> Result<Truth, Reason> {
        let mut whole = Truth::True;
        let (positive, negative) = (rule.positive_views(), rule.negative_views());
        let mut add = |judged: Judged<'r>| {
            whole = whole.and(judged.truth());
            witness.hear(judged);
            whole == Truth::False && !W::WANTS_ALL
        };
        if !rule.any.is_empty() && add(Judged::Any(&rule.any, self.any(&rule.any, positive, W::WANTS_ALL)?)) {
            return Ok(Truth::False);
        }
        for index in &rule.all {
            if add(Judged::All(*index, self.state(*index, positive)?)) {
                return Ok(Truth::False);
            }
        }
        for index in &rule.none {
            if add(Judged::None(*index, !self.state(*index, negative)?)) {
                return Ok(Truth::False);
            }
        }
        for comparison in &rule.comparisons {
            if add(Judged::Where(comparison, self.compare(rule, comparison)?)) {
                return Ok(Truth::False);
            }
        }
        Ok(whole)
    }

    /// Whether one of some patterns matched. All are asked where evidence is wanted of each.
    fn any(&mut self, patterns: &[u32], views: ViewSet, all: bool) -> Result<Truth, Reason> {
        let mut truth = Truth::False;
        for index in patterns {
            truth = truth.or(self.state(*index, views)?);
            if truth == Truth::True && !all {
                break;
            }
        }
        Ok(truth)
    }

    /// Whether a pattern matched in some views; unknown where the message does not have its field.
    pub(super) fn state(&mut self, index: u32, views: ViewSet) -> Result<Truth, Reason> {
        self.steps.take(1)?;
        let Some(pattern) = self.pack.patterns.get(index as usize) else { return Ok(Truth::Unknown) };
        if !self.fields.has(pattern.field) {
            return Ok(Truth::Unknown);
        }
        regexes::ensure(index, pattern, views, self.fields, self.hits, self.steps)?;
        Ok(self.hits.get(index).matched.overlaps(views).into())
    }

    /// Whether a comparison holds for some match of some regex of the rule that has the group.
    fn compare(&mut self, rule: &Rule, comparison: &Comparison) -> Result<Truth, Reason> {
        let pack = self.pack;
        let views = rule.positive_views();
        let mut truth = Truth::False;
        for index in rule.any.iter().chain(&rule.all) {
            let Some(captures) = Captures::of(pack, *index, comparison) else { continue };
            truth = truth.or(match self.state(*index, views)? {
                Truth::True => captures.compare(*index, views, self)?,
                absent_or_not => absent_or_not,
            });
        }
        Ok(truth)
    }
}

/// A regex whose group is compared.
struct Captures<'p> {
    field: u32,
    regex: &'p Regex,
    group: usize,
    comparison: &'p Comparison,
}

impl<'p> Captures<'p> {
    /// `None` where the pattern has no such group.
    fn of(pack: &'p Pack, index: u32, comparison: &'p Comparison) -> Option<Self> {
        let pattern = pack.patterns.get(index as usize)?;
        let Matcher::Regex { regex, .. } = &pattern.matcher else { return None };
        let group = regex.group_info().to_index(PatternID::ZERO, &comparison.group)?;
        Some(Self { field: pattern.field, regex, group, comparison })
    }

    fn compare(&self, index: u32, views: ViewSet, bench: &mut Bench<'_>) -> Result<Truth, Reason> {
        let mut truth = Truth::False;
        for view in [ViewSet::RAW, ViewSet::FOLDED] {
            let matched = bench.hits.get(index).matched.overlaps(view.both(views));
            if let Some(text) = bench.fields.view(self.field, view).filter(|_| matched) {
                truth = truth.or(self.compare_in(text.text(), bench.now, bench.steps)?);
            }
        }
        Ok(truth)
    }

    fn compare_in(&self, text: &str, now: Timestamp, steps: &mut Steps) -> Result<Truth, Reason> {
        let mut captures = self.regex.create_captures();
        let mut truth = Truth::False;
        let mut from = 0;
        for _ in 0..CAPTURES_MAX {
            steps.take(text.len().saturating_sub(from))?;
            self.regex.captures(Input::new(text).range(from..), &mut captures);
            let Some(whole) = captures.get_match() else { return Ok(truth) };
            let captured = captures.get_group(self.group).and_then(|span| text.get(span.range()));
            truth = truth.or(captured.map_or(Truth::False, |captured| self.comparison.holds(captured, now)));
            if truth == Truth::True {
                return Ok(truth);
            }
            // No match is empty, so this moves on.
            from = whole.end();
        }
        Ok(truth.or(Truth::Unknown))
    }
}

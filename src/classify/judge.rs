//! Which rules fire: the conditions of a rule, in three-valued logic.

use super::regexes::Runner;
use super::scratch::Scratch;
use super::steps::Steps;
use crate::automaton::Program;
use crate::message::Message;
use crate::pack::comparison::Comparison;
use crate::pack::cost::{CAPTURES_MAX, COMPARISON_STEPS_MAX};
use crate::pack::pattern::{Matcher, ViewSet};
use crate::pack::{Pack, Rule, Truth};
use crate::reason::Reason;
use jiff::Timestamp;

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
    let Scratch { fields, hits, marks, memory, slots, fired, .. } = scratch;
    let candidates = marks.take();
    let mut bench = Bench { now, runner: Runner { pack, fields, hits, memory, steps }, slots };
    let judged = candidates.iter().try_for_each(|index| {
        bench.runner.steps.take(1)?;
        if pack.heads.get(*index as usize).is_some_and(|head| head.only().is_some()) {
            fired.push(Fired { rule: *index, truth: Truth::True });
            return Ok(());
        }
        let Some(rule) = pack.rules.get(*index as usize).filter(|rule| rule.applies(&message.channel, now)) else {
            return Ok(());
        };
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
    pub(super) now: Timestamp,
    pub(super) runner: Runner<'s>,
    pub(super) slots: &'s mut Vec<Option<usize>>,
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
        let runner = &mut self.runner;
        runner.steps.take(1)?;
        let Some(pattern) = runner.pack.patterns.get(index as usize) else { return Ok(Truth::Unknown) };
        if !runner.fields.has(pattern.field) {
            return Ok(Truth::ABSENT);
        }
        runner.ensure(index, pattern, views)?;
        Ok(runner.hits.get(index).matched.overlaps(views).into())
    }

    /// Whether a comparison holds for some match of some regex of the rule that has the group.
    fn compare(&mut self, rule: &Rule, comparison: &Comparison) -> Result<Truth, Reason> {
        let pack = self.runner.pack;
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
    program: &'p Program,
    group: usize,
    comparison: &'p Comparison,
}

impl<'p> Captures<'p> {
    /// `None` where the pattern has no such group.
    fn of(pack: &'p Pack, index: u32, comparison: &'p Comparison) -> Option<Self> {
        let pattern = pack.patterns.get(index as usize)?;
        let Matcher::Regex { program, .. } = &pattern.matcher else { return None };
        let group = program.group(&comparison.group)?;
        Some(Self { field: pattern.field, program, group, comparison })
    }

    fn compare(&self, index: u32, views: ViewSet, bench: &mut Bench<'_>) -> Result<Truth, Reason> {
        let mut truth = Truth::False;
        for view in [ViewSet::RAW, ViewSet::FOLDED] {
            let matched = bench.runner.hits.get(index).matched.overlaps(view.both(views));
            if let Some(text) = bench.runner.fields.view(self.field, view).filter(|_| matched) {
                truth = truth.or(self.compare_in(text.text(), bench)?);
            }
        }
        Ok(truth)
    }

    /// Match by match, from the left. It is unknown what lies beyond so many of them, or so much work.
    fn compare_in(&self, text: &str, bench: &mut Bench<'_>) -> Result<Truth, Reason> {
        let Bench { now, runner, slots } = bench;
        let Runner { pack, memory, steps, .. } = runner;
        let alphabets = &pack.alphabets;
        steps.lend(memory, |memory| self.program.mark_starts(alphabets, text, memory))?;
        let mut truth = Truth::False;
        let mut from = 0;
        let mut left = COMPARISON_STEPS_MAX;
        for _ in 0..CAPTURES_MAX {
            let found = steps.lend_up_to(&mut left, memory, |memory| {
                let start = self.program.next_start(alphabets, text, from, memory)?;
                let whole = start..self.program.match_at(alphabets, text, start, memory)?;
                self.program.captures(alphabets, text, whole.clone(), memory, slots);
                Some(whole)
            })?;
            let Some(found) = found else { return Ok(truth.or(Truth::Unknown)) };
            let Some(whole) = found else { return Ok(truth) };
            let span =
                slots.get(2 * self.group).copied().flatten().zip(slots.get(2 * self.group + 1).copied().flatten());
            let captured = span.and_then(|(start, end)| text.get(start..end));
            truth = truth.or(captured.map_or(Truth::False, |captured| self.comparison.holds(captured, *now)));
            if truth == Truth::True {
                return Ok(truth);
            }
            // No match is empty, so this moves on; a pack that lies must not stay.
            from = whole.end.max(from + 1);
        }
        Ok(truth.or(Truth::Unknown))
    }
}

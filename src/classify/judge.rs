//! Which rules fire: the conditions of a rule, in three-valued logic.

use super::scratch::Scratch;
use super::steps::Steps;
use crate::message::Message;
use crate::pack::number::Comparison;
use crate::pack::pattern::{Matcher, ViewSet};
use crate::pack::{Pack, Rule, Truth};
use crate::reason::Reason;
use regex_automata::meta::Regex;
use regex_automata::{Input, PatternID};

/// More matches of one regex than this are not looked at by `where`: it is unknown what they say.
const CAPTURES_MAX: usize = 64;

/// A rule that fires.
pub(super) struct Fired {
    /// The rule, by index.
    pub(super) rule: usize,
    /// True, or (a restricting rule only) unknown.
    pub(super) truth: Truth,
}

/// One condition of a rule, judged.
pub(super) enum Judged<'r> {
    /// `any`: at least one of these patterns.
    Any(&'r [usize], Truth),
    /// One pattern of `all`.
    All(usize, Truth),
    /// One pattern of `none`; true where it did *not* match.
    None(usize, Truth),
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

/// The rules that fire, of those that the scan marked; ordered by index.
pub(super) fn fired(
    pack: &Pack,
    message: &Message,
    steps: &mut Steps,
    scratch: &mut Scratch,
) -> Result<Vec<Fired>, Reason> {
    let mut fired = Vec::new();
    for index in scratch.candidates().to_vec() {
        let Some(rule) = pack.rules.get(index).filter(|rule| rule.applies(&message.channel)) else { continue };
        let truth = judge(pack, rule, scratch, steps, &mut |_| ())?;
        if truth == Truth::True || (rule.restricts() && truth == Truth::Unknown) {
            fired.push(Fired { rule: index, truth });
        }
    }
    Ok(fired)
}

/// Judges a rule; `visit` sees each of its conditions.
pub(super) fn judge<'r>(
    pack: &Pack,
    rule: &'r Rule,
    scratch: &Scratch,
    steps: &mut Steps,
    visit: &mut impl FnMut(Judged<'r>),
) -> Result<Truth, Reason> {
    let mut whole = Truth::True;
    let mut add = |judged: Judged<'r>| {
        whole = whole.and(judged.truth());
        visit(judged);
    };
    let (positive, negative) = (rule.positive_views(), rule.negative_views());
    if !rule.any.is_empty() {
        let any = rule.any.iter().map(|index| state(pack, *index, positive, scratch)).fold(Truth::False, Truth::or);
        add(Judged::Any(&rule.any, any));
    }
    for index in &rule.all {
        add(Judged::All(*index, state(pack, *index, positive, scratch)));
    }
    for index in &rule.none {
        add(Judged::None(*index, !state(pack, *index, negative, scratch)));
    }
    for comparison in &rule.comparisons {
        add(Judged::Where(comparison, compare(pack, rule, comparison, scratch, steps)?));
    }
    Ok(whole)
}

/// Whether a pattern matched in some views; unknown where the message does not have its field.
pub(super) fn state(pack: &Pack, index: usize, views: ViewSet, scratch: &Scratch) -> Truth {
    let Some(pattern) = pack.patterns.get(index) else { return Truth::Unknown };
    if !scratch.has(pattern.field) {
        return Truth::Unknown;
    }
    scratch.hit(index).is_some_and(|hit| hit.is_in(views)).into()
}

/// Whether a comparison holds for some match of some regex of the rule that has the group.
fn compare(
    pack: &Pack,
    rule: &Rule,
    comparison: &Comparison,
    scratch: &Scratch,
    steps: &mut Steps,
) -> Result<Truth, Reason> {
    let views = rule.positive_views();
    let mut truth = Truth::False;
    for index in rule.any.iter().chain(&rule.all) {
        let Some(captures) = Captures::of(pack, *index, comparison) else { continue };
        truth = truth.or(match state(pack, *index, views, scratch) {
            Truth::True => captures.compare(*index, views, scratch, steps)?,
            absent_or_not => absent_or_not,
        });
    }
    Ok(truth)
}

/// A regex whose group is compared.
struct Captures<'p> {
    field: usize,
    regex: &'p Regex,
    group: usize,
    comparison: &'p Comparison,
}

impl<'p> Captures<'p> {
    /// `None` where the pattern has no such group.
    fn of(pack: &'p Pack, index: usize, comparison: &'p Comparison) -> Option<Self> {
        let pattern = pack.patterns.get(index)?;
        let Matcher::Regex { regex, .. } = &pattern.matcher else { return None };
        let group = regex.group_info().to_index(PatternID::ZERO, &comparison.group)?;
        Some(Self { field: pattern.field, regex, group, comparison })
    }

    fn compare(&self, index: usize, views: ViewSet, scratch: &Scratch, steps: &mut Steps) -> Result<Truth, Reason> {
        let mut truth = Truth::False;
        for view in [ViewSet::RAW, ViewSet::FOLDED] {
            let matched = scratch.hit(index).is_some_and(|hit| hit.is_in(view.both(views)));
            if let Some(text) = scratch.view(self.field, view).filter(|_| matched) {
                truth = truth.or(self.compare_in(text.text(), steps)?);
            }
        }
        Ok(truth)
    }

    fn compare_in(&self, text: &str, steps: &mut Steps) -> Result<Truth, Reason> {
        let mut captures = self.regex.create_captures();
        let mut truth = Truth::False;
        let mut from = 0;
        for _ in 0..CAPTURES_MAX {
            steps.take(text.len().saturating_sub(from))?;
            self.regex.captures(Input::new(text).range(from..), &mut captures);
            let Some(whole) = captures.get_match() else { return Ok(truth) };
            let captured = captures.get_group(self.group).and_then(|span| text.get(span.range()));
            truth = truth.or(captured.map_or(Truth::False, |number| self.comparison.holds(number)));
            if truth == Truth::True {
                return Ok(truth);
            }
            // No match is empty, so this moves on.
            from = whole.end();
        }
        Ok(truth.or(Truth::Unknown))
    }
}

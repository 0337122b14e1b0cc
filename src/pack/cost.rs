//! The bound of a pack: the most work that any message of a length can make.
//!
//! Work is counted in operations: a look-up in a table, a step of an automaton, a comparison of a byte. Deciding
//! counts the same operations while it does them (`classify::steps`), and never counts more than the bound says:
//!
//! - reading: each byte of a field becomes at most one and a half of a view, and [`EXPANSION_BYTES_MAX`]; a field that would
//!   become more is not inspected;
//! - phrases: a word each two bytes at most; with each, its look-up, those of the phrases that may go on, and the
//!   patterns that end there (counted when the tree of phrases is made);
//! - gaps and literals: at each place, all that may end there (one is an end of the other);
//! - regexes: each once a view, so many operations a character as its automaton takes at most;
//! - rules: each condition once, and each comparison as often as a regex may match for it;
//! - evidence: the dearest patterns, as many as there may be spans.

use super::gaps::{Gap, GapUse, Gaps};
use super::pattern::{Matcher, Pattern, ViewSet};
use super::{Pack, Rule};
use crate::class::RuleId;
use crate::views::EXPANSION_BYTES_MAX;

/// Operations to read a byte that is not ASCII: both views, and whether they can be trusted.
pub(crate) const READ_OPERATIONS: usize = 16;
/// More matches of one regex than this are not looked at by `where`: it is unknown what they say.
pub(crate) const CAPTURES_MAX: usize = 64;

/// The longest view of a field of so many bytes.
pub(crate) fn view_bytes_max(field_bytes: usize) -> usize {
    field_bytes + field_bytes / 2 + EXPANSION_BYTES_MAX
}

/// The most work that a message can make, in operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Reading its fields.
    pub reading: u64,
    /// Looking for phrases, gaps and literals.
    pub scan: u64,
    /// Running regexes.
    pub regexes: u64,
    /// Judging rules.
    pub rules: u64,
    /// Finding the spans of the evidence.
    pub evidence: u64,
    /// What each rule adds by its own regexes, gaps and comparisons; the dearest first.
    pub by_rule: Vec<(RuleId, u64)>,
}

impl Cost {
    /// All of it.
    pub fn operations(&self) -> u64 {
        [self.reading, self.scan, self.regexes, self.rules, self.evidence].into_iter().fold(0, u64::saturating_add)
    }

    /// How long that takes, in milliseconds, on a machine with so many nanoseconds an operation.
    #[expect(clippy::cast_precision_loss, reason = "a time for people")]
    pub fn ms(&self, ns_per_op: u64) -> f64 {
        self.operations().saturating_mul(ns_per_op) as f64 / 1e6
    }
}

impl Pack {
    /// The bound for a message of so many bytes, all fields together, and so many spans of evidence.
    pub fn cost(&self, message_bytes: usize, evidence_spans_max: usize) -> Cost {
        let view = to_u64(view_bytes_max(message_bytes));
        let each: Vec<u64> = self.patterns.iter().map(|pattern| pattern.cost(view)).collect();
        let own = |indices: &[u32]| -> u64 { indices.iter().filter_map(|at| each.get(*at as usize)).sum() };
        let rule = |rule: &Rule| own(&rule.any) + own(&rule.all) + own(&rule.none) + self.comparisons(rule, view);
        let mut by_rule: Vec<(RuleId, u64)> =
            self.rules.iter().zip(&self.infos).map(|(it, info)| (info.id.clone(), rule(it))).collect();
        by_rule.sort_by(|(a, left), (b, right)| right.cmp(left).then_with(|| a.cmp(b)));
        Cost {
            reading: to_u64(message_bytes * READ_OPERATIONS),
            scan: self.scan_cost(view).saturating_mul(2),
            regexes: each.iter().sum(),
            rules: self.rules.iter().map(|it| conditions(it) + self.comparisons(it, view)).sum(),
            evidence: self.evidence_cost(view, evidence_spans_max),
            by_rule,
        }
    }

    /// Scanning one view.
    fn scan_cost(&self, view: u64) -> u64 {
        let words = view / 2 + 1;
        let (open, outputs) = (u64::from(self.phrases.open_max()), u64::from(self.phrases.outputs_max()));
        let phrases = view + words * (1 + open + outputs);
        let gaps = if self.gaps.is_empty() { 0 } else { 2 * view + self.gaps.cost(view, words, self.phrases.words()) };
        let literals = if self.literals.is_empty() { 0 } else { view * (1 + self.literals.uses_at_once_max()) };
        phrases + gaps + literals
    }

    fn comparisons(&self, rule: &Rule, view: u64) -> u64 {
        let compared = |index: &u32, group: &str| {
            let pattern = self.patterns.get(*index as usize)?;
            let Matcher::Regex { program, .. } = &pattern.matcher else { return None };
            program.group(group)?;
            let operations = program.operations();
            let captures = u64::from(operations.captures.saturating_sub(operations.find));
            let find = u64::from(operations.find) * to_u64(CAPTURES_MAX);
            Some(rule.positive_views().count() * (view + 1) * (find + captures))
        };
        let of =
            |group: &str| -> u64 { rule.any.iter().chain(&rule.all).filter_map(|index| compared(index, group)).sum() };
        rule.comparisons.iter().map(|comparison| of(&comparison.group)).sum()
    }

    /// The dearest patterns, in each view: no more of them than there may be spans are looked for.
    fn evidence_cost(&self, view: u64, spans_max: usize) -> u64 {
        let mut costs: Vec<u64> = self.patterns.iter().map(|pattern| pattern.find_cost(view)).collect();
        costs.sort_unstable_by(|a, b| b.cmp(a));
        // Two of them may be found at the same place, and only one be kept: so each is looked for.
        costs.iter().take(spans_max.saturating_mul(2)).sum()
    }
}

/// Each condition is asked once, and each of `any` again for its evidence.
fn conditions(rule: &Rule) -> u64 {
    to_u64(2 * rule.any.len() + rule.all.len() + rule.none.len() + 2 * rule.comparisons.len())
}

impl Pattern {
    /// Whether it matches, in all views that count.
    fn cost(&self, view: u64) -> u64 {
        match &self.matcher {
            Matcher::Regex { program, .. } => {
                self.views.count() * (view + 1) * u64::from(program.operations().is_match)
            }
            Matcher::Phrase | Matcher::Gap(_) => 0,
        }
    }

    /// Where it matches.
    fn find_cost(&self, view: u64) -> u64 {
        match &self.matcher {
            Matcher::Regex { program, .. } => self.views.count() * (view + 1) * u64::from(program.operations().find),
            Matcher::Gap(Gap { .. }) => self.views.count() * view,
            Matcher::Phrase => 0,
        }
    }
}

impl Gaps {
    /// Finding gaps in one view with so many bytes and words.
    fn cost(&self, view: u64, words: u64, dictionary: u32) -> u64 {
        let literals = || (0..).take(self.literals.len());
        let one: Vec<u64> = literals().map(|literal| self.place_cost(literal)).collect();
        let sum = |found: &mut dyn Iterator<Item = u32>| -> u64 {
            found.filter_map(|literal| one.get(literal as usize)).sum()
        };
        let word = |word| sum(&mut self.within(word).iter().map(|within| within.literal));
        let in_word = (0..dictionary).map(word).max().unwrap_or(0);
        // Of those that end at one place, each is an end of the longest.
        let ending = |longest: &super::gaps::GapLiteral, whole: bool| {
            let len = longest.text.len();
            let ends = self.in_text(&longest.text).filter(|(_, found)| found.end == len).map(|(literal, _)| literal);
            let of_kind = |literal: &u32| self.literals.get(*literal as usize).is_some_and(|it| it.after == whole);
            sum(&mut ends.filter(of_kind))
        };
        let most = |whole| self.literals.iter().map(|literal| ending(literal, whole)).max().unwrap_or(0);
        (words * in_word).max(words * most(true) + view * most(false))
    }

    /// A place of a literal: the gaps that it may close, each with the places that are looked at for it.
    fn place_cost(&self, literal: u32) -> u64 {
        let len = |literal: u32| self.literals.get(literal as usize).map_or(0, |literal| literal.text.len() as u64);
        let gap = |usage: &GapUse| {
            // Places that overlap, places that are too near, the first that is not; and the characters between.
            let near = u64::from(usage.chars_min) * 4;
            1 + len(literal) + len(usage.first) + near + 1 + near * near + u64::from(usage.chars_max) * 4
        };
        1 + self.uses(literal).iter().map(gap).sum::<u64>()
    }
}

impl super::literals::Literals {
    /// The most uses of literals that end at one place: each literal is an end of the longest there.
    fn uses_at_once_max(&self) -> u64 {
        let ending = |literal: &[u8]| -> u64 {
            let text = std::str::from_utf8(literal).unwrap_or("");
            self.found(text).filter(|(found, _)| found.end == text.len()).map(|(_, uses)| uses.len() as u64).sum()
        };
        self.entries.iter().map(|(literal, _)| ending(literal)).max().unwrap_or(0)
    }
}

impl ViewSet {
    /// How many there are.
    fn count(self) -> u64 {
        self.each().into_iter().filter(|view| *view != Self::NONE).count() as u64
    }
}

fn to_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

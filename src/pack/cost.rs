//! The bound of a pack: the most work that any message of a length can make.
//!
//! Work is counted in operations: a look-up in a table, a step of an automaton, a comparison of a byte. Deciding
//! counts the same operations while it does them (`classify::steps`), and never counts more than the bound says:
//!
//! - reading: each byte of a field becomes at most one and a half of a view, and [`EXPANSION_BYTES_MAX`]; a field that would
//!   become more is not inspected;
//! - phrases: a word each two bytes at most; with each, its look-up, those of the phrases that may go on, and the
//!   patterns that end there; whether a word ends there may depend on what is beyond characters that cannot be seen;
//! - gaps and literals: at each place, all that may end there (one is an end of the other), and the places nearby;
//! - regexes: once a view, from where a literal of them was seen, to find where matches begin;
//! - rules: each condition once; a comparison as often as a regex may match for it, up to [`COMPARISON_STEPS_MAX`];
//! - novelty: each byte of the raw view of the text; its words, up to the most that the class allows, looked up and sorted;
//! - evidence: of the dearest rules, as many as there may be spans (each adds one at least), where each pattern's match
//!   ends: no further than its longest match.

use super::gaps::{GapLiteral, GapUse, Gaps};
use super::literals::{Check, Ends, LiteralUse, Literals};
use super::pattern::{Matcher, Pattern, ViewSet};
use super::phrases::{AtOnce, Phrases};
use super::{Pack, Rule};
use crate::class::RuleId;
use crate::views::EXPANSION_BYTES_MAX;
use std::ops::Range;

/// Operations to read a byte of a text that is not all ASCII: both views, and whether they can be trusted. What a character
/// folds to takes hundreds, where it is not remembered.
pub(crate) const READ_OPERATIONS: usize = 192;
/// Operations to look for words at a byte of a view that is not all ASCII: of what kind is the character?
pub(crate) const KIND_OPERATIONS: usize = 8;
/// Operations to look a word up, or where a phrase goes on with it: a hash, a place or two that are far away.
pub(crate) const LOOK_UP_OPERATIONS: usize = 12;
/// Operations to ask whether a gap is closed, beside the places that are looked at for it.
pub(crate) const GAP_OPERATIONS: usize = 4;
/// Operations to look for literals at a byte.
pub(crate) const LITERAL_OPERATIONS: usize = 9;
/// Each run of characters that cannot be seen is looked through for the word before it and the one after it, and once more
/// where an apostrophe stands between.
const EDGE_LOOKS: u64 = 4;
/// More matches of one regex than this are not looked at by `where`: it is unknown what they say.
pub(crate) const CAPTURES_MAX: usize = 64;
/// More work than this, in one view, is not done for one comparison and one regex: it is unknown what they say.
pub(crate) const COMPARISON_STEPS_MAX: u64 = 1 << 18;

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
    /// Looking for words that the class does not know.
    pub novelty: u64,
    /// Finding the spans of the evidence.
    pub evidence: u64,
    /// What each rule adds by its own regexes, gaps and comparisons; the dearest first.
    pub by_rule: Vec<(RuleId, u64)>,
}

impl Cost {
    /// All of it.
    pub fn operations(&self) -> u64 {
        [self.reading, self.scan, self.regexes, self.rules, self.novelty, self.evidence]
            .into_iter()
            .fold(0, u64::saturating_add)
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
        let view = view_bytes_max(message_bytes);
        // Each field may expand.
        let views = view + self.fields.len().saturating_sub(1) * EXPANSION_BYTES_MAX;
        let regexes: Vec<u64> = self.patterns.iter().map(|pattern| pattern.search_cost(view)).collect();
        let own = |indices: &[u32]| -> u64 { indices.iter().filter_map(|at| regexes.get(*at as usize)).sum() };
        let compared: Vec<u64> = self.rules.iter().map(|rule| self.comparisons(rule, view)).collect();
        let shown: Vec<u64> = self.rules.iter().map(|rule| self.evidence_cost(rule, view)).collect();
        let costs = self.rules.iter().zip(&compared).zip(&shown).zip(&self.infos);
        let by_rule = costs.map(|(((rule, compared), shown), info)| {
            (info.id.clone(), own(&rule.any) + own(&rule.all) + own(&rule.none) + compared + shown)
        });
        let mut by_rule: Vec<(RuleId, u64)> = by_rule.collect();
        by_rule.sort_by(|(a, left), (b, right)| right.cmp(left).then_with(|| a.cmp(b)));
        Cost {
            reading: to_u64(message_bytes * READ_OPERATIONS),
            scan: self.scan_cost(to_u64(views)).saturating_mul(2),
            regexes: regexes.iter().sum(),
            rules: self.rules.iter().map(conditions).chain(self.patterns.iter().map(wakes)).chain(compared).sum(),
            // Only one class is asked.
            novelty: to_u64(self.classes.iter().map(|class| class.guard_cost(view)).max().unwrap_or(0)),
            evidence: dearest(shown, evidence_spans_max),
            by_rule,
        }
    }

    /// Scanning one view of each field, so many bytes together.
    fn scan_cost(&self, view: u64) -> u64 {
        let words = view / 2 + 1;
        let AtOnce { open, outputs, words: longest } = self.phrases.at_once();
        let (open, outputs) = (u64::from(open), u64::from(outputs));
        // Each end of a phrase is asked for at its last word, and each beginning once for each word of the phrase.
        let edges = EDGE_LOOKS * view * (1 + open + u64::from(longest));
        let look_up = to_u64(LOOK_UP_OPERATIONS);
        let phrases = to_u64(KIND_OPERATIONS) * view + words * (look_up * (2 + open) + outputs) + edges;
        let gaps = if self.gaps.is_empty() { 0 } else { 2 * view + self.gaps.cost(view, &self.phrases) };
        let literals = if self.literals.is_empty() { 0 } else { self.literals.cost(view) };
        phrases + gaps + literals
    }

    fn comparisons(&self, rule: &Rule, view: usize) -> u64 {
        let compared = |index: &u32, group: &str| {
            let pattern = self.patterns.get(*index as usize)?;
            let Matcher::Regex { program, .. } = &pattern.matcher else { return None };
            program.group(group)?;
            let operations = program.operations(view);
            let each = operations.next_start + operations.match_at + operations.captures;
            // The last of them may go beyond the bound before that is seen.
            let all = (each.saturating_mul(to_u64(CAPTURES_MAX))).min(COMPARISON_STEPS_MAX + operations.beyond);
            Some(rule.positive_views().count() * (operations.mark_starts + all))
        };
        let of =
            |group: &str| -> u64 { rule.any.iter().chain(&rule.all).filter_map(|index| compared(index, group)).sum() };
        rule.comparisons.iter().map(|comparison| of(&comparison.group)).sum()
    }

    /// Where each match of a rule ends.
    fn evidence_cost(&self, rule: &Rule, view: usize) -> u64 {
        let patterns = rule.any.iter().chain(&rule.all).filter_map(|index| self.patterns.get(*index as usize));
        let one = |pattern: &Pattern| match &pattern.matcher {
            Matcher::Regex { program, .. } => program.operations(view).match_at,
            Matcher::Phrase | Matcher::Gap => 1,
        };
        patterns.map(|pattern| one(pattern).saturating_mul(rule.positive_views().count())).sum()
    }
}

/// The sum of the dearest.
fn dearest(mut costs: Vec<u64>, count: usize) -> u64 {
    costs.sort_unstable_by(|a, b| b.cmp(a));
    costs.into_iter().take(count).sum()
}

/// Each condition is asked once, and each of `any` again for its evidence; a comparison asks its regexes again.
fn conditions(rule: &Rule) -> u64 {
    let regexes = rule.any.len() + rule.all.len();
    to_u64(1 + 2 * rule.any.len() + rule.all.len() + rule.none.len() + rule.comparisons.len() * (1 + regexes))
}

/// In each view, a pattern makes its rules candidates once.
fn wakes(pattern: &Pattern) -> u64 {
    to_u64(2 * pattern.rules.len())
}

impl Pattern {
    /// Where its first match begins, in all views that count.
    fn search_cost(&self, view: usize) -> u64 {
        match &self.matcher {
            Matcher::Regex { program, .. } => self.views.count() * program.operations(view).start,
            Matcher::Phrase | Matcher::Gap => 0,
        }
    }
}

impl Gaps {
    /// Finding gaps in one view with so many bytes. A place of a literal that begins or ends where a word does takes up
    /// its bytes, and one more: so what is dear for its length may come often.
    fn cost(&self, view: u64, phrases: &Phrases) -> u64 {
        let literals = || (0..).take(self.literals.len());
        let one: Vec<u64> = literals().map(|literal| self.place_cost(literal)).collect();
        let sum = |found: &mut dyn Iterator<Item = u32>| -> u64 {
            found.filter_map(|literal| one.get(literal as usize)).sum()
        };
        let often = |cost: u64, bytes: usize| (view / to_u64(bytes.max(1)) + 1).saturating_mul(cost);
        let in_word = |word| {
            let bytes = phrases.text_of(word).map_or(0, str::len);
            often(sum(&mut self.within(word).iter().map(|within| within.literal)), bytes + 1)
        };
        let most_of = |held: Held| {
            let is_held = |literal: &u32| self.literals.get(*literal as usize).is_some_and(|it| Held::of(it) == held);
            let together = |longest: &GapLiteral| {
                let found = self.in_text(&longest.text).filter(|(_, found)| held.joins(longest, found));
                often(sum(&mut found.map(|(literal, _)| literal).filter(is_held)), held.bytes(longest))
            };
            self.literals.iter().filter(|it| Held::of(it) == held).map(together).max().unwrap_or(0)
        };
        // Once for each gap, all places are looked at that it reaches.
        let found: u64 = literals().flat_map(|it| self.uses(it)).map(|usage| u64::from(usage.chars_max) * 8).sum();
        let in_words = (0..phrases.words()).map(in_word).max().unwrap_or(0);
        found + in_words.max([Held::Before, Held::After, Held::Nowhere].into_iter().map(most_of).sum())
    }

    /// A place of a literal: the gaps that it may close, each with the places that are looked at for it.
    fn place_cost(&self, literal: u32) -> u64 {
        let gap = |usage: &GapUse| {
            // Places that overlap, those that are too near, and the first that is too far, with the characters between.
            let overlapping = self.length(literal) + self.length(usage.first);
            let places = u64::from(overlapping) + u64::from(usage.chars_min) + 1;
            to_u64(GAP_OPERATIONS) + places + u64::from(usage.chars_max) * 4
        };
        2 + self.uses(literal).iter().map(gap).sum::<u64>()
    }
}

/// Where a literal of gaps is held by a `\b`, which says how often it may be found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    /// It begins where a word does. Of several in one place, each is a beginning of the longest.
    Before,
    /// It ends where a word does, and may begin anywhere. Of several in one place, each is an end of the longest.
    After,
    /// It may overlap with itself. Of several that end in one place, each is an end of the longest.
    Nowhere,
}

impl Held {
    fn of(literal: &GapLiteral) -> Self {
        match literal {
            GapLiteral { before: true, .. } => Self::Before,
            GapLiteral { after: true, .. } => Self::After,
            GapLiteral { .. } => Self::Nowhere,
        }
    }

    /// Whether what was found in the longest of a place is found in the same place.
    fn joins(self, longest: &GapLiteral, found: &Range<usize>) -> bool {
        if self == Self::Before { found.start == 0 } else { found.end == longest.text.len() }
    }

    /// How far its places are apart, at least.
    fn bytes(self, longest: &GapLiteral) -> usize {
        if self == Self::Nowhere { 1 } else { longest.text.len() + 1 }
    }
}

impl Literals {
    /// Finding literals in one view. Of those that end at one place, each is an end of the longest; of those that begin
    /// at one, each is its beginning. Only phrases with a word at an end ask whether one ends there.
    fn cost(&self, view: u64) -> u64 {
        let most = |fits: fn(&Range<usize>, usize) -> bool, is_of: fn(&LiteralUse) -> bool| -> u64 {
            let uses = |literal: &[u8]| {
                let found = self.found(literal).filter(|(found, _)| fits(found, literal.len()));
                found.map(|(_, uses)| to_u64(uses.iter().filter(|it| is_of(it)).count())).sum()
            };
            self.entries.iter().map(|(literal, _)| uses(literal)).max().unwrap_or(0)
        };
        let (ending, beginning) =
            (|found: &Range<usize>, len| found.end == len, |found: &Range<usize>, _| found.start == 0);
        let asks_after = |it: &LiteralUse| matches!(it.check, Check::Phrase(Ends { word_after: true, .. }));
        let asks_before = |it: &LiteralUse| matches!(it.check, Check::Phrase(Ends { word_before: true, .. }));
        let edges = most(ending, asks_after) + most(beginning, asks_before);
        view * (to_u64(LITERAL_OPERATIONS) + most(ending, |_| true)) + EDGE_LOOKS * view * edges
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

#[cfg(test)]
mod tests;

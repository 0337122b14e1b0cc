//! What a verdict rests on: the places where rules fired, in the fields as sent.

use super::hits::Hits;
use super::judge::Fired;
use super::scratch::{Fields, Scratch, Spot};
use super::steps::Steps;
use crate::automaton::Memory;
use crate::pack::pattern::{Matcher, ViewSet};
use crate::pack::{Pack, Rule, Truth};
use crate::reason::Reason;
use std::ops::Range;

/// Finds the evidence of the rules that fired, sorted, without repetition, at most `spans_max`; that of
/// restricting rules is kept first. What would not be kept is not looked for.
pub(super) fn find(pack: &Pack, spans_max: usize, steps: &mut Steps, scratch: &mut Scratch) -> Result<(), Reason> {
    let Scratch { fields, hits, fired, evidence, memory, .. } = scratch;
    let mut places = Finder { pack, fields, hits, memory, steps };
    for restricting in [true, false] {
        for fired in fired.iter() {
            let Some(head) = pack.heads.get(fired.rule as usize) else { continue };
            if head.restricts() == restricting && evidence.len() < spans_max {
                let from = evidence.len();
                match (head.only(), pack.rules.get(fired.rule as usize)) {
                    (Some((pattern, field)), _) => evidence.extend(places.only(fired.rule, pattern, field)),
                    (None, Some(rule)) => places.of_rule(rule, *fired, evidence)?,
                    (None, None) => {}
                }
                if evidence.len() > from + 1 {
                    evidence.get_mut(from..).into_iter().for_each(<[Spot]>::sort_unstable);
                    evidence.dedup();
                }
                evidence.truncate(spans_max);
            }
        }
    }
    if !evidence.is_sorted() {
        evidence.sort_unstable();
    }
    Ok(())
}

/// Finds where patterns matched.
pub(super) struct Finder<'s> {
    pub(super) pack: &'s Pack,
    pub(super) fields: &'s Fields,
    pub(super) hits: &'s Hits,
    pub(super) memory: &'s mut Memory,
    pub(super) steps: &'s mut Steps,
}

impl Finder<'_> {
    /// The place of a rule that permits wherever its one phrase or gap is found.
    fn only(&self, rule: u32, pattern: u32, field: u32) -> Option<Spot> {
        let place = self.hits.get(pattern).place(ViewSet::RAW);
        let sent = self.fields.view(field, ViewSet::RAW)?.sent(place.range());
        Some(Spot { rule, field, start: sent.start as u32, end: sent.end as u32 })
    }

    fn of_rule(&mut self, rule: &Rule, fired: Fired, evidence: &mut Vec<Spot>) -> Result<(), Reason> {
        let pack = self.pack;
        let spot = |index: u32, span: Range<usize>| {
            let field = pack.patterns.get(index as usize).map_or(0, |pattern| pattern.field);
            Spot { rule: fired.rule, field, start: span.start as u32, end: span.end as u32 }
        };
        for index in rule.any.iter().chain(&rule.all) {
            if let Some((_, span)) = self.leftmost(*index, rule.positive_views())? {
                evidence.push(spot(*index, span));
            }
        }
        if fired.truth == Truth::Unknown {
            let absent =
                |index: &&u32| pack.patterns.get(**index as usize).is_some_and(|it| !self.fields.has(it.field));
            let all = rule.any.iter().chain(&rule.all).chain(&rule.none);
            evidence.extend(all.filter(absent).map(|index| spot(*index, 0..0)));
        }
        Ok(())
    }

    /// The leftmost match of a pattern in some views, in the field as sent; of two that start together, the raw
    /// view's.
    fn leftmost(&mut self, index: u32, views: ViewSet) -> Result<Option<(ViewSet, Range<usize>)>, Reason> {
        let mut leftmost: Option<(ViewSet, Range<usize>)> = None;
        for view in [ViewSet::RAW, ViewSet::FOLDED] {
            if let Some(span) = self.sent(index, view.both(views))?
                && leftmost.as_ref().is_none_or(|(_, known)| span.start < known.start)
            {
                leftmost = Some((view, span));
            }
        }
        Ok(leftmost)
    }

    /// The match of a pattern in one view, in the field as sent.
    pub(super) fn sent(&mut self, index: u32, view: ViewSet) -> Result<Option<Range<usize>>, Reason> {
        let hit = self.hits.get(index);
        if !hit.matched.overlaps(view) {
            return Ok(None);
        }
        let Some(pattern) = self.pack.patterns.get(index as usize) else { return Ok(None) };
        let Some(seen) = self.fields.view(pattern.field, view) else { return Ok(None) };
        let text = seen.text();
        let found = match &pattern.matcher {
            Matcher::Phrase | Matcher::Gap => Some(hit.place(view).range()),
            Matcher::Regex { program, .. } => {
                let (alphabets, start) = (&self.pack.alphabets, hit.place(view).start as usize);
                let end = self.steps.lend(self.memory, |memory| program.match_at(alphabets, text, start, memory))?;
                end.map(|end| start..end)
            }
        };
        Ok(found.map(|span| seen.sent(span)))
    }
}

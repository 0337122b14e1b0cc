//! What a verdict rests on: the places where rules fired, in the fields as sent.

use super::judge::{Fired, state};
use super::scratch::Scratch;
use crate::pack::pattern::ViewSet;
use crate::pack::{Pack, Rule, Truth};
use crate::verdict::Evidence;
use std::ops::Range;

/// The evidence of all rules that fired, sorted, without repetition, at most `spans_max`; that of
/// restricting rules is kept first.
pub(super) fn of(pack: &Pack, fired: &[Fired], scratch: &Scratch, spans_max: usize) -> Vec<Evidence> {
    let mut restricting = Vec::new();
    let mut permitting = Vec::new();
    for fired in fired {
        let Some(rule) = pack.rules.get(fired.rule) else { continue };
        of_rule(pack, rule, fired.truth, scratch, if rule.restricts() { &mut restricting } else { &mut permitting });
    }
    let mut kept = Vec::new();
    for mut evidence in [restricting, permitting] {
        evidence.sort();
        evidence.dedup();
        evidence.truncate(spans_max - kept.len());
        kept.append(&mut evidence);
    }
    kept.sort();
    kept
}

fn of_rule(pack: &Pack, rule: &Rule, truth: Truth, scratch: &Scratch, evidence: &mut Vec<Evidence>) {
    let mut add = |index: usize, span: Range<usize>| {
        if let Some(field) = pack.patterns.get(index).and_then(|pattern| pack.fields.get(pattern.field)) {
            let (rule, field) = (rule.info.id.clone(), field.clone());
            evidence.push(Evidence { rule, field, start: span.start, end: span.end });
        }
    };
    for index in rule.any.iter().chain(&rule.all) {
        if let Some((_, span)) = leftmost(pack, *index, rule.positive_views(), scratch) {
            add(*index, span);
        }
    }
    if truth == Truth::Unknown {
        let unknown = |index: &&usize| state(pack, **index, ViewSet::EITHER, scratch) == Truth::Unknown;
        let all = rule.any.iter().chain(&rule.all).chain(&rule.none);
        all.filter(unknown).for_each(|index| add(*index, 0..0));
    }
}

/// The leftmost match of a pattern in some views, in the field as sent; of two that start together, the
/// raw view's.
pub(super) fn leftmost(
    pack: &Pack,
    index: usize,
    views: ViewSet,
    scratch: &Scratch,
) -> Option<(ViewSet, Range<usize>)> {
    let both = [ViewSet::RAW, ViewSet::FOLDED].into_iter();
    both.filter_map(|view| Some((view, sent(pack, index, view.both(views), scratch)?)))
        .min_by_key(|(_, span)| span.start)
}

/// The match of a pattern in one view, in the field as sent.
pub(super) fn sent(pack: &Pack, index: usize, view: ViewSet, scratch: &Scratch) -> Option<Range<usize>> {
    let hit = scratch.hit(index)?;
    let span = match view {
        ViewSet::RAW => hit.raw.clone(),
        ViewSet::FOLDED => hit.folded.clone(),
        _ => None,
    }?;
    let field = pack.patterns.get(index)?.field;
    Some(scratch.view(field, view)?.sent(span))
}

//! What can be proved of two patterns. What is not proved is taken to be false: lints miss rather than err.

use crate::pack::pattern::ViewSet;
use crate::rules::resolved::{Literals, ResolvedMatcher, ResolvedPattern};
use std::collections::BTreeSet;

/// Literals with more word edges than this are not looked into.
const EDGES_MAX: usize = 64;

/// Whether the two say the same.
pub(super) fn same(first: &ResolvedPattern, second: &ResolvedPattern) -> bool {
    first.field == second.field
        && match (&first.matcher, &second.matcher) {
            (ResolvedMatcher::Phrase(first), ResolvedMatcher::Phrase(second)) => first == second,
            (ResolvedMatcher::Regex(first, _), ResolvedMatcher::Regex(second, _)) => first == second,
            _ => false,
        }
}

/// Whether wherever the first matches in one of some views, the second matches in that view too.
pub(super) fn implies(first: &ResolvedPattern, second: &ResolvedPattern, views: ViewSet) -> bool {
    if same(first, second) {
        return true;
    }
    let (ResolvedMatcher::Phrase(a), ResolvedMatcher::Phrase(b)) = (&first.matcher, &second.matcher) else {
        return false;
    };
    let sets = [(ViewSet::RAW, &a.raw, &b.raw), (ViewSet::FOLDED, &a.folded, &b.folded)];
    first.field == second.field
        && sets.iter().filter(|(view, ..)| view.overlaps(views)).all(|(_, from, to)| contains(a, from, b, to))
}

/// Whether each literal of one phrase has one of another phrase in it, as whole words and at its anchors.
fn contains(first: &Literals, from: &BTreeSet<String>, second: &Literals, to: &BTreeSet<String>) -> bool {
    from.iter().all(|literal| {
        inner(literal).any(|(start, end)| {
            literal.get(start..end).is_some_and(|inner| to.contains(inner))
                && (!second.at_start || (first.at_start && start == 0))
                && (!second.at_end || (first.at_end && end == literal.len()))
        })
    })
}

/// The parts of a literal that are whole words wherever it matches: what is around it changes no edge.
pub(super) fn inner(literal: &str) -> impl Iterator<Item = (usize, usize)> {
    let edges: Vec<usize> = (0..=literal.len()).filter(|at| is_sure_edge(literal, *at)).collect();
    let edges = if edges.len() > EDGES_MAX { vec![0, literal.len()] } else { edges };
    let ends = edges.clone();
    edges.into_iter().flat_map(move |start| {
        let after: Vec<usize> = ends.iter().copied().filter(|end| *end > start).collect();
        after.into_iter().map(move |end| (start, end))
    })
}

/// Both ends, and every place between two plain characters that are not of one word.
fn is_sure_edge(literal: &str, at: usize) -> bool {
    let bytes = literal.as_bytes();
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    let (Some(before), Some(after)) = (before, bytes.get(at)) else { return true };
    let is_plain = |byte: u8| byte.is_ascii() && byte != b'\'';
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    is_plain(*before) && is_plain(*after) && !(is_word(*before) && is_word(*after))
}

/// Whether no raw view can match both: their anchors contradict each other.
pub(super) fn contradict(first: &ResolvedPattern, second: &ResolvedPattern) -> bool {
    let (ResolvedMatcher::Phrase(a), ResolvedMatcher::Phrase(b)) = (&first.matcher, &second.matcher) else {
        return false;
    };
    // Elsewhere there is room for both.
    let are_bound = is_whole(a) || is_whole(b) || (a.at_start && b.at_start) || (a.at_end && b.at_end);
    first.field == second.field && are_bound && a.raw.iter().all(|one| b.raw.iter().all(|other| !fit(a, one, b, other)))
}

/// Whether a phrase is all of its field.
fn is_whole(phrase: &Literals) -> bool {
    phrase.at_start && phrase.at_end
}

/// Whether a text may have both literals where their phrases want them.
fn fit(first: &Literals, one: &str, second: &Literals, other: &str) -> bool {
    let starts = !(first.at_start && second.at_start) || one.starts_with(other) || other.starts_with(one);
    let ends = !(first.at_end && second.at_end) || one.ends_with(other) || other.ends_with(one);
    let inside = (!is_whole(first) || one.contains(other)) && (!is_whole(second) || other.contains(one));
    starts && ends && inside
}

//! Which regexes are two words with characters between, so that no automaton is needed for them.

use crate::pack::gaps::GapLiteral;
use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

/// Wider gaps than this are left to the automata.
const GAP_CHARS_MAX: u32 = 256;

/// Two words, and so many characters between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GapShape {
    pub(crate) first: GapLiteral,
    pub(crate) second: GapLiteral,
    pub(crate) chars_min: u32,
    pub(crate) chars_max: u32,
    pub(crate) greedy: bool,
}

/// The shape of a regex whose classes have been folded; `None` where it is another.
pub(crate) fn shape(hir: &Hir) -> Option<GapShape> {
    let HirKind::Concat(parts) = hir.kind() else { return None };
    let at = parts.iter().position(|part| matches!(part.kind(), HirKind::Repetition(_)))?;
    let HirKind::Repetition(gap) = parts.get(at)?.kind() else { return None };
    let chars_max = gap.max.filter(|max| *max <= GAP_CHARS_MAX)?;
    if !is_any(gap) {
        return None;
    }
    let (first, second) = (literal(parts.get(..at)?)?, literal(parts.get(at + 1..)?)?);
    Some(GapShape { first, second, chars_min: gap.min, chars_max, greedy: gap.greedy })
}

/// Whether it repeats any character; views have no line breaks, so that `.` is one.
fn is_any(gap: &Repetition) -> bool {
    let HirKind::Class(Class::Unicode(class)) = gap.sub.kind() else { return false };
    let ranges: Vec<(char, char)> = class.ranges().iter().map(|range| (range.start(), range.end())).collect();
    matches!(ranges.as_slice(), [('\0', char::MAX)] | [('\0', '\u{9}'), ('\u{b}', char::MAX)])
}

/// A literal of one word, with or without `\b` at its ends.
fn literal(parts: &[Hir]) -> Option<GapLiteral> {
    let is_edge = |part: &Hir| matches!(part.kind(), HirKind::Look(Look::WordUnicode));
    let (before, parts) = match parts {
        [first, rest @ ..] if is_edge(first) => (true, rest),
        all => (false, all),
    };
    let (after, parts) = match parts {
        [rest @ .., last] if is_edge(last) => (true, rest),
        all => (false, all),
    };
    let [only] = parts else { return None };
    let HirKind::Literal(literal) = only.kind() else { return None };
    let is_word = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_';
    let text = std::str::from_utf8(&literal.0).ok().filter(|text| text.bytes().all(|byte| is_word(&byte)))?;
    Some(GapLiteral { text: text.to_owned(), before, after })
}

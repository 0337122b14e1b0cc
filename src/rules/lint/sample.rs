//! The shortest messages that a rule is for, made from its patterns. What is made need not match (an edge, a
//! `where`, its own `none`): whoever uses it asks the pack.

use crate::message::Field;
use crate::rules::resolved::{ResolvedMatcher, ResolvedPattern, ResolvedRule};
use regex_syntax::hir::{Class, Hir, HirKind, Look};
use std::collections::BTreeMap;

/// So many patterns of `any` are tried.
const ANY_MAX: usize = 64;
/// The longest text of a pattern, in bytes.
const TEXT_BYTES_MAX: usize = 2_048;

/// The texts of a message, by field.
pub(super) type Fields = BTreeMap<Field, String>;

/// A message for each pattern of `any`, with everything of `all`.
pub(super) fn messages(rule: &ResolvedRule) -> Vec<Fields> {
    let Some(all) = rule.all.iter().map(Piece::of).collect::<Option<Vec<_>>>() else { return Vec::new() };
    if rule.any.is_empty() {
        return vec![join(&all)];
    }
    let any = rule.any.iter().take(ANY_MAX).filter_map(Piece::of);
    any.map(|one| join(&[all.clone(), vec![one]].concat())).collect()
}

/// A text that a pattern should match, and where it wants to stand.
#[derive(Clone)]
struct Piece {
    field: Field,
    text: String,
    at_start: bool,
    at_end: bool,
}

impl Piece {
    fn of(pattern: &ResolvedPattern) -> Option<Self> {
        let field = pattern.field.clone();
        match &pattern.matcher {
            ResolvedMatcher::Phrase(phrase) => {
                let text = phrase.raw.iter().min_by_key(|literal| literal.len())?.clone();
                Some(Self { field, text, at_start: phrase.at_start, at_end: phrase.at_end })
            }
            ResolvedMatcher::Regex(source, _) => {
                let hir = regex_syntax::ParserBuilder::new().case_insensitive(true).build().parse(source).ok()?;
                let properties = hir.properties();
                let at_start = properties.look_set_prefix().contains(Look::Start);
                let at_end = properties.look_set_suffix().contains(Look::End);
                Some(Self { field, text: shortest(&hir)?, at_start, at_end })
            }
        }
    }
}

/// What wants the start of its field stands first, what wants its end last.
fn join(pieces: &[Piece]) -> Fields {
    let mut sorted: Vec<&Piece> = pieces.iter().collect();
    sorted.sort_by_key(|piece| (!piece.at_start, piece.at_end));
    let mut fields = Fields::new();
    for piece in sorted {
        let text = fields.entry(piece.field.clone()).or_default();
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&piece.text);
    }
    fields
}

/// A shortest text that an expression describes, look-around apart. Nesting is bounded by the parser.
fn shortest(hir: &Hir) -> Option<String> {
    let text = match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => String::new(),
        HirKind::Literal(literal) => String::from_utf8(literal.0.to_vec()).ok()?,
        HirKind::Class(class) => pick(class)?.to_string(),
        HirKind::Repetition(repetition) => match usize::try_from(repetition.min).ok()? {
            0 => String::new(),
            times => {
                let once = shortest(&repetition.sub)?;
                (once.len().saturating_mul(times) <= TEXT_BYTES_MAX).then(|| once.repeat(times))?
            }
        },
        HirKind::Capture(capture) => shortest(&capture.sub)?,
        HirKind::Concat(parts) => parts.iter().map(shortest).collect::<Option<String>>()?,
        HirKind::Alternation(parts) => parts.iter().filter_map(shortest).min_by_key(String::len)?,
    };
    (text.len() <= TEXT_BYTES_MAX).then_some(text)
}

/// A character that people write, if the class has one.
fn pick(class: &Class) -> Option<char> {
    match class {
        Class::Unicode(class) => {
            let has = |c: &char| class.ranges().iter().any(|range| range.start() <= *c && *c <= range.end());
            let usual = ('a'..='z').chain('0'..='9').chain(" -_.,/".chars()).find(has);
            usual.or_else(|| class.ranges().first().map(|range| range.start()))
        }
        Class::Bytes(class) => class.ranges().first().map(|range| char::from(range.start())).filter(char::is_ascii),
    }
}

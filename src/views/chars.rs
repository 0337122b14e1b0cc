//! What kinds of characters there are, by the Unicode Character Database.

use icu_casemap::CaseMapper;
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, Script};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Simple case folding: one character for one.
pub(crate) fn fold_case(c: char) -> char {
    if c.is_ascii() { c.to_ascii_lowercase() } else { CaseMapper::new().simple_fold(c) }
}

/// The plain form of typographic quotes, dashes and the ellipsis.
pub(crate) fn plain(c: char) -> Option<&'static str> {
    match c {
        '‘' | '’' | '‚' | '‛' | '′' | '‹' | '›' => Some("'"),
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' => Some("\""),
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => Some("-"),
        '…' => Some("..."),
        _ => None,
    }
}

/// Whether a character is invisible by default: zero-width characters, soft hyphens, bidi controls,
/// variation selectors (`Default_Ignorable_Code_Point`).
pub(crate) fn is_invisible(c: char) -> bool {
    !c.is_ascii() && CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Whether a character belongs to the one before it (`Mn`, `Mc`).
pub(crate) fn is_mark(c: char) -> bool {
    !c.is_ascii()
        && matches!(
            CodePointMapData::<GeneralCategory>::new().get(c),
            GeneralCategory::NonspacingMark | GeneralCategory::SpacingMark
        )
}

/// Whether a character makes a word by itself: a letter, a digit, `_`.
pub(crate) fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Whether a character is of a script that writes no spaces, so that each character may end a word.
pub(crate) fn is_unspaced(c: char) -> bool {
    !c.is_ascii()
        && matches!(
            script(c),
            Script::Han
                | Script::Hiragana
                | Script::Katakana
                | Script::Thai
                | Script::Lao
                | Script::Khmer
                | Script::Myanmar
        )
}

/// The same without those that are commonly mixed with Latin inside a word.
pub(crate) fn is_unspaced_unmixed(c: char) -> bool {
    !c.is_ascii() && matches!(script(c), Script::Thai | Script::Lao | Script::Khmer | Script::Myanmar)
}

/// Whether a character ends a line, as UAX #14 has it.
pub(crate) fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn script(c: char) -> Script {
    CodePointMapData::<Script>::new().get(c)
}

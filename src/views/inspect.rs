//! Texts that cannot be trusted to say what they seem to say.

use super::chars::{is_invisible, is_line_end, is_mark, is_unspaced_unmixed, is_word};
use unicode_security::mixed_script::AugmentedScriptSet;

/// Why a text cannot be inspected; byte offsets into the text as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum Uninspectable {
    /// A word mixes scripts beyond what UTS #39 calls highly restrictive.
    #[error("a word mixes scripts, bytes {start} to {end}")]
    MixedScript {
        /// The word's first byte.
        start: usize,
        /// One past its last byte.
        end: usize,
    },
    /// A bidi control is not closed within its line, or closes nothing, or is deeper than any reader follows.
    #[error("a bidi control is not balanced within its line, byte {at}")]
    UnbalancedBidi {
        /// The control.
        at: usize,
    },
}

/// Checks that no word mixes scripts and that bidi controls are balanced within each line.
///
/// # Errors
/// The first place, from the left, where either is not so; of a word, its end counts.
pub fn inspect(text: &str) -> Result<(), Uninspectable> {
    if text.is_ascii() || text.chars().all(is_western) {
        return Ok(());
    }
    let mut word = Word::default();
    let mut open = Open::default();
    for (at, c) in text.char_indices() {
        word.take(text, at, c)?;
        open.take(at, c)?;
    }
    word.end()?;
    open.end()
}

/// Whether a character may stand in any text without a second look, in company of its like: Latin letters with accents,
/// typographic punctuation, signs of currencies. None of them is of another script, and none turns the line.
fn is_western(c: char) -> bool {
    matches!(c, '\0'..='\u{24f}' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{203e}' | '\u{20a0}'..='\u{20c0}')
}

/// The word that is being read, with the scripts that all its letters may be of.
struct Word {
    start: usize,
    end: usize,
    /// Whether the last character, marks aside, is a letter.
    ends_with_letter: bool,
    any: AugmentedScriptSet,
    beside_latin: AugmentedScriptSet,
}

impl Default for Word {
    fn default() -> Self {
        let all = AugmentedScriptSet::default();
        Self { start: 0, end: 0, ends_with_letter: false, any: all, beside_latin: all }
    }
}

impl Word {
    fn take(&mut self, text: &str, at: usize, c: char) -> Result<(), Uninspectable> {
        if is_invisible(c) {
            return Ok(());
        }
        if is_unspaced_unmixed(c) || !(is_word(c) || is_mark(c) || self.is_joined(text, at, c)) {
            return self.end();
        }
        if self.end == 0 {
            self.start = at;
        }
        self.end = at + c.len_utf8();
        self.ends_with_letter = if is_mark(c) { self.ends_with_letter } else { c.is_alphabetic() };
        if c.is_alphabetic() || is_mark(c) {
            self.add(AugmentedScriptSet::for_char(c));
        }
        Ok(())
    }

    /// An apostrophe between two letters, plain or typographic.
    fn is_joined(&self, text: &str, at: usize, c: char) -> bool {
        let next =
            || text.get(at + c.len_utf8()..).and_then(|rest| rest.chars().find(|c| !is_invisible(*c) && !is_mark(*c)));
        matches!(c, '\'' | '’') && self.ends_with_letter && next().is_some_and(char::is_alphabetic)
    }

    fn add(&mut self, scripts: AugmentedScriptSet) {
        self.any.intersect_with(scripts);
        let mut latin = AugmentedScriptSet::for_char('a');
        latin.intersect_with(scripts);
        if latin.is_empty() {
            self.beside_latin.intersect_with(scripts);
        }
    }

    fn end(&mut self) -> Result<(), Uninspectable> {
        let word = std::mem::take(self);
        let beside = word.beside_latin;
        if !word.any.is_empty() || beside.hanb || beside.jpan || beside.kore {
            return Ok(());
        }
        Err(Uninspectable::MixedScript { start: word.start, end: word.end })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bidi {
    Embedding,
    Isolate,
}

/// How deep bidi controls may stand in each other: deeper ones do nothing (UAX #9, `max_depth`).
const BIDI_DEPTH_MAX: u32 = 125;

/// The bidi controls that are open in this line.
#[derive(Default)]
struct Open {
    /// Where the first of them is.
    first: usize,
    depth: u32,
    /// Which of them are isolates, the last in the lowest bit.
    isolates: u128,
}

impl Open {
    fn take(&mut self, at: usize, c: char) -> Result<(), Uninspectable> {
        match c {
            '\u{202a}' | '\u{202b}' | '\u{202d}' | '\u{202e}' => self.open(at, Bidi::Embedding),
            '\u{2066}'..='\u{2068}' => self.open(at, Bidi::Isolate),
            '\u{202c}' => self.close(at, Bidi::Embedding),
            '\u{2069}' => self.close(at, Bidi::Isolate),
            _ if is_line_end(c) => self.end(),
            _ => Ok(()),
        }
    }

    fn open(&mut self, at: usize, control: Bidi) -> Result<(), Uninspectable> {
        if self.depth >= BIDI_DEPTH_MAX {
            return Err(Uninspectable::UnbalancedBidi { at });
        }
        if self.depth == 0 {
            self.first = at;
        }
        self.depth += 1;
        self.isolates = self.isolates << 1 | u128::from(control == Bidi::Isolate);
        Ok(())
    }

    fn close(&mut self, at: usize, control: Bidi) -> Result<(), Uninspectable> {
        let opened = if self.isolates & 1 == 1 { Bidi::Isolate } else { Bidi::Embedding };
        if self.depth == 0 || opened != control {
            return Err(Uninspectable::UnbalancedBidi { at });
        }
        self.depth -= 1;
        self.isolates >>= 1;
        Ok(())
    }

    fn end(&self) -> Result<(), Uninspectable> {
        if self.depth > 0 { Err(Uninspectable::UnbalancedBidi { at: self.first }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_western_mixes_with_all_that_is() {
        let latin = AugmentedScriptSet::for_char('a');
        for c in ('\0'..=char::MAX).filter(|c| is_western(*c)) {
            let mut both = latin;
            both.intersect_with(AugmentedScriptSet::for_char(c));
            assert!(!both.is_empty(), "{c:?}");
            let mut open = Open::default();
            assert!(open.take(0, c).is_ok() && open.depth == 0, "{c:?}");
        }
    }
}

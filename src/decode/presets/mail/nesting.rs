//! Bounds on the structure of a mail, checked before it is parsed.
//!
//! `mail-parser` has no bound of its own on mail within mail, and a deep one would exhaust the stack when
//! it is dropped. Nor has it one on multiparts without an end, each of which it searches the whole rest
//! for. So the words that can open one are counted in the bytes as they came. Mail within mail that is
//! encoded (which RFC 2046, section 5.2.1, forbids) could hide more of them, and is refused.

use crate::decode::malformed::{Malformed, MalformedKind};
use aho_corasick::AhoCorasick;
use std::ops::Range;
use std::sync::LazyLock;

/// The most mails within a mail.
pub(super) const NESTED_MAILS_MAX: usize = 32;

/// The most mentions of `multipart`.
pub(super) const MULTIPARTS_MAX: usize = 128;

const WORDS: [&str; 6] = ["rfc822", "global", "digest", "multipart", "base64", "quoted-printable"];

#[expect(clippy::expect_used, reason = "six short constant words always build")]
static FINDER: LazyLock<AhoCorasick> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(WORDS).expect("constant words build"));

/// Refuses a mail that is nested beyond its bounds.
///
/// # Errors
/// Where it is.
pub(super) fn check(mail: &[u8]) -> Result<(), Malformed> {
    let mut nested = Vec::new();
    let mut encodings = Vec::new();
    let mut multiparts = 0_usize;
    let mut has_digest = false;
    for found in FINDER.find_iter(mail) {
        let before = mail.get(..found.start()).unwrap_or_default();
        match WORDS.get(found.pattern().as_usize()) {
            Some(&"multipart") => multiparts += 1,
            Some(&"digest") if is_subtype_of(before, "multipart") => {
                has_digest = true;
                nested.push(found.start());
            }
            Some(&("rfc822" | "global")) if is_subtype_of(before, "message") => nested.push(found.start()),
            Some(&("base64" | "quoted-printable")) => encodings.push(found.start()),
            _ => {}
        }
        if nested.len() > NESTED_MAILS_MAX || multiparts > MULTIPARTS_MAX {
            return Err(too_deep("it has too many parts within parts"));
        }
    }
    let hidden = |at: &usize| encodings.iter().any(|encoding| header_block(mail, *at).contains(encoding));
    if nested.iter().any(hidden) || (has_digest && !encodings.is_empty()) {
        return Err(too_deep("a mail within it is encoded, and may not be"));
    }
    Ok(())
}

/// Whether what stands before a word makes it a subtype of this type, for any reader that skips spaces,
/// quotes and comments.
fn is_subtype_of(before: &[u8], main: &str) -> bool {
    let skip = |bytes: &[u8]| bytes.iter().rposition(|byte| !is_skipped(*byte)).map_or(0, |last| last + 1);
    let before = before.get(..skip(before)).unwrap_or_default();
    let Some(before) = before.strip_suffix(b"/") else { return before.ends_with(b")") };
    let before = before.get(..skip(before)).unwrap_or_default();
    let tail = before.len().saturating_sub(main.len());
    before.ends_with(b")") || before.get(tail..).is_some_and(|end| end.eq_ignore_ascii_case(main.as_bytes()))
}

fn is_skipped(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\\')
}

/// The lines around a place, up to the nearest empty ones: at least the headers of its part.
fn header_block(mail: &[u8], at: usize) -> Range<usize> {
    let (before, after) = mail.split_at_checked(at).unwrap_or((mail, b""));
    let is_gap = |window: &[u8]| window.starts_with(b"\n\n") || window == b"\n\r\n";
    let start = before.windows(3).rposition(is_gap).unwrap_or(0);
    let end = after.windows(3).position(is_gap).map_or(mail.len(), |length| at + length);
    start..end
}

fn too_deep(detail: &str) -> Malformed {
    Malformed::new(MalformedKind::TooDeep, detail)
}

//! Where words begin and end, and the words of a text. Both are asked of a view.
//!
//! Letters, digits and `_` make words; marks belong to what they follow; an ASCII apostrophe between two
//! letters joins them (`can't` is one word); invisible characters are looked through. In scripts that
//! write no spaces every character may begin or end a word.

use super::chars::{is_invisible, is_mark, is_unspaced, is_word};

/// Whether a word may begin or end at a byte offset, which lies on a character boundary.
pub(crate) fn is_edge(text: &str, at: usize) -> bool {
    is_edge_counted(text, at, &mut 0)
}

/// The same; adds how many bytes were looked at, where that is more than two: characters that cannot be seen are looked
/// through.
pub(crate) fn is_edge_counted(text: &str, at: usize, looked_at: &mut usize) -> bool {
    let Some((before, after)) = text.split_at_checked(at) else { return false };
    match (before.as_bytes().last(), after.as_bytes().first()) {
        (None, _) | (_, None) => true,
        (Some(left), Some(right)) if is_simple(*left) && is_simple(*right) => {
            !(is_word_byte(*left) && is_word_byte(*right))
        }
        _ => is_edge_between(before, after, looked_at),
    }
}

/// Whether a phrase that begins (ends) with this text needs a word edge before it.
pub(crate) fn begins_with_word(text: &str) -> bool {
    first_visible(text, &mut 0).is_some_and(|(c, _)| is_word(c) && !is_mark(c))
}

/// Whether a phrase that ends with this text needs a word edge after it.
pub(crate) fn ends_with_word(text: &str) -> bool {
    last_base(text, &mut 0).is_some_and(|(c, _)| is_word(c))
}

/// Calls `visit` for each word: numbers, addresses and mentions as [`Token::Fixed`], the others as they are.
pub(crate) fn for_each_token<'t>(text: &'t str, mut visit: impl FnMut(Token<'t>)) {
    for chunk in text.split(' ') {
        let core = chunk.trim_matches(|c: char| !is_word(c) && !matches!(c, '@' | '$' | '€' | '£' | '¥' | '#'));
        if is_fixed(core) {
            visit(Token::Fixed);
        } else {
            words_of(chunk, &mut visit);
        }
    }
}

/// A word of a text, or what counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'t> {
    /// A word.
    Word(&'t str),
    /// A number, a URL, a mail address or a mention: never unknown.
    Fixed,
}

fn is_simple(byte: u8) -> bool {
    byte.is_ascii() && byte != b'\''
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_edge_between(before: &str, after: &str, looked_at: &mut usize) -> bool {
    let Some((right, rest)) = first_visible(after, looked_at) else { return true };
    if is_mark(right) {
        return false;
    }
    let Some((left, earlier)) = last_base(before, looked_at) else { return true };
    if is_unspaced(left) || is_unspaced(right) {
        return true;
    }
    let mut letter_before = || last_base(earlier, looked_at).is_some_and(|(c, _)| c.is_alphabetic());
    let left_joins = is_word(left) || (left == '\'' && right.is_alphabetic() && letter_before());
    let right_joins = is_word(right) || (right == '\'' && left.is_alphabetic() && begins_with_letter(rest, looked_at));
    !(left_joins && right_joins)
}

/// Marks on an apostrophe are looked past: it joins all the same.
fn begins_with_letter(text: &str, looked_at: &mut usize) -> bool {
    let found = text.char_indices().find(|(_, c)| !is_invisible(*c) && !is_mark(*c));
    *looked_at += found.map_or(text.len(), |(at, _)| at);
    found.is_some_and(|(_, c)| c.is_alphabetic())
}

/// The first character that can be seen, and what follows it.
fn first_visible<'t>(text: &'t str, looked_at: &mut usize) -> Option<(char, &'t str)> {
    let found = text.char_indices().find(|(_, c)| !is_invisible(*c));
    *looked_at += found.map_or(text.len(), |(at, _)| at);
    let (at, c) = found?;
    Some((c, text.get(at + c.len_utf8()..).unwrap_or("")))
}

/// The last character that is neither invisible nor a mark, and what is before it.
fn last_base<'t>(text: &'t str, looked_at: &mut usize) -> Option<(char, &'t str)> {
    let found = text.char_indices().rfind(|(_, c)| !is_invisible(*c) && !is_mark(*c));
    *looked_at += found.map_or(text.len(), |(at, c)| text.len() - at - c.len_utf8());
    let (at, c) = found?;
    Some((c, text.get(..at).unwrap_or("")))
}

/// Only a character that can be seen begins a word; to ask before each of a run of invisible ones would
/// look through the whole run every time.
fn words_of<'t>(chunk: &'t str, visit: &mut impl FnMut(Token<'t>)) {
    let mut start = 0;
    let visible = chunk.char_indices().skip(1).filter(|(_, c)| !is_invisible(*c)).map(|(at, _)| at);
    for end in visible.chain(std::iter::once(chunk.len())).filter(|end| is_edge(chunk, *end)) {
        let word = chunk.get(start..end).unwrap_or("").trim_matches(is_invisible);
        if begins_with_word(word) {
            visit(if is_number(word) { Token::Fixed } else { Token::Word(word) });
        }
        start = end;
    }
}

/// A URL, a mail address, a mention, or a number with what people write around and inside one.
fn is_fixed(core: &str) -> bool {
    let is_url = core.contains("://") || core.starts_with("www.");
    let is_address = core.split_once('@').is_some_and(|(_, host)| host.chars().any(is_word));
    let numeric = |c: char| c.is_numeric() || ".,:/-+%'$€£¥#".contains(c);
    is_url || is_address || (core.chars().any(char::is_numeric) && core.chars().all(numeric))
}

/// Digits, with at most two letters after them: `480`, `3pm`, `2nd`.
fn is_number(word: &str) -> bool {
    let letters = word.trim_start_matches(char::is_numeric);
    letters.len() < word.len() && letters.chars().count() <= 2 && letters.chars().all(char::is_alphabetic)
}

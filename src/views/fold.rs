//! How the two views are made.

use super::chars::{fold_case, plain};
use super::cluster::Folder;
use super::view::View;
use std::ops::Range;

/// Fills the raw view: case folded, white space folded, quotes and dashes plain.
pub(super) fn raw(text: &str, view: &mut View) {
    view.clear();
    for (at, run) in runs(text) {
        if run.is_ascii() {
            raw_ascii(run, at, view);
        } else {
            run.char_indices().for_each(|(in_run, c)| push_raw(view, c, at + in_run..at + in_run + c.len_utf8()));
        }
    }
    view.finish();
}

/// ASCII, where only letters and white space change: whole words at once.
pub(super) fn raw_ascii(text: &str, mut at: usize, view: &mut View) {
    for run in text.split_inclusive(|c: char| c.is_ascii_whitespace() || c == '\u{b}') {
        let end = at + run.len();
        let words = run.trim_end_matches(|c: char| c.is_ascii_whitespace() || c == '\u{b}');
        if !words.is_empty() {
            view.push_ascii(words, at);
        }
        if words.len() < run.len() {
            view.push_space(end - 1..end);
        }
        at = end;
    }
}

/// Fills the folded view: besides, NFKC, invisible characters removed, look-alikes of ASCII made ASCII.
pub(super) fn folded(text: &str, view: &mut View, folder: &mut Folder) {
    view.clear();
    for (at, run) in runs(text) {
        if run.is_ascii() {
            // Only its last character may join with what follows.
            let last = run.len().saturating_sub(1);
            folder.flush(view);
            raw_ascii(run.get(..last).unwrap_or(""), at, view);
            run.chars().next_back().into_iter().for_each(|c| folder.take(c, at + last..at + run.len(), view));
        } else {
            run.char_indices().for_each(|(in_run, c)| {
                folder.take(c, at + in_run..at + in_run + c.len_utf8(), view);
            });
        }
    }
    folder.flush(view);
    view.finish();
}

/// A character as the raw view has it.
pub(super) fn push_raw(view: &mut View, c: char, sent: Range<usize>) {
    if c.is_whitespace() {
        view.push_space(sent);
    } else if let Some(plain) = plain(c) {
        view.push_str(plain, sent);
    } else {
        view.push(fold_case(c), sent);
    }
}

/// Runs that are ASCII, and runs that have none of it, each with where it begins.
fn runs(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = text.get(from..).filter(|rest| !rest.is_empty())?;
        let is_ascii = rest.as_bytes().first().is_some_and(u8::is_ascii);
        let end = rest.bytes().position(|byte| byte.is_ascii() != is_ascii).unwrap_or(rest.len());
        let at = from;
        from += end;
        Some((at, rest.get(..end)?))
    })
}

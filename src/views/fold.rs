//! How the two views are made.

use super::chars::{fold_case, is_invisible, plain};
use super::view::View;
use std::ops::Range;
use unicode_normalization::char::{canonical_combining_class, decompose_compatible};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};
use unicode_security::skeleton;

/// Fills the raw view: case folded, white space folded, quotes and dashes plain.
pub(super) fn raw(text: &str, view: &mut View) {
    view.clear();
    if text.is_ascii() {
        raw_ascii(text, view);
    } else {
        text.char_indices().for_each(|(at, c)| push_raw(view, c, at..at + c.len_utf8()));
    }
    view.finish();
}

/// The same for ASCII, where only letters and white space change: whole runs at once.
fn raw_ascii(text: &str, view: &mut View) {
    let mut at = 0;
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
pub(super) fn folded(text: &str, view: &mut View) {
    view.clear();
    let mut cluster = Cluster::default();
    for (at, c) in text.char_indices().filter(|(_, c)| !is_invisible(*c)) {
        if starts_cluster(c) {
            cluster.flush(view);
        }
        cluster.push(c, at..at + c.len_utf8());
    }
    cluster.flush(view);
    view.finish();
}

fn push_raw(view: &mut View, c: char, sent: Range<usize>) {
    if c.is_whitespace() {
        view.push_space(sent);
    } else if let Some(plain) = plain(c) {
        view.push_str(plain, sent);
    } else {
        view.push(fold_case(c), sent);
    }
}

/// Characters that NFKC may join: normalised together, and mapped to the field together.
/// So no span of a folded view parts a letter from its accent, whether they join or not. (Where the folded
/// view says the same as the raw one, the raw one is used, and maps character by character.)
#[derive(Default)]
struct Cluster {
    text: String,
    sent: Range<usize>,
}

impl Cluster {
    fn push(&mut self, c: char, sent: Range<usize>) {
        if self.text.is_empty() {
            self.sent = sent;
        } else {
            self.sent.end = sent.end;
        }
        self.text.push(c);
    }

    fn flush(&mut self, view: &mut View) {
        let mut chars = self.text.chars();
        match (chars.next(), chars.next()) {
            (None, _) => return,
            (Some(c), None) if c.is_ascii() => push_raw(view, c, self.sent.clone()),
            _ => self.flush_folded(view),
        }
        self.text.clear();
    }

    fn flush_folded(&self, view: &mut View) {
        let folded = fold_cluster(&self.text);
        let mut chars = folded.chars();
        if let (Some(c), None) = (chars.next(), chars.next()) {
            return push_raw(view, c, self.sent.clone());
        }
        for c in folded.chars() {
            if c.is_whitespace() {
                view.push_space(self.sent.clone());
            } else {
                view.push_str(c.encode_utf8(&mut [0; 4]), self.sent.clone());
            }
        }
    }
}

/// Whether a character never joins with what is before it.
fn starts_cluster(c: char) -> bool {
    if c.is_ascii() {
        return true;
    }
    let mut first = None;
    decompose_compatible(c, |part| {
        first.get_or_insert(part);
    });
    let first = first.unwrap_or(c);
    canonical_combining_class(first) == 0 && is_nfkc_quick(std::iter::once(first)) == IsNormalized::Yes
}

fn fold_cluster(cluster: &str) -> String {
    let once = normalise(cluster);
    let mut mapped = String::with_capacity(once.len());
    once.chars().for_each(|c| map_char(c, &mut mapped));
    // A look-alike that became ASCII may now join with the mark after it.
    if mapped == once { mapped } else { mapped.nfkc().collect() }
}

/// NFKC, but for spacing accents: NFKC makes `´` a space and a mark, which would hide `can´t`.
fn normalise(cluster: &str) -> String {
    let mut chars = cluster.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) if is_spacing_accent(c) => c.into(),
        _ => cluster.chars().map(fold_case).nfkc().collect(),
    }
}

fn is_spacing_accent(c: char) -> bool {
    let mut parts = 0;
    let mut starts_with_space = false;
    decompose_compatible(c, |part| {
        starts_with_space |= parts == 0 && part == ' ';
        parts += 1;
    });
    starts_with_space && parts > 1
}

/// Adds what a character becomes: itself, its plain form, or the ASCII that it looks like.
fn map_char(c: char, mapped: &mut String) {
    let folded = fold_case(c);
    match plain(folded) {
        Some(plain) => mapped.push_str(plain),
        None => match look_alike(folded) {
            Some(ascii) => mapped.extend(ascii.chars().map(fold_case)),
            None => mapped.push(folded),
        },
    }
}

/// The ASCII prototype of a character that is not ASCII (UTS #39, section 4).
fn look_alike(c: char) -> Option<String> {
    if c.is_ascii() {
        return None;
    }
    let prototype: String = skeleton(c.encode_utf8(&mut [0; 4])).collect();
    (!prototype.is_empty() && prototype.is_ascii()).then_some(prototype)
}

//! Clusters: characters that NFKC may join, normalised together, and mapped to the field together.
//!
//! So no span of a folded view parts a letter from its accent, whether they join or not. (Where the folded view says
//! the same as the raw one, the raw one is used, and maps character by character.)
//!
//! Nearly all clusters are one character, and texts use few different ones. What these fold to takes most of a
//! microsecond each to find out, so it is remembered, in so many places and no more.

use super::chars::{fold_case, is_invisible, plain};
use super::fold::push_raw;
use super::nfkc::Nfkc;
use super::view::View;
use std::ops::Range;
use unicode_normalization::char::{canonical_combining_class, decompose_compatible};
use unicode_normalization::{IsNormalized, is_nfkc_quick};
use unicode_security::skeleton;

/// Characters that are remembered: a power of two.
const KNOWN_MAX: usize = 1_024;
/// The longest folding that is remembered, in bytes.
const KNOWN_BYTES_MAX: usize = 9;

/// Folds clusters. It keeps its memory from text to text.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    cluster: String,
    sent: Range<usize>,
    buffers: Buffers,
    /// By the low bits of the character; nothing before the first is asked for.
    known: Vec<Known>,
}

/// Memory for folding one cluster.
#[derive(Clone, Debug, Default)]
struct Buffers {
    nfkc: Nfkc,
    once: String,
    mapped: String,
    folded: String,
}

/// What is known of a character.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// Zero where nothing is known.
    c: char,
    /// It never joins with what is before it.
    starts: bool,
    is_invisible: bool,
    /// How many bytes it folds to; `None` where they are too many.
    folded: Option<u8>,
    bytes: [u8; KNOWN_BYTES_MAX],
}

impl Folder {
    /// Takes a character; what it does not join with is folded into the view.
    pub(super) fn take(&mut self, c: char, sent: Range<usize>, view: &mut View) {
        if !c.is_ascii() {
            let known = self.known(c);
            if known.is_invisible {
                return;
            }
            if !known.starts {
                return self.push(c, sent);
            }
        }
        self.flush(view);
        self.push(c, sent);
    }

    fn push(&mut self, c: char, sent: Range<usize>) {
        if self.cluster.is_empty() {
            self.sent = sent;
        } else {
            self.sent.end = sent.end;
        }
        self.cluster.push(c);
    }

    /// Ends the cluster.
    pub(super) fn flush(&mut self, view: &mut View) {
        let mut chars = self.cluster.chars();
        match (chars.next(), chars.next()) {
            (None, _) => return,
            (Some(c), None) if c.is_ascii() => push_raw(view, c, self.sent.clone()),
            (Some(c), None) => {
                let known = self.known(c);
                match known.text() {
                    Some(folded) => push_folded(folded, &self.sent, view),
                    None => push_folded(self.buffers.fold(&self.cluster), &self.sent, view),
                }
            }
            _ => push_folded(self.buffers.fold(&self.cluster), &self.sent, view),
        }
        self.cluster.clear();
    }

    fn known(&mut self, c: char) -> Known {
        if self.known.is_empty() {
            self.known.resize(KNOWN_MAX, Known::default());
        }
        let place = c as usize % KNOWN_MAX;
        match self.known.get(place) {
            Some(known) if known.c == c => *known,
            _ => {
                let known = Known::of(c, &mut self.buffers);
                self.known.get_mut(place).into_iter().for_each(|place| *place = known);
                known
            }
        }
    }
}

impl Known {
    fn of(c: char, buffers: &mut Buffers) -> Self {
        let folded = buffers.fold(c.encode_utf8(&mut [0; 4])).as_bytes();
        let mut known = Self { c, starts: starts_cluster(c), is_invisible: is_invisible(c), ..Self::default() };
        if let Some(bytes) = known.bytes.get_mut(..folded.len()) {
            bytes.copy_from_slice(folded);
            known.folded = u8::try_from(folded.len()).ok();
        }
        known
    }

    fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes.get(..usize::from(self.folded?))?).ok()
    }
}

impl Buffers {
    /// What a cluster folds to.
    fn fold(&mut self, cluster: &str) -> &str {
        self.normalise(cluster);
        let mapped = refilled(&mut self.mapped);
        self.once.chars().for_each(|c| map_char(c, mapped));
        if self.mapped == self.once {
            return &self.mapped;
        }
        // A look-alike that became ASCII may now join with the mark after it.
        self.nfkc.write(self.mapped.chars(), refilled(&mut self.folded));
        &self.folded
    }

    /// NFKC, but for spacing accents: NFKC makes `´` a space and a mark, which would hide `can´t`.
    fn normalise(&mut self, cluster: &str) {
        let once = refilled(&mut self.once);
        let mut chars = cluster.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) if is_spacing_accent(c) => once.push(c),
            _ => self.nfkc.write(cluster.chars().map(fold_case), once),
        }
    }
}

fn refilled(buffer: &mut String) -> &mut String {
    buffer.clear();
    buffer
}

fn push_folded(folded: &str, sent: &Range<usize>, view: &mut View) {
    let mut chars = folded.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return push_raw(view, c, sent.clone());
    }
    for c in folded.chars() {
        if c.is_whitespace() {
            view.push_space(sent.clone());
        } else {
            view.push_str(c.encode_utf8(&mut [0; 4]), sent.clone());
        }
    }
}

/// Whether a character never joins with what is before it.
fn starts_cluster(c: char) -> bool {
    let mut first = None;
    decompose_compatible(c, |part| {
        first.get_or_insert(part);
    });
    let first = first.unwrap_or(c);
    canonical_combining_class(first) == 0 && is_nfkc_quick(std::iter::once(first)) == IsNormalized::Yes
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
    let before = mapped.len();
    match plain(folded) {
        Some(plain) => mapped.push_str(plain),
        None if folded.is_ascii() => mapped.push(folded),
        None => {
            // The ASCII prototype of a character that is not ASCII (UTS #39, section 4).
            mapped.extend(skeleton(folded.encode_utf8(&mut [0; 4])));
            match mapped.get_mut(before..) {
                Some(prototype) if !prototype.is_empty() && prototype.is_ascii() => prototype.make_ascii_lowercase(),
                _ => {
                    mapped.truncate(before);
                    mapped.push(folded);
                }
            }
        }
    }
}

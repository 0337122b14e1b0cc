//! Atoms: the runs of letters, digits and `_` that phrases are made of.
//!
//! An atom ends where a word does, but for apostrophes, which are never part of one: `can't` is two atoms with
//! `'` between them. So what is inside an atom depends on nothing outside it; whether a phrase may begin or
//! end at one is asked of [`super::words::is_edge`].

use super::View;
use super::chars::{is_invisible, is_mark, is_unspaced, is_word};

/// A run of word characters in a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Atom {
    /// Its first byte.
    pub(crate) start: u32,
    /// One past its last byte.
    pub(crate) end: u32,
    /// Its bytes, if there are at most eight (the first is the lowest); else a hash of them.
    pub(crate) key: u64,
}

/// Bytes that fit into a key as they are.
pub(crate) const KEY_BYTES: usize = 8;

/// Who is told of the atoms of a view, from left to right.
pub(crate) trait Visit {
    /// The next atom. Where the text is ASCII, this becomes part of the loop that finds them: it is worth inlining.
    fn visit(&mut self, atom: Atom);
}

/// Visits each atom of a view.
#[inline]
pub(crate) fn for_each(view: &View, visitor: &mut impl Visit) {
    match view.word_bits() {
        Some(words) => ascii(view.padded().as_bytes(), words, |atom| visitor.visit(atom)),
        None => unicode(view.padded(), &mut |atom| visitor.visit(atom)),
    }
}

impl Visit for Vec<Atom> {
    fn visit(&mut self, atom: Atom) {
        self.push(atom);
    }
}

/// The atoms of a text.
pub(crate) fn atoms_of(text: &str) -> Vec<Atom> {
    let mut found = Vec::new();
    for_each(&View::verbatim(text), &mut found);
    found
}

/// The key of an atom.
pub(crate) fn key(atom: &str) -> u64 {
    key_at(View::verbatim(atom).padded().as_bytes(), 0, atom.len())
}

/// An atom is a run of bits. Zeros are no word's, so the padding ends the last one. `visit` is called in one place, so that
/// it becomes part of the loop.
#[inline(always)]
fn ascii(padded: &[u8], words: &[u64], mut visit: impl FnMut(Atom)) {
    // Where the run began that goes on from the block before.
    let mut carried: Option<usize> = None;
    for (block, bits) in words.iter().enumerate() {
        let first = block * 64;
        let mut bits = *bits;
        while bits != 0 || carried.is_some() {
            let from = if carried.is_some() { 0 } else { bits.trailing_zeros() };
            let until = from + (bits >> from).trailing_ones();
            let start = carried.take().unwrap_or(first + from as usize);
            if until >= u64::BITS {
                carried = Some(start);
                break;
            }
            bits &= u64::MAX << until;
            let end = first + until as usize;
            visit(Atom { start: start as u32, end: end as u32, key: key_at(padded, start, end) });
        }
    }
}

/// For each number of bytes up to eight, the bits that they have.
const MASKS: [u64; 9] =
    [0, 0xff, 0xffff, 0xff_ffff, 0xffff_ffff, 0xff_ffff_ffff, 0xffff_ffff_ffff, 0xff_ffff_ffff_ffff, u64::MAX];

#[inline]
fn key_at(padded: &[u8], start: usize, end: usize) -> u64 {
    let masked = |at: usize| {
        let eight = padded.get(at..).and_then(<[u8]>::first_chunk::<8>).map_or(0, |eight| u64::from_le_bytes(*eight));
        eight & MASKS.get(end - at).copied().unwrap_or(u64::MAX)
    };
    if end - start <= KEY_BYTES {
        return masked(start);
    }
    (start..end)
        .step_by(8)
        .fold((end - start) as u64, |hash, at| (hash ^ masked(at)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29))
}

/// Character by character. Marks and invisible characters inside an atom belong to it; in scripts that write
/// no spaces each character is an atom, with its marks.
#[inline(never)]
fn unicode(padded: &str, visit: &mut dyn FnMut(Atom)) {
    let mut open: Option<Open> = None;
    let mut close = |open: Option<Open>| {
        if let Some(Open { start, end, .. }) = open {
            visit(Atom { start: start as u32, end: end as u32, key: key_at(padded.as_bytes(), start, end) });
        }
    };
    for (at, c) in padded.char_indices().filter(|(_, c)| !is_invisible(*c)) {
        let end = at + c.len_utf8();
        match &mut open {
            Some(atom) if is_mark(c) => atom.end = end,
            Some(atom) if is_word(c) && !atom.unspaced && !is_unspaced(c) => atom.end = end,
            _ if is_mark(c) => {}
            _ => {
                close(open.take());
                open = is_word(c).then(|| Open { start: at, end, unspaced: is_unspaced(c) });
            }
        }
    }
    close(open);
}

/// An atom that may go on.
struct Open {
    start: usize,
    end: usize,
    unspaced: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        atoms_of(text).iter().map(|atom| &text[atom.start as usize..atom.end as usize]).collect()
    }

    #[test]
    fn letters_digits_and_underscores_are_atoms() {
        assert_eq!(texts("can't pay_2 4.50 at b@c.de"), ["can", "t", "pay_2", "4", "50", "at", "b", "c", "de"]);
        assert_eq!(texts(""), [""; 0]);
        assert_eq!(texts("  ?! "), [""; 0]);
    }

    #[test]
    fn long_texts_are_cut_where_the_short_ones_are() {
        for length in 1..200 {
            let text = "abcdefghi jk. ".repeat(length);
            let text = &text[..length];
            let expected: Vec<&str> = text.split([' ', '.']).filter(|atom| !atom.is_empty()).collect();
            assert_eq!(texts(text), expected);
        }
    }

    #[test]
    fn marks_and_invisible_characters_belong_to_the_atom_they_are_in() {
        assert_eq!(texts("ca\u{ad}n e\u{301}t \u{200b}so\u{200d} \u{301}x"), ["ca\u{ad}n", "e\u{301}t", "so", "x"]);
        assert_eq!(texts("会议a b会\u{301}"), ["会", "议", "a", "b", "会\u{301}"]);
    }

    #[test]
    fn keys_are_of_the_bytes_alone() {
        let of = |text: &str| atoms_of(text).last().unwrap().key;
        for word in ["a", "abcdefgh", "abcdefghi", "abcdefghijklmnopqrstuvwxyz", "straße"] {
            assert_eq!(of(word), key(word));
            assert_eq!(of(&format!("x {word} ")), key(word));
            assert_eq!(of(&format!("xyz xyz {word}")), key(word));
        }
        assert_ne!(key("abcdefghi"), key("abcdefghj"));
    }
}

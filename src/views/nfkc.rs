//! NFKC (UAX #15) in memory that is kept. The tables are those of `unicode-normalization`; its iterators ask for
//! memory wherever a character has many parts or many marks.

use unicode_normalization::char::{canonical_combining_class, compose, decompose_compatible};

/// Memory for normalising.
#[derive(Clone, Debug, Default)]
pub(super) struct Nfkc {
    parts: Vec<Part>,
    /// The marks after the last starter that it did not take in.
    marks: String,
}

/// A character of a decomposition.
#[derive(Clone, Copy, Debug)]
struct Part {
    c: char,
    /// The canonical combining class; 0 for what no mark moves over.
    class: u8,
    /// Its place: among marks of a class the order stays.
    at: usize,
}

impl Nfkc {
    /// Adds what these characters are in NFKC.
    pub(super) fn write(&mut self, chars: impl Iterator<Item = char>, to: &mut String) {
        self.parts.clear();
        chars.for_each(|c| decompose_compatible(c, |part| self.parts.push(Part::new(part, self.parts.len()))));
        for marks in self.parts.split_mut(|part| part.class == 0) {
            marks.sort_unstable_by_key(|part| (part.class, part.at));
        }
        self.compose(to);
    }

    fn compose(&mut self, to: &mut String) {
        self.marks.clear();
        let mut starter = None;
        let mut last_class = 0;
        for part in self.parts.drain(..) {
            // A mark of the same class between them, or another starter, keeps them apart.
            let is_free = self.marks.is_empty() || last_class < part.class;
            let joined = starter.filter(|_| is_free).and_then(|starter| compose(starter, part.c));
            if joined.is_some() {
                starter = joined;
                continue;
            }
            last_class = part.class;
            if part.class > 0 {
                self.marks.push(part.c);
                continue;
            }
            to.extend(starter.replace(part.c));
            to.push_str(&self.marks);
            self.marks.clear();
        }
        to.extend(starter);
        to.push_str(&self.marks);
    }
}

impl Part {
    fn new(c: char, at: usize) -> Self {
        Self { c, class: canonical_combining_class(c), at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_normalization::UnicodeNormalization;

    #[track_caller]
    fn assert_as_the_library(nfkc: &mut Nfkc, text: &str) {
        let mut found = String::new();
        nfkc.write(text.chars(), &mut found);
        assert_eq!(found, text.nfkc().collect::<String>(), "{text:?}");
    }

    #[test]
    fn every_character_alone_and_between_marks() {
        let mut nfkc = Nfkc::default();
        for c in '\0'..=char::MAX {
            assert_as_the_library(&mut nfkc, c.encode_utf8(&mut [0; 4]));
        }
        for c in '\0'..'\u{12000}' {
            assert_as_the_library(&mut nfkc, &format!("\u{301}{c}\u{308}\u{323}\u{304}{c}\u{300}"));
        }
    }

    /// Letters, syllables and marks that join, or keep each other from it.
    #[test]
    fn random_texts() {
        let chars: Vec<char> =
            "aeious ´ｱﾞ가각ẛſﷺཱཱིུᾂαΩÅ👍🏽㎢\u{301}\u{302}\u{307}\u{308}\u{30a}\u{323}\u{327}\u{328}\u{338}\u{345}\u{653}\
             \u{9be}\u{9c7}\u{b3e}\u{b47}\u{b56}\u{f71}\u{f72}\u{fb1d}\u{5b4}\u{1d165}\u{1d158}\u{110a5}\u{110ba}"
                .chars()
                .collect();
        let mut nfkc = Nfkc::default();
        for seed in 0..20_000 {
            let mut numbers = fastrand::Rng::with_seed(seed);
            let text: String = (0..numbers.usize(1..40)).filter_map(|_| numbers.choice(&chars)).collect();
            assert_as_the_library(&mut nfkc, &text);
        }
    }
}

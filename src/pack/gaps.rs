//! Gaps: two words, and so many characters between them (`\brefund\b.{0,40}\baccount\b`).
//!
//! As an automaton over characters each start would have to be told from every other, which takes thousands of
//! states. As two words and a distance it takes two look-ups: where the second is found, the places of the first
//! are looked at from the nearest on back, as far as the gap reaches.

mod sound;

use super::pattern::ViewSet;
use super::phrases::{Phrases, Word};
use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError, MatchKind};
use std::ops::Range;

/// A literal of gaps, by its number.
pub(crate) type Literal = u32;

/// A literal: letters, digits and `_` of ASCII, in small letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(crate) struct GapLiteral {
    /// Its text.
    pub(crate) text: String,
    /// `\b` stands before it.
    pub(crate) before: bool,
    /// `\b` stands after it.
    pub(crate) after: bool,
}

/// Which gap waits for a literal.
#[derive(Clone, Copy, Debug, PartialEq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(crate) struct GapUse {
    /// The pattern.
    pub(crate) pattern: u32,
    /// The field that the pattern looks at.
    pub(crate) field: u32,
    /// The views in which it counts.
    pub(crate) views: ViewSet,
    /// What must have been before.
    pub(crate) first: Literal,
    /// The fewest characters between.
    pub(crate) chars_min: u32,
    /// The most.
    pub(crate) chars_max: u32,
    /// Whether a match reaches to the last of the second, else to the nearest.
    pub(crate) greedy: bool,
}

/// A literal within a word.
#[derive(Clone, Copy, Debug, PartialEq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(crate) struct Within {
    /// The literal.
    pub(crate) literal: Literal,
    /// Its first byte in the word.
    pub(crate) at: u32,
    /// How many bytes it has.
    pub(crate) bytes: u32,
}

/// All gaps of a pack.
#[derive(Clone, Debug, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(crate) struct Gaps {
    pub(crate) literals: Vec<GapLiteral>,
    /// For each literal, where its uses begin; one more than there are literals.
    uses_from: Vec<u32>,
    uses: Vec<GapUse>,
    /// For each literal, whether some gap begins with it.
    firsts: Vec<bool>,
    /// For each word of the dictionary, where what is within begins; one more than there are words.
    within_from: Vec<u32>,
    within: Vec<Within>,
    /// All literals, for texts that are not ASCII and for words that the dictionary does not have. It is not stored;
    /// `None` where there are no literals.
    #[rkyv(with = rkyv::with::Skip)]
    automaton: Option<AhoCorasick>,
    /// For each literal, the first literals of the gaps that it closes. It is not stored either.
    #[rkyv(with = rkyv::with::Skip)]
    first_bits: Vec<u64>,
    /// Whether some literal may be found where no word of the dictionary is.
    pub(crate) partial: bool,
}

impl Gaps {
    /// Gaps: the literals, sorted, and the uses of each.
    ///
    /// # Errors
    /// Where the automaton of the literals becomes too large.
    pub(crate) fn new(
        literals: Vec<GapLiteral>,
        uses: Vec<Vec<GapUse>>,
        phrases: &Phrases,
    ) -> Result<Self, BuildError> {
        let automaton = automaton(&literals)?;
        let mut firsts = vec![false; literals.len()];
        for first in uses.iter().flatten().filter_map(|usage| usize::try_from(usage.first).ok()) {
            firsts.get_mut(first).into_iter().for_each(|is_first| *is_first = true);
        }
        let (uses_from, uses) = flat(uses);
        let mut gaps = Self {
            partial: literals.iter().any(|literal| !(literal.before && literal.after && phrases.has(&literal.text))),
            literals,
            uses_from,
            uses,
            firsts,
            within_from: Vec::new(),
            within: Vec::new(),
            automaton,
            first_bits: Vec::new(),
        };
        gaps.first_bits = gaps.bits_of_firsts();
        let words = (0..phrases.words()).map(|word| phrases.text_of(word).unwrap_or(""));
        let within: Vec<Vec<Within>> = words.map(|word| gaps.in_word(word).collect()).collect();
        (gaps.within_from, gaps.within) = flat(within);
        Ok(gaps)
    }

    /// Whether some gap begins with a literal.
    pub(crate) fn is_first(&self, literal: Literal) -> bool {
        self.firsts.get(literal as usize).copied().unwrap_or(false)
    }

    /// The same, with what is not stored.
    ///
    /// # Errors
    /// Where it becomes too large.
    pub(crate) fn with_automaton(self) -> Result<Self, BuildError> {
        Ok(Self { automaton: automaton(&self.literals)?, first_bits: self.bits_of_firsts(), ..self })
    }

    fn bits_of_firsts(&self) -> Vec<u64> {
        let bits = |literal| self.uses(literal).iter().fold(0, |bits, usage| bits | bit(usage.first));
        (0..).take(self.literals.len()).map(bits).collect()
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.literals.is_empty()
    }

    /// The gaps that wait for a literal as their second.
    pub(crate) fn uses(&self, literal: Literal) -> &[GapUse] {
        slice(&self.uses_from, &self.uses, literal)
    }

    /// The literals within a word of the dictionary, by where they end.
    pub(crate) fn within(&self, word: Word) -> &[Within] {
        slice(&self.within_from, &self.within, word)
    }

    /// The literals within a whole atom of ASCII, by where they end.
    pub(crate) fn in_word<'s>(&'s self, word: &'s str) -> impl Iterator<Item = Within> + 's {
        let all = self.automaton.iter().flat_map(move |automaton| automaton.find_overlapping_iter(word));
        all.filter_map(|found| {
            let literal = self.literals.get(found.pattern().as_usize())?;
            let fits = (!literal.before || found.start() == 0) && (!literal.after || found.end() == word.len());
            let (at, bytes) = (found.start() as u32, (found.end() - found.start()) as u32);
            fits.then_some(Within { literal: found.pattern().as_u32(), at, bytes })
        })
    }

    /// The literals within any text, by where they end.
    pub(crate) fn in_text<'s>(&'s self, text: &'s str) -> impl Iterator<Item = (Literal, Range<usize>)> + 's {
        let all = self.automaton.iter().flat_map(move |automaton| automaton.find_overlapping_iter(text));
        all.filter_map(|found| {
            let literal = self.literals.get(found.pattern().as_usize())?;
            literal.fits(text, &found.range()).then(|| (found.pattern().as_u32(), found.range()))
        })
    }

    /// How long a literal is, in bytes.
    pub(crate) fn length(&self, literal: Literal) -> u32 {
        self.literals.get(literal as usize).map_or(0, |literal| literal.text.len() as u32)
    }

    /// What a literal closes gaps of: a bit for some of the first literals each, so that most texts tell at once that
    /// none of them was found.
    #[inline]
    pub(crate) fn first_bits(&self, literal: Literal) -> u64 {
        self.first_bits.get(literal as usize).copied().unwrap_or(0)
    }

    /// Memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.literals.iter().map(|literal| literal.text.len() + size_of::<GapLiteral>()).sum::<usize>()
            + (self.uses_from.len() + self.within_from.len()) * 4
            + self.first_bits.len() * 8
            + self.uses.len() * size_of::<GapUse>()
            + self.within.len() * size_of::<Within>()
            + self.automaton.as_ref().map_or(0, AhoCorasick::memory_usage)
    }
}

impl GapLiteral {
    /// Whether the `\b` of a literal hold where its text was found.
    pub(crate) fn fits(&self, text: &str, found: &Range<usize>) -> bool {
        (!self.before || text.get(..found.start).is_some_and(|before| !before.chars().next_back().is_some_and(is_word)))
            && (!self.after || text.get(found.end..).is_some_and(|after| !after.chars().next().is_some_and(is_word)))
    }
}

/// The bit that some literals have, this among them.
#[inline]
pub(crate) fn bit(literal: Literal) -> u64 {
    1 << (literal % 64)
}

fn automaton(literals: &[GapLiteral]) -> Result<Option<AhoCorasick>, BuildError> {
    let mut builder = AhoCorasick::builder();
    builder.kind(Some(AhoCorasickKind::ContiguousNFA)).match_kind(MatchKind::Standard);
    if literals.is_empty() { Ok(None) } else { builder.build(literals.iter().map(|it| &it.text)).map(Some) }
}

/// What a regex's `\b` takes for a part of a word.
fn is_word(c: char) -> bool {
    regex_syntax::try_is_word_character(c).unwrap_or(false)
}

fn flat<T>(lists: Vec<Vec<T>>) -> (Vec<u32>, Vec<T>) {
    let mut from = vec![0];
    let mut all = Vec::new();
    for list in lists {
        all.extend(list);
        from.push(all.len() as u32);
    }
    (from, all)
}

fn slice<'t, T>(from: &[u32], all: &'t [T], at: u32) -> &'t [T] {
    match (from.get(at as usize), from.get(at as usize + 1)) {
        (Some(start), Some(end)) => all.get(*start as usize..*end as usize).unwrap_or(&[]),
        _ => &[],
    }
}

//! Texts as sets of words, numbered: what likeness of messages is measured on. Strangers write these texts, so each has a bound.

use crate::views::Views;
use std::collections::HashMap;

/// A text's words, each once, in the order of their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Words(Vec<u32>);

/// Numbers for words, while texts come in.
#[derive(Debug, Default)]
struct Numbers {
    numbers: HashMap<String, u32>,
    words: Vec<String>,
    texts_with: Vec<u32>,
    texts: u32,
}

/// The words of some texts, and how much each says.
#[derive(Debug)]
pub(super) struct Vocabulary {
    words: Vec<String>,
    texts_with: Vec<u32>,
    weights: Vec<f64>,
}

/// What stands for every word with a digit in it: orders and dates differ in nothing else.
const NUMBER: &str = "#";
/// Of a text that has more words, only the first count.
const WORDS_MAX: usize = 64;

impl Numbers {
    /// The words of a text, in its folded view.
    fn take(&mut self, text: &str) -> Words {
        let views = Views::of(text);
        let mut words: Vec<u32> = split(views.folded().text()).take(WORDS_MAX).map(|word| self.number(word)).collect();
        words.sort_unstable();
        words.dedup();
        self.texts = self.texts.saturating_add(1);
        for &word in &words {
            if let Some(texts) = self.texts_with.get_mut(word as usize) {
                *texts = texts.saturating_add(1);
            }
        }
        Words(words)
    }

    fn number(&mut self, word: &str) -> u32 {
        let word = if word.contains(char::is_numeric) { NUMBER } else { word };
        if let Some(&number) = self.numbers.get(word) {
            return number;
        }
        let number = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        self.numbers.insert(word.to_owned(), number);
        self.words.push(word.to_owned());
        self.texts_with.push(0);
        number
    }

    /// How much a word says: the rarer, the more (inverse document frequency, Spärck Jones 1972).
    fn weight(&self, with: u32) -> f64 {
        (1.0 + f64::from(self.texts) / f64::from(with.max(1))).ln()
    }
}

impl Vocabulary {
    /// The words of texts, and those of each.
    pub(super) fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> (Self, Vec<Words>) {
        let mut numbers = Numbers::default();
        let words = texts.into_iter().map(|text| numbers.take(text)).collect();
        let weights = numbers.texts_with.iter().map(|&with| numbers.weight(with)).collect();
        let Numbers { words: names, texts_with, .. } = numbers;
        (Self { words: names, texts_with, weights }, words)
    }

    /// A word by its number.
    pub(super) fn word(&self, number: u32) -> &str {
        self.words.get(number as usize).map_or("", String::as_str)
    }

    /// How much a word says.
    pub(super) fn weight(&self, word: u32) -> f64 {
        self.weights.get(word as usize).copied().unwrap_or_default()
    }

    /// Whether more texts than one have a word.
    pub(super) fn is_shared(&self, word: u32) -> bool {
        self.texts_with.get(word as usize).is_some_and(|&with| with > 1)
    }

    /// How alike two texts are, from 0 to 1: the weight of the words that both have, of all that either has (Jaccard 1901,
    /// weighted). Two texts without words are alike.
    pub(super) fn likeness(&self, one: &Words, other: &Words) -> f64 {
        let (mut both, mut either) = (0.0, 0.0);
        let (mut left, mut right) = (one.0.iter().peekable(), other.0.iter().peekable());
        loop {
            let (word, is_both) = match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some(&&l), Some(&&r)) if l == r => {
                    right.next();
                    (l, true)
                }
                (Some(&&l), Some(&&r)) if l > r => {
                    let weight = self.weight(r);
                    either += weight;
                    right.next();
                    continue;
                }
                (Some(&&l), _) => (l, false),
                (None, Some(&&r)) => {
                    either += self.weight(r);
                    right.next();
                    continue;
                }
            };
            left.next();
            let weight = self.weight(word);
            either += weight;
            both += if is_both { weight } else { 0.0 };
        }
        if either > 0.0 { both / either } else { 1.0 }
    }
}

impl Words {
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        self.0.iter().copied()
    }
}

/// `don't` is one word.
fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| word.contains(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likeness(one: &str, other: &str) -> f64 {
        let (vocabulary, words) = Vocabulary::of([one, other]);
        vocabulary.likeness(&words[0], &words[1])
    }

    #[test]
    fn texts_are_alike_by_the_words_that_they_share() {
        assert_eq!(likeness("the invoice is late", "Late is the INVOICE!"), 1.0);
        assert_eq!(likeness("one two", "three four"), 0.0);
        assert_eq!(likeness("", ".'."), 1.0);
        let (more, less) = (likeness("a b c d", "a b c e"), likeness("a b c d", "a e f g"));
        assert!(0.0 < less && less < more && more < 1.0, "{less} {more}");
    }

    #[test]
    fn numbers_make_no_difference() {
        assert_eq!(likeness("order 1234 of May 3rd", "order 9 of May 22nd"), 1.0);
    }

    #[test]
    fn a_rare_word_says_more_than_a_common_one() {
        let texts = ["parcel"].into_iter().chain(std::iter::repeat_n("the", 51));
        let (vocabulary, words) = Vocabulary::of(texts);
        let [rare, common] = [0, 1].map(|text| words[text].iter().next().unwrap());
        assert!(vocabulary.weight(rare) > 3.0 * vocabulary.weight(common));
        assert_eq!([rare, common].map(|word| vocabulary.is_shared(word)), [false, true]);
    }

    #[test]
    fn of_a_long_text_only_the_beginning_counts() {
        let long: Vec<String> = (0..10_000).map(|word| format!("w{}", "x".repeat(word % 5_000))).collect();
        let long = long.join(" ");
        let (_, words) = Vocabulary::of([long.as_str()]);
        assert_eq!(words[0].iter().count(), WORDS_MAX);
    }
}

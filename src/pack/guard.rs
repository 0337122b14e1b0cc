//! What it takes to see whether a text says more than its class allows: whether it has more words, or words that the
//! class does not know.

use super::{ClassSpec, Vocabulary};

/// Operations to read a byte for its words: where may one begin, is it a number or an address?
const ASCII_OPERATIONS: usize = 16;
/// The same in a text that is not all ASCII: of each character it is asked what it is, and what its neighbours are. Where
/// that takes longest, it takes more than these alone, but less than these and what reading such a text took.
const OTHER_OPERATIONS: usize = 96;
/// Operations to compare two words, which are far away.
const COMPARE_OPERATIONS: usize = 8;

/// Operations for each byte of a text that is read for its words.
pub(crate) fn byte_operations(text: &str) -> usize {
    if text.is_ascii() { ASCII_OPERATIONS } else { OTHER_OPERATIONS }
}

/// Operations to sort so many words.
pub(crate) fn sort_operations(words: usize) -> usize {
    words.saturating_mul(levels(words) * COMPARE_OPERATIONS)
}

impl ClassSpec {
    /// Whether it asks anything of the words of a text.
    pub(crate) fn is_guarded(&self) -> bool {
        self.words_max.is_some() || self.vocabulary.is_some()
    }

    /// The most operations to see whether a raw view of so many bytes says more than the class allows.
    pub(crate) fn guard_cost(&self, view: usize) -> usize {
        if !self.is_guarded() {
            return 0;
        }
        // Words are apart, but for those of scripts that write no spaces: these have three bytes and more.
        let words = self.words_max.unwrap_or(usize::MAX).min(view / 2 + 1);
        let vocabulary = self
            .vocabulary
            .as_ref()
            .map_or(0, |vocabulary| words * vocabulary.look_up_operations() + vocabulary.count_operations(words));
        (view + 1) * OTHER_OPERATIONS + vocabulary
    }
}

impl Vocabulary {
    /// Operations to look a word up.
    pub(crate) fn look_up_operations(&self) -> usize {
        levels(self.words.len()) * COMPARE_OPERATIONS
    }

    /// So many words beside it, with those that come again, are counted before more are collected: then at least half
    /// of them come again, or they are too many.
    pub(crate) fn collected_max(&self) -> usize {
        self.unknown_max.saturating_mul(2)
    }

    /// The most operations to count how many of so many words are different: each is sorted twice at most, and what is
    /// left once more at the end.
    fn count_operations(&self, words: usize) -> usize {
        let together = self.collected_max().saturating_add(1).min(words);
        (2 * words + together) * levels(together) * COMPARE_OPERATIONS
    }
}

/// How often so many things can be halved.
fn levels(things: usize) -> usize {
    things.checked_ilog2().unwrap_or(0) as usize + 1
}

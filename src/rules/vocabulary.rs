//! The words that a class knows: inline, and in a file beside the rules.
//!
//! ```text
//! file = line*
//! line = [word] ["#" comment]      white space around a word is ignored; `#` begins a line or follows white space
//! ```

use super::lists::Lists;
use super::written::{Written, WrittenClass};
use crate::diagnostic::table::Placed;
use crate::diagnostic::{Location, Report, SourceFile};
use crate::pack::Vocabulary;
use crate::views;
use crate::views::words::{Token, for_each_token};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The vocabulary of a class; `None` where it has none, or what is wrong with it has been reported.
pub(super) fn vocabulary(
    class: &WrittenClass,
    written: &Written,
    lists: &Lists<'_>,
    report: &Report,
) -> Option<Vocabulary> {
    let has_words = class.vocabulary.is_some() || class.vocabulary_file.is_some();
    match &class.max_unknown {
        Some(most) if has_words => {
            let inline = class.vocabulary.iter().flatten().flat_map(|item| lists.item(item));
            let mut words: BTreeSet<String> = inline.flat_map(|text| words_of(&text)).collect();
            if let Some(path) = &class.vocabulary_file {
                words.extend(written.word_files.get(&path.value).into_iter().flat_map(|file| words_in(file, report)));
            }
            Some(Vocabulary { words, unknown_max: usize::try_from(most.value).unwrap_or(usize::MAX) })
        }
        None if !has_words => None,
        _ => {
            if let Some(name) = &class.name {
                let help = "write both: the words that the class knows, and how many others a message may have";
                let wrong = "`vocabulary` (or `vocabulary_file`) and `max_unknown` need each other";
                report.error("half-vocabulary", &name.at, wrong, help);
            }
            None
        }
    }
}

/// The words of a file; a line that is not one word is reported.
fn words_in(file: &Arc<SourceFile>, report: &Report) -> Vec<String> {
    lines(file).iter().filter_map(|line| one_word(line, report)).collect()
}

/// The word of a line, as the raw view has it; `None` where it counts as a number, which is never unknown.
fn one_word(line: &Placed<String>, report: &Report) -> Option<String> {
    match tokens_of(&line.value).as_slice() {
        [word] => return word.clone(),
        [] => {
            let wrong = format!("`{}` is no word", line.value);
            report.error("not-a-word", &line.at, wrong, "write a word, or remove the line");
        }
        several => {
            let wrong = format!("`{}` is {} words", line.value, several.len());
            report.error("not-a-word", &line.at, wrong, "write each on a line of its own");
        }
    }
    None
}

/// What stands on the lines of a file of words, without comments and white space around.
pub(super) fn lines(file: &Arc<SourceFile>) -> Vec<Placed<String>> {
    let mut start = 0;
    let mut lines = Vec::new();
    for line in file.text().split_inclusive('\n') {
        let text = line.get(..comment(line)).unwrap_or(line);
        let word = text.trim();
        let from = start + (text.len() - text.trim_start().len());
        if !word.is_empty() {
            lines.push(Placed::new(word.to_owned(), Location::new(file, from..from + word.len())));
        }
        start += line.len();
    }
    lines
}

/// Where a line's comment begins; its end where it has none.
fn comment(line: &str) -> usize {
    let begins =
        |at: usize| line.get(..at).is_some_and(|before| before.is_empty() || before.ends_with(char::is_whitespace));
    line.match_indices('#').map(|(at, _)| at).find(|at| begins(*at)).unwrap_or(line.len())
}

/// The words of a text, as the raw view has them, without what counts as a number.
pub(super) fn words_of(text: &str) -> BTreeSet<String> {
    tokens_of(text).into_iter().flatten().collect()
}

/// What a text is made of: words, and `None` for each number, address or mention.
pub(super) fn tokens_of(text: &str) -> Vec<Option<String>> {
    let mut tokens = Vec::new();
    for_each_token(&views::raw_text(text), |token| {
        tokens.push(match token {
            Token::Word(word) => Some(word.to_owned()),
            Token::Fixed => None,
        });
    });
    tokens
}

//! Labelled sentences to draw patterns and messages from.

use serde::{Deserialize, Serialize};
use std::path::Path;

/// What patterns are drawn from, and what messages are made of; nothing is in both.
pub(crate) struct Corpus {
    /// Where it is from.
    pub(crate) name: String,
    /// For patterns.
    pub(crate) train: Vec<Sentence>,
    /// For messages.
    pub(crate) val: Vec<Sentence>,
}

/// A message of a corpus.
#[derive(Serialize, Deserialize)]
pub(crate) struct Sentence {
    /// What it says.
    pub(crate) text: String,
    /// What it is; `None` for what a person must see.
    pub(crate) class: Option<String>,
}

/// Reads sentences as JSON lines.
///
/// # Panics
/// Where the file cannot be read, or a line is no sentence.
pub(crate) fn read(file: &Path) -> Vec<Sentence> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let sentence = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    text.lines().map(sentence).collect()
}

impl Sentence {
    /// Runs of words with nothing but white space between them, in lower case: where a phrase can be cut out.
    pub(crate) fn runs(&self) -> Vec<Vec<String>> {
        let mut runs = vec![Vec::new()];
        for token in self.text.split_whitespace() {
            let token = token.to_lowercase();
            let core = token.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            let is_word = is_word(core);
            if !(is_word && token.starts_with(core)) {
                runs.push(Vec::new());
            }
            if let Some(run) = runs.last_mut().filter(|_| is_word) {
                run.push(core.to_owned());
            }
            if !token.ends_with(core) {
                runs.push(Vec::new());
            }
        }
        runs.retain(|run| !run.is_empty());
        runs
    }
}

/// ASCII letters and digits, and apostrophes between letters.
fn is_word(text: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())) || text.split('\'').all(is_part)
}

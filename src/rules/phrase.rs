//! The grammar of phrases.
//!
//! ```text
//! phrase = ["^"] part+ ["$"]
//! part   = "{" list "}" | "\" ( "{" | "}" | "^" | "$" | "\" ) | any other character
//! ```

use std::ops::Range;

/// A phrase, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    /// `^`: it begins where the field does.
    pub(crate) at_start: bool,
    /// `$`: it ends where the field does.
    pub(crate) at_end: bool,
    /// What is between.
    pub(crate) parts: Vec<Part>,
}

/// A piece of a phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// As written.
    Text(String),
    /// Any item of a list; where it is named, in bytes of the phrase.
    List(String, Range<usize>),
}

/// What is wrong with a phrase.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PhraseError {
    #[error("`{0}` in the middle of a phrase")]
    Anchor(char),
    #[error("`{{` without `}}`")]
    Unclosed,
    #[error("`}}` without `{{`")]
    Unopened,
    #[error("`\\` before `{0}`, which needs none")]
    Escape(String),
    #[error("a phrase without words")]
    Empty,
}

impl PhraseError {
    /// What to do.
    pub(crate) fn help(&self) -> String {
        match self {
            Self::Anchor(c) => format!("`^` stands first and `$` last; write `\\{c}` for the character itself"),
            Self::Unclosed => "close the list's name with `}`, or write `\\{` for the character itself".to_owned(),
            Self::Unopened => "write `\\}` for the character itself".to_owned(),
            Self::Escape(_) => "write `\\\\` for the character itself".to_owned(),
            Self::Empty => "write the words to look for".to_owned(),
        }
    }
}

/// Parses a phrase.
///
/// # Errors
/// Everything that is wrong with it, each with its place in bytes of the phrase.
pub(crate) fn parse(text: &str) -> Result<Template, Vec<(PhraseError, Range<usize>)>> {
    let mut parser = Parser { text, at: 0, parts: Vec::new(), errors: Vec::new() };
    let at_start = parser.take('^');
    let at_end = parser.parts_until_end();
    if parser.parts.is_empty() && parser.errors.is_empty() {
        parser.errors.push((PhraseError::Empty, 0..text.len()));
    }
    if parser.errors.is_empty() { Ok(Template { at_start, at_end, parts: parser.parts }) } else { Err(parser.errors) }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    parts: Vec<Part>,
    errors: Vec<(PhraseError, Range<usize>)>,
}

impl Parser<'_> {
    fn parts_until_end(&mut self) -> bool {
        while let Some(c) = self.next() {
            let from = self.at - c.len_utf8();
            match c {
                '$' if self.at == self.text.len() => return true,
                '^' | '$' => self.wrong(PhraseError::Anchor(c), from),
                '{' => self.list(from),
                '}' => self.wrong(PhraseError::Unopened, from),
                '\\' => self.escaped(from),
                _ => self.text(c),
            }
        }
        false
    }

    fn list(&mut self, from: usize) {
        let rest = self.text.get(self.at..).unwrap_or("");
        match rest.split_once('}') {
            Some((name, _)) => {
                self.at += name.len() + 1;
                self.parts.push(Part::List(name.to_owned(), from..self.at));
            }
            None => {
                self.at = self.text.len();
                self.wrong(PhraseError::Unclosed, from);
            }
        }
    }

    fn escaped(&mut self, from: usize) {
        match self.next() {
            Some(c @ ('{' | '}' | '^' | '$' | '\\')) => self.text(c),
            other => self.wrong(PhraseError::Escape(other.map(String::from).unwrap_or_default()), from),
        }
    }

    fn text(&mut self, c: char) {
        match self.parts.last_mut() {
            Some(Part::Text(text)) => text.push(c),
            _ => self.parts.push(Part::Text(c.into())),
        }
    }

    fn wrong(&mut self, error: PhraseError, from: usize) {
        self.errors.push((error, from..self.at));
    }

    fn take(&mut self, c: char) -> bool {
        let taken = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(c));
        self.at += if taken { c.len_utf8() } else { 0 };
        taken
    }

    fn next(&mut self) -> Option<char> {
        let c = self.text.get(self.at..)?.chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }
}

//! Mistakes in the files that people edit: all of them at once, each at its line, with what to do.
//!
//! A [`Report`] collects [`Diagnostic`]s while files are read and resolved. Nothing here prints: the
//! command line renders a report with [`render`], and `--format json` serialises it.

pub mod render;
pub mod table;
pub mod value;

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A file that diagnostics point into: its name as the user gave it, and its text.
#[derive(Debug)]
pub struct SourceFile {
    name: String,
    text: String,
    /// Where each line but the first starts: files have thousands of rules, and each says where it stands.
    line_starts: Vec<usize>,
}

impl SourceFile {
    /// A file that has been read.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        let text: String = text.into();
        let line_starts = text.match_indices('\n').map(|(at, _)| at + 1).collect();
        Arc::new(Self { name: name.into(), text, line_starts })
    }

    /// The name to show, as the user wrote it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column, both from 1, of a byte offset; columns count characters.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let lines = self.line_starts.partition_point(|start| *start <= before.len());
        let line_start = lines.checked_sub(1).and_then(|last| self.line_starts.get(last)).copied().unwrap_or(0);
        let column = before.get(line_start..).map_or(0, |text| text.chars().count()) + 1;
        (lines + 1, column)
    }
}

/// Where something stands: a file and a byte range in it.
#[derive(Clone, Debug)]
pub struct Location {
    file: Arc<SourceFile>,
    span: Range<usize>,
}

impl Location {
    /// A byte range of `file`.
    pub fn new(file: &Arc<SourceFile>, span: Range<usize>) -> Self {
        Self { file: Arc::clone(file), span }
    }

    /// The file.
    pub fn file(&self) -> &Arc<SourceFile> {
        &self.file
    }

    /// The byte range.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The line of the range's start, from 1.
    pub fn line(&self) -> usize {
        self.file.line_column(self.span.start).0
    }

    /// The same, inside the range: `within` counts from the range's start.
    pub fn inside(&self, within: Range<usize>) -> Self {
        let start = self.span.start.saturating_add(within.start).min(self.span.end);
        let end = self.span.start.saturating_add(within.end).min(self.span.end);
        Self { file: Arc::clone(&self.file), span: start..end }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.file.line_column(self.span.start);
        write!(f, "{}:{line}:{column}", self.file.name)
    }
}

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Works, and is worth knowing.
    Note,
    /// Works, but is probably not what was meant.
    Warning,
    /// Nothing is loaded while this stands.
    Error,
}

/// One mistake: what is wrong, where, and what to do about it.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A stable code, kebab-case: `unknown-key`.
    pub code: &'static str,
    /// What is wrong, lower case, the user's words in backticks.
    pub message: String,
    /// Where; `None` for what has no place in a file, such as a file that is missing.
    pub location: Option<Location>,
    /// What to do.
    pub help: String,
}

/// All that was found while files were read. Collecting never stops at the first mistake.
#[derive(Debug, Default)]
pub struct Report {
    diagnostics: RefCell<Vec<Diagnostic>>,
}

impl Report {
    /// An empty report.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an error at a place.
    pub fn error(&self, code: &'static str, location: &Location, message: impl Into<String>, help: impl Into<String>) {
        self.push(Severity::Error, code, Some(location.clone()), message.into(), help.into());
    }

    /// Adds a warning at a place.
    pub fn warning(
        &self,
        code: &'static str,
        location: &Location,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Severity::Warning, code, Some(location.clone()), message.into(), help.into());
    }

    /// Adds something at a place, as bad as its author says.
    pub fn add(
        &self,
        severity: Severity,
        code: &'static str,
        location: &Location,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(severity, code, Some(location.clone()), message.into(), help.into());
    }

    /// Adds an error that has no place in a file.
    pub fn error_nowhere(&self, code: &'static str, message: impl Into<String>, help: impl Into<String>) {
        self.push(Severity::Error, code, None, message.into(), help.into());
    }

    /// Adds a warning that has no place in a file.
    pub fn warning_nowhere(&self, code: &'static str, message: impl Into<String>, help: impl Into<String>) {
        self.push(Severity::Warning, code, None, message.into(), help.into());
    }

    /// Adds a note that has no place in a file.
    pub fn note_nowhere(&self, code: &'static str, message: impl Into<String>, help: impl Into<String>) {
        self.push(Severity::Note, code, None, message.into(), help.into());
    }

    /// Takes over all that another report found.
    pub fn extend(&self, other: Report) {
        self.diagnostics.borrow_mut().extend(other.diagnostics.into_inner());
    }

    /// Whether anything found is an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.borrow().iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.diagnostics.borrow().is_empty()
    }

    /// What was found, ordered by file and place.
    pub fn into_sorted(self) -> Vec<Diagnostic> {
        let mut all = self.diagnostics.into_inner();
        all.sort_by(|a, b| place(a).cmp(&place(b)));
        all
    }

    fn push(&self, severity: Severity, code: &'static str, location: Option<Location>, message: String, help: String) {
        self.diagnostics.borrow_mut().push(Diagnostic { severity, code, message, location, help });
    }
}

fn place(diagnostic: &Diagnostic) -> (&str, usize) {
    diagnostic.location.as_ref().map_or(("", 0), |at| (at.file.name(), at.span.start))
}

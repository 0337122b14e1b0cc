//! Reads TOML tables key by key, so that one pass finds every mistake.
//!
//! `serde` stops at the first error; people who edit by hand deserve all of them. A [`Table`] hands out
//! typed values with their places, notes each wrong type, and reports at its end the keys that nobody
//! asked for.

use super::value::{suggestion, wrong_type};
use super::{Location, Report, SourceFile};

pub use super::value::Value;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and the place it was read from.
#[derive(Clone, Debug)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub at: Location,
}

impl<T> Placed<T> {
    /// A value at a place.
    pub fn new(value: T, at: Location) -> Self {
        Self { value, at }
    }

    /// The same place with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Placed<U> {
        Placed { value: f(self.value), at: self.at }
    }
}

/// In a schema a placed value is the value.
impl<T: schemars::JsonSchema> schemars::JsonSchema for Placed<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}

/// Parses a TOML file and gives its root table to `read`. Syntax errors are reported, one a line; while
/// there are any, nothing else is said of the file, because what a broken line seems to mean is not what
/// its author meant.
pub fn read_file<T>(file: &Arc<SourceFile>, report: &Report, read: impl FnOnce(&Table<'_>) -> T) -> T {
    let (root, errors) = DeTable::parse_recoverable(file.text());
    report_errors(file, report, &errors);
    let unsaid = Report::new();
    let report = if errors.is_empty() { report } else { &unsaid };
    let table = Table::new(file, report, root.get_ref(), root.span(), "the file");
    let read = read(&table);
    table.finish();
    read
}

/// Whether a file is TOML, whatever its keys. Syntax errors are reported as by [`read_file`].
pub fn report_syntax(file: &Arc<SourceFile>, report: &Report) -> bool {
    let (_, errors) = DeTable::parse_recoverable(file.text());
    report_errors(file, report, &errors);
    errors.is_empty()
}

fn report_errors(file: &Arc<SourceFile>, report: &Report, errors: &[toml::de::Error]) {
    let mut lines = BTreeSet::new();
    for error in errors {
        let at = Location::new(file, error.span().unwrap_or(0..0));
        if lines.insert(at.line()) {
            report.error("toml-syntax", &at, error.message().to_lowercase(), "correct the TOML syntax at this place");
        }
    }
}

/// A TOML table being read; asking for a key marks it as known.
pub struct Table<'a> {
    file: &'a Arc<SourceFile>,
    report: &'a Report,
    entries: &'a DeTable<'a>,
    span: Range<usize>,
    what: &'a str,
    known: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Table<'a> {
    pub(super) fn new(
        file: &'a Arc<SourceFile>,
        report: &'a Report,
        entries: &'a DeTable<'a>,
        span: Range<usize>,
        what: &'a str,
    ) -> Self {
        Self { file, report, entries, span, what, known: RefCell::default() }
    }

    /// Where the table stands.
    pub fn at(&self) -> Location {
        self.locate(self.span.clone())
    }

    /// Where mistakes go.
    pub fn report(&self) -> &'a Report {
        self.report
    }

    /// The file that is being read.
    pub fn file(&self) -> &'a Arc<SourceFile> {
        self.file
    }

    /// Whether the key is there, whatever its type.
    pub fn has(&self, key: &str) -> bool {
        self.entries.get(key).is_some()
    }

    /// The value of a key as it stands, if the key is there.
    pub fn raw(&self, key: &'static str) -> Option<Value<'a>> {
        self.get(key).map(|value| self.value(value))
    }

    /// Where a key's value stands, if the key is there.
    pub fn place(&self, key: &'static str) -> Option<Location> {
        self.get(key).map(|value| self.locate(value.span()))
    }

    /// A string, if the key is there.
    pub fn string(&self, key: &'static str) -> Option<Placed<String>> {
        let value = self.get(key)?;
        self.value(value).string(key)
    }

    /// A string that must be there.
    pub fn required_string(&self, key: &'static str) -> Option<Placed<String>> {
        self.require(key);
        self.string(key)
    }

    /// A string out of a closed set of words.
    pub fn word<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<Placed<T>> {
        let written = self.string(key)?;
        match words.iter().find(|(word, _)| *word == written.value) {
            Some((_, meant)) => Some(Placed::new(*meant, written.at)),
            None => {
                let choices: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                self.report.error(
                    "unknown-word",
                    &written.at,
                    format!("`{}` is not a `{key}`", written.value),
                    suggestion(&written.value, &choices),
                );
                None
            }
        }
    }

    /// A whole number within bounds.
    pub fn integer(&self, key: &'static str, bounds: RangeInclusive<u64>) -> Option<Placed<u64>> {
        let value = self.get(key)?;
        self.value(value).integer(key, bounds)
    }

    /// A date, a date-time, or a string in place of one: its text.
    pub fn moment(&self, key: &'static str) -> Option<Placed<String>> {
        let value = self.get(key)?;
        self.value(value).moment(key)
    }

    /// `true` or `false`.
    pub fn boolean(&self, key: &'static str) -> Option<Placed<bool>> {
        let value = self.get(key)?;
        self.value(value).boolean(key)
    }

    /// A list of strings; an absent key is an empty list.
    pub fn strings(&self, key: &'static str) -> Vec<Placed<String>> {
        self.list(key).into_iter().filter_map(|value| value.string(key)).collect()
    }

    /// One string, or a list of strings; an absent key is an empty list.
    pub fn one_or_more_strings(&self, key: &'static str) -> Vec<Placed<String>> {
        match self.get(key).map(|value| value.get_ref()) {
            Some(DeValue::String(_)) => self.string(key).into_iter().collect(),
            _ => self.strings(key),
        }
    }

    /// A list of anything; an absent key is an empty list.
    pub fn list(&self, key: &'static str) -> Vec<Value<'a>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        match value.get_ref() {
            DeValue::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            other => {
                self.wrong_type(key, value.span(), "a list", other);
                Vec::new()
            }
        }
    }

    /// A table, if the key is there; `read` gets it, and its unknown keys are reported afterwards.
    pub fn table<T>(&self, key: &'static str, read: impl FnOnce(&Table<'_>) -> T) -> Option<T> {
        let value = self.get(key)?;
        self.value(value).table(key, read)
    }

    /// Gives `read` a table without entries that stands where this one does: what an absent table means.
    pub fn empty<T>(&self, read: impl FnOnce(&Table<'_>) -> T) -> T {
        read(&Table::new(self.file, self.report, &DeTable::new(), self.span.clone(), self.what))
    }

    /// An array of tables (`[[key]]`); an absent key is an empty one.
    pub fn tables<T>(&self, key: &'static str, read: impl Fn(&Table<'_>) -> T) -> Vec<T> {
        self.list(key).into_iter().filter_map(|value| value.table(key, &read)).collect()
    }

    /// A table whose keys are names that the user chose: each with its place and value.
    pub fn named(&self, key: &'static str) -> Vec<(Placed<String>, Value<'a>)> {
        let Some(value) = self.get(key) else { return Vec::new() };
        match value.get_ref() {
            DeValue::Table(entries) => entries
                .iter()
                .map(|(name, value)| {
                    let placed = Placed::new(name.get_ref().to_string(), self.locate(name.span()));
                    (placed, self.value(value))
                })
                .collect(),
            other => {
                self.wrong_type(key, value.span(), "a table", other);
                Vec::new()
            }
        }
    }

    /// Reports the keys that nobody asked for. [`read_file`], [`Table::table`], [`Table::tables`] and
    /// [`Value::table`] call it for the tables they hand out.
    pub(super) fn finish(&self) {
        let known = self.known.borrow();
        let choices: Vec<&str> = known.iter().copied().collect();
        for (key, _) in self.entries.iter() {
            let name = key.get_ref().as_ref();
            if !known.contains(name) {
                self.report.error(
                    "unknown-key",
                    &self.locate(key.span()),
                    format!("unknown key `{name}` in {}", self.what),
                    suggestion(name, &choices),
                );
            }
        }
    }

    fn require(&self, key: &'static str) {
        self.known.borrow_mut().insert(key);
        if self.entries.get(key).is_none() {
            self.report.error(
                "missing-key",
                &self.at(),
                format!("`{key}` is missing from {}", self.what),
                format!("add `{key} = …`"),
            );
        }
    }

    fn get(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.borrow_mut().insert(key);
        self.entries.get(key)
    }

    fn value(&self, value: &'a Spanned<DeValue<'a>>) -> Value<'a> {
        Value { file: self.file, report: self.report, value }
    }

    fn wrong_type(&self, key: &str, span: Range<usize>, wanted: &str, found: &DeValue<'_>) {
        wrong_type(self.report, &self.locate(span), key, wanted, found);
    }

    fn locate(&self, span: Range<usize>) -> Location {
        Location::new(self.file, span)
    }
}

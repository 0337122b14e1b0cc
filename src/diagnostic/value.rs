//! One TOML value: its type checked, its place known.

use super::table::{Placed, Table};
use super::{Location, Report, SourceFile};
use std::ops::RangeInclusive;
use std::sync::Arc;
use toml::Spanned;
use toml::de::DeValue;

/// One TOML value being read.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    pub(super) file: &'a Arc<SourceFile>,
    pub(super) report: &'a Report,
    pub(super) value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Value<'a> {
    /// Where it stands.
    pub fn at(&self) -> Location {
        Location::new(self.file, self.value.span())
    }

    /// Whether it is a string.
    pub fn is_string(&self) -> bool {
        self.value.get_ref().is_str()
    }

    /// Whether it is a list.
    pub fn is_list(&self) -> bool {
        self.value.get_ref().is_array()
    }

    /// Its string; anything else is reported under `key`.
    pub fn string(&self, key: &str) -> Option<Placed<String>> {
        match self.value.get_ref() {
            DeValue::String(text) => Some(Placed::new(text.to_string(), self.at())),
            other => self.wrong_type(key, "a string", other),
        }
    }

    /// Its whole number within bounds; anything else is reported under `key`.
    pub fn integer(&self, key: &str, bounds: RangeInclusive<u64>) -> Option<Placed<u64>> {
        let DeValue::Integer(written) = self.value.get_ref() else {
            return self.wrong_type(key, "a whole number", self.value.get_ref());
        };
        match u64::from_str_radix(written.as_str(), written.radix()) {
            Ok(number) if bounds.contains(&number) => Some(Placed::new(number, self.at())),
            _ => {
                self.report.error(
                    "out-of-bounds",
                    &self.at(),
                    format!("`{key} = {}` is out of bounds", written.as_str()),
                    format!("choose a number from {} to {}", bounds.start(), bounds.end()),
                );
                None
            }
        }
    }

    /// Its date, date-time, or a string in place of one, as text; anything else is reported under `key`.
    pub fn moment(&self, key: &str) -> Option<Placed<String>> {
        match self.value.get_ref() {
            DeValue::Datetime(moment) => Some(Placed::new(moment.to_string(), self.at())),
            DeValue::String(text) => Some(Placed::new(text.to_string(), self.at())),
            other => self.wrong_type(key, "a date or a date-time", other),
        }
    }

    /// Its truth; anything else is reported under `key`.
    pub fn boolean(&self, key: &str) -> Option<Placed<bool>> {
        match self.value.get_ref() {
            DeValue::Boolean(truth) => Some(Placed::new(*truth, self.at())),
            other => self.wrong_type(key, "`true` or `false`", other),
        }
    }

    /// Its strings; anything else is reported under `key`.
    pub fn strings(&self, key: &str) -> Vec<Placed<String>> {
        match self.value.get_ref() {
            DeValue::Array(items) => items
                .iter()
                .filter_map(|value| Value { file: self.file, report: self.report, value }.string(key))
                .collect(),
            other => self.wrong_type(key, "a list of strings", other).unwrap_or_default(),
        }
    }

    /// Its table, given to `read`; unknown keys are reported afterwards.
    pub fn table<T>(&self, key: &str, read: impl FnOnce(&Table<'_>) -> T) -> Option<T> {
        match self.value.get_ref() {
            DeValue::Table(entries) => {
                let what = format!("`{key}`");
                let table = Table::new(self.file, self.report, entries, self.value.span(), &what);
                let read = read(&table);
                table.finish();
                Some(read)
            }
            other => self.wrong_type(key, "a table", other),
        }
    }

    fn wrong_type<T>(&self, key: &str, wanted: &str, found: &DeValue<'_>) -> Option<T> {
        wrong_type(self.report, &self.at(), key, wanted, found);
        None
    }
}

/// `did you mean …?`, or the choices there are.
pub fn suggestion(written: &str, choices: &[&str]) -> String {
    let nearest = choices
        .iter()
        .map(|choice| (strsim::damerau_levenshtein(written, choice), *choice))
        .min_by_key(|(distance, _)| *distance);
    match nearest {
        Some((distance, choice)) if distance <= 1 + choice.len() / 4 => format!("did you mean `{choice}`?"),
        Some(_) => format!("use one of: {}", choices.join(", ")),
        None => "remove it".to_owned(),
    }
}

pub(super) fn wrong_type(report: &Report, at: &Location, key: &str, wanted: &str, found: &DeValue<'_>) {
    report.error(
        "wrong-type",
        at,
        format!("`{key}` must be {wanted}, found {}", found.type_str()),
        format!("write {wanted} here"),
    );
}

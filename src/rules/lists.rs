//! Named lists, and phrases written out: every list replaced by each of its items.

use super::phrase::{self, Part, Template};
use super::written::WrittenList;
use crate::class::is_name;
use crate::diagnostic::table::Placed;
use crate::diagnostic::value::suggestion;
use crate::diagnostic::{Location, Report};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

/// The most phrases that one phrase may stand for.
pub(crate) const EXPANSIONS_MAX: usize = 10_000;
/// The longest phrase, in bytes.
pub(crate) const PHRASE_BYTES_MAX: usize = 1_024;

/// The lists of a folder; each is written out when it is first asked for.
pub(crate) struct Lists<'a> {
    report: &'a Report,
    entries: BTreeMap<&'a str, &'a WrittenList>,
    expanded: RefCell<BTreeMap<&'a str, Expansion>>,
    used: RefCell<BTreeSet<&'a str>>,
}

/// What a list stands for.
#[derive(Clone)]
enum Expansion {
    /// It is being written out: to meet it again is a cycle.
    Underway,
    /// Its items; empty where something is wrong with it, which has been reported.
    Done(Rc<Vec<String>>),
}

impl<'a> Lists<'a> {
    /// Takes the lists of all files; what is wrong with any of them is reported, used or not.
    pub(crate) fn new(written: impl Iterator<Item = &'a WrittenList>, report: &'a Report) -> Self {
        let mut entries: BTreeMap<&str, &WrittenList> = BTreeMap::new();
        for list in written {
            let name = &list.name;
            if !is_name(&name.value) {
                let wrong = format!("`{}` cannot name a list", name.value);
                report.error("bad-name", &name.at, wrong, "use 1 to 64 letters, digits, `_` or `-`");
            }
            if list.items.is_empty() {
                let wrong = format!("the list `{}` is empty", name.value);
                report.error("empty-list", &name.at, wrong, "add an item, or remove the list");
            }
            if let Some(first) = entries.insert(&name.value, list) {
                let wrong = format!("the list `{}` is defined twice, first at {}", name.value, first.name.at);
                report.error("duplicate-list", &name.at, wrong, "lists are shared by all files: use one, or rename it");
            }
        }
        let lists = Self { report, entries, expanded: RefCell::default(), used: RefCell::default() };
        let all: Vec<&WrittenList> = lists.entries.values().copied().collect();
        for list in all {
            lists.list(list);
        }
        lists.used.borrow_mut().clear();
        lists
    }

    /// Parses a phrase and writes it out; `None` where that has been reported.
    pub(crate) fn phrase(&self, written: &Placed<String>) -> Option<(Template, Vec<String>)> {
        let template = self.parse(written)?;
        let texts = self.expand(&template.parts, &written.at, true)?;
        Some((template, texts))
    }

    /// Writes out text that is no phrase: items of lists, words of a vocabulary.
    pub(crate) fn item(&self, written: &Placed<String>) -> Vec<String> {
        self.item_parts(written).and_then(|parts| self.expand(&parts, &written.at, true)).unwrap_or_default()
    }

    /// The lists that nothing used, directly or through another list that is used.
    pub(crate) fn unused(&self) -> Vec<&'a WrittenList> {
        let mut used: BTreeSet<&str> = BTreeSet::new();
        let mut waiting: Vec<&str> = self.used.borrow().iter().copied().collect();
        while let Some(name) = waiting.pop() {
            if used.insert(name) {
                waiting.extend(self.entries.get(name).into_iter().flat_map(|list| self.names_in(list)));
            }
        }
        self.entries.values().filter(|list| !used.contains(list.name.value.as_str())).copied().collect()
    }

    fn names_in(&self, list: &WrittenList) -> Vec<&'a str> {
        let parts = list.items.iter().filter_map(|item| phrase::parse(&item.value).ok()).flat_map(|item| item.parts);
        let names = parts.filter_map(|part| match part {
            Part::List(name, _) => Some(name),
            Part::Text(_) => None,
        });
        names.filter_map(|name| self.entries.get_key_value(name.as_str()).map(|(name, _)| *name)).collect()
    }

    fn parse(&self, written: &Placed<String>) -> Option<Template> {
        if written.value.len() > PHRASE_BYTES_MAX {
            let wrong = format!("a phrase of {} bytes", written.value.len());
            self.report.error("long-phrase", &written.at, wrong, format!("use at most {PHRASE_BYTES_MAX} bytes"));
            return None;
        }
        match phrase::parse(&written.value) {
            Ok(template) => Some(template),
            Err(errors) => {
                for (error, within) in errors {
                    self.report.error("phrase-syntax", &inside(written, within), error.to_string(), error.help());
                }
                None
            }
        }
    }

    fn item_parts(&self, written: &Placed<String>) -> Option<Vec<Part>> {
        let template = self.parse(written)?;
        if template.at_start || template.at_end {
            let wrong = format!("`{}` is anchored", written.value);
            self.report.error("phrase-syntax", &written.at, wrong, "anchor the phrases that use it instead");
            return None;
        }
        Some(template.parts)
    }

    fn list(&self, list: &'a WrittenList) -> Expansion {
        let name = list.name.value.as_str();
        if let Some(known) = self.expanded.borrow().get(name) {
            return known.clone();
        }
        self.expanded.borrow_mut().insert(name, Expansion::Underway);
        let mut items: Vec<String> = Vec::new();
        for item in &list.items {
            let parts = self.item_parts(item);
            items.extend(parts.and_then(|parts| self.expand(&parts, &item.at, false)).unwrap_or_default());
        }
        if items.len() > EXPANSIONS_MAX {
            self.too_many(&list.name.at, items.len());
            items.clear();
        }
        let done = Expansion::Done(Rc::new(items));
        self.expanded.borrow_mut().insert(name, done.clone());
        done
    }

    fn expand(&self, parts: &[Part], at: &Location, used: bool) -> Option<Vec<String>> {
        let mut texts = vec![String::new()];
        for part in parts {
            match part {
                Part::Text(text) => texts.iter_mut().for_each(|so_far| so_far.push_str(text)),
                Part::List(name, within) => {
                    let items = self.items(name, at, within, used)?;
                    let count = texts.len().saturating_mul(items.len());
                    if count > EXPANSIONS_MAX {
                        self.too_many(at, count);
                        return None;
                    }
                    texts =
                        texts.iter().flat_map(|text| items.iter().map(move |item| format!("{text}{item}"))).collect();
                }
            }
        }
        (!texts.is_empty()).then_some(texts)
    }

    fn items(&self, name: &str, at: &Location, within: &Range<usize>, used: bool) -> Option<Rc<Vec<String>>> {
        let Some((name, list)) = self.entries.get_key_value(name) else {
            let names: Vec<&str> = self.entries.keys().copied().collect();
            let place = exact(at, within);
            self.report.error("unknown-list", &place, format!("there is no list `{name}`"), suggestion(name, &names));
            return None;
        };
        if used {
            self.used.borrow_mut().insert(name);
        }
        match self.list(list) {
            Expansion::Done(items) => (!items.is_empty()).then_some(items),
            Expansion::Underway => {
                let wrong = format!("the list `{name}` contains itself");
                self.report.error("list-cycle", &exact(at, within), wrong, "take one of the lists out of the other");
                None
            }
        }
    }

    fn too_many(&self, at: &Location, count: usize) {
        let wrong = format!("this stands for {count} phrases");
        self.report.error(
            "too-many-phrases",
            at,
            wrong,
            format!("use smaller lists: at most {EXPANSIONS_MAX} phrases"),
        );
    }
}

/// The place of some bytes of a string's value: exact where the string is written without escapes.
pub(crate) fn inside(written: &Placed<String>, within: Range<usize>) -> Location {
    exact(&written.at, &within)
}

fn exact(at: &Location, within: &Range<usize>) -> Location {
    let span = at.span();
    let source = at.file().text().get(span.clone()).unwrap_or("");
    let quoted = source.len() >= 2 && !source.starts_with("\"\"\"") && !source.starts_with("'''");
    let escaped = source.starts_with('"') && source.contains('\\');
    if quoted && !escaped { at.inside(within.start + 1..within.end + 1) } else { at.clone() }
}

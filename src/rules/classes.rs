//! What classes and restrictions there are, and what classes ask for.

use super::lists::Lists;
use super::resolve::{name, text};
use super::resolved::ResolvedRule;
use super::written::{Written, WrittenClass};
use crate::class::Class;
use crate::diagnostic::Report;
use crate::pack::{ClassSpec, Effect, Restriction, Vocabulary};
use crate::views;
use crate::views::words::{Token, for_each_token};
use std::collections::{BTreeMap, BTreeSet};

/// Every class that a `[[class]]` or a rule names, by name.
pub(super) fn classes(written: &Written, rules: &[ResolvedRule], lists: &Lists<'_>, report: &Report) -> Vec<ClassSpec> {
    let mut classes: BTreeMap<Class, ClassSpec> = BTreeMap::new();
    for class in written.files.iter().flat_map(|file| &file.classes) {
        let Some(spec) = class_spec(class, lists, report) else { continue };
        if let (Some(_), Some(written)) = (classes.insert(spec.class.clone(), spec), &class.name) {
            let wrong = format!("the class `{}` is described twice", written.value);
            report.error("duplicate-class", &written.at, wrong, "describe it in one place");
        }
    }
    for rule in rules {
        if let Effect::Permit(class) = &rule.info.effect {
            classes.entry(class.clone()).or_insert_with(|| ClassSpec {
                class: class.clone(),
                description: None,
                witnesses: 1,
                words_max: None,
                vocabulary: None,
            });
        }
    }
    classes.into_values().collect()
}

/// Every restriction that a `[[restriction]]` or a rule names, by name.
pub(super) fn restrictions(written: &Written, rules: &[ResolvedRule], report: &Report) -> Vec<Restriction> {
    let mut restrictions: BTreeMap<String, Option<String>> = BTreeMap::new();
    for restriction in written.files.iter().flat_map(|file| &file.restrictions) {
        let Some(written) = &restriction.name else { continue };
        let Some(name) = name(written, "restriction", report) else { continue };
        if restrictions.insert(name.to_owned(), text(&restriction.description)).is_some() {
            let wrong = format!("the restriction `{name}` is described twice");
            report.error("duplicate-restriction", &written.at, wrong, "describe it in one place");
        }
    }
    for rule in rules {
        if let Effect::Restrict(name) = &rule.info.effect {
            restrictions.entry(name.clone()).or_default();
        }
    }
    restrictions.into_iter().map(|(name, description)| Restriction { name, description }).collect()
}

fn class_spec(written: &WrittenClass, lists: &Lists<'_>, report: &Report) -> Option<ClassSpec> {
    let vocabulary = vocabulary(written, lists, report);
    let class = Class::parse(name(written.name.as_ref()?, "class", report)?).ok()?;
    Some(ClassSpec {
        class,
        description: text(&written.description),
        witnesses: written.witnesses.as_ref().map_or(1, |count| to_usize(count.value)),
        words_max: written.max_words.as_ref().map(|count| to_usize(count.value)),
        vocabulary,
    })
}

fn vocabulary(written: &WrittenClass, lists: &Lists<'_>, report: &Report) -> Option<Vocabulary> {
    match (&written.vocabulary, &written.max_unknown) {
        (Some(items), Some(most)) => {
            let words = items.iter().flat_map(|item| lists.item(item)).flat_map(|text| words(&text)).collect();
            Some(Vocabulary { words, unknown_max: to_usize(most.value) })
        }
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            if let Some(name) = &written.name {
                let help = "write both: the words that the class knows, and how many others a message may have";
                report.error("half-vocabulary", &name.at, "`vocabulary` and `max_unknown` need each other", help);
            }
            None
        }
    }
}

fn words(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for_each_token(&views::raw_text(text), |token| {
        if let Token::Word(word) = token {
            words.insert(word.to_owned());
        }
    });
    words
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

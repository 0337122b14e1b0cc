//! What classes and restrictions there are, and what classes ask for.

use super::lint;
use super::lists::Lists;
use super::resolve::{name, text};
use super::resolved::ResolvedRule;
use super::vocabulary::vocabulary;
use super::written::{Written, WrittenClass};
use crate::class::Class;
use crate::diagnostic::Report;
use crate::pack::{ClassSpec, Effect, Restriction};
use std::collections::BTreeMap;

/// Every class that a `[[class]]` or a rule names, by name.
pub(super) fn classes(written: &Written, rules: &[ResolvedRule], lists: &Lists<'_>, report: &Report) -> Vec<ClassSpec> {
    let mut classes: BTreeMap<Class, ClassSpec> = BTreeMap::new();
    for class in written.files.iter().flat_map(|file| &file.classes) {
        lint::allowed(&class.allow, report);
        let Some(spec) = class_spec(class, written, lists, report) else { continue };
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

fn class_spec(class: &WrittenClass, written: &Written, lists: &Lists<'_>, report: &Report) -> Option<ClassSpec> {
    let vocabulary = vocabulary(class, written, lists, report);
    let name = Class::parse(name(class.name.as_ref()?, "class", report)?).ok()?;
    Some(ClassSpec {
        class: name,
        description: text(&class.description),
        witnesses: class.witnesses.as_ref().map_or(1, |count| to_usize(count.value)),
        words_max: class.max_words.as_ref().map(|count| to_usize(count.value)),
        vocabulary,
    })
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

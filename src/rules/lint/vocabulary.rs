//! Words of vocabularies that change nothing, or that no rule lets through.
//!
//! Items of lists are left alone where a vocabulary takes in a whole list: it is shared, and made for more.

use super::classes::rules_of;
use super::{Findings, Lint, Subject};
use crate::class::Class;
use crate::diagnostic::Location;
use crate::diagnostic::table::Placed;
use crate::message::Field;
use crate::pack::ClassSpec;
use crate::rules::resolved::{ResolvedMatcher, ResolvedRule};
use crate::rules::vocabulary::{lines, tokens_of};
use crate::rules::written::WrittenClass;
use std::collections::BTreeMap;

/// So many words are named, of those that one item brings.
const NAMED_MAX: usize = 5;

pub(super) fn lint(subject: &Subject<'_>, findings: &Findings<'_>) {
    let written = subject.written.files.iter().flat_map(|file| &file.classes);
    for class in written {
        let Some(name) = &class.name else { continue };
        let Some(spec) = subject.resolved.classes.iter().find(|it| it.class.as_str() == name.value) else { continue };
        if spec.vocabulary.is_some() {
            needless(subject, class, &spec.class, findings);
            unreachable(subject, class, spec, findings);
        }
    }
}

/// What stands in the vocabulary itself, a word each: inline without lists, and the lines of the file.
fn direct(subject: &Subject<'_>, class: &WrittenClass) -> Vec<Placed<String>> {
    let inline = class.vocabulary.iter().flatten().filter(|item| !item.value.contains('{')).cloned();
    let file = class.vocabulary_file.as_ref().and_then(|path| subject.written.word_files.get(&path.value));
    inline.chain(file.into_iter().flat_map(lines)).collect()
}

fn needless(subject: &Subject<'_>, written: &WrittenClass, class: &Class, findings: &Findings<'_>) {
    let mut seen: BTreeMap<Vec<Option<String>>, Location> = BTreeMap::new();
    for item in direct(subject, written) {
        let tokens = tokens_of(&item.value);
        let why = match seen.get(&tokens) {
            _ if tokens.is_empty() => "is no word".to_owned(),
            _ if tokens.iter().all(Option::is_none) => {
                "counts as a number or an address, which is never unknown".to_owned()
            }
            Some(first) => format!("stands there already, at {first}"),
            None => {
                seen.insert(tokens, item.at);
                continue;
            }
        };
        findings.of_class(Lint::NeedlessWord, class, &item.at, format!("`{}` {why}", item.value));
    }
}

fn unreachable(subject: &Subject<'_>, written: &WrittenClass, spec: &ClassSpec, findings: &Findings<'_>) {
    let rules: Vec<&ResolvedRule> = rules_of(spec, subject.resolved).collect();
    let inline = written.vocabulary.iter().flatten().map(|item| (item, subject.lists.item(item)));
    let lines: Vec<Placed<String>> = written
        .vocabulary_file
        .as_ref()
        .and_then(|path| subject.written.word_files.get(&path.value))
        .map(lines)
        .unwrap_or_default();
    let items = inline.chain(lines.iter().map(|line| (line, vec![line.value.clone()])));
    for (item, texts) in items {
        let words = texts.iter().flat_map(|text| tokens_of(text)).flatten();
        let excluded: Vec<String> = words.filter(|word| is_excluded(word, &rules)).collect();
        if !excluded.is_empty() {
            let named: Vec<String> = excluded.iter().take(NAMED_MAX).map(|word| format!("`{word}`")).collect();
            let more = if excluded.len() > NAMED_MAX { ", …" } else { "" };
            let wrong = format!("every rule of `{}` excludes {}{more}", spec.class, named.join(", "));
            findings.of_class(Lint::UnreachableWord, &spec.class, &item.at, wrong);
        }
    }
}

/// Whether every rule has a `none` that matches the word wherever it stands.
fn is_excluded(word: &str, rules: &[&ResolvedRule]) -> bool {
    let excludes = |rule: &&ResolvedRule| {
        rule.none.iter().any(|pattern| match &pattern.matcher {
            ResolvedMatcher::Phrase(phrase) => {
                pattern.field == Field::Text && !phrase.at_start && !phrase.at_end && phrase.raw.contains(word)
            }
            ResolvedMatcher::Regex(..) => false,
        })
    };
    !rules.is_empty() && rules.iter().all(excludes)
}

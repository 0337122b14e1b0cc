//! The definition of the language, as loops over characters. It knows the alphabet of [`super::generate`]
//! and no other, and shares nothing with the code that it checks.

use super::generate::{NaivePattern, NaiveRule, RuleSet};
use super::*;
use crate::class::{Class, RuleId};
use crate::verdict::Outcome;
use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// A character of a view, and where it comes from.
type Seen = (char, Range<usize>);

pub(super) fn verdict(rules: &RuleSet, message: &Message) -> Verdict {
    let texts = [Some(message.text.as_str()), message.subject.as_deref()];
    if texts.into_iter().flatten().any(mixes_scripts) {
        return Verdict::none(Reason::Uninspectable, Vec::new());
    }
    let mut evidence = Vec::new();
    let mut firing = Vec::new();
    for rule in rules.rules.iter().filter(|rule| !rule.elsewhere) {
        let holds = holds(rule, message);
        if holds == Some(true) || (rule.restricts && holds.is_none()) {
            firing.push(rule);
            evidence.extend(evidence_of(rule, message, holds.is_none()));
        }
    }
    evidence.sort();
    evidence.dedup();
    Verdict { outcome: outcome(rules, &firing, message), evidence }
}

fn outcome(rules: &RuleSet, firing: &[&NaiveRule], message: &Message) -> Outcome {
    let classes: BTreeSet<&str> = firing.iter().map(|rule| rule.name.as_str()).collect();
    let reason = if firing.iter().any(|rule| rule.restricts) {
        Reason::Restricted
    } else if firing.is_empty() {
        Reason::Unmatched
    } else if classes.len() > 1 {
        Reason::Conflict
    } else if firing.len() < rules.witnesses {
        Reason::TooFewWitnesses
    } else if rules.words_max.is_some_and(|most| count_words(&message.text) > most) {
        Reason::Novel
    } else {
        return Outcome::Class(Class::parse(&firing[0].name).unwrap());
    };
    Outcome::None(reason)
}

/// `None` is unknown.
fn holds(rule: &NaiveRule, message: &Message) -> Option<bool> {
    let (helps, hinders) =
        if rule.restricts { (&[false, true][..], &[false][..]) } else { (&[false][..], &[false, true][..]) };
    let states = |patterns: &[NaivePattern], views: &[bool]| -> Vec<Option<bool>> {
        patterns.iter().map(|pattern| state(pattern, message, views)).collect()
    };
    let mut parts = states(&rule.all, helps);
    if !rule.any.is_empty() {
        parts.push(or(&states(&rule.any, helps)));
    }
    parts.extend(states(&rule.none, hinders).into_iter().map(|state| state.map(|matched| !matched)));
    if let Some(number) = rule.more_than {
        parts.push(Some(helps.iter().any(|folded| amounts(&message.text, *folded).any(|amount| amount > number))));
    }
    // AND is NOT OR NOT.
    let not: Vec<Option<bool>> = parts.iter().map(|part| part.map(|truth| !truth)).collect();
    or(&not).map(|truth| !truth)
}

fn or(states: &[Option<bool>]) -> Option<bool> {
    if states.contains(&Some(true)) {
        return Some(true);
    }
    if states.contains(&None) { None } else { Some(false) }
}

fn state(pattern: &NaivePattern, message: &Message, views: &[bool]) -> Option<bool> {
    let text = if pattern.subject { message.subject.as_deref()? } else { &message.text };
    Some(views.iter().any(|folded| first_match(pattern, text, *folded).is_some()))
}

fn evidence_of(rule: &NaiveRule, message: &Message, unknown: bool) -> Vec<Evidence> {
    let rule_id = RuleId::parse(&rule.id).unwrap();
    let views = if rule.restricts { &[false, true][..] } else { &[false][..] };
    let mut evidence = Vec::new();
    for (pattern, positive) in
        rule.any.iter().chain(&rule.all).map(|p| (p, true)).chain(rule.none.iter().map(|p| (p, false)))
    {
        let field = if pattern.subject { Field::Subject } else { Field::Text };
        let span = match message.field(&field) {
            None if unknown => Some(0..0),
            Some(text) if positive => {
                let matches = views.iter().filter_map(|folded| first_match(pattern, text, *folded));
                matches.min_by_key(|span| span.start)
            }
            _ => None,
        };
        if let Some(span) = span {
            evidence.push(Evidence { rule: rule_id.clone(), field, start: span.start, end: span.end });
        }
    }
    evidence
}

/// The leftmost match, of those that begin together the longest, in the field as sent.
fn first_match(pattern: &NaivePattern, text: &str, folded: bool) -> Option<Range<usize>> {
    let seen = view(text, folded);
    let found = match pattern.regex {
        Some(source) => regex_match(source, &seen),
        None => pattern
            .phrases
            .iter()
            .flat_map(|phrase| phrase_matches(pattern, phrase, &seen, folded))
            .min_by_key(|found| (found.start, std::cmp::Reverse(found.end))),
    }?;
    Some(seen[found.start].1.start..seen[found.end - 1].1.end)
}

fn phrase_matches(pattern: &NaivePattern, phrase: &str, seen: &[Seen], folded: bool) -> Vec<Range<usize>> {
    let phrase: Vec<char> = view(phrase, folded).into_iter().map(|(c, _)| c).collect();
    let text: Vec<char> = seen.iter().map(|(c, _)| *c).collect();
    let first_is_word = phrase.iter().find(|c| !invisible(**c)).is_some_and(|c| word(*c));
    let last_is_word = phrase.iter().rfind(|c| !invisible(**c) && !mark(**c)).is_some_and(|c| word(*c));
    let mut found = Vec::new();
    for start in 0..text.len() {
        let end = start + phrase.len();
        let fits = text.get(start..end) == Some(&phrase[..])
            && (!pattern.at_start || start == 0)
            && (!pattern.at_end || end == text.len())
            && (!first_is_word || edge(&text, start))
            && (!last_is_word || edge(&text, end));
        if fits {
            found.push(start..end);
        }
    }
    found
}

/// Compiled once: that is the slow part.
fn regex(source: &'static str) -> Regex {
    thread_local! {
        static KNOWN: RefCell<HashMap<&'static str, Regex>> = RefCell::default();
    }
    let compile = || Regex::builder().syntax(syntax::Config::new().case_insensitive(true)).build(source).unwrap();
    KNOWN.with_borrow_mut(|known| known.entry(source).or_insert_with(compile).clone())
}

fn regex_match(source: &'static str, seen: &[Seen]) -> Option<Range<usize>> {
    let text: String = seen.iter().map(|(c, _)| *c).collect();
    let found = regex(source).find(&text)?;
    Some(text[..found.start()].chars().count()..text[..found.end()].chars().count())
}

fn amounts(text: &str, folded: bool) -> impl Iterator<Item = u32> {
    let text: String = view(text, folded).into_iter().map(|(c, _)| c).collect();
    let mut amounts: Vec<u32> = Vec::new();
    for captures in regex(super::generate::AMOUNT).captures_iter(&text) {
        amounts.push(text[captures.get_group_by_name("n").unwrap().range()].parse().unwrap());
    }
    amounts.into_iter()
}

/// In the folded view a character and the marks on it stand, together, for all of them as sent: whether
/// they join into one or not, no span parts them.
fn view(text: &str, folded: bool) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    let mut cluster = 0;
    for (at, c) in text.char_indices().filter(|(_, c)| !(folded && invisible(*c))) {
        let here = at..at + c.len_utf8();
        let c = plain(c, folded);
        if c == ' ' {
            match seen.last_mut() {
                Some((' ', space)) => space.end = here.end,
                None => {}
                _ => seen.push((c, here)),
            }
            cluster = seen.len().saturating_sub(1);
        } else if folded && mark(c) && !seen.is_empty() {
            add_mark(&mut seen, cluster, c, here.end);
        } else {
            cluster = seen.len();
            seen.push((c, here));
        }
    }
    seen.pop_if(|(c, _)| *c == ' ');
    seen
}

fn add_mark(seen: &mut Vec<Seen>, cluster: usize, mark: char, end: usize) {
    let (before, there) = seen.last().cloned().unwrap();
    match unicode_normalization::char::compose(before, mark) {
        Some(joined) => seen.last_mut().unwrap().0 = joined,
        None => seen.push((mark, there)),
    }
    seen[cluster..].iter_mut().for_each(|(_, sent)| sent.end = end);
}

fn plain(c: char, folded: bool) -> char {
    let c = c.to_lowercase().next().unwrap();
    match c {
        c if c.is_whitespace() => ' ',
        '\u{2019}' => '\'',
        'а' if folded => 'a',
        'р' if folded => 'p',
        'у' if folded => 'y',
        'с' if folded => 'c',
        '\u{ff01}'..='\u{ff5e}' if folded => char::from_u32(c as u32 - 0xfee0).unwrap(),
        // `н` has no ASCII look-alike.
        other => other,
    }
}

fn edge(text: &[char], at: usize) -> bool {
    if at == 0 || at == text.len() {
        return true;
    }
    let Some(right) = (at..text.len()).find(|k| !invisible(text[*k])) else { return true };
    if mark(text[right]) {
        return false;
    }
    let Some(left) = base_before(text, at) else { return true };
    han(text[left]) || han(text[right]) || !(joins(text, left) && joins(text, right))
}

fn joins(text: &[char], at: usize) -> bool {
    let letter_before = || base_before(text, at).is_some_and(|k| text[k].is_alphabetic());
    let letter_after =
        || text[at + 1..].iter().find(|c| !invisible(**c) && !mark(**c)).is_some_and(|c| c.is_alphabetic());
    word(text[at]) || (text[at] == '\'' && letter_before() && letter_after())
}

fn base_before(text: &[char], at: usize) -> Option<usize> {
    (0..at).rev().find(|k| !invisible(text[*k]) && !mark(text[*k]))
}

fn word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}' | '\u{200d}')
}

fn mark(c: char) -> bool {
    c == '\u{301}'
}

fn han(c: char) -> bool {
    matches!(c, '会' | '议')
}

fn count_words(text: &str) -> usize {
    let text: Vec<char> = view(text, false).into_iter().map(|(c, _)| c).collect();
    let mut words = 0;
    let mut start = 0;
    for end in (1..=text.len()).filter(|end| edge(&text, *end)) {
        words += usize::from(text[start..end].iter().find(|c| !invisible(**c)).is_some_and(|c| word(*c)));
        start = end;
    }
    words
}

/// Only Latin, Cyrillic and Han are in the alphabet; Latin may mix with Han.
fn mixes_scripts(text: &str) -> bool {
    let text: Vec<char> = text.chars().map(|c| plain(c, false)).collect();
    let (mut latin, mut cyrillic, mut ideographs) = (false, false, false);
    for at in 0..text.len() {
        if !(invisible(text[at]) || mark(text[at]) || joins(&text, at)) {
            (latin, cyrillic, ideographs) = (false, false, false);
        }
        match text[at] {
            c if han(c) => ideographs = true,
            'а'..='я' => cyrillic = true,
            c if c.is_alphabetic() => latin = true,
            _ => {}
        }
        if cyrillic && (latin || ideographs) {
            return true;
        }
    }
    false
}

//! The definition of the language, in plain loops and plain regexes. It knows the alphabet of
//! [`super::generate`] and no other, and shares nothing with the code that it checks but its answer's types.

use super::alphabet::{View, is_invisible, regex, view};
use super::generate::{Comparison, FIELDS, Look, NaivePattern, NaiveRule, RuleSet};
use super::*;
use crate::class::{Class, RuleId};
use crate::verdict::Outcome;
use regex::Regex;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::LazyLock;

/// Three-valued: OR is the greatest, AND the least, NOT the distance to true.
type Truth = u8;
const FALSE: Truth = 0;
const UNKNOWN: Truth = 1;
const TRUE: Truth = 2;

/// The raw and the folded view of each field that the message has.
type Views = BTreeMap<Field, [View; 2]>;

pub(super) fn verdict(rules: &RuleSet, message: &Message) -> Verdict {
    let inspected = [Some(&message.text), message.subject.as_ref(), message.sender.as_ref()];
    if inspected.into_iter().flatten().any(|text| MIXED.is_match(text) || text.split('\n').any(leaves_bidi_open)) {
        return Verdict::none(Reason::Uninspectable, Vec::new());
    }
    let views = |text: &str| {
        let (raw, folded) = (view(text, false), view(text, true));
        // Where both say the same, both are the raw one.
        if raw.text == folded.text { [raw.clone(), raw] } else { [raw, folded] }
    };
    let fields = FIELDS.iter().map(|name| Field::parse(name).unwrap());
    let seen: Views = fields.filter_map(|field| Some((field.clone(), views(message.field(&field)?)))).collect();
    let channel = message.channel.as_str();
    let covers = |filter: &str| filter.split('.').zip(channel.split('.')).all(|(f, c)| f == "*" || f == c);
    let here = |rule: &NaiveRule| rule.channels.is_empty() || rule.channels.iter().any(|filter| covers(filter));
    let existing = rules.rules.iter().filter(|rule| rule.exists.1 && here(rule));
    let judged = existing.map(|rule| (rule, truth(rule, &seen)));
    let (firing, truths): (Vec<&NaiveRule>, Vec<Truth>) =
        judged.filter(|(rule, truth)| *truth == TRUE || (rule.restricts && *truth == UNKNOWN)).unzip();
    // Those of restricting rules come first: they are the last to be cut.
    let spans = firing.iter().zip(truths).flat_map(|(rule, truth)| evidence_of(rule, truth, &seen));
    let spans: BTreeSet<(bool, Evidence)> = spans.collect();
    let mut evidence: Vec<Evidence> = spans.into_iter().take(rules.spans_max).map(|(_, span)| span).collect();
    evidence.sort();
    Verdict { outcome: outcome(rules, &firing, &seen[&Field::Text][0].text), evidence }
}

fn outcome(rules: &RuleSet, firing: &[&NaiveRule], text: &str) -> Outcome {
    if firing.iter().any(|rule| rule.restricts) {
        return Outcome::None(Reason::Restricted);
    }
    let Some(first) = firing.first() else { return Outcome::None(Reason::Unmatched) };
    if firing.iter().any(|rule| rule.name != first.name) {
        return Outcome::None(Reason::Conflict);
    }
    let class = rules.classes.iter().find(|class| class.name == first.name).unwrap();
    if firing.len() < class.witnesses {
        return Outcome::None(Reason::TooFewWitnesses);
    }
    let is_strange = class.vocabulary.as_ref().is_some_and(|(known, most)| {
        let known: Vec<String> = known.iter().map(|item| view(item, false).text).collect();
        let known: BTreeSet<&str> = known.iter().flat_map(|item| words(item)).flatten().collect();
        words(text).into_iter().flatten().collect::<BTreeSet<&str>>().difference(&known).count() > *most
    });
    if is_strange || class.words_max.is_some_and(|most| words(text).len() > most) {
        return Outcome::None(Reason::Novel);
    }
    Outcome::Class(Class::parse(&first.name).unwrap())
}

fn truth(rule: &NaiveRule, seen: &Views) -> Truth {
    // What helps to handle must match raw, what helps to escalate may match either view.
    let (helps, hinders): (&[usize], &[usize]) = if rule.restricts { (&[0, 1], &[0]) } else { (&[0], &[0, 1]) };
    let state = |pattern, which| match find(pattern, seen, which) {
        None => UNKNOWN,
        Some(span) => Truth::from(span.is_some()) * TRUE,
    };
    let any = rule.any.iter().map(|pattern| state(pattern, helps)).max();
    let all = rule.all.iter().map(|pattern| state(pattern, helps));
    let none = rule.none.iter().map(|pattern| TRUE - state(pattern, hinders));
    let compare = rule.comparisons.iter().map(|comparison| {
        let patterns = rule.any.iter().chain(&rule.all);
        patterns.map(|pattern| compare(pattern, comparison, seen, helps)).max().unwrap()
    });
    any.into_iter().chain(all).chain(none).chain(compare).min().unwrap()
}

/// Whether something that the group captures compares as it should.
fn compare(pattern: &NaivePattern, comparison: &Comparison, seen: &Views, which: &[usize]) -> Truth {
    let Look::Regex(regex, _) = pattern.look else { return FALSE };
    if !regex.as_str().contains(comparison.group) {
        return FALSE;
    }
    let Some(views) = seen.get(&pattern.field) else { return UNKNOWN };
    let name = comparison.group.trim_matches(['(', '?', 'P', '<', '>']);
    let found = which.iter().flat_map(|view| regex.captures_iter(&views[*view].text));
    let read = found.filter_map(|found| Some((comparison.read)(found.name(name)?.as_str())));
    let truths = read.map(|n| n.map_or(UNKNOWN, |n| Truth::from((comparison.compare)(&n, &comparison.number)) * TRUE));
    truths.max().unwrap_or(FALSE)
}

/// The spans of a rule that fired, each with whether it permits.
fn evidence_of(rule: &NaiveRule, truth: Truth, seen: &Views) -> Vec<(bool, Evidence)> {
    let which: &[usize] = if rule.restricts { &[0, 1] } else { &[0] };
    let matched = rule.any.iter().chain(&rule.all).map(|pattern| (pattern, find(pattern, seen, which).flatten()));
    let all = rule.any.iter().chain(&rule.all).chain(&rule.none);
    let absent = all.filter(|pattern| truth == UNKNOWN && !seen.contains_key(&pattern.field));
    let spans = matched.chain(absent.map(|pattern| (pattern, Some(0..0))));
    let evidence = |(pattern, span): (&NaivePattern, Option<Range<usize>>)| {
        let (rule_id, field, span) = (RuleId::parse(&rule.id).unwrap(), pattern.field.clone(), span?);
        Some((!rule.restricts, Evidence { rule: rule_id, field, start: span.start, end: span.end }))
    };
    spans.filter_map(evidence).collect()
}

/// The leftmost match in some views, as the field was sent; `None` where the message has no such field.
fn find(pattern: &NaivePattern, seen: &Views, which: &[usize]) -> Option<Option<Range<usize>>> {
    let views = seen.get(&pattern.field)?;
    let found = which.iter().filter_map(|which| {
        let View { text, sent } = &views[*which];
        let found = match &pattern.look {
            Look::Regex(regex, _) => regex.find(text)?.range(),
            Look::Phrase { texts, at_start, at_end } => {
                let fits = |at: &Range<usize>| (!at_start || at.start == 0) && (!at_end || at.end == text.len());
                let places = texts.iter().flat_map(|phrase| places(&view(phrase, *which == 1).text, text));
                places.filter(fits).min_by_key(|at| (at.start, Reverse(at.end)))?
            }
        };
        Some(sent[found.start].start..sent[found.end - 1].end)
    });
    Some(found.min_by_key(|span| span.start))
}

/// Where a phrase stands: where it ends in a letter or digit, at either side, is the edge of a word.
fn places(phrase: &str, text: &str) -> Vec<Range<usize>> {
    let (first, last) = (BEGINS_WITH_WORD.is_match(phrase), ENDS_WITH_WORD.is_match(phrase));
    let starts = text.char_indices().map(|(at, _)| at).filter(|at| text[*at..].starts_with(phrase));
    let places = starts.map(|start| start..start + phrase.len());
    places.filter(|at| (!first || is_edge(text, at.start)) && (!last || is_edge(text, at.end))).collect()
}

fn is_edge(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at(at);
    before.is_empty() || after.is_empty() || !INSIDE.is_match(&format!("{before}|{after}"))
}

/// The words of a text; as `None` those that no vocabulary needs to know.
fn words(text: &str) -> Vec<Option<&str>> {
    let mut words = Vec::new();
    for chunk in text.split(' ') {
        let edges = (0..=chunk.len()).filter(|at| chunk.is_char_boundary(*at) && is_edge(chunk, *at));
        let edges: Vec<usize> = if ONE_TOKEN.is_match(chunk) { Vec::new() } else { edges.collect() };
        let pieces = edges.windows(2).map(|ends| chunk[ends[0]..ends[1]].trim_matches(is_invisible));
        words.extend(
            pieces.filter(|word| BEGINS_WITH_WORD.is_match(word)).map(|word| (!NUMBER.is_match(word)).then_some(word)),
        );
        words.extend(ONE_TOKEN.is_match(chunk).then_some(None));
    }
    words
}

fn leaves_bidi_open(line: &str) -> bool {
    let mut controls: String = line.chars().filter(|c| matches!(c, '\u{2067}' | '\u{2069}')).collect();
    while controls.contains("\u{2067}\u{2069}") {
        controls = controls.replace("\u{2067}\u{2069}", "");
    }
    !controls.is_empty()
}

static BEGINS_WITH_WORD: LazyLock<Regex> = LazyLock::new(|| regex("^<unseen>*<word>"));
static ENDS_WITH_WORD: LazyLock<Regex> = LazyLock::new(|| regex("<word><on>*$"));
/// `|` inside a word: between letters and digits, beside an apostrophe that letters enclose, before a mark that is seen.
static INSIDE: LazyLock<Regex> = LazyLock::new(|| {
    let apostrophe = r"<spaced letter><on>*\|<unseen>*'<on>*<letter>|<letter><on>*'<on>*\|<unseen>*<spaced letter>";
    regex(&format!(r"<spaced><on>*\|<unseen>*<spaced>|{apostrophe}|\|<unseen>*<mark>"))
});
/// URLs, mail addresses, mentions, and numbers with all around and inside them.
static ONE_TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"<core>.*://.*<core>|^<edge>*www\..*<core>|@.*<word>|^<edge>*<numeric>*\p{N}<numeric>*<edge>*$")
});
static NUMBER: LazyLock<Regex> = LazyLock::new(|| regex(r"^\p{N}+<letter>{0,2}$"));
/// Two letters of a word that do not go together, with nothing but what is no letter between.
static MIXED: LazyLock<Regex> = LazyLock::new(|| {
    let (west, east) = (r"[\p{Latin}\p{Han}\p{Hiragana}]", r"[\p{Cyrillic}\p{Greek}]");
    let between = r"(?:[\p{N}_\p{M}\p{DI}]*|<on>*['’]<on>*)";
    let pairs = [(west, east), (east, west), (r"\p{Cyrillic}", r"\p{Greek}"), (r"\p{Greek}", r"\p{Cyrillic}")];
    regex(&pairs.map(|(one, other)| format!("{one}{between}{other}")).join("|"))
});

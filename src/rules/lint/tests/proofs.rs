//! Tests of the proof: it holds for what can be written, and each premise matters.

use super::super::witness::{NoWitness, Premises, prove};
use super::*;
use crate::class::{Class, RuleId};
use crate::diagnostic::Location;
use crate::message::Field;
use crate::pack::pattern::ViewSet;
use crate::pack::{Effect, RuleInfo, Truth};
use crate::rules::regex;
use crate::rules::resolved::{Literals, ResolvedMatcher};

const PREMISES: Premises = Premises { positive: ViewSet::RAW, absent: Truth::ABSENT };

fn at() -> Location {
    Location::new(&SourceFile::new("a.toml", ""), 0..0)
}

fn pattern(matcher: ResolvedMatcher, written: &str) -> ResolvedPattern {
    ResolvedPattern { field: Field::Subject, written: written.to_owned(), at: at(), matcher }
}

fn phrase(text: &str) -> ResolvedPattern {
    let set = || [text.to_owned()].into_iter().collect();
    let literals = Literals { at_start: false, at_end: false, raw: set(), folded: set() };
    pattern(ResolvedMatcher::Phrase(literals), text)
}

/// A regex as if whoever compiled it had let it through.
fn regex(source: &str) -> ResolvedPattern {
    let compiled = regex::compile("any").unwrap();
    pattern(ResolvedMatcher::Regex(source.to_owned(), Box::new(compiled)), source)
}

fn rule(any: Vec<ResolvedPattern>, all: Vec<ResolvedPattern>) -> ResolvedRule {
    let info = RuleInfo {
        id: RuleId::parse("r").unwrap(),
        effect: Effect::Permit(Class::parse("c").unwrap()),
        origin: String::new(),
        owner: None,
        note: None,
        expires: None,
    };
    ResolvedRule { info, at: at(), channels: Vec::new(), any, all, none: vec![phrase("n")], comparisons: Vec::new() }
}

#[test]
fn a_rule_with_a_positive_pattern_is_proved() {
    for rule in [
        rule(vec![phrase("x")], vec![]),
        rule(vec![], vec![regex("a+")]),
        rule(vec![phrase("x"), regex("\\bb|c\\b")], vec![phrase("y")]),
        rule(vec![regex("a*")], vec![phrase("y")]),
        rule(vec![], vec![regex("^$"), phrase("y")]),
    ] {
        assert!(prove(&rule, PREMISES).is_ok());
    }
}

#[test]
fn each_premise_matters() {
    let empty = |written: &str| Err(NoWitness::MatchesEmpty(written.to_owned()));
    assert_eq!(prove(&rule(vec![], vec![]), PREMISES), Err(NoWitness::NoPattern));
    assert_eq!(prove(&rule(vec![phrase("")], vec![]), PREMISES), empty(""));
    for source in ["a*", "a?", "\\b", "^|a", "(?:)", "(a|b?)"] {
        assert_eq!(prove(&rule(vec![], vec![regex(source)]), PREMISES), empty(source));
        assert_eq!(prove(&rule(vec![phrase("x"), regex(source)], vec![]), PREMISES), empty(source), "one is enough");
    }
    assert_eq!(prove(&rule(vec![], vec![regex("(")]), PREMISES), empty("("), "what cannot be read is not trusted");
    let sound = rule(vec![phrase("x")], vec![]);
    let absent = Premises { absent: Truth::True, ..PREMISES };
    assert_eq!(prove(&sound, absent), Err(NoWitness::HoldsWhenAbsent("x".to_owned())));
    for positive in [ViewSet::EITHER, ViewSet::FOLDED] {
        assert_eq!(prove(&sound, Premises { positive, ..PREMISES }), Err(NoWitness::NotRaw));
    }
}

#[test]
fn the_engine_gives_the_premises() {
    assert_eq!(Effect::Permit(Class::parse("c").unwrap()).positive_views(), ViewSet::RAW);
    assert_eq!(Truth::ABSENT, Truth::Unknown);
}

#[test]
fn an_unproved_rule_is_an_error() {
    let report = Report::new();
    let rules = vec![rule(vec![regex("a*")], vec![]), rule(vec![phrase("x")], vec![])];
    super::super::witness::check(&Resolved { rules, classes: Vec::new(), restrictions: Vec::new() }, &report);
    let found = report.into_sorted();
    assert_eq!(
        found.iter().map(|it| (it.code, it.severity)).collect::<Vec<_>>(),
        [("no-witness-proof", Severity::Error)]
    );
    assert!(found.first().is_some_and(|it| it.message.contains("`a*` matches the empty text")), "{found:?}");
}

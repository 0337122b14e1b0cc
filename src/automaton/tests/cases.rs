//! A table of cases: what each regex finds, by the simulation and by the DFAs.

use super::{Ready, simulated};
use crate::automaton::{Alphabets, Bounds, Program, Refused};

/// Regex, text, the match.
const CASES: &[(&str, &str, Option<&str>)] = &[
    ("b", "abc", Some("b")),
    ("", "abc", Some("")),
    ("a|ab", "ab", Some("a")),
    ("ab|a", "ab", Some("ab")),
    ("abcd|bc", "abcd", Some("abcd")),
    ("bc|abcd", "abce", Some("bc")),
    ("a+?", "aaa", Some("a")),
    ("a+", "baaa", Some("aaa")),
    ("a{2,3}", "aaaa", Some("aaa")),
    ("a{2,3}?", "aaaa", Some("aa")),
    ("(?:a*)*", "b", Some("")),
    ("(?:a*?)+$", "aa", Some("aa")),
    ("(?:|a)+", "aaa", Some("")),
    ("(?:a|)+", "aaa", Some("aaa")),
    ("(?:|a)*", "aaa", Some("")),
    ("^b", "ab", None),
    ("a$", "ab", None),
    ("b$", "ab", Some("b")),
    ("^$", "", Some("")),
    (r"(?m)^b$", "a\nb\nc", Some("b")),
    (r"(?mR)^b$", "a\r\nb\r\nc", Some("b")),
    (r"(?m)^b$", "a\rb\rc", None),
    (r"\bb", "ab b", Some("b")),
    (r"\bй", "ай", None),
    (r"\bй\b", "а й", Some("й")),
    (r"(?-u:\b)b", "йb", Some("b")),
    (r"\bb", "йb", None),
    (r"e\b", "e\u{301}", None),
    (r"e\b", "e\u{200d}", None),
    (r"\Bb", "ab", Some("b")),
    (r"\<b\>", "bb b", Some("b")),
    (r"\b{start-half}b\b{end-half}", "-b-", Some("b")),
    (r"\w+", "--наïve_1--", Some("наïve_1")),
    (r"[^a]", "aй", Some("й")),
    (r"(?i)straße", "STRAßE", Some("STRAßE")),
    (r".{2}", "й🙂x", Some("й🙂")),
    (r"👍[\x{1F3FB}-\x{1F3FF}]?", "👍🏽", Some("👍🏽")),
    (r"refund.{0,5}card", "refund refund card", Some("refund card")),
    (r"refund.{0,12}card", "refund refund card", Some("refund refund card")),
    (r"x.{2,4}y", "xxxxxxxy", Some("xxxxxy")),
    (r"x.{2,}y", "xyyy", Some("xyyy")),
    (r"\W(?:.*?\b)+", " a.a", Some(" ")),
    (r"\W(?:.*\b)+", " a.a", Some(" a.a")),
    ("x.{0,9}y", "x12345678y", Some("x12345678y")),
    ("x.{0,9}y", "x123456789y", Some("x123456789y")),
    ("x.{0,9}y", "x1234567890y", None),
    ("x.{0,9}y", "x12345x7890y", Some("x7890y")),
    ("x.{0,9}?y", "x12y4567890y", Some("x12y")),
    ("x.{0,9}y", "x12y4567890y", Some("x12y")),
    (r"x\b.{0,9}\by", "x x234567 y", Some("x x234567 y")),
    (r"x\b.{0,9}\by", "x x2345678 y", None),
    (r"[a-c]{3,12}d", "abcabcabcabcabcd", Some("abcabcabcabcd")),
    ("(?:b.{0,9}c){0,3}d", "bxxxxxxxxxcbcd", Some("bxxxxxxxxxcbcd")),
    ("x[ab]{2,12}x.{0,9}y", "xabx123456789y", Some("xabx123456789y")),
    ("[a&&b]|c", "abc", Some("c")),
];

#[test]
fn every_case_is_found() {
    for bounds in [simulated(), Bounds::default()] {
        for (regex, text, expected) in CASES {
            let mut ready = Ready::new(regex, &bounds);
            let found = ready.find(text, 0);
            assert_eq!(
                ready.start(text, 0),
                found.as_ref().map(|range| range.start),
                "`{regex}` in `{text}`, {bounds:?}"
            );
            assert_eq!(found.map(|range| &text[range]), *expected, "`{regex}` in `{text}`, {bounds:?}");
        }
    }
}

#[test]
fn looks_see_the_text_before_the_search() {
    for bounds in [simulated(), Bounds::default()] {
        assert_eq!(Ready::new(r"\bb", &bounds).find("ab b", 1), Some(3..4));
        assert_eq!(Ready::new(r"^b", &bounds).find("ab", 1), None);
        assert_eq!(Ready::new(r"(?m)^b", &bounds).find("\nb", 1), Some(1..2));
        assert_eq!(Ready::new(r"b", &bounds).find("b", 2), None, "beyond the text");
        assert_eq!(Ready::new(r"b", &bounds).find("йb", 1), None, "in the middle of a character");
    }
}

#[test]
fn named_groups_have_slots_and_others_none() {
    let mut ready = Ready::new(r"(a)(?P<n>\d+)(?P<unit> ?(?:eur|usd))?", &Bounds::default());
    assert_eq!(ready.program.groups(), ["n", "unit"]);
    assert_eq!(ready.program.group("unit"), Some(1));
    assert_eq!(ready.program.group("x"), None);
    assert_eq!(ready.captures("xa12 usd", 0), (Some(1..8), vec![Some(2), Some(4), Some(4), Some(8)]));
    assert_eq!(ready.captures("xa12 gbp", 0), (Some(1..4), vec![Some(2), Some(4), None, None]));
    assert_eq!(ready.captures("", 0), (None, vec![None; 4]));
}

#[test]
fn what_is_too_big_or_speaks_of_bytes_is_refused() {
    let refused = |source: &str| {
        let hir = regex_syntax::ParserBuilder::new().utf8(false).build().parse(source).unwrap();
        Program::new(&hir, &mut Alphabets::new(), &Bounds::default()).unwrap_err()
    };
    assert_eq!(refused(r"(?:a{100}){1000}"), Refused::TooManyStates { max: 20_000 });
    assert_eq!(refused(r"(?-u:\xff)"), Refused::Bytes);
    assert_eq!(refused(r"(?-u:[^a])"), Refused::Bytes);
    let letters: String = ('\u{4e00}'..'\u{4f00}').collect();
    assert_eq!(refused(&letters), Refused::TooManyClasses { max: 250 });
}

#[test]
fn the_same_regex_makes_the_same_program() {
    for (regex, ..) in CASES {
        let (first, second) = (Ready::new(regex, &Bounds::default()), Ready::new(regex, &Bounds::default()));
        assert_eq!(first.program, second.program, "`{regex}`");
        assert_eq!(first.alphabets, second.alphabets, "`{regex}`");
    }
}

#[test]
fn programs_share_planes() {
    let mut alphabets = Alphabets::new();
    for regex in [r"\bcard\b", r"\baccount\b", r"\w+", "refund", "account"] {
        Program::new(&regex_syntax::parse(regex).unwrap(), &mut alphabets, &Bounds::default()).unwrap();
    }
    assert_eq!(alphabets.planes.len(), 2, "what is a word beyond ASCII, and nothing at all");
}

#[test]
fn gaps_between_words_stay_small() {
    let ready = Ready::new(r"(?:refund|money back).{0,40}\b(account|card)\b", &Bounds::default());
    let (starts, ends) = ready.program.dfas();
    let states = (starts.unwrap().states(), ends.unwrap().states());
    assert!(states.0 < 120 && states.1 < 60, "{states:?}");
    let operations = ready.program.operations(1_000);
    assert_eq!((operations.start, operations.match_at), (2_002, 2 * (10 + 160 + 7 + 9)), "of a class, and of a row");
    let short = Ready::new(r"a.{0,7}b", &Bounds::default());
    let states = short.program.dfas().0.unwrap().states();
    assert!(states < 40, "{states} of a gap that is not counted");
}

//! Tests of lints: where each is found, where it is not, and that it can be allowed.

mod proofs;

use super::*;
use crate::diagnostic::{Severity, SourceFile};
use crate::rules::{check, load_texts};
use std::collections::BTreeSet;

/// What is found in a file, by code and line, as of the beginning of 2026; that rules have no tests is left
/// out.
fn found(text: &str) -> Vec<(&'static str, usize)> {
    let untested = [Lint::NoMatchTest.code(), Lint::NoNoMatchTest.code()];
    all(text).into_iter().filter(|(code, _)| !untested.contains(code)).collect()
}

fn all(text: &str) -> Vec<(&'static str, usize)> {
    let report = Report::new();
    let written = load_texts(vec![SourceFile::new("a.toml", text)], &report);
    let checked = check(&written, "2026-01-01T00:00:00Z".parse().unwrap(), &report);
    let found = report.into_sorted();
    assert_eq!(checked.is_none(), found.iter().any(|it| it.severity == Severity::Error), "{found:?}\n{text}");
    found.iter().map(|it| (it.code, it.location.as_ref().map_or(0, |at| at.line()))).collect()
}

/// A file in which a lint is found, where, whose it is (a line of it), and a change that takes it away.
struct Example {
    lint: Lint,
    line: usize,
    text: &'static str,
    owner: &'static str,
    change: (&'static str, &'static str),
}

const EXAMPLES: &[Example] = &[
    Example {
        lint: Lint::NoMatchTest,
        line: 2,
        text: "[[rule]]\nid = \"r\"\nclass = \"c\"\nany = [\"x\"]\ntest = [{ no_match = \"y\" }]",
        owner: "id = \"r\"",
        change: ("no_match = \"y\" }", "no_match = \"y\" }, { match = \"x\" }"),
    },
    Example {
        lint: Lint::NoNoMatchTest,
        line: 2,
        text: "[[rule]]\nid = \"r\"\nclass = \"c\"\nany = [\"x\"]\ntest = [{ match = \"x\" }]",
        owner: "id = \"r\"",
        change: ("match = \"x\" }", "match = \"x\" }, { no_match = \"y\" }"),
    },
    Example {
        lint: Lint::Unreachable,
        line: 4,
        text: "[[rule]]\nid = \"r\"\nclass = \"c\"\nall = [\"see you monday\"]\nnone = [\"you\"]",
        owner: "id = \"r\"",
        change: ("none = [\"you\"]", "none = [\"yo\"]"),
    },
    Example {
        lint: Lint::Unreachable,
        line: 2,
        text: "[[rule]]\nid = \"r\"\nclass = \"c\"\nany = [\"a one\", \"a two\"]\nnone = [\"one\", \"a\"]",
        owner: "id = \"r\"",
        change: ("\"one\", \"a\"", "\"b\""),
    },
    Example {
        lint: Lint::Unreachable,
        line: 4,
        text: "[[rule]]\nid = \"r\"\nclass = \"c\"\nany = [\"a one\", \"a two\"]\nnone = [\"one\"]",
        owner: "id = \"r\"",
        change: ("\"one\"", "\"on\""),
    },
    Example {
        lint: Lint::Unreachable,
        line: 4,
        text: "[[rule]]\nid = \"r\"\nclass = \"c\"\nall = [\"^one\", \"^two\"]",
        owner: "id = \"r\"",
        change: ("\"^two\"", "\"two$\""),
    },
    Example {
        lint: Lint::Unreachable,
        line: 4,
        text: "[[rule]]\nid = \"r\"\nclass = \"c\"\nall = [\"^one two$\", \"three\"]",
        owner: "id = \"r\"",
        change: ("three", "two"),
    },
    Example {
        lint: Lint::Unreachable,
        line: 4,
        text: "[[rule]]\nid = \"r\"\nclass = \"c\"\nall = [{ re = 'a+b' }]\nnone = [{ re = 'a+b' }]",
        owner: "id = \"r\"",
        change: ("none = [{ re = 'a+b' }]", "none = [{ re = 'a+b', field = \"subject\" }]\nchannels = [\"a.b\"]"),
    },
    Example {
        lint: Lint::Shadowed,
        line: 6,
        text: "[[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"one\"]\n[[rule]]\nid = \"b\"\nclass = \"c\"\nany = [\"one two\"]",
        owner: "id = \"b\"",
        change: ("\"one two\"", "\"one two\", \"three\""),
    },
    Example {
        lint: Lint::Shadowed,
        line: 6,
        text: "[[rule]]\nid = \"a\"\nrestrict = \"c\"\nany = [\"one\"]\n[[rule]]\nid = \"b\"\nrestrict = \"c\"\nall = [\"one\", \"two\"]",
        owner: "id = \"b\"",
        change: ("any = [\"one\"]", "any = [\"one\"]\nchannels = [\"a.b\"]"),
    },
    Example {
        lint: Lint::Conflict,
        line: 6,
        text: "[[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"invoice\"]\n[[rule]]\nid = \"b\"\nclass = \"d\"\nany = [\"paid the invoice\"]\nnone = [\"not\"]",
        owner: "id = \"b\"",
        change: ("any = [\"invoice\"]", "any = [\"invoice\"]\nnone = [\"paid\"]"),
    },
    Example {
        lint: Lint::Conflict,
        line: 2,
        text: "[[rule]]\nid = \"b\"\nclass = \"d\"\nchannels = [\"a.*\"]\nall = [\"call\", { re = '\\d+ of (?:jan|feb)' }]\n[[rule]]\nid = \"x\"\nrestrict = \"y\"\nany = [{ re = '\\bjan\\b' }]",
        owner: "id = \"b\"",
        change: ("'\\bjan\\b'", "'\\bjanuary\\b'"),
    },
    Example {
        lint: Lint::RepeatedPattern,
        line: 5,
        text: "[[rule]]\nid = \"r\"\nrestrict = \"c\"\nany = [\"Two  words\"]\nall = [\"two words\"]",
        owner: "id = \"r\"",
        change: ("\"two words\"", "\"two  wörds\""),
    },
    Example {
        lint: Lint::SharedPattern,
        line: 8,
        text: "[[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"one\", \"two\"]\n[[rule]]\nid = \"b\"\nclass = \"c\"\nany = [\"one\", \"three\"]",
        owner: "id = \"b\"",
        change: ("\"one\", \"three\"", "\"four\", \"three\""),
    },
    Example {
        lint: Lint::SlowRegex,
        line: 4,
        text: "[[rule]]\nid = \"r\"\nclass = \"c\"\nany = [{ re = '\\d{4}' }]",
        owner: "id = \"r\"",
        change: ("\\d{4}", "no \\d{4}"),
    },
    Example {
        lint: Lint::MayBeAbsent,
        line: 5,
        text: "[[rule]]\nid = \"r\"\nclass = \"c\"\nany = [\"x\"]\nnone = [{ phrase = \"y\", field = \"subject\" }]",
        owner: "id = \"r\"",
        change: ("any = [\"x\"]", "any = [\"x\"]\nchannels = [\"mail.*\"]"),
    },
    Example {
        lint: Lint::Expired,
        line: 2,
        text: "[[rule]]\nid = \"r\"\nclass = \"c\"\nany = [\"x\"]\nexpires = 2025-12-31",
        owner: "id = \"r\"",
        change: ("2025-12-31", "2026-12-31"),
    },
    Example {
        lint: Lint::ExpiresSoon,
        line: 2,
        text: "[[rule]]\nid = \"r\"\nrestrict = \"c\"\nany = [\"x\"]\nexpires = 2026-01-14",
        owner: "id = \"r\"",
        change: ("2026-01-14", "2026-01-15"),
    },
    Example {
        lint: Lint::ClassWithoutRules,
        line: 2,
        text: "[[class]]\nname = \"c\"\n[[rule]]\nid = \"r\"\nclass = \"d\"\nany = [\"x\"]",
        owner: "name = \"c\"",
        change: ("\"d\"", "\"c\""),
    },
    Example {
        lint: Lint::TooFewRules,
        line: 2,
        text: "[[class]]\nname = \"c\"\nwitnesses = 2\n[[rule]]\nid = \"r\"\nclass = \"c\"\nany = [\"x\"]",
        owner: "name = \"c\"",
        change: ("witnesses = 2", "witnesses = 1"),
    },
    Example {
        lint: Lint::NeedlessWord,
        line: 3,
        text: "[[class]]\nname = \"c\"\nvocabulary = [\"one\", \"One\"]\nmax_unknown = 0\n[[rule]]\nid = \"r\"\nclass = \"c\"\nany = [\"one\"]",
        owner: "name = \"c\"",
        change: ("\"One\"", "\"two\""),
    },
    Example {
        lint: Lint::NeedlessWord,
        line: 3,
        text: "[[class]]\nname = \"c\"\nvocabulary = [\"3pm\"]\nmax_unknown = 1\n[[rule]]\nid = \"r\"\nclass = \"c\"\nany = [\"one\"]",
        owner: "name = \"c\"",
        change: ("\"3pm\"", "\"three\""),
    },
    Example {
        lint: Lint::NeedlessWord,
        line: 3,
        text: "[[class]]\nname = \"c\"\nvocabulary = [\"!?\"]\nmax_unknown = 1\n[[rule]]\nid = \"r\"\nclass = \"c\"\nany = [\"one\"]",
        owner: "name = \"c\"",
        change: ("\"!?\"", "\"why\""),
    },
    Example {
        lint: Lint::UnreachableWord,
        line: 3,
        text: "[[class]]\nname = \"c\"\nvocabulary = [\"one\", \"not\"]\nmax_unknown = 0\n[[rule]]\nid = \"r\"\nclass = \"c\"\nany = [\"one\"]\nnone = [\"Not\"]",
        owner: "name = \"c\"",
        change: ("none = [\"Not\"]", "none = [\"^Not\"]"),
    },
];

#[test]
fn each_lint_is_found_at_its_line_and_gone_with_its_cause() {
    for Example { lint, line, text, change: (from, to), .. } in EXAMPLES {
        let all_found = all(text);
        let places: Vec<usize> =
            all_found.iter().filter(|(code, _)| *code == lint.code()).map(|(_, line)| *line).collect();
        assert_eq!(places, [*line], "{} in {all_found:?} of\n{text}", lint.code());
        assert!(text.contains(from), "{from}");
        let mended = text.replacen(from, to, 1);
        assert!(all(&mended).iter().all(|(code, _)| *code != lint.code()), "{} in\n{mended}", lint.code());
    }
}

#[test]
fn each_lint_can_be_allowed_where_it_is_found() {
    for Example { lint, text, owner, .. } in EXAMPLES {
        let allowed = text.replacen(owner, &format!("{owner}\nallow = [\"{}\"]", lint.code()), 1);
        let found = all(&allowed);
        let codes = [lint.code(), Lint::UselessAllow.code()];
        assert!(found.iter().all(|(code, _)| !codes.contains(code)), "{found:?} in\n{allowed}");
    }
}

#[test]
fn every_lint_has_an_example() {
    let shown: BTreeSet<Lint> = EXAMPLES.iter().map(|example| example.lint).collect();
    // These have tests of their own, here and in `proofs`.
    let others = [Lint::NoWitnessProof, Lint::NeverFires, Lint::UnusedList, Lint::UselessAllow];
    assert_eq!(shown.into_iter().chain(others).collect::<BTreeSet<_>>(), Lint::ALL.into_iter().collect());
    let codes: BTreeSet<&str> = Lint::ALL.map(Lint::code).into_iter().collect();
    assert_eq!(codes.len(), Lint::ALL.len());
}

#[test]
fn a_class_allows_for_its_rules() {
    let text = "[[class]]\nname = \"c\"\nallow = [\"no-match-test\"]\n[[rule]]\nid = \"r\"\nclass = \"c\"\nany = [\"x\"]\n\
        [[rule]]\nid = \"s\"\nclass = \"d\"\nany = [\"y\"]\n";
    let found: Vec<_> = all(text).into_iter().filter(|(code, _)| *code == "no-match-test").collect();
    assert_eq!(found, [("no-match-test", 9)]);
}

#[test]
fn what_allows_nothing_is_useless_and_what_is_unknown_an_error() {
    let rule = |allow: &str| format!("[[rule]]\nid = \"r\"\nclass = \"c\"\nany = [\"x\"]\nallow = [{allow}]\n");
    assert_eq!(found(&rule("\"shadowed\"")), [("useless-allow", 5)]);
    assert_eq!(found(&rule("\"never-fires\", \"expired\"")), [], "these are found in some runs only");
    assert_eq!(found(&rule("\"shadowed\"").replace("any", "enabled = false\nany")), [], "it may be switched on again");
    assert_eq!(found(&rule("\"shadwed\"")), [("unknown-lint", 5)]);
    assert_eq!(found(&rule("\"no-witness-proof\"")), [("cannot-allow", 5)]);
    assert_eq!(found("[[class]]\nname = \"c\"\nallow = [\"x\"]\n"), [("unknown-lint", 3)]);
}

#[test]
fn lists_that_nothing_uses_are_found() {
    let text = "[lists]\na = [\"x\"]\nb = [\"y\"]\n[[rule]]\nid = \"r\"\nclass = \"c\"\nany = [\"{b}\"]\n";
    assert_eq!(found(text), [("unused-list", 2)]);
}

#[test]
fn a_rule_that_is_shadowed_in_part_is_not_shadowed() {
    let pair = |first: &str, second: &str| {
        let text =
            format!("[[rule]]\nid = \"a\"\nclass = \"c\"\n{first}\n[[rule]]\nid = \"b\"\nclass = \"c\"\n{second}\n");
        let found = found(&text);
        found
            .iter()
            .filter(|(code, _)| *code == "shadowed")
            .map(|(_, line)| if *line == 2 { "a" } else { "b" })
            .collect::<Vec<_>>()
    };
    assert_eq!(pair("any = [\"one\"]", "any = [\"one\"]"), ["b"], "of two the same the second");
    assert_eq!(pair("any = [\"one two\"]", "any = [\"one\"]"), ["a"], "whichever asks for more");
    assert_eq!(pair("any = [\"one\"]", "all = [\"^one\"]\nany = [\"two\"]"), ["b"]);
    assert_eq!(pair("all = [\"one\", \"two\"]", "all = [\"two\"]\nany = [\"one x\", \"y, one\"]"), ["b"]);
    assert_eq!(pair("any = [\"one\"]", "any = [\"ones\"]"), [""; 0], "not whole words");
    assert_eq!(pair("any = [\"one\"]", "any = [\"one's\"]"), [""; 0], "an apostrophe joins");
    assert_eq!(pair("any = [\"^one\"]", "any = [\"one\"]"), ["a"]);
    assert_eq!(pair("any = [\"^one\"]", "any = [\"two one\"]"), [""; 0]);
    assert_eq!(pair("any = [\"one\"]\nnone = [\"two\"]", "any = [\"one\"]"), ["a"]);
    assert_eq!(pair("any = [\"one\"]\nnone = [\"two x\"]", "any = [\"one\"]\nnone = [\"two\"]"), ["b"]);
    assert_eq!(pair("any = [\"one\"]\nnone = [\"two\"]", "any = [\"one\"]\nnone = [\"three\"]"), [""; 0]);
    assert_eq!(pair("any = [\"one\"]\nexpires = 2027-01-01", "any = [\"one two\"]"), [""; 0]);
    assert_eq!(pair("any = [\"one\"]\nexpires = 2027-01-01", "any = [\"one two\"]\nexpires = 2026-06-01"), ["b"]);
    assert_eq!(pair("any = [\"one\"]\nchannels = [\"a.*\"]", "any = [\"one two\"]\nchannels = [\"a.b\"]"), ["b"]);
    assert_eq!(pair("any = [\"one\"]\nchannels = [\"a.b\"]", "any = [\"one two\"]\nchannels = [\"a.*\"]"), [""; 0]);
    let regex = "any = [{ re = 'pay (?P<n>\\d+)' }]";
    assert_eq!(pair(regex, &format!("{regex}\nwhere = [\"n > 5\"]")), ["b"]);
    assert_eq!(
        pair(&format!("{regex}\nwhere = [\"n>5\"]"), &format!("{regex}\nall = [\"x\"]\nwhere = [\"n > 5\"]")),
        ["b"]
    );
    assert_eq!(pair(&format!("{regex}\nwhere = [\"n > 5\"]"), &format!("{regex}\nwhere = [\"n > 6\"]")), [""; 0]);
    let field = "any = [{ phrase = \"one two\", field = \"subject\" }]";
    assert_eq!(pair("any = [\"one\"]", field), [""; 0], "another field");
}

#[test]
fn what_only_looks_unreachable_is_not_found() {
    for rule in [
        "any = [\"ones\"]\nnone = [\"one\"]",
        "any = [\"can't\"]\nnone = [\"can\"]",
        "any = [\"one two\"]\nnone = [\"^one\"]",
        "any = [\"one two\"]\nnone = [\"one$\"]",
        "all = [\"^one\", \"^one two\"]",
        "all = [\"^one\", \"two$\"]",
        "all = [\"^one two$\", \"one\"]",
        "any = [{ re = 'one two' }]\nnone = [\"one two\"]",
    ] {
        let text = format!("[[rule]]\nid = \"r\"\nclass = \"c\"\n{rule}\n");
        assert_eq!(found(&text), [], "{rule}");
        let told = found(&text.replace("class", "restrict"));
        assert_eq!(told, [], "a restricting rule also fires on what is hidden: {rule}");
    }
    let hidden = "[[rule]]\nid = \"r\"\nrestrict = \"c\"\nany = [\"one two\"]\nnone = [\"one\"]\n";
    assert_eq!(found(hidden), [], "a restricting rule fires where only the folded view has it");
}

#[test]
fn the_lists_of_a_vocabulary_are_nobodys_mistake() {
    let text = "[lists]\nw = [\"one\", \"ONE\", \"3pm\"]\n[[class]]\nname = \"c\"\nvocabulary = [\"{w}\", \"two words\"]\n\
        max_unknown = 0\n[[rule]]\nid = \"r\"\nclass = \"c\"\nany = [\"one\"]\n";
    assert_eq!(found(text), []);
}

#[test]
fn lints_of_a_file_of_words_are_at_its_line() {
    let report = Report::new();
    let text = "[[class]]\nname = \"c\"\nvocabulary_file = \"w.txt\"\nmax_unknown = 0\n[[rule]]\nid = \"r\"\nclass = \"c\"\n\
        any = [\"one\"]\nnone = [\"not\"]\n";
    let mut written = load_texts(vec![SourceFile::new("a.toml", text)], &report);
    written.word_files.insert("w.txt".to_owned(), SourceFile::new("w.txt", "# words\none\n3pm\nnot\none\n"));
    assert!(check(&written, Timestamp::UNIX_EPOCH, &report).is_some());
    let found = report.into_sorted().into_iter().filter(|it| it.location.as_ref().unwrap().file().name() == "w.txt");
    let found: Vec<(&str, usize)> = found.map(|it| (it.code, it.location.unwrap().line())).collect();
    assert_eq!(found, [("needless-word", 3), ("unreachable-word", 4), ("needless-word", 5)]);
}

#[test]
fn rules_that_a_corpus_never_fires_are_found() {
    let report = Report::new();
    let rule = |id: &str, rest: &str| format!("[[rule]]\nid = \"{id}\"\nclass = \"c\"\nany = [\"{id}\"]\n{rest}\n");
    let text = [
        rule("fires", ""),
        rule("silent", ""),
        rule("off", "enabled = false"),
        rule("gone", "expires = 2025-01-01"),
        rule("meant", "allow = [\"never-fires\"]"),
    ];
    let written = load_texts(vec![SourceFile::new("a.toml", text.concat())], &report);
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let (pack, _) = crate::rules::compile(&written, &report).unwrap();
    let fired = [crate::class::RuleId::parse("fires").unwrap()].into_iter().collect();
    never_fires(&written, &pack, &fired, now, &report);
    let found = report.into_sorted();
    let found: Vec<(&str, usize)> = found.iter().map(|it| (it.code, it.location.as_ref().unwrap().line())).collect();
    assert_eq!(found, [("never-fires", 7)]);
}

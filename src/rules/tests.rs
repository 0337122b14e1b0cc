//! Tests of reading rules: every mistake at its line, lists, digests, lints, and the tests beside the rules.

mod moments;
mod shipped;
mod vocabularies;

use super::*;
use crate::class::{Class, RuleId};
use crate::diagnostic::{Diagnostic, Severity, SourceFile};
use crate::pack::{Effect, RuleInfo};

/// Compiles files named `a.toml`, `b.toml`…
fn compile_files(texts: &[&str]) -> (Option<(Pack, Tests)>, Vec<Diagnostic>) {
    let report = Report::new();
    let names = ["a.toml", "b.toml", "c.toml"];
    let files = names.iter().zip(texts).map(|(name, text)| SourceFile::new(*name, *text)).collect();
    let compiled = check(&load_texts(files, &report), Timestamp::UNIX_EPOCH, &report);
    (compiled, report.into_sorted())
}

/// Severity aside: code, and file and line.
fn found(diagnostics: &[Diagnostic]) -> Vec<(String, String)> {
    let place = |one: &Diagnostic| one.location.as_ref().map(|at| format!("{}:{}", at.file().name(), at.line()));
    diagnostics.iter().map(|one| (one.code.to_owned(), place(one).unwrap_or_default())).collect()
}

fn errors(text: &str) -> Vec<(String, String)> {
    let (compiled, diagnostics) = compile_files(&[text]);
    assert!(compiled.is_none(), "{text}");
    assert!(diagnostics.iter().all(|one| !one.help.is_empty()), "{diagnostics:?}");
    found(&diagnostics)
}

fn pack(texts: &[&str]) -> Pack {
    let (compiled, diagnostics) = compile_files(texts);
    compiled.unwrap_or_else(|| panic!("{diagnostics:#?}")).0
}

fn rule(rest: &str) -> String {
    format!("[[rule]]\nid = \"r\"\nclass = \"c\"\n{rest}\n")
}

#[test]
fn many_mistakes_are_reported_in_one_run_each_at_its_line() {
    let text = r#"
[lists]
day = ["{night}"]
night = ["{day}"]
[[class]]
name = "a b"
witnesses = 0
[[rule]]
id = "one"
class = "c"
restrict = "x"
channels = ["slack", "a.b*"]
any = ["see you {dy}", "$5", "{", { re = "(" }, { phrase = "x", re = "y" }, { phrase = "x", field = "body" }]
where = ["amount ~ 5", "amount > 5"]
[[rule]]
id = "one"
anny = ["x"]
test = [{ match = "x", no_match = "y" }, { text = "x" }, { match = "x", channel = "chat" }]
"#;
    let mut found = errors(text);
    found.sort();
    let mut expected: Vec<(String, String)> = [
        ("list-cycle", 4),
        ("bad-name", 6),
        ("out-of-bounds", 7),
        ("rule-effect", 11),
        ("bad-channel", 12),
        ("bad-channel", 12),
        ("unknown-list", 13),
        ("phrase-syntax", 13),
        ("phrase-syntax", 13),
        ("bad-regex", 13),
        ("pattern-kind", 13),
        ("unknown-field", 13),
        ("bad-comparison", 14),
        ("unknown-group", 14),
        ("duplicate-rule", 16),
        ("rule-effect", 16),
        ("no-pattern", 16),
        ("unknown-key", 17),
        ("test-kind", 18),
        ("test-kind", 18),
        ("unknown-key", 18),
        ("bad-channel", 18),
    ]
    .iter()
    .map(|(code, line)| ((*code).to_owned(), format!("a.toml:{line}")))
    .collect();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn each_mistake_has_its_code() {
    let long = format!("any = [\"{}\"]", "x".repeat(1_025));
    let long_regex = format!("any = [{{ re = '{}' }}]", "x".repeat(1_025));
    for (code, line, text) in [
        ("no-pattern", 2, rule("none = [\"x\"]")),
        ("empty-phrase", 4, rule("any = [\"\u{200b}\"]")),
        ("phrase-syntax", 4, rule("any = [\"\"]")),
        ("phrase-syntax", 4, rule("any = [\"^$\"]")),
        ("phrase-syntax", 4, rule("any = [\"a ^b\"]")),
        ("phrase-syntax", 4, rule("any = ['a \\n']")),
        ("phrase-syntax", 4, rule("any = [\"a } b\"]")),
        ("empty-phrase", 4, rule("any = [\" \"]")),
        ("long-phrase", 4, rule(&long)),
        ("bad-regex", 4, rule(&long_regex)),
        ("bad-regex", 4, rule("any = [{ re = 'a*' }]")),
        ("bad-regex", 4, rule("any = [{ re = '(\\w{90}){90}' }]")),
        ("bad-regex", 4, rule("any = [{ re = '(?=a)b' }]")),
        ("bad-regex", 4, rule(&format!("any = [{{ re = '{}a{}' }}]", "(".repeat(60), ")".repeat(60)))),
        ("no-channel", 4, rule("channels = []\nany = [\"x\"]")),
        ("bad-channel", 4, rule("channels = [\"*\"]\nany = [\"x\"]")),
        ("wrong-type", 4, rule("any = \"x\"")),
        ("wrong-type", 4, rule("any = [3]")),
        ("wrong-type", 4, rule("any = [{ phrase = 3 }]")),
        ("bad-comparison", 5, rule("any = [{ re = '(?P<a>b)' }]\nwhere = [\"a > 1,000\"]")),
        ("unknown-field", 5, rule("any = [\"x\"]\ntest = [{ match = \"x\", absent = [\"text\"] }]")),
        ("bad-name", 2, rule("any = [\"x\"]").replace("\"r\"", "\"r r\"")),
        ("missing-key", 1, rule("any = [\"x\"]").replace("id = \"r\"\n", "")),
        ("unknown-list", 2, "[lists]\na = [\"{b}\"]".to_owned()),
        ("empty-list", 2, "[lists]\na = []".to_owned()),
        ("bad-name", 2, "[lists]\n\"a b\" = [\"x\"]".to_owned()),
        ("phrase-syntax", 2, "[lists]\na = [\"^x\"]".to_owned()),
        ("list-cycle", 2, "[lists]\na = [\"b {a}\"]".to_owned()),
        ("half-vocabulary", 2, "[[class]]\nname = \"c\"\nmax_unknown = 3".to_owned()),
        ("half-vocabulary", 2, "[[class]]\nname = \"c\"\nvocabulary = [\"x\"]".to_owned()),
        ("duplicate-class", 4, "[[class]]\nname = \"c\"\n[[class]]\nname = \"c\"".to_owned()),
        ("duplicate-restriction", 4, "[[restriction]]\nname = \"c\"\n[[restriction]]\nname = \"c\"".to_owned()),
        ("toml-syntax", 1, "[[rule]\n".to_owned()),
    ] {
        let found = errors(&text);
        assert!(found.contains(&(code.to_owned(), format!("a.toml:{line}"))), "{code} of {text}: {found:?}");
    }
}

#[test]
fn a_mistake_in_a_phrase_has_its_column() {
    let (_, diagnostics) = compile_files(&[&rule("any = [\"see {you\"]")]);
    assert_eq!(diagnostics[0].location.as_ref().unwrap().to_string(), "a.toml:4:13");
    let (_, diagnostics) = compile_files(&[&rule("any = [{ re = 'ab(c' }]")]);
    assert_eq!(diagnostics[0].location.as_ref().unwrap().to_string(), "a.toml:4:18");
}

#[test]
fn an_unknown_list_is_corrected() {
    let (_, diagnostics) = compile_files(&["[lists]\nweekday = [\"x\"]\n", &rule("any = [\"{wekday}\"]")]);
    assert_eq!(diagnostics[0].help, "did you mean `weekday`?");
}

#[test]
fn expansion_has_a_bound() {
    let words: Vec<String> = (0..101).map(|n| format!("\"w{n}\"")).collect();
    let lists = format!("[lists]\nw = [{}]\n", words.join(", "));
    assert_eq!(
        errors(&format!("{lists}{}", rule("any = [\"{w} {w}\"]"))),
        [("too-many-phrases".to_owned(), "a.toml:6".to_owned())]
    );
    assert_eq!(
        errors(&format!("{lists}v = [\"{{w}} {{w}}\"]")),
        [("too-many-phrases".to_owned(), "a.toml:3".to_owned())]
    );
    let deep: String = (0..60).map(|n| format!("l{} = [\"{{l{n}}}{{l{n}}}\"]\n", n + 1)).collect();
    let found = errors(&format!("[lists]\nl0 = [\"a\", \"b\"]\n{deep}"));
    assert_eq!(found, [("too-many-phrases".to_owned(), "a.toml:6".to_owned())]);
}

#[test]
fn lists_are_shared_by_all_files_and_defined_once() {
    let pack = pack(&["[lists]\nday = [\"monday\"]\n", &rule("any = [\"{day}\"]")]);
    assert_eq!(pack.len(), 1);
    let (compiled, diagnostics) = compile_files(&["[lists]\nday = [\"a\"]\n", "[lists]\nday = [\"a\"]\n"]);
    assert!(compiled.is_none());
    assert_eq!(found(&diagnostics), [("duplicate-list".to_owned(), "b.toml:2".to_owned())]);
}

#[test]
fn a_rule_is_known_by_what_people_wrote() {
    let text = "# a comment\n[[restriction]]\nname = \"unused\"\n\n[[rule]]\nid = \"z\"\nrestrict = \"legal\"\n\
        any = [\"x\"]\nowner = \"ann\"\nnote = \"why\"\n[[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"y\"]\n\
        [[class]]\nname = \"b\"\n";
    let pack = pack(&[text]);
    let expected = RuleInfo {
        id: RuleId::parse("z").unwrap(),
        effect: Effect::Restrict("legal".into()),
        origin: "a.toml:6".into(),
        owner: Some("ann".into()),
        note: Some("why".into()),
        expires: None,
    };
    assert_eq!(pack.rule(&expected.id), Some(&expected));
    assert_eq!(pack.rule(&RuleId::parse("y").unwrap()), None);
    assert_eq!(pack.rules().map(|rule| rule.id.as_str()).collect::<Vec<_>>(), ["a", "z"]);
    assert_eq!(pack.classes().map(Class::as_str).collect::<Vec<_>>(), ["b", "c"]);
    assert_eq!(pack.restrictions().collect::<Vec<_>>(), ["legal", "unused"]);
}

#[test]
fn the_digest_is_of_what_can_change_a_verdict() {
    let lists = "[lists]\nd = [\"mon\", \"tue\"]\n";
    let base = "[[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"on {d}\", \"two\"]\n[[rule]]\nid = \"b\"\nrestrict = \"r\"\nall = [{ re = 'x(?P<n>1)' }]\n";
    let digest = |texts: &[&str]| pack(texts).digest();
    let expected = digest(&[lists, base]);
    let (first, second) = base.split_at(base.find("[[rule]]\nid = \"b\"").unwrap());
    for same in
        [vec![base, "[lists]\nd = [\"tue\", \"mon\"]\n"], vec![second, first, lists], vec![lists, "# comment\n", base]]
    {
        assert_eq!(digest(&same), expected, "{same:?}");
    }
    for (from, to) in [
        ("\"c\"", "\"c\"\nnote = \"n\"\nowner = \"o\""),
        ("\"c\"", "\"c\"\ntest = [{ match = \"two\" }]"),
        ("\"on {d}\", \"two\"", "\"TWO\", \"on   {d}\", \"two\""),
        ("\"on {d}\", \"two\"", "\"on mon\", \"two\", \"on tue\""),
    ] {
        let same = digest(&[lists, &base.replace(from, to)]);
        // An alternative written out is another pattern: evidence tells them apart.
        assert_eq!(same == expected, !to.contains("on mon"), "{to}");
    }
    for (from, to) in [
        ("\"c\"", "\"d\""),
        ("\"a\"", "\"a2\""),
        ("\"r\"", "\"r2\""),
        ("class = \"c\"", "restrict = \"c\""),
        ("any", "all"),
        ("\"two\"", "\"^two\""),
        ("\"two\"", "\"two$\""),
        ("\"two\"", "{ phrase = \"two\", field = \"subject\" }"),
        ("\"two\"", "{ re = 'two' }"),
        ("\"c\"", "\"c\"\nchannels = [\"a.*\"]"),
        ("1)' }]", "1)' }]\nwhere = [\"n > 1\"]"),
        ("\"c\"", "\"c\"\nenabled = false"),
        ("[[rule]]\nid = \"a\"", "[[class]]\nname = \"c\"\nwitnesses = 2\n[[rule]]\nid = \"a\""),
        ("[[rule]]\nid = \"a\"", "[[class]]\nname = \"c\"\nmax_words = 2\n[[rule]]\nid = \"a\""),
    ] {
        assert_ne!(digest(&[lists, &base.replace(from, to)]), expected, "{to}");
    }
}

#[test]
fn what_is_probably_not_meant_is_warned_of() {
    let text = "[lists]\nunused = [\"{inner}\"]\ninner = [\"x\"]\nused = [\"{deep}\"]\ndeep = [\"y\"]\n\
        [[class]]\nname = \"nobody\"\n[[class]]\nname = \"c\"\nwitnesses = 2\n\
        [[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"{used}\", \"Two  words\"]\nnone = [\"two words\"]\ntest = [{ match = \"y\" }]\n\
        [[rule]]\nid = \"b\"\nrestrict = \"r\"\nany = [{ phrase = \"x\", field = \"subject\" }]\ntest = [{ no_match = \"y\" }]\n\
        [[rule]]\nid = \"off\"\nclass = \"c\"\nenabled = false\nany = [\"x\"]\n";
    let (compiled, diagnostics) = compile_files(&[text]);
    assert!(compiled.is_some());
    assert!(diagnostics.iter().all(|one| one.severity == Severity::Warning && !one.help.is_empty()));
    let expected = [
        ("unused-list", 2),
        ("unused-list", 3),
        ("class-without-rules", 7),
        ("too-few-rules", 9),
        ("no-no-match-test", 12),
        ("unreachable", 14),
        ("repeated-pattern", 15),
        ("no-match-test", 18),
        ("may-be-absent", 20),
    ];
    let expected: Vec<(String, String)> =
        expected.iter().map(|(code, line)| ((*code).to_owned(), format!("a.toml:{line}"))).collect();
    assert_eq!(found(&diagnostics), expected);
}

#[test]
fn rules_with_nothing_wrong_have_no_warnings() {
    let text = "[[rule]]\nid = \"b\"\nrestrict = \"r\"\nchannels = [\"mail.*\"]\nany = [{ phrase = \"x\", field = \"subject\" }]\n\
        test = [{ match = \"\", subject = \"x\" }, { no_match = \"x\" }]\n";
    let (_, diagnostics) = compile_files(&[text]);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
}

#[test]
fn tests_beside_the_rules_run_on_the_rules_channel() {
    let text = "[[rule]]\nid = \"a\"\nclass = \"c\"\nchannels = [\"mail.*\", \"x.y\"]\nany = [\"one\"]\n\
        none = [{ phrase = \"no\", field = \"subject\" }]\n\
        test = [{ match = \"one\" }, { no_match = \"one\", channel = \"slack.a\" }, { match = \"one\", channel = \"x.y\" },\n\
        { no_match = \"one\", subject = \"no\" }, { no_match = \"one\", absent = [\"subject\"] }]\n\
        [[rule]]\nid = \"b\"\nrestrict = \"r\"\nany = [{ phrase = \"bulk\", field = \"header:Precedence\" }, { re = 'x\\d', field = \"attribute:n\" }]\n\
        test = [{ match = \"\", headers = { Precedence = \"BULK\" } }, { match = \"\", attributes = { n = \"x1\" } }, { no_match = \"\" },\n\
        { match = \"\", absent = [\"header:precedence\"] }]\n";
    let (compiled, diagnostics) = compile_files(&[text]);
    let (pack, tests) = compiled.unwrap_or_else(|| panic!("{diagnostics:?}"));
    assert_eq!(tests.len(), 9);
    let failures = test::run(&pack, &tests);
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn a_test_that_fails_says_what_happened_instead() {
    let text = "[[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"one\"]\n\
        test = [{ match = \"two\" },\n{ no_match = \"one\" },\n{ match = \"on\u{435} one\" },\n{ no_match = \"on\u{435} one\" }]\n\
        [[rule]]\nid = \"b\"\nclass = \"d\"\nany = [\"two\"]\n";
    let (pack, tests) = compile_files(&[text]).0.unwrap();
    let failures = test::run(&pack, &tests);
    let told: Vec<(usize, test::Expected, Vec<&str>, Option<crate::reason::Reason>)> = failures
        .iter()
        .map(|one| (one.at.line(), one.expected, one.fired.iter().map(RuleId::as_str).collect(), one.refused))
        .collect();
    use crate::reason::Reason::Uninspectable;
    use test::Expected::{Match, NoMatch};
    assert_eq!(
        told,
        [(5, Match, vec!["b"], None), (6, NoMatch, vec!["a"], None), (7, Match, vec![], Some(Uninspectable))]
    );
}

#[test]
fn a_folder_is_read_in_name_order() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("b.toml", &rule("any = [\"x\"]"));
    write("a.toml", &rule("any = [\"{day}\"]"));
    write("c.toml", "[lists]\nday = [\"monday\"]\n");
    write("ignored.txt", "not toml");
    write(".hidden.toml", "not toml");
    let report = Report::new();
    assert!(super::compile(&load(dir.path(), &report), &report).is_none());
    let diagnostics = report.into_sorted();
    assert_eq!(diagnostics.len(), 1, "{diagnostics:?}");
    assert_eq!(diagnostics[0].code, "duplicate-rule");
    let at = diagnostics[0].location.as_ref().unwrap().to_string();
    assert!(at.ends_with("b.toml:2:6"), "{at}");
}

#[test]
fn a_folder_without_rules_or_with_unreadable_ones_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let codes = |path: &std::path::Path| -> Vec<&'static str> {
        let report = Report::new();
        assert!(super::compile(&load(path, &report), &report).is_none());
        report.into_sorted().iter().map(|one| one.code).collect()
    };
    assert_eq!(codes(dir.path()), ["no-rules"]);
    assert_eq!(codes(&dir.path().join("missing")), ["unreadable-folder"]);
    std::fs::write(dir.path().join("a.toml"), [0xff]).unwrap();
    assert_eq!(codes(dir.path()), ["unreadable-file"]);
}

#[test]
fn the_schema_says_what_the_reader_does() {
    let schema = serde_json::to_value(schemars::schema_for!(written::RuleFile)).unwrap();
    let valid = |text: &str| {
        let json = serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap();
        jsonschema::is_valid(&schema, &json)
    };
    let good = "[lists]\nday = [\"monday\"]\n[[class]]\nname = \"c\"\nwitnesses = 2\n[[restriction]]\nname = \"x\"\n\
        [[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"x\", { phrase = \"x\", field = \"subject\" }, { re = 'x' }]\n\
        where = [\"n > 1\"]\nallow = [\"conflict\"]\nexpires = \"2026-12-31\"\n\
        test = [{ match = \"x\", headers = { a = \"b\" }, now = \"2026-01-01\" }]\n\
        [[class]]\nname = \"d\"\nvocabulary_file = \"d.txt\"\nmax_unknown = 0\nallow = [\"too-few-rules\"]\n";
    assert!(valid(good));
    for (from, to) in [
        ("id = \"a\"\n", ""),
        ("id = \"a\"\n", "id = \"a\"\nanny = []\n"),
        ("witnesses = 2", "witnesses = 0"),
        ("{ re = 'x' }", "{ re = 'x', phrase = 'x' }"),
        ("match = \"x\"", "matches = \"x\""),
        ("[lists]", "[list]"),
    ] {
        assert!(!valid(&good.replace(from, to)), "{to}");
    }
}

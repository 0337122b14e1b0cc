//! Tests of `expires`, and of the time at which rules are tested.

use super::*;
use crate::channel::Channel;
use crate::classify::{ClassifyLimits, Scratch, classify, trace};
use crate::message::{Message, Origin};
use crate::reason::Reason;
use jiff::Timestamp;

const LIMITS: ClassifyLimits = ClassifyLimits { evidence_spans_max: 10, decision_steps_max: 10_000 };

fn message(text: &str) -> Message {
    Message {
        channel: Channel::parse("a.b").unwrap(),
        id: None,
        sender: None,
        subject: None,
        text: text.into(),
        sent_at: None,
        thread: None,
        attributes: Default::default(),
        headers: Default::default(),
        origin: Origin::Person,
    }
}

fn decided(pack: &Pack, now: &str) -> Option<Reason> {
    let (message, now) = (message("one 1234"), now.parse::<Timestamp>().unwrap());
    let verdict = classify(pack, &message, now, &LIMITS, &mut Scratch::new(pack));
    let told = trace(pack, &message, now, &LIMITS);
    assert_eq!((told.reason, &told.evidence), (verdict.reason(), &verdict.evidence));
    assert_eq!(told.rules.is_empty(), verdict.reason() == Some(Reason::Unmatched), "what expired is not explained");
    verdict.reason()
}

#[test]
fn from_its_expiry_on_a_rule_does_not_exist() {
    for (written, last, first) in [
        ("2026-12-31", "2026-12-31T23:59:59.999Z", "2027-01-01T00:00:00Z"),
        ("\"2026-12-31\"", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"),
        ("2026-12-31T18:00:00+01:00", "2026-12-31T16:59:59Z", "2026-12-31T17:00:00Z"),
        ("\"2026-12-31T18:00:00Z\"", "2026-12-31T17:59:59Z", "2026-12-31T18:00:00Z"),
    ] {
        let permits = pack(&[&rule(&format!("any = [\"one\"]\nexpires = {written}"))]);
        assert_eq!(decided(&permits, last), None, "{written}");
        assert_eq!(decided(&permits, first), Some(Reason::Unmatched), "{written}");
        // Also one that runs on every message, and one that restricts.
        let open = pack(&[&rule(&format!("any = [{{ re = '\\d{{4}}' }}]\nexpires = {written}"))]);
        assert_eq!(decided(&open, last), None, "{written}");
        assert_eq!(decided(&open, first), Some(Reason::Unmatched), "{written}");
        let restricts = rule(&format!("any = [\"one\"]\nexpires = {written}")).replace("class", "restrict");
        let restricts = pack(&[&restricts]);
        assert_eq!(decided(&restricts, last), Some(Reason::Restricted), "{written}");
        assert_eq!(decided(&restricts, first), Some(Reason::Unmatched), "{written}");
    }
}

#[test]
fn a_rule_that_fails_closed_expires_too() {
    let text = "any = [{ phrase = \"x\", field = \"subject\" }]\nexpires = 2026-12-31";
    let pack = pack(&[&rule(text).replace("class", "restrict")]);
    assert_eq!(decided(&pack, "2026-12-31T00:00:00Z"), Some(Reason::Restricted));
    assert_eq!(decided(&pack, "2027-01-01T00:00:00Z"), Some(Reason::Unmatched));
}

#[test]
fn what_is_no_moment_is_an_error_at_its_line() {
    for wrong in ["\"soon\"", "2026-12-31T18:00:00", "18:00:00", "\"2026-02-30\"", "\"31.12.2026\""] {
        let expected = |code: &str, line| (code.to_owned(), format!("a.toml:{line}"));
        assert_eq!(errors(&rule(&format!("any = [\"x\"]\nexpires = {wrong}"))), [expected("bad-moment", 5)], "{wrong}");
        let test = format!("any = [\"x\"]\ntest = [{{ match = \"x\", now = {wrong} }}]");
        assert_eq!(errors(&rule(&test)), [expected("bad-moment", 5)], "{wrong}");
    }
    assert_eq!(errors(&rule("any = [\"x\"]\nexpires = 3")), [("wrong-type".to_owned(), "a.toml:5".to_owned())]);
}

#[test]
fn the_digest_knows_the_moment_and_not_how_it_is_written() {
    let digest = |expires: &str| pack(&[&rule(&format!("any = [\"x\"]\n{expires}"))]).digest();
    let expected = digest("expires = 2026-12-31");
    assert_eq!(digest("expires = \"2027-01-01T00:00:00Z\""), expected);
    assert_eq!(digest("expires = 2027-01-01T02:00:00+02:00"), expected);
    assert_ne!(digest("expires = 2026-12-30"), expected);
    assert_ne!(digest(""), expected);
}

#[test]
fn readers_of_a_pack_learn_the_moment() {
    let pack = pack(&[&rule("any = [\"x\"]\nexpires = 2026-12-31")]);
    let expires = pack.rules().next().and_then(|rule| rule.expires);
    assert_eq!(expires, Some("2027-01-01T00:00:00Z".parse().unwrap()));
}

#[test]
fn tests_run_before_the_rule_expires_unless_they_say_when() {
    let text = "any = [\"one\"]\nexpires = 1999-12-31\ntest = [{ match = \"one\" }, { match = \"one\", now = 1999-12-31 },\n\
        { no_match = \"one\", now = 2000-01-01 }, { no_match = \"one\", now = \"2000-01-01T00:00:00Z\" }]";
    let (compiled, diagnostics) = compile_files(&[&rule(text)]);
    let (pack, tests) = compiled.unwrap_or_else(|| panic!("{diagnostics:?}"));
    let failures = test::run(&pack, &tests);
    assert!(tests.len() == 4 && failures.is_empty(), "{failures:#?}");
}

#[test]
fn a_test_of_a_rule_that_looks_at_today_says_which_day_it_is() {
    let rule = |tests: &str| {
        rule(&format!("any = [{{ re = 'due (?P<due>\\S+)' }}]\nwhere = [\"due <= today + 14 days\"]\ntest = [{tests}]"))
    };
    let text = rule(
        "{ match = \"due 2026-03-29\", now = 2026-03-15 }, { no_match = \"due 2026-03-30\", now = 2026-03-15 }, \
         { no_match = \"due soon\", now = 2026-03-15 }",
    );
    let (compiled, diagnostics) = compile_files(&[&text]);
    let (pack, tests) = compiled.unwrap_or_else(|| panic!("{diagnostics:?}"));
    assert!(test::run(&pack, &tests).is_empty());
    assert_eq!(
        errors(&rule("{ match = \"due 2026-03-29\" }")),
        [("test-without-now".to_owned(), "a.toml:6".to_owned())]
    );
}

#[test]
fn the_digest_knows_what_is_compared_and_not_how_it_is_written() {
    let digest =
        |written: &str| pack(&[&rule(&format!("any = [{{ re = '(?P<n>x+)' }}]\nwhere = [\"{written}\"]"))]).digest();
    assert_eq!(digest("n > 5"), digest("n>5.0"));
    assert_eq!(digest("n < today + 2 weeks"), digest("n < today +14 days"));
    let all =
        ["n > 5", "n >= 5", "n > 6", "length(n) > 5", "n > today + 5 days", "n > today - 5 days", "n > 2026-01-01"];
    let digests: std::collections::BTreeSet<String> = all.map(|it| digest(it).to_string()).into_iter().collect();
    assert_eq!(digests.len(), all.len());
}

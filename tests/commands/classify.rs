//! `classify` and `explain`: without NATS, the same answers.

use crate::support::{World, run, run_with_input};
use serde_json::{Value, json};

/// Lines with the class that each has, or the reason why it has none.
const LINES: [(&str, Result<&str, &str>); 12] = [
    (r#"{"id":"1","channel":"test.main","text":"Grüße, Thursday works for me"}"#, Ok("scheduling_confirm")),
    (r#"{"id":"2","text":"nobody knows this"}"#, Err("unmatched")),
    (r#"{"id":"3","text":"my lawyer says it works for me"}"#, Err("restricted")),
    (r#"{"id":"4","text":"works for me, opening hours?"}"#, Err("conflict")),
    ("no JSON", Err("malformed")),
    (r#"{"id":"6","text":"works for me","text":"lawyer"}"#, Err("malformed")),
    (r#"{"id":"7"}"#, Err("malformed")),
    (r#"{"id":"8","text":7}"#, Err("unmatched")),
    ("[]", Err("malformed")),
    (r#"{"id":"10","text":"opening hours?","channel":"test.raw","sender":"ada"}"#, Ok("info_request")),
    (r#"{"id":"11","text":"wоrks for me"}"#, Err("uninspectable")),
    (r#"{"id":"12","text":"I can't; works for me"}"#, Err("unmatched")),
];

fn lines() -> Vec<u8> {
    let mut lines = LINES.map(|(line, _)| line).join("\n").into_bytes();
    lines.extend_from_slice(b"\n\xff\xfe not text\n");
    let long = json!({ "id": "14", "text": "works for me ".repeat(2_000) });
    lines.extend_from_slice(long.to_string().as_bytes());
    lines
}

fn expected() -> Vec<Result<&'static str, &'static str>> {
    LINES.iter().map(|(_, expected)| *expected).chain([Err("malformed"), Err("oversized")]).collect()
}

#[test]
fn with_rules_each_line_gets_a_verdict() {
    let world = World::offline();
    let ran = run_with_input(&["classify", "--rules", &world.rules_dir()], &lines()).exits(0);
    let answers = ran.json_lines();
    assert_eq!(answers.len(), expected().len(), "an answer for each line");
    for (number, (answer, expected)) in answers.iter().zip(expected()).enumerate() {
        let found = answer["class"].as_str().ok_or(answer["reason"].as_str().unwrap_or("none"));
        assert_eq!(found, expected, "line {}", number + 1);
        let keys: Vec<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys.len(), 4, "{keys:?}");
        assert!(["id", "class", "reason", "evidence"].iter().all(|key| keys.contains(key)), "{keys:?}");
    }
    assert_eq!(answers[0]["id"], "1");
    let text = "Grüße, Thursday works for me";
    let start = text.find("works").unwrap();
    let evidence = json!([{ "rule": "scheduling-confirm", "field": "text", "start": start, "end": text.len() }]);
    assert_eq!(answers[0]["evidence"], evidence, "byte offsets into the text as sent");
}

#[test]
fn with_a_configuration_each_line_gets_a_decision() {
    let world = World::offline();
    let ran = run_with_input(&["classify", "--config", &world.config()], &lines()).exits(0);
    let answers = ran.json_lines();
    assert_eq!(answers.len(), expected().len(), "a decision for each line");
    for (number, (answer, expected)) in answers.iter().zip(expected()).enumerate() {
        let decision = answer.get("decision").unwrap_or(answer);
        let verdict = &decision["verdict"];
        let found = verdict["class"].as_str().ok_or(verdict["reason"].as_str().unwrap_or("none"));
        assert_eq!(found, expected, "line {}", number + 1);
        let disposition = decision["disposition"].as_str().unwrap();
        let is_internal = expected == Ok("scheduling_confirm");
        assert_eq!(disposition, if is_internal { "handle" } else { "escalate" }, "line {}", number + 1);
        assert_eq!(decision["source"]["sequence"], number + 1);
        assert_eq!(decision["timings"], json!({ "queued_us": 0, "decided_us": 0 }), "no clock in it");
    }
}

#[test]
fn it_decides_at_the_time_that_it_is_told() {
    let world = World::offline();
    let line = br#"{"channel":"test.main","text":"works for me","sent_at":"2026-01-01T00:00:00Z"}"#;
    let at = |arguments: &[&str]| {
        let config = world.config();
        let mut all = vec!["classify", "--config", &config];
        all.extend(arguments);
        let value: Value = run_with_input(&all, line).exits(0).json();
        value.get("decision").unwrap_or(&value).clone()
    };
    assert_eq!(at(&[])["disposition"], "handle");
    assert_eq!(at(&[])["facts"]["now"], "2026-01-01T00:00:00Z", "without a time it is the message's own");
    let late = at(&["--now", "2026-01-03T00:00:00Z"]);
    assert_eq!((&late["disposition"], &late["reason"]), (&json!("escalate"), &json!("too_old")));
}

#[test]
fn it_reads_files_too_and_says_which_it_cannot() {
    let world = World::offline();
    world.write("lines.jsonl", lines());
    let file = world.path("lines.jsonl").to_string_lossy().into_owned();
    let from_file = run(&["classify", "--rules", &world.rules_dir(), &file]).exits(0);
    let from_input = run_with_input(&["classify", "--rules", &world.rules_dir()], &lines()).exits(0);
    assert_eq!(from_file.out, from_input.out);
    let ran = run(&["classify", "--rules", &world.rules_dir(), "/nowhere/lines"]).exits(1);
    assert!(ran.err.contains("/nowhere/lines"), "{}", ran.err);
}

#[test]
fn explain_agrees_with_classify() {
    let world = World::offline();
    let words = ["works for me", "my lawyer", "opening hours?", "this week's news", "I can't", "hello", "wоrks"];
    let texts = words.iter().flat_map(|a| words.map(|b| format!("{a} {b}"))).filter(|text| !text.is_empty());
    let texts: Vec<String> = texts.collect();
    let input: Vec<String> = texts.iter().map(|text| json!({ "text": text }).to_string()).collect();
    let verdicts =
        run_with_input(&["classify", "--rules", &world.rules_dir()], input.join("\n").as_bytes()).json_lines();
    let decisions =
        run_with_input(&["classify", "--config", &world.config()], input.join("\n").as_bytes()).json_lines();
    assert_eq!((verdicts.len(), decisions.len()), (texts.len(), texts.len()));
    for ((text, verdict), decision) in texts.iter().zip(&verdicts).zip(&decisions) {
        let explained = run(&["explain", "--format", "json", "--config", &world.config(), text]).exits(0).json();
        let trace = &explained["trace"]["Ok"];
        assert_eq!(trace["class"], verdict["class"], "{text}: {explained}");
        assert_eq!(trace["reason"], verdict["reason"], "{text}");
        let fired = |rules: &Value, is_fired: &dyn Fn(&Value) -> bool| -> Vec<String> {
            let rules = rules.as_array().unwrap().iter().filter(|rule| is_fired(rule));
            let mut rules: Vec<String> = rules.map(|rule| rule["rule"].as_str().unwrap().to_owned()).collect();
            rules.sort_unstable();
            rules.dedup();
            rules
        };
        let traced = fired(&trace["rules"], &|rule| rule["fired"] == true);
        assert_eq!(traced, fired(&verdict["evidence"], &|_| true), "{text}");
        let decision = decision.get("decision").unwrap_or(decision);
        assert_eq!(explained["gate"]["disposition"], decision["disposition"], "{text}");
        let steps = explained["gate"]["steps"].as_array().unwrap();
        let first = steps.iter().find(|step| step[1] == "holds").map(|step| step[0].clone());
        assert_eq!(first.as_ref(), decision.get("reason"), "{text}: the first step that holds is the reason");
    }
}

#[test]
fn explain_names_rules_spans_and_steps_for_people() {
    let world = World::offline();
    let ran =
        run(&["explain", "--config", &world.config(), "--channel", "test.main", "Thursday works for me"]).exits(0);
    for word in [
        "scheduling-confirm",
        "permits scheduling_confirm",
        "text 9..21 “works for me”",
        "policy.toml:9: level 2",
        "handle: label",
    ] {
        assert!(ran.out.contains(word), "`{word}` in {}", ran.out);
    }
    let ran = run(&["explain", "--config", &world.config(), "--channel", "test.main", "this week's news"]).exits(0);
    for word in ["no_grant           holds", "escalate: to `human`, because `no_grant`", "with a draft of `archive`"] {
        assert!(ran.out.contains(word), "`{word}` in {}", ran.out);
    }
    let ran = run(&["explain", "--rules", &world.rules_dir(), "my lawyer"]).exits(0);
    assert!(ran.out.contains("restricts: legal") && ran.out.contains("because `restricted`"), "{}", ran.out);
    assert!(!ran.out.contains("Gate"), "rules alone have no gate: {}", ran.out);
}

#[test]
fn a_rule_that_expired_is_gone_at_the_time_that_counts() {
    let rule = "[[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"yes\"]\nexpires = 2020-12-31\n";
    let world = World::offline().rules(rule);
    let dir = world.rules_dir();
    let lines = b"{\"text\":\"yes\",\"sent_at\":\"2020-12-31T23:00:00Z\"}\n{\"text\":\"yes\"}\n";
    let classes = |arguments: &[&str]| -> Vec<Value> {
        let arguments = [&["classify", "--rules", &dir], arguments].concat();
        run_with_input(&arguments, lines).exits(0).json_lines().iter().map(|it| it["class"].clone()).collect()
    };
    assert_eq!(classes(&[]), [json!("c"), Value::Null], "when it was sent, else now");
    assert_eq!(classes(&["--now", "2020-12-31T00:00:00Z"]), [json!("c"), json!("c")]);
    assert_eq!(classes(&["--now", "2021-01-01T00:00:00Z"]), [Value::Null, Value::Null]);
    let explain = |now: &str| {
        let arguments = ["explain", "--rules", &dir, "--format", "json", "--now", now, "yes"];
        run(&arguments).exits(0).json()["trace"]["Ok"]["class"].clone()
    };
    assert_eq!(explain("2020-12-31T00:00:00Z"), json!("c"));
    assert_eq!(explain("2021-01-01T00:00:00Z"), Value::Null);
}

/// Where one pattern is enough, the others are told all the same: also of a rule that does not fire.
#[test]
fn explain_shows_each_pattern_that_matched() {
    let rule = "[[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"hello\", { re = 'w[aeiou]rld \\d' }]\nnone = [\"bye\"]\n";
    let world = World::offline().rules(rule);
    let ran = run(&["explain", "--format", "json", "--rules", &world.rules_dir(), "hello, world 7, bye"]).exits(0);
    let told = &ran.json()["trace"]["Ok"]["rules"][0];
    let spans = told["conditions"][0]["spans"].as_array().unwrap();
    let seen: Vec<(&Value, &Value, &Value)> =
        spans.iter().map(|span| (&span["pattern"], &span["start"], &span["end"])).collect();
    assert_eq!(told["fired"], false, "{told}");
    assert_eq!(seen, [(&json!("hello"), &json!(0), &json!(5)), (&json!("w[aeiou]rld \\d"), &json!(7), &json!(14))]);
}

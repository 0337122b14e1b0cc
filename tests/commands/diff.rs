//! `diff`: which messages change their verdict between two folders of rules.

use crate::support::{Ran, World, run, run_with_input};
use serde_json::{Value, json};

const OLD: &str = r#"
[[rule]]
id = "confirm"
class = "confirm"
any = ["works for me"]

[[rule]]
id = "hours"
class = "question"
any = ["opening hours"]

[[rule]]
id = "thanks"
class = "thanks"
any = ["thank you"]
"#;

const NEW: &str = r#"
[[rule]]
id = "confirm"
class = "confirm"
any = ["works for me", "see you then"]

[[rule]]
id = "hours"
class = "info_request"
any = ["opening hours"]

[[rule]]
id = "thanks"
class = "thanks"
any = ["thank you"]

[[rule]]
id = "lawyer"
restrict = "legal"
any = ["lawyer"]
"#;

/// In the order in which a corpus has them, not in that in which they are shown.
const CORPUS: &str = r#"{"id":"1","text":"a lawyer, whom nobody knew"}
{"id":"2","text":"Thank you, says the lawyer"}
{"id":"3","text":"opening hours?"}
{"id":"4","text":"See you then!","channel":"slack.team"}

{"text":"see you then, Ana"}
{"id":"6","text":"works for me"}
no JSON
{"id":"8","text":"thank you"}
"#;

/// Old rules, new rules and a corpus, in a folder that vanishes.
struct Case {
    world: World,
}

impl Case {
    fn new(old: &str, new: &str, corpus: &str) -> Self {
        let world = World::offline();
        for (folder, rules) in [("old", old), ("new", new)] {
            std::fs::create_dir(world.path(folder)).unwrap();
            world.write(&format!("{folder}/rules.toml"), rules);
        }
        world.write("corpus.jsonl", corpus);
        Self { world }
    }

    fn run(&self, more: &[&str]) -> Ran {
        let [old, new, corpus] =
            ["old", "new", "corpus.jsonl"].map(|name| self.world.path(name).to_string_lossy().into_owned());
        let mut arguments = vec!["diff", &old, &new, "--corpus", &corpus];
        arguments.extend(more);
        run(&arguments)
    }
}

#[test]
fn what_changes_is_shown_newly_handled_first() {
    let ran = Case::new(OLD, NEW, CORPUS).run(&[]).exits(3);
    let shown: Vec<&str> = ran.out.lines().skip(1).collect();
    let expected = [
        "",
        "newly handled: 2",
        "  confirm (was unmatched): 2",
        "    4  “See you then!”  by confirm",
        "    #5  “see you then, Ana”  by confirm",
        "",
        "another class: 1",
        "  question → info_request: 1",
        "    3  “opening hours?”  by hours",
        "",
        "no longer handled: 1",
        "  thanks (now restricted): 1",
        "    2  “Thank you, says the lawyer”  by lawyer, thanks",
        "",
        "escalate either way, for another reason: 1; `--all` shows them",
        "",
        "8 messages read, 1 unreadable, 5 changed",
    ];
    assert_eq!(shown, expected);
    let all = Case::new(OLD, NEW, CORPUS).run(&["--all", "--show", "1"]).exits(3).out;
    assert!(all.contains("  unmatched → restricted: 1\n    1  “a lawyer, whom nobody knew”  by lawyer\n"), "{all}");
    assert!(all.contains("    … and 1 more\n") && !all.contains("Ana"), "{all}");
}

#[test]
fn programs_get_the_same_with_whole_texts() {
    let report = Case::new(OLD, NEW, CORPUS).run(&["--format", "json"]).exits(3).json();
    assert_eq!((&report["messages"], &report["unreadable"], &report["changed"]), (&json!(8), &json!(1), &json!(5)));
    assert_ne!(report["old"], report["new"]);
    let groups = report["groups"].as_array().unwrap();
    let directions: Vec<&Value> = groups.iter().map(|group| &group["direction"]).collect();
    assert_eq!(directions, ["newly_handled", "reclassified", "no_longer_handled", "other_reason"]);
    let sides = ["class_before", "reason_before", "class_after", "reason_after"];
    assert_eq!(
        sides.map(|side| &groups[0][side]),
        [&json!(null), &json!("unmatched"), &json!("confirm"), &json!(null)]
    );
    let example = json!({ "number": 4, "id": "4", "channel": "slack.team", "text": "See you then!",
        "rules_before": [], "rules_after": ["confirm"] });
    assert_eq!(groups[0]["examples"][0], example);
    assert_eq!(groups[3]["examples"], json!([]), "only counted");
    let all = Case::new(OLD, NEW, CORPUS).run(&["--format", "json", "--all"]).exits(3).json();
    assert_eq!(all["groups"][3]["examples"][0]["id"], "1");
}

#[test]
fn rules_that_decide_alike_do_not_differ() {
    let other_words = OLD.replace("[\"works for me\"]", "[{ re = '\\bworks for me\\b' }]");
    let case = Case::new(OLD, &other_words, CORPUS);
    let ran = case.run(&[]).exits(0);
    assert!(ran.out.ends_with("8 messages read, 1 unreadable, 0 changed\n"), "{}", ran.out);
    let report = case.run(&["--format", "json"]).exits(0).json();
    assert_eq!((&report["changed"], &report["groups"]), (&json!(0), &json!([])));
    assert_ne!(report["old"], report["new"], "these are other rules all the same");
}

#[test]
fn it_decides_at_the_time_of_the_message_or_as_told() {
    let expires = OLD.replace("id = \"confirm\"", "id = \"confirm\"\nexpires = 2026-06-01");
    let case = Case::new(OLD, &expires, r#"{"text":"works for me","sent_at":"2026-05-01T00:00:00Z"}"#);
    case.run(&[]).exits(0);
    case.run(&["--now", "2026-05-01T00:00:00Z"]).exits(0);
    let late = case.run(&["--now", "2026-07-01T00:00:00Z"]).exits(3);
    assert!(late.out.contains("confirm (now unmatched): 1"), "{}", late.out);
    assert!(late.out.contains("“works for me”  was by confirm"), "{}", late.out);
}

#[test]
fn what_cannot_be_compared_is_no_agreement() {
    let ran = Case::new(OLD, NEW, "\n").run(&[]).exits(1);
    assert!(ran.err.contains("nothing was compared"), "{}", ran.err);
    let ran = Case::new(OLD, "[[rule]]\nid = \"a\"\n", CORPUS).run(&[]).exits(78);
    assert!(ran.err.contains("/new/rules.toml"), "{}", ran.err);
    let case = Case::new(OLD, NEW, CORPUS);
    let rules = case.world.path("old").to_string_lossy().into_owned();
    let ran = run(&["diff", &rules, &rules, "--corpus", "/nowhere/corpus"]).exits(1);
    assert!(ran.err.contains("/nowhere/corpus"), "{}", ran.err);
    run(&["diff", &rules, &rules]).exits(2);
    let ran = run_with_input(&["diff", &rules, &rules, "--corpus", "-"], CORPUS.as_bytes()).exits(0);
    assert!(ran.out.contains("8 messages read"), "{}", ran.out);
}

#[test]
fn texts_steer_no_terminal() {
    let evil = "\u{1b}[2J\u{9b}31m\r\u{202e}";
    // What hides its direction in the text has no class.
    let text = format!("see you then {}", evil.trim_end_matches('\u{202e}'));
    let corpus = json!({ "id": evil, "text": text }).to_string();
    let case = Case::new(OLD, NEW, &corpus);
    for more in [&[][..], &["--format", "json"]] {
        let out = case.run(more).exits(3).out;
        let is_wrong = |c: &char| c.is_control() && *c != '\n' || ('\u{202a}'..='\u{202e}').contains(c);
        assert_eq!(out.chars().find(is_wrong), None, "{out:?}");
    }
    let report = case.run(&["--format", "json"]).json();
    assert_eq!(report["groups"][0]["examples"][0]["id"], evil, "escaped, it is the same text");
}

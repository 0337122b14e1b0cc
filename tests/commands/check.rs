//! `check`, `test`, `setup`, `inspect`, usage and help.

use crate::support::{World, run, run_with_input};
use serde_json::Value;

const TEN_MISTAKES: [(&str, &str, usize, &str); 10] = [
    ("decile.toml", "unknown-key", 12, "message_bytes_maxx"),
    ("decile.toml", "bad-address", 9, "everywhere"),
    ("channels.toml", "unknown-key", 5, "subjekt"),
    ("channels.toml", "bad-channel", 9, "nodot"),
    ("channels.toml", "bad-subject", 14, "a..b"),
    ("policy.toml", "no-such-level", 2, "level 4"),
    ("policy.toml", "unknown-desk", 6, "nobody"),
    ("policy.toml", "irreversible", 10, "wire_money"),
    ("rules.toml", "", 2, "x y"),
    ("rules.toml", "", 9, "classs"),
];

fn world_with_ten_mistakes() -> World {
    World::offline()
        .listen("everywhere")
        .more("[limits]\nmessage_bytes_maxx = 5\n")
        .channels(
            "[[source]]\nstream = \"IN\"\n[[source.channel]]\nname = \"a.b\"\nsubjekt = \"a.b\"\nsubject = \"a.b\"\n\n\
             [[source.channel]]\nname = \"nodot\"\nsubject = \"c\"\n\n[[source.channel]]\nname = \"a.c\"\nsubject = \"a..b\"\n",
        )
        .policy(
            "[defaults]\nlevel = 4\n\n[[class]]\nname = \"c\"\ndesk = \"nobody\"\n\n\
             [[class]]\nname = \"d\"\nlevel = 2\naction = { type = \"wire_money\" }\n",
        )
        .rules(
            "[[rule]]\nid = \"x y\"\nclass = \"c\"\nany = [\"a\"]\n\n[[rule]]\nid = \"d\"\nclass = \"d\"\nclasss = \"d\"\nany = [\"b\"]\n",
        )
}

#[test]
fn ten_mistakes_in_four_files_are_told_at_once() {
    let world = world_with_ten_mistakes();
    let found = run(&["check", "--format", "json", "--config", &world.config()]).exits(3).json();
    let found: Vec<&Value> = found.as_array().unwrap().iter().filter(|it| it["severity"] == "error").collect();
    for (file, code, line, word) in TEN_MISTAKES {
        let is_it = |it: &&&Value| {
            it["file"].as_str().is_some_and(|name| name.ends_with(file))
                && it["message"].as_str().unwrap().contains(word)
        };
        let Some(it) = found.iter().find(is_it) else { panic!("nothing of `{word}` in {file}: {found:#?}") };
        assert!(code.is_empty() || it["code"] == code, "{word}: {it}");
        assert!(it["column"].as_u64().unwrap() >= 1, "{it}");
        assert!(!it["help"].as_str().unwrap().is_empty(), "it says what to do: {it}");
        if !["decile.toml"].contains(&file) && line > 0 {
            let at = it["line"].as_u64().unwrap();
            assert!(at.abs_diff(line as u64) <= 1, "{word} is in line {line}: {it}");
        }
    }
}

#[test]
fn people_get_file_line_column_and_advice_for_each() {
    let world = world_with_ten_mistakes();
    let ran = run(&["check", "--config", &world.config()]).exits(3);
    for (file, _, _, word) in TEN_MISTAKES {
        assert!(ran.out.contains(word), "{word}");
        let place = regex::Regex::new(&format!(r"{}:\d+:\d+", file.replace('.', r"\."))).unwrap();
        assert!(place.is_match(&ran.out), "a line and column of {file} in {}", ran.out);
    }
    assert!(ran.out.matches("help:").count() >= TEN_MISTAKES.len(), "{}", ran.out);
    assert!(ran.out.trim_end().lines().last().unwrap().contains("error(s)"), "{}", ran.out);
}

#[test]
fn what_is_fine_passes_and_strict_counts_warnings() {
    let world = World::offline();
    let ran = run(&["check", "--config", &world.config()]).exits(0);
    assert!(
        ran.out.contains("0 error(s)") && ran.out.contains("4 rules, 3 classes, 1 restrictions, 5 channels"),
        "{}",
        ran.out
    );
    let open = world.listen("0.0.0.0:9464");
    let ran = run(&["check", "--config", &open.config()]).exits(0);
    assert!(ran.out.contains("can be reached from other hosts"), "{}", ran.out);
    run(&["check", "--strict", "--config", &open.config()]).exits(3);
}

#[test]
fn the_tests_beside_the_rules_run_and_fail() {
    let world = World::offline();
    let ran = run(&["test", "--config", &world.config()]).exits(0);
    assert!(ran.out.contains("2 passed, 0 failed"), "{}", ran.out);
    let rule = |tests: &str| format!("[[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"yes\"]\n{tests}\n");
    let world = world.rules(&rule("test = [{ match = \"yes\" }, { match = \"no\" }, { no_match = \"oh yes\" }]"));
    let ran = run(&["test", "--rules", &world.rules_dir()]).exits(3);
    assert!(ran.out.contains("1 passed, 2 failed"), "{}", ran.out);
    assert!(
        ran.out.contains("`a` must fire on “no”") && ran.out.contains("`a` must not fire on “oh yes”"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("rules.toml:5"), "it says where the test stands: {}", ran.out);
    let json = run(&["test", "--format", "json", "--rules", &world.rules_dir()]).exits(3).json();
    assert_eq!((json["tests"].as_u64(), json["failures"].as_array().map(Vec::len)), (Some(3), Some(2)));
    let world = world.rules(&rule(""));
    run(&["test", "--rules", &world.rules_dir()]).exits(3);
    let world = world.rules(&rule("tests = 5"));
    let ran = run(&["test", "--rules", &world.rules_dir()]).exits(78);
    assert!(ran.err.contains("`tests`"), "{}", ran.err);
}

#[test]
fn a_folder_of_cases_runs_and_fails() {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/cases");
    let ran = run(&["test", "--cases", shipped]).exits(0);
    assert!(ran.out.contains(" passed, 0 failed"), "{}", ran.out);
    let world = World::offline();
    let cases = |text: &str| {
        let rules = "rules = '''\n[[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"yes\"]\n'''\n";
        world.write("rules/rules.toml", format!("{rules}{text}"));
        run(&["test", "--cases", &world.rules_dir()])
    };
    let case = |expected: &str| format!("[[case]]\nwhy = \"it shows\"\ntext = \"oh yes\"\n{expected}\n");
    let ran = cases(&case("class = \"c\"\nspans = [\"a text 3..6\"]")).exits(0);
    assert!(ran.out.contains("1 passed, 0 failed"), "{}", ran.out);
    let ran = cases(&case("reason = \"unmatched\"\nevidence = [[\"a\", \"text\", \"oh\"]]")).exits(3);
    assert!(ran.out.contains("rules.toml:7") && ran.out.contains("it shows"), "where, and which: {}", ran.out);
    assert!(ran.out.contains("should be Err(Unmatched)") && ran.out.contains("\"oh\""), "all of it: {}", ran.out);
    for (text, wrong) in [
        (String::new(), "no case"),
        (case(""), "a `class` or a `reason`"),
        (case("reason = \"unmatcht\""), "did you mean `unmatched`?"),
        (case("clas = \"c\""), "`clas`"),
        (case("class = \"c\"\nevidence = [[\"a\"]]"), "evidence is a rule, a field"),
    ] {
        let ran = cases(&text).exits(78);
        assert!(ran.err.contains(wrong), "{wrong}: {}", ran.err);
    }
    let ran = run(&["test", "--cases", &world.path("nowhere").to_string_lossy()]).exits(78);
    assert!(ran.err.contains("cannot read the folder"), "{}", ran.err);
}

#[test]
fn rules_that_must_not_load_are_cases_too() {
    let world = World::offline();
    let refused = |phrase: &str, code: &str| {
        let rules = format!("[[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"{phrase}\"]\n");
        let text = format!("[[refused]]\nwhy = \"it shows\"\nrules = '''\n{rules}'''\ncode = \"{code}\"\n");
        world.write("rules/rules.toml", text);
        run(&["test", "--cases", &world.rules_dir()])
    };
    refused("{nobody}", "unknown-list").exits(0);
    let ran = refused("{nobody}", "bad-regex").exits(3);
    assert!(ran.out.contains("unknown-list"), "{}", ran.out);
    let ran = refused("somebody", "unknown-list").exits(3);
    assert!(ran.out.contains("that the rules load is true"), "{}", ran.out);
}

#[test]
fn setup_prints_and_changes_nothing() {
    let world = World::offline();
    let ran = run(&["setup", "--config", &world.config()]).exits(0);
    for word in [
        "stream `DECILE`: subjects decile.>",
        "discard New",
        "stream `IN`",
        "consumer `decile`",
        "consumer `execute-test=2Emain`: pull, explicit ack, filters decile.action.*.test.main.> decile.approved.*.test.main.>",
        "in.main.>",
        "--apply",
    ] {
        assert!(ran.out.contains(word), "`{word}` in {}", ran.out);
    }
    let json = run(&["setup", "--format", "json", "--config", &world.config()]).exits(0).json();
    assert_eq!(json["decisions"]["discard"], "new");
    assert_eq!((&json["decisions"]["deny_delete"], &json["decisions"]["deny_purge"]), (&true.into(), &true.into()));
    assert_eq!(json["decisions"]["allow_msg_ttl"], true);
    assert!(json["decisions"].get("max_age").is_none_or(|age| age == 0), "no max_age: {json}");
    assert!(json["decisions"].get("allow_rollup_hdrs").is_none_or(|it| it == false), "no rollups: {json}");
    assert_eq!(json["sources"][0]["consumer"]["ack_policy"], "explicit");
}

#[test]
fn inspect_says_what_is_taken_and_from_where() {
    let payload = br#"{"type":"event_callback","event":{"type":"message","user":"U1","text":"a &amp; b","ts":"1772442900.0002"}}"#;
    let arguments = ["inspect", "--preset", "slack-events"];
    let ran = run_with_input(&arguments, payload).exits(0);
    for word in ["text", "a & b", "/event/text", "sender", "U1", "/event/user", "origin"] {
        assert!(ran.out.contains(word), "`{word}` in {}", ran.out);
    }
    let json = run_with_input(&["inspect", "--preset", "slack-events", "--format", "json"], payload).exits(0).json();
    let text = json["fields"].as_array().unwrap().iter().find(|it| it["field"] == "text").unwrap();
    assert_eq!((&text["value"], &text["source"]), (&"a & b".into(), &"/event/text".into()));
    let ran = run_with_input(&arguments, b"{\"type\":\"url_verification\"}").exits(3);
    assert!(ran.out.contains("escalates as `malformed`") && ran.out.contains("not `event_callback`"), "{}", ran.out);
    let world = World::offline();
    let ran = run_with_input(&["inspect", "--config", &world.config(), "--channel", "test.nowhere"], payload).exits(2);
    assert!(ran.err.contains("no channel `test.nowhere`") && ran.err.contains("test.main"), "{}", ran.err);
    let ran = run_with_input(&["inspect", "--config", &world.config(), "--channel", "test.raw"], b"hello").exits(0);
    assert!(ran.out.contains("hello") && ran.out.contains("the payload"), "{}", ran.out);
}

const COMMANDS: [&str; 15] = [
    "demo", "execute", "run", "setup", "check", "test", "classify", "explain", "diff", "compile", "fmt", "inspect",
    "log", "show", "replay",
];

#[test]
fn every_command_has_help_with_an_example() {
    let help = run(&["--help"]).exits(0).out;
    let listed =
        help.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1).take_while(|line| !line.is_empty());
    let listed: Vec<&str> =
        listed.filter_map(|line| line.split_whitespace().next()).filter(|it| *it != "help").collect();
    for command in COMMANDS {
        assert!(listed.contains(&command), "`{command}` in {listed:?}");
    }
    for command in listed {
        let long = run(&[command, "--help"]).exits(0).out;
        // A command of commands has its examples with each of them.
        let has_example = long.contains(&format!("decile {command}")) && long.contains("Example:");
        assert!(has_example || long.contains("Commands:"), "an example in {long}");
    }
}

#[test]
fn usage_is_2_and_a_configuration_that_cannot_be_used_is_78() {
    for arguments in [
        &["fly"][..],
        &["check", "--no-such-flag"],
        &["classify", "--rules", "a", "--config", "b"],
        &["show"],
        &["log", "--reason", "because"],
        &["log", "--disposition", "maybe"],
        &["inspect"],
        &["replay", "--all", "4f"],
    ] {
        let ran = run(arguments).exits(2);
        assert!(!ran.err.is_empty(), "{arguments:?} says why");
    }
    let reason = run(&["log", "--reason", "because"]);
    assert!(reason.err.contains("no_grant"), "it says which there are: {}", reason.err);
    for command in ["run", "setup", "test", "classify", "log", "replay"] {
        let mut arguments = vec![command, "--config", "/nowhere/decile.toml"];
        arguments.extend((command == "replay").then_some("--all"));
        let ran = run(&arguments).exits(78);
        assert!(ran.err.contains("/nowhere/decile.toml"), "{command} names the file: {}", ran.err);
    }
    run(&["check", "--config", "/nowhere/decile.toml"]).exits(3);
}

#[test]
fn lints_have_a_level_and_are_listed() {
    let listed = run(&["check", "--lints", "--format", "json"]).exits(0).json();
    let listed = listed.as_array().unwrap();
    for lint in listed {
        assert!(["note", "warning", "error"].contains(&lint["level"].as_str().unwrap()), "{lint}");
        assert!(["code", "meaning", "help"].iter().all(|key| !lint[*key].as_str().unwrap().is_empty()), "{lint}");
    }
    let text = run(&["check", "--lints", "--config", "/nowhere"]).exits(0).out;
    assert!(listed.iter().all(|lint| text.contains(lint["code"].as_str().unwrap())), "{text}");
    let world = World::offline();
    let found = run(&["check", "--format", "json", "--config", &world.config()]).exits(0).json();
    let of = |code: &str| found.as_array().unwrap().iter().find(|it| it["code"] == code).cloned().unwrap_or_default();
    assert_eq!(of("no-match-test")["severity"], "warning");
}

#[test]
fn notes_are_counted_and_shown_on_request() {
    let rule = "[[rule]]\nid = \"a\"\nclass = \"scheduling_confirm\"\nany = [{ re = '\\d{4}' }]\nallow = [\"no-match-test\", \"no-no-match-test\"]\n";
    let world = World::offline().policy("").rules(rule);
    let check = |arguments: &[&str]| run(&[&["check", "--strict", "--config", &world.config()], arguments].concat());
    let quiet = check(&[]).exits(0).out;
    assert!(quiet.contains("0 warning(s), 1 note(s) (`--notes`)") && !quiet.contains("slow-regex"), "{quiet}");
    assert!(check(&["--notes"]).exits(0).out.contains("note[slow-regex]"));
    let json = check(&["--format", "json"]).exits(0).json();
    assert_eq!((&json[0]["code"], &json[0]["severity"]), (&"slow-regex".into(), &"note".into()));
}

#[test]
fn a_corpus_shows_which_rules_never_fire() {
    let world = World::offline();
    let corpus = "{\"text\":\"works for me\"}\n{\"text\":\"opening hours\"}\nno JSON\n{\"text\":\"LAWYER\"}\n\n";
    world.write("corpus.jsonl", corpus);
    let file = world.path("corpus.jsonl").to_string_lossy().into_owned();
    let ran = run(&["check", "--format", "json", "--corpus", &file, "--config", &world.config()]).exits(0);
    assert!(ran.err.contains("3 message(s) read, 1 line(s) unreadable"), "{}", ran.err);
    let found = ran.json();
    let never: Vec<&Value> = found.as_array().unwrap().iter().filter(|it| it["code"] == "never-fires").collect();
    assert_eq!(never.len(), 1, "{found}");
    assert!(never[0]["message"].as_str().unwrap().contains("`news`") && never[0]["line"] == 20, "{found}");
    run(&["check", "--corpus", "/nowhere.jsonl", "--config", &world.config()]).exits(1);
}

#[test]
fn a_rule_expires_as_of_the_time_that_is_given() {
    let rule = "[[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"yes\"]\nexpires = 2020-12-31\n";
    let world = World::offline().policy("").rules(rule);
    let codes = |now: &str| -> Vec<String> {
        let found = run(&["check", "--format", "json", "--now", now, "--config", &world.config()]).exits(0).json();
        let codes = found.as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap().to_owned());
        codes.filter(|code| code.starts_with("expire")).collect()
    };
    assert_eq!(codes("2020-01-01T00:00:00Z"), [""; 0]);
    assert_eq!(codes("2020-12-30T00:00:00Z"), ["expires-soon"]);
    assert_eq!(codes("2021-01-01T00:00:00Z"), ["expired"]);
}

/// A pack that could take longer than its share is refused by whatever would decide by it, with the rules that cost most.
#[test]
fn rules_beyond_their_share_are_refused() {
    let rules = "[[rule]]\nid = \"dear\"\nrestrict = \"r\"\nany = [{ re = '[ab].{0,30}[bc].{0,30}[cd].{0,30}x' }]\n\n\
                 [[rule]]\nid = \"cheap\"\nrestrict = \"r\"\nany = [\"thanks\"]\n";
    let world = World::offline().policy("[defaults]\nlevel = 1\n").rules(rules);
    let found = run(&["check", "--format", "json", "--config", &world.config()]).exits(3).json();
    let refused = found.as_array().unwrap().iter().find(|it| it["code"] == "pack-over-budget");
    let refused = refused.unwrap_or_else(|| panic!("{found}"));
    assert_eq!(refused["severity"], "error");
    assert!(refused["message"].as_str().unwrap().contains("50 ms"), "{refused}");
    assert!(refused["help"].as_str().unwrap().contains("`dear`"), "{refused}");
    let ran = run(&["run", "--config", &world.config()]).exits(78);
    assert!(ran.err.contains("pack-over-budget") || ran.err.contains("ms are its share"), "{}", ran.err);
    // A shorter message takes less, and so does a faster machine.
    let world =
        World::offline().policy("[defaults]\nlevel = 1\n").rules(rules).more("[limits]\nmessage_bytes_max = 64\n");
    let out = run(&["check", "--config", &world.config()]).exits(0).out;
    assert!(out.contains("dearest rules: dear "), "{out}");
}

#[test]
fn a_command_whose_output_nobody_reads_ends_without_a_word() {
    let world = World::offline();
    for arguments in [&["check"][..], &["permissions", "--format", "nats-conf"], &["setup"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = crate::support::decile();
        command.args(arguments).args(["--config", &world.config()]).stdout(writer);
        let output = command.stderr(std::process::Stdio::piped()).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(!err.contains("panicked"), "{arguments:?}: {err}");
    }
}

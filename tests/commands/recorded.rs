//! `log`, `show` and `replay`: what was decided, read back from a real server.

use crate::support::{Broker, Daemon, Ran, World, run};
use decile::bus::private::PrivateServer;
use serde_json::{Value, json};

struct Recorded {
    _server: PrivateServer,
    world: World,
    _daemon: Daemon,
}

/// Six decisions of each kind of outcome.
async fn recorded() -> Recorded {
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server);
    world.write("sender.key", [3; 32]);
    let world = world.more("[privacy]\nsender_key_file = \"sender.key\"\n");
    let daemon = Daemon::ready(&world).await;
    let broker = Broker::on(&server).await;
    for text in ["Thursday works for me", "this week's news", "my lawyer", "nobody knows"] {
        let message = json!({ "text": text, "sender": "ada", "subject": "s", "thread": "t", "id": text });
        broker.publish("in.main.x", message.to_string()).await;
    }
    broker.publish("in.direct", "{\"text\":\"hello there\"}").await;
    broker.publish_with("in.raw", &[("X-A", "b")], "Friday works for me").await;
    broker.publish("in.main.x", "no JSON").await;
    broker.committed(7).await;
    Recorded { _server: server, world, _daemon: daemon }
}

impl Recorded {
    fn run(&self, arguments: &[&str]) -> Ran {
        let config = self.world.config();
        let mut all = vec![arguments[0], "--config", &config];
        all.extend(&arguments[1..]);
        run(&all)
    }

    /// What `log` lists, as JSON: the reason of each, or its disposition.
    fn log(&self, filter: &[&str]) -> Vec<String> {
        let mut all = vec!["log", "--format", "json"];
        all.extend(filter);
        self.run(&all).exits(0).json_lines().iter().map(outcome).collect()
    }

    fn id_of(&self, reason: &str) -> String {
        let listed = self.run(&["log", "--format", "json"]).exits(0).json_lines();
        let found = listed.iter().find(|record| outcome(record) == reason).unwrap();
        decision(found)["id"].as_str().unwrap().to_owned()
    }
}

fn decision(record: &Value) -> &Value {
    record.get("decision").unwrap_or(record)
}

fn outcome(record: &Value) -> String {
    let decision = decision(record);
    decision["reason"].as_str().or(decision["disposition"].as_str()).unwrap().to_owned()
}

#[tokio::test]
async fn log_lists_and_filters() {
    let recorded = recorded().await;
    let all = ["handle", "no_grant", "restricted", "unmatched", "direct", "handle", "malformed"];
    assert_eq!(recorded.log(&[]), all, "oldest first");
    assert_eq!(recorded.log(&["--disposition", "handle"]), ["handle", "handle"]);
    assert_eq!(recorded.log(&["--disposition", "pass"]), ["direct"]);
    assert_eq!(recorded.log(&["--reason", "restricted"]), ["restricted"]);
    assert_eq!(recorded.log(&["--class", "newsletter"]), ["no_grant"]);
    assert_eq!(recorded.log(&["--channel", "test.raw"]), ["handle"]);
    assert_eq!(recorded.log(&["--channel", "test.main", "--disposition", "handle"]), ["handle"]);
    assert_eq!(recorded.log(&["--limit", "2"]), ["handle", "malformed"], "the last two");
    assert_eq!(recorded.log(&["--since", "1h"]).len(), 7);
    for nothing in [&["--class", "nothing"][..], &["--since", "2099-01-01T00:00:00Z"], &["--reason", "halted"]] {
        let mut arguments = vec!["log"];
        arguments.extend(nothing);
        assert_eq!(recorded.run(&arguments).exits(3).out, "", "{nothing:?}");
    }
    let text = recorded.run(&["log"]).exits(0).out;
    assert_eq!(text.lines().count(), 7);
    let first = text.lines().next().unwrap();
    for word in ["handle", "test.main", "scheduling_confirm", "label (policy.toml:9)"] {
        assert!(first.contains(word), "`{word}` in {first}");
    }
    assert!(!first.contains("Thursday"), "a handled decision has no text to show");
}

#[tokio::test]
async fn show_shows_one_decision_as_its_reader_gets_it() {
    let recorded = recorded().await;
    let id = recorded.id_of("restricted");
    let shown = recorded.run(&["show", &id]).exits(0).out;
    for word in [
        &id,
        "restricted",
        "test.main",
        "counsel",
        "my lawyer",
        "ada",
        "legal-lawyer",
        "“lawyer”",
        "a restricting rule fired",
    ] {
        assert!(shown.contains(word), "`{word}` in {shown}");
    }
    assert!(shown.contains("Thursday works for me"), "what the thread said before: {shown}");
    let short = recorded.run(&["show", &id[..16], "--format", "json"]).exits(0).json();
    assert_eq!(short["decision"]["id"], id, "the beginning of an id is enough");
    let shown = recorded.run(&["show", &recorded.id_of("malformed")]).exits(0).out;
    assert!(shown.contains("no JSON") && shown.contains("not_json"), "{shown}");
    let unknown = recorded.run(&["show", "ffffffffffff"]).exits(3);
    assert!(unknown.err.contains("no decision has the id `ffffffffffff`"), "{}", unknown.err);
    let several = recorded.run(&["show", ""]).exits(2);
    assert!(several.err.contains("several ids"), "{}", several.err);
}

#[tokio::test]
async fn replay_recomputes_the_same_bytes() {
    let recorded = recorded().await;
    for reason in ["handle", "no_grant", "restricted", "unmatched", "direct", "malformed"] {
        let id = recorded.id_of(reason);
        let ran = recorded.run(&["replay", &id]).exits(0);
        assert_eq!(ran.out, format!("{id}: the same bytes\n"), "{reason}");
    }
    let ran = recorded.run(&["replay", "--all"]).exits(0);
    assert_eq!(ran.out, "7 of 7 decisions recomputed to the same bytes\n");
    let unknown = recorded.run(&["replay", "ffffffffffff"]).exits(3);
    assert!(unknown.err.contains("no decision"), "{}", unknown.err);
}

#[tokio::test]
async fn replay_says_which_files_have_changed() {
    let recorded = recorded().await;
    let id = recorded.id_of("handle");
    let rules = crate::support::world::RULES;
    recorded.world.write(
        "rules/rules.toml",
        rules.replace("\"works for me\"", "\"works for us\"").replace("Thursday works for me", "works for us"),
    );
    let ran = recorded.run(&["replay", &id]).exits(3);
    assert!(ran.out.contains(&format!("{id}: decided under other rules;")), "{}", ran.out);
    let ran = recorded.run(&["replay", "--all"]).exits(3);
    assert!(ran.out.ends_with("0 of 7 decisions recomputed to the same bytes\n"), "{}", ran.out);
    recorded.world.write("rules/rules.toml", rules);
    recorded.world.write("policy.toml", crate::support::world::POLICY.replace("level = 3", "level = 2"));
    let ran = recorded.run(&["replay", &id]).exits(3);
    assert!(ran.out.contains("decided under other policy;"), "{}", ran.out);
    recorded.world.write("policy.toml", crate::support::world::POLICY);
    recorded.run(&["replay", &id]).exits(0);
}

#[tokio::test]
async fn a_saved_case_replays_anywhere_offline() {
    let recorded = recorded().await;
    let case = recorded.world.path("case.json").to_string_lossy().into_owned();
    let id = recorded.id_of("no_grant");
    recorded.run(&["replay", &id, "--save", &case]).exits(0);

    let elsewhere = World::offline();
    let config = elsewhere.config();
    let ran = run(&["replay", "--from", &case, "--config", &config]).exits(0);
    assert_eq!(ran.out, format!("{id}: the same bytes, but for the sender's hash: its key is not here\n"));
    elsewhere.write("sender.key", [3; 32]);
    let elsewhere = elsewhere.more("[privacy]\nsender_key_file = \"sender.key\"\n");
    let ran = run(&["replay", "--from", &case, "--config", &config]).exits(0);
    assert_eq!(ran.out, format!("{id}: the same bytes\n"), "with the key everything is compared");

    let text = std::fs::read_to_string(&case).unwrap();
    let mut forged: Value = serde_json::from_str(&text).unwrap();
    let mut record: Value = serde_json::from_str(forged["record"].as_str().unwrap()).unwrap();
    record["decision"]["verdict"]["class"] = json!("scheduling_confirm");
    forged["record"] = json!(record.to_string());
    elsewhere.write("forged.json", forged.to_string());
    let forged = elsewhere.path("forged.json").to_string_lossy().into_owned();
    let ran = run(&["replay", "--from", &forged, "--config", &config]).exits(3);
    assert!(ran.out.contains("differs") && ran.out.contains("recomputed"), "{}", ran.out);
}

#[tokio::test]
async fn a_message_that_is_gone_cannot_be_replayed() {
    let recorded = recorded().await;
    let id = recorded.id_of("restricted");
    let broker = Broker::on(&recorded._server).await;
    broker.jetstream.get_stream("IN").await.unwrap().purge().await.unwrap();
    let ran = recorded.run(&["replay", &id]).exits(3);
    assert!(ran.out.contains("the message is no longer in its stream"), "{}", ran.out);
}

#[tokio::test]
async fn a_survey_looks_at_what_was_decided_on_and_is_still_kept() {
    let recorded = recorded().await;
    let surface = recorded.run(&["survey", "--from-stream", "--format", "json"]).exits(0).json();
    assert_eq!(surface["messages"], 7);
    assert_eq!(surface["without_class"], json!({ "malformed": 1, "restricted": 1, "direct": 1, "unmatched": 1 }));
    let classes: Vec<(&Value, &Value)> =
        surface["classes"].as_array().unwrap().iter().map(|it| (&it["class"], &it["messages"])).collect();
    assert_eq!(classes, [(&json!("scheduling_confirm"), &json!(2)), (&json!("newsletter"), &json!(1))]);
    let newest = recorded.run(&["survey", "--from-stream", "--messages-max", "2", "--format", "json"]).exits(0).json();
    assert_eq!(newest["messages"], 2);
    recorded.run(&["survey", "--from-stream", "--messages-max", "0"]).exits(2);
    let broker = Broker::on(&recorded._server).await;
    broker.jetstream.get_stream("IN").await.unwrap().delete_message(1).await.unwrap();
    let ran = recorded.run(&["survey", "--from-stream", "--format", "json"]).exits(0);
    assert!(ran.err.contains("1 of 7 messages are no longer in their streams"), "{}", ran.err);
    assert_eq!(ran.json()["messages"], 6);
}

#[tokio::test]
async fn setup_makes_what_is_missing_and_leaves_what_is_there() {
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server);
    let made = |ran: &Ran| -> Vec<String> { ran.out.lines().map(str::to_owned).collect() };
    let first = run(&["setup", "--apply", "--config", &world.config()]).exits(0);
    let executors = |outcome: &str| {
        ["execute-test=2Emain", "execute-test=2Eraw", "execute-test=2Email", "execute-test=2Eevents"]
            .iter()
            .chain(&["notify-counsel", "notify-human"])
            .map(|name| format!("consumer `{name}` on `DECILE`: {outcome}"))
            .collect::<Vec<_>>()
    };
    let source = [
        "stream `DECILE`: made",
        "consumer `rulings` on `DECILE`: made",
        "stream `IN`: made",
        "consumer `decile` on `IN`: made",
        "stream `DECILE_ADVISORIES`: made",
        "consumer `advisories` on `DECILE_ADVISORIES`: made",
    ];
    assert_eq!(made(&first), [source.map(str::to_owned).to_vec(), executors("made")].concat());
    let second = run(&["setup", "--apply", "--config", &world.config()]).exits(0);
    let again = [
        "stream `DECILE`: left as it is",
        "consumer `rulings` on `DECILE`: brought up to date",
        "stream `IN`: left as it is",
        "consumer `decile` on `IN`: brought up to date",
        "stream `DECILE_ADVISORIES`: left as it is",
        "consumer `advisories` on `DECILE_ADVISORIES`: brought up to date",
    ];
    assert_eq!(made(&second), [again.map(str::to_owned).to_vec(), executors("brought up to date")].concat());
    let decisions =
        Broker::on(&server).await.jetstream.get_stream("DECILE").await.unwrap().cached_info().config.clone();
    assert!(decisions.deny_delete && decisions.deny_purge && decisions.allow_message_ttl && !decisions.allow_rollup);
    assert_eq!(decisions.max_age, std::time::Duration::ZERO, "retention is by kind, not by the stream's age");
}

#[tokio::test]
async fn setup_corrects_what_voids_a_promise_and_keeps_the_rest() {
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server);
    run(&["setup", "--apply", "--config", &world.config()]).exits(0);
    let jetstream = Broker::on(&server).await.jetstream;
    let config = || async { jetstream.get_stream("DECILE").await.unwrap().cached_info().config.clone() };
    let mut theirs = config().await;
    theirs.subjects.push("audit.>".to_owned());
    theirs.max_bytes = 99_999_999;
    theirs.max_age = std::time::Duration::from_secs(3_600);
    theirs.duplicate_window = std::time::Duration::from_secs(600);
    jetstream.update_stream(theirs.clone()).await.unwrap();

    let ran = run(&["setup", "--apply", "--config", &world.config()]).exits(0);
    assert!(ran.out.contains("stream `DECILE`: brought up to date"), "{}", ran.out);
    let corrected = config().await;
    assert_eq!(corrected.max_age, std::time::Duration::ZERO, "records would vanish after an hour");
    assert_eq!((corrected.subjects, corrected.max_bytes), (theirs.subjects, theirs.max_bytes));
    assert_eq!(corrected.duplicate_window, theirs.duplicate_window);
}

#[tokio::test]
async fn a_forged_record_is_no_decision_and_steers_no_terminal() {
    let recorded = recorded().await;
    let broker = Broker::on(&recorded._server).await;
    let id = recorded.id_of("no_grant");
    let genuine = recorded.run(&["show", &id, "--format", "json"]).exits(0).out;
    let elsewhere = "decile.handled.thanks.in.main";
    broker.jetstream.publish(elsewhere, genuine.clone().into()).await.unwrap().await.unwrap();
    let listed = recorded.run(&["log", "--format", "json"]).exits(0).out;
    assert_eq!(listed.matches(&id).count(), 1, "the copy on another subject is no decision: {listed}");

    let mut forged: Value = serde_json::from_str(&genuine).unwrap();
    let new_id = "0123456789abcdef0123456789abcdef";
    forged["decision"]["id"] = json!(new_id);
    forged["decision"]["policy"]["line"] = json!("\u{1b}]0;owned\u{7}\u{1b}[2J");
    forged["why"] = json!("\u{1b}[31mred");
    let desk = forged["decision"]["desk"].as_str().unwrap().to_owned();
    let channel = forged["decision"]["channel"].as_str().unwrap().to_owned();
    let subject = format!("decile.escalated.{desk}.{channel}");
    broker.jetstream.publish(subject, forged.to_string().into()).await.unwrap().await.unwrap();
    for shown in [recorded.run(&["log"]).exits(0).out, recorded.run(&["show", new_id]).exits(0).out] {
        assert!(!shown.contains('\u{1b}') && !shown.contains('\u{7}'), "{shown:?}");
    }
}

#[tokio::test]
async fn log_follows_what_is_committed() {
    use std::io::{BufRead as _, BufReader};
    let recorded = recorded().await;
    let mut command = crate::support::decile();
    command.args(["log", "--follow", "--class", "scheduling_confirm", "--format", "json"]);
    command.args(["--config", &recorded.world.config()]).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..2 {
        let line = lines.next().unwrap().unwrap();
        assert!(line.contains("scheduling_confirm"), "what is there already: {line}");
    }
    let broker = Broker::on(&recorded._server).await;
    broker.publish("in.main.x", json!({ "text": "Monday works for me", "id": "later" }).to_string()).await;
    let line = tokio::task::spawn_blocking(move || lines.next().unwrap().unwrap()).await.unwrap();
    assert!(line.contains("\"id\":\"later\""), "{line}");
    child.kill().unwrap();
    child.wait().unwrap();
}

//! What may happen, and what never does.

use crate::support::{Broker, Daemon, World, run, until};
use decile::bus::private::PrivateServer;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::fmt::Write as _;

/// The text that `news` knows, whose action is `archive` at level 2.
const OUTWARD: &str = "this week's news";
/// The text that `scheduling-confirm` knows, whose action is internal.
const INTERNAL: &str = "Thursday works for me";

#[tokio::test]
async fn what_machines_write_leads_to_no_outward_action() {
    let server = PrivateServer::start().unwrap();
    let _daemon = Daemon::ready(&World::on(&server)).await;
    let broker = Broker::on(&server).await;
    let mail = |headers: &str, text: &str| format!("From: a@b.example\r\nSubject: s\r\n{headers}\r\n{text}\r\n");
    let own = |text: &str| json!({ "text": text, "sender": "decile-itself" }).to_string();
    let bot = |text: &str| json!({ "text": text, "attributes": { "bot": true } }).to_string();
    let person = |text: &str| json!({ "text": text, "sender": "ada" }).to_string();
    let auto = |text: &str| mail("Auto-Submitted: auto-replied\r\n", text);
    let bulk = |text: &str| mail("Precedence: bulk\r\n", text);
    type Write<'w> = &'w dyn Fn(&str) -> String;
    let writers: [(&str, Write<'_>, &str, &str); 6] = [
        ("in.main.x", &own, "own", "automated"),
        ("in.main.x", &bot, "bot", "automated"),
        ("in.mail", &auto, "automatic", "automated"),
        ("in.mail", &bulk, "automatic", "automated"),
        ("in.main.x", &person, "person", "no_grant"),
        ("in.mail", &|text| mail("", text), "person", "no_grant"),
    ];
    for (subject, write, origin, outward) in writers {
        for (text, outcome) in [(OUTWARD, outward), (INTERNAL, "handle")] {
            let sequence = broker.publish(subject, write(text)).await;
            let record = broker.record_on(sequence).await;
            assert_eq!(record.decision()["message"]["origin"], origin, "{}", record.record);
            assert_eq!(record.outcome(), outcome, "{origin}: {text}");
        }
    }
}

#[tokio::test]
async fn direct_messages_are_passed_on_whatever_they_say() {
    let server = PrivateServer::start().unwrap();
    let _daemon = Daemon::ready(&World::on(&server)).await;
    let broker = Broker::on(&server).await;
    for text in [INTERNAL, OUTWARD, "my lawyer", "nobody knows this"] {
        let sequence = broker.publish("in.direct", json!({ "text": text, "sender": "ada" }).to_string()).await;
        let record = broker.record_on(sequence).await;
        assert_eq!(record.outcome(), "pass", "{text}");
        assert_eq!(record.decision()["reason"], "direct");
        assert_eq!(record.subject, "decile.passed.test.direct");
        assert_eq!(record.record["message"]["text"], text, "the orchestrator gets the message");
        assert_eq!(record.record["message"]["sender"], "ada");
        assert_eq!(record.decision()["verdict"]["evidence"], json!([]), "never triaged");
    }
    let sequence = broker.publish("in.direct", "no JSON").await;
    assert_eq!(broker.record_on(sequence).await.outcome(), "malformed", "what cannot be read is not passed on");
}

/// A type of action: its name, whether it is outward, how hard it is to undo (0 to 2), and the keys it needs.
type Type = (&'static str, bool, u8, &'static str);

/// The built-in types, one that the policy declares, and one that nobody declares.
const ACTIONS: [Type; 11] = [
    ("label", false, 0, "label = \"x\""),
    ("note", false, 0, ""),
    ("draft", false, 0, "template = \"x\""),
    ("archive", true, 0, ""),
    ("mark_read", true, 0, ""),
    ("react", true, 0, "emoji = \"x\""),
    ("reply", true, 1, "template = \"x\""),
    ("forward", true, 1, "to = \"x\""),
    ("send", true, 1, "to = \"x\", template = \"x\""),
    ("tag_source", true, 0, ""),
    ("wire_money", true, 2, ""),
];

/// The table of the design: outcome, and what is held.
fn expected(level: u8, outward: bool, reversibility: u8) -> (&'static str, Option<&'static str>) {
    match (level, outward, reversibility) {
        (0, false, _) => ("level", Some("suggestion")),
        (0, true, _) => ("level", None),
        (1, _, _) => ("level", Some("draft")),
        (_, false, _) => ("handle", None),
        (2, true, 0) | (3, true, _) => ("no_grant", Some("draft")),
        _ => ("level", Some("draft")),
    }
}

/// Every level with every action that may stand at it.
fn every_line() -> Vec<(u8, Type)> {
    let levels = (0..=3_u8).flat_map(|level| ACTIONS.map(|action| (level, action)));
    // What cannot be undone does not load above level 1.
    levels.filter(|(level, (_, _, reversibility, _))| *level < 2 || *reversibility < 2).collect()
}

#[tokio::test]
async fn no_outward_action_leaves_at_any_level() {
    let mut policy = String::from(
        "[review]\npercent = 0\n[[cap]]\nper_hour = 9\n[[action]]\ntype = \"tag_source\"\nreach = \"outward\"\nreversibility = \"reversible\"\n",
    );
    let mut rules = String::new();
    for (level, (action, _, _, keys)) in every_line() {
        let class = format!("{action}_{level}");
        let keys = if keys.is_empty() { String::new() } else { format!(", {keys}") };
        let _ = writeln!(
            policy,
            "[[class]]\nname = \"{class}\"\nlevel = {level}\naction = {{ type = \"{action}\"{keys} }}\n\
             [[cap]]\nclass = \"{class}\"\nper_hour = 9"
        );
        let _ = writeln!(rules, "[[rule]]\nid = \"{class}\"\nclass = \"{class}\"\nany = [\"do {action} {level}\"]");
    }
    let server = PrivateServer::start().unwrap();
    let _daemon = Daemon::ready(&World::on(&server).policy(&policy).rules(&rules)).await;
    let broker = Broker::on(&server).await;
    for (level, (action, ..)) in every_line() {
        broker.say(&format!("do {action} {level}")).await;
    }
    let records = broker.committed(every_line().len() as u64).await;
    for ((level, (action, outward, reversibility, _)), record) in every_line().into_iter().zip(&records) {
        let (outcome, held) = expected(level, outward, reversibility);
        assert_eq!(record.decision()["verdict"]["class"], format!("{action}_{level}"));
        assert_eq!(record.outcome(), outcome, "{action} at {level}");
        let found = record.record.get("held").map(|held| held["held_as"].as_str().unwrap());
        assert_eq!(found, held, "{action} at {level}");
        let allowed = if outcome == "handle" { "decile.handled." } else { "decile.escalated." };
        assert!(record.subject.starts_with(allowed), "{action} at {level} on {}", record.subject);
    }
    broker.all_acknowledged("IN").await;
    for record in broker.all("DECILE").await {
        let is_outward = ["decile.action.", "decile.approved."].iter().any(|it| record.subject.starts_with(it));
        assert!(!is_outward, "an outward action on {}", record.subject);
    }
}

#[tokio::test]
async fn what_cannot_be_undone_does_not_load_above_level_1() {
    for level in [2, 3] {
        for declared in
            ["", "[[action]]\ntype = \"wire_money\"\nreach = \"outward\"\nreversibility = \"irreversible\"\n"]
        {
            let class =
                format!("[[class]]\nname = \"newsletter\"\nlevel = {level}\naction = {{ type = \"wire_money\" }}\n");
            let world = World::offline().policy(&format!("{declared}{class}"));
            let ran = run(&["run", "--config", &world.config()]).exits(78);
            let says = format!("`wire_money` is irreversible and cannot be at level {level}");
            assert!(ran.err.contains(&says), "{}", ran.err);
        }
    }
}

#[tokio::test]
async fn old_messages_are_a_persons() {
    let server = PrivateServer::start().unwrap();
    let policy = "[review]\npercent = 0\n[[class]]\nname = \"scheduling_confirm\"\nlevel = 2\nmax_age_s = 3600\naction = { type = \"note\" }\n";
    let _daemon = Daemon::ready(&World::on(&server).policy(policy)).await;
    let broker = Broker::on(&server).await;
    for (minutes, outcome) in [(-61, "too_old"), (-50, "handle"), (600, "handle")] {
        let sent_at = Timestamp::now() + SignedDuration::from_mins(minutes);
        let message = json!({ "text": INTERNAL, "sent_at": sent_at }).to_string();
        let sequence = broker.publish("in.main.x", message).await;
        let record = broker.record_on(sequence).await;
        assert_eq!(record.outcome(), outcome, "{minutes} minutes from now");
        assert_eq!(record.decision()["message"]["sent_at"], json!(sent_at), "recorded as the source says");
    }
}

#[tokio::test]
async fn a_date_in_the_future_makes_nothing_younger() {
    let server = PrivateServer::start().unwrap();
    let policy = "[review]\npercent = 0\n[[class]]\nname = \"scheduling_confirm\"\nlevel = 2\nmax_age_s = 1\naction = { type = \"note\" }\n";
    let world = World::on(&server).policy(policy);
    run(&["setup", "--apply", "--config", &world.config()]).exits(0);
    let broker = Broker::on(&server).await;
    let message = json!({ "text": INTERNAL, "sent_at": "2099-01-01T00:00:00Z" }).to_string();
    let sequence = broker.publish("in.main.x", message).await;
    let stored = Timestamp::now();
    until("the message is older than a second", || async {
        (Timestamp::now().duration_since(stored) > SignedDuration::from_millis(1_100)).then_some(())
    })
    .await;
    let _daemon = Daemon::ready(&world).await;
    assert_eq!(broker.record_on(sequence).await.outcome(), "too_old");
}

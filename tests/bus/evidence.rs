//! What people's answers say of a class, as `decile evidence` tells it: all of it, and nothing that nobody signed.

use crate::support::operator::Person;
use crate::support::world::{POLICY, RULES};
use crate::support::{Broker, Daemon, World, until};
use decile::authority::{Deployment, Undo};
use decile::bus::private::PrivateServer;
use decile::decision::DecisionId;
use jiff::Timestamp;
use serde_json::{Value, json};

const NEWS: &str = "this week's news";

struct Scene {
    world: World,
    daemon: Daemon,
    broker: Broker,
    ada: Person,
    _server: PrivateServer,
}

/// An escalation.
struct Open {
    id: String,
    record: Value,
}

impl Scene {
    /// Everything at level 1.
    async fn new() -> Self {
        let server = PrivateServer::start().unwrap();
        let policy = POLICY.replace("level = 2", "level = 1").replace("level = 3", "level = 1");
        let (world, ada) = Person::of(World::on(&server).policy(&policy).more("[retention]\nevidence_days = 400\n"));
        let daemon = Daemon::ready(&world).await;
        daemon.wait_metric("decile_grants_fresh 1").await;
        let broker = Broker::on(&server).await;
        Self { world, daemon, broker, ada, _server: server }
    }

    async fn open(&self, text: &str) -> Open {
        let record = self.broker.decide(text).await;
        Open { id: record.decision()["id"].as_str().unwrap().to_owned(), record: record.record.clone() }
    }

    /// Answers, and waits until that has taken effect.
    async fn answer(&self, command: &str, open: &Open, more: &[&str]) -> Value {
        self.ada.runs(command, &[&[open.id.as_str()], more].concat()).exits(0);
        let subject = format!("decile.receipt.{}.ruling", open.id);
        let receipt = until(&subject, || self.broker.last("DECILE", &subject)).await;
        receipt.record.clone()
    }

    /// The wish to undo what was approved, signed.
    async fn undo(&self, open: &Open) -> Vec<u8> {
        let subject = format!("decile.approved.archive.test.main.{}", open.id);
        let action = until("an action", || self.broker.last("DECILE", &subject)).await;
        let undo = Undo {
            decision: DecisionId::try_from(open.id.clone()).unwrap(),
            action: action.stored,
            issued_at: Timestamp::now(),
            reason: "it was not".to_owned(),
            severe: false,
        };
        undo.sign(&Deployment::parse("test").unwrap(), &self.ada.seed).unwrap().encode().unwrap()
    }

    /// What is said of a class; nothing where nobody has answered.
    fn evidence(&self, class: &str) -> Option<Value> {
        let ran = self.ada.runs("evidence", &[class, "--format", "json"]);
        let all: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
        assert!(all.len() < 2 && all.iter().all(|it| it["class"] == class && it["channel"] == "test.main"), "{all:?}");
        ran.exits(if all.is_empty() { 3 } else { 0 });
        all.into_iter().next()
    }

    /// The same, as agreed and disagreed.
    fn counts(&self, class: &str) -> (u64, u64) {
        let evidence = self.evidence(class);
        let count = |of: &str| evidence.as_ref().map_or(0, |it| it["answers"][of].as_u64().unwrap());
        (count("agreed"), count("disagreed"))
    }
}

#[tokio::test]
async fn an_answer_is_evidence_for_or_against_what_it_answers() {
    let scene = Scene::new().await;
    assert_eq!(scene.evidence("newsletter"), None);
    for (command, more, wanted) in [
        ("approve", &[][..], (1, 0)),
        ("reject", &[], (1, 1)),
        ("reclassify", &["--class", "newsletter"], (2, 1)),
        ("reclassify", &["--class", "info_request"], (2, 2)),
        ("reclassify", &["--none"], (2, 3)),
    ] {
        let open = scene.open(NEWS).await;
        let receipt = scene.answer(command, &open, more).await;
        let basis = json!({
            "class": "newsletter",
            "channel": "test.main",
            "action": open.record["decision"]["policy"]["action"],
            "rules": open.record["decision"]["verdict"]["rules"],
        });
        assert_eq!(receipt["basis"], basis, "{receipt}");
        assert_eq!(scene.counts("newsletter"), wanted, "after {command} {more:?}");
    }
    assert_eq!(scene.evidence("info_request"), None, "what a message was not says nothing of what it is");
    // Where no class was named there is nothing to be right or wrong about.
    let restricted = scene.open("my lawyer says").await;
    assert_eq!(scene.answer("reject", &restricted, &[]).await["basis"], Value::Null);
    assert_eq!(scene.ada.runs("evidence", &["--format", "json"]).exits(0).json().as_array().unwrap().len(), 1);
}

/// Each way to say that something was severe, and each without.
#[tokio::test]
async fn a_severe_error_is_said_with_each_answer_that_disagrees() {
    let scene = Scene::new().await;
    let severe = "decile_demotions_total{cause=\"severe_error\"}";
    let mut demoted = 0;
    for (text, command, more) in [
        (NEWS, "reject", &[][..]),
        (NEWS, "reclassify", &["--none"]),
        ("what are your opening hours?", "amend", &["--text", "At ten.", "--yes"]),
    ] {
        let receipt = scene.answer(command, &scene.open(text).await, more).await;
        assert_eq!(receipt["severe"], Value::Null, "{command}: {receipt}");
        scene.daemon.wait_metric(&format!("{severe} {demoted}")).await;
        let receipt = scene.answer(command, &scene.open(text).await, &[more, &["--severe"]].concat()).await;
        assert_eq!(receipt["severe"], true, "{command}: {receipt}");
        demoted += 1;
        scene.daemon.wait_metric(&format!("{severe} {demoted}")).await;
    }
    let open = scene.open(NEWS).await;
    scene.answer("approve", &open, &[]).await;
    scene.ada.runs("undo", &[&open.id, "--reason", "wrong", "--severe"]).exits(0);
    scene.daemon.wait_metric(&format!("{severe} {}", demoted + 1)).await;
}

#[tokio::test]
async fn answers_are_kept_as_long_as_evidence_is() {
    let scene = Scene::new().await;
    let open = scene.open(NEWS).await;
    scene.answer("reject", &open, &[]).await;
    for subject in [format!("decile.ruling.{}", open.id), format!("decile.receipt.{}.ruling", open.id)] {
        let all = scene.broker.all("DECILE").await;
        let record = all.iter().find(|it| it.subject == subject).unwrap();
        let days = 400 * 86_400;
        assert_eq!(record.header("nats-ttl").unwrap().trim_end_matches('s'), days.to_string(), "{subject}");
    }
}

#[tokio::test]
async fn what_is_missing_is_counted_from_the_bound() {
    let scene = Scene::new().await;
    for _ in 0..2 {
        scene.answer("approve", &scene.open(NEWS).await, &[]).await;
    }
    let evidence = scene.evidence("newsletter").unwrap();
    let next = &evidence["next"];
    assert_eq!((&evidence["level"], &next["level"], &next["threshold"]), (&json!(1), &json!(2), &json!(0.9)));
    assert_eq!(next["missing"], 53, "of 55 without an error: {next}");
    assert_eq!(next["days"], 27, "two a day at the most, as long as there is only one day: {next}");
    let bound = next["bound"].as_f64().unwrap();
    assert!((0.1..0.9).contains(&bound), "{bound}");
    // A second class is tested at the same time: both need more.
    scene.answer("approve", &scene.open("Thursday works for me").await, &[]).await;
    assert_eq!(scene.evidence("newsletter").unwrap()["next"]["missing"], 62);
    let table = scene.ada.runs("evidence", &[]).exits(0).out;
    assert!(table.contains("2 of 2") && table.contains("62 for level 2, some 31 d"), "{table}");
}

#[tokio::test]
async fn what_nobody_signed_is_no_evidence() {
    let scene = Scene::new().await;
    let (open, other) = (scene.open(NEWS).await, scene.open(NEWS).await);
    let receipt = scene.answer("approve", &open, &[]).await;
    assert_eq!(scene.counts("newsletter"), (1, 0));
    // Whoever got hold of a login that may write receipts says that more was approved, or that a rejection was not.
    let forge = async |id: &str, ruling: u64| {
        let mut forged = receipt.clone();
        forged["decision"] = id.into();
        forged["ruling"] = ruling.into();
        scene.broker.publish(&format!("decile.receipt.{id}.ruling"), forged.to_string()).await;
    };
    forge(&other.id, 999_999).await;
    forge(&other.id, receipt["ruling"].as_u64().unwrap()).await;
    let unsigned = scene.broker.publish(&format!("decile.ruling.{}", other.id), "{}").await;
    forge(&other.id, unsigned).await;
    assert_eq!(scene.counts("newsletter"), (1, 0));
    let third = scene.open(NEWS).await;
    let rejected = scene.answer("reject", &third, &[]).await;
    forge(&third.id, rejected["ruling"].as_u64().unwrap()).await;
    assert_eq!(scene.counts("newsletter"), (1, 1), "what was signed counts, whatever the receipt says");
    // An answer that was evidence of nothing is not made evidence of something afterwards.
    let unknown = scene.open("nobody knows this").await;
    let said = scene.answer("reclassify", &unknown, &["--class", "newsletter"]).await;
    forge(&unknown.id, said["ruling"].as_u64().unwrap()).await;
    assert_eq!(scene.counts("newsletter"), (1, 1), "the first receipt of an answer counts");
}

#[tokio::test]
async fn evidence_is_of_the_rules_that_it_was_gathered_under() {
    let scene = Scene::new().await;
    scene.answer("approve", &scene.open(NEWS).await, &[]).await;
    let under = |rules: &str| {
        scene.world.write("rules/rules.toml", rules);
        let evidence = scene.evidence("newsletter").unwrap();
        (evidence["answers"]["agreed"].as_u64().unwrap(), evidence["outdated"].as_u64().unwrap())
    };
    assert_eq!(under(RULES), (1, 0));
    let another_class = RULES.replace("opening hours", "closing hours");
    assert_eq!(under(&another_class), (1, 0), "another class's rules can only take messages away");
    let of_its_own = RULES.replace("this week's news", "this week's new");
    assert_eq!(under(&of_its_own), (0, 1));
    let restricting = RULES.replace("lawyer\"]", "lawyer\", \"attorney\"]");
    assert_eq!(under(&restricting), (0, 1), "what restricts is part of what was trusted");
    assert_eq!(under(&RULES.replace("[[rule]]\nid = \"news\"", "# a comment\n[[rule]]\nid = \"news\"")), (1, 0));
    scene.world.write("rules/rules.toml", RULES);
    let policy = std::fs::read_to_string(scene.world.path("policy.toml")).unwrap();
    let another_action = policy.replace("{ type = \"archive\" }", "{ type = \"react\", emoji = \"eyes\" }");
    assert_ne!(policy, another_action);
    scene.world.write("policy.toml", another_action);
    assert_eq!(under(RULES), (0, 1), "it was of another action");
    drop(scene.daemon);
}

#[tokio::test]
async fn the_last_answer_is_the_last_word_whichever_receipt_comes_last() {
    let scene = Scene::new().await;
    let open = scene.open(NEWS).await;
    let approved = scene.answer("approve", &open, &[]).await;
    let undone = scene.broker.publish(&format!("decile.ruling.{}.undo", open.id), scene.undo(&open).await).await;
    let subject = format!("decile.receipt.{}.ruling", open.id);
    until("undone", || async {
        let last = scene.broker.last("DECILE", &subject).await?;
        (last.record["ruling"] == undone).then_some(())
    })
    .await;
    assert!(approved["ruling"].as_u64() < Some(undone));
    assert_eq!(scene.counts("newsletter"), (0, 1), "what was undone was not right");
}

//! `decile execute --desk`: somebody hears of each new escalation, and again where nobody answers.

use crate::support::{Broker, Daemon, Ran, World, decile, run, until};
use decile::authority::{Answer, Deployment, Ruling, Seed};
use decile::bus::private::PrivateServer;
use decile::decision::DecisionId;
use jiff::Timestamp;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const GOLDEN: &str = include_str!("../golden/draft-v1.json");
const ID: &str = "dba2f0d5d58d40e23dc66e1f0e5aaa01";
const SUBJECT: &str = "decile.escalated.human.test.main";

struct Scene {
    world: World,
    broker: Broker,
    seed: Seed,
    _server: PrivateServer,
}

impl Scene {
    async fn new() -> Self {
        let server = PrivateServer::start().unwrap();
        let world = World::on(&server).more("[limits]\ncommit_timeout_ms = 900\nack_wait_ms = 1000\n");
        let seed = Seed::generate();
        let operator = format!("[[operator]]\nname = \"ada\"\nkey = \"{}\"\nrulings = [\"human\"]\n", seed.public());
        world.write("operators.toml", format!("deployment = \"production\"\n{operator}"));
        run(&["setup", "--apply", "--config", &world.config()]).exits(0);
        Self { broker: Broker::on(&server).await, world, seed, _server: server }
    }

    fn notifier(&self, exec: &str, more: &[&str]) -> Command {
        let mut command = decile();
        command.args(["execute", "--config", &self.world.config(), "--desk", "human", "--exec", exec]).args(more);
        command
    }

    fn append(&self) -> String {
        format!("cat >> {0}; echo >> {0}", self.world.path("told").display())
    }

    fn told(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.world.path("told")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[tokio::test]
async fn somebody_hears_of_each_new_escalation_once() {
    let scene = Scene::new().await;
    // What is older than the consumer is not told.
    scene.broker.publish(SUBJECT, GOLDEN).await;
    let stream = scene.broker.jetstream.get_stream("DECILE").await.unwrap();
    stream.delete_consumer("notify-human").await.unwrap();
    Ran::from(scene.notifier("exit 1", &["--until-idle"]).output().unwrap()).exits(0);
    scene.broker.publish(SUBJECT, GOLDEN).await;
    scene.broker.publish("decile.escalated.counsel.test.main", GOLDEN).await;
    scene.broker.publish(SUBJECT, "{}").await;
    Ran::from(scene.notifier(&scene.append(), &["--until-idle"]).output().unwrap()).exits(0);
    let told = scene.told();
    assert_eq!(told.len(), 1, "neither another desk's, nor what is no escalation");
    assert_eq!((&told[0]["id"], &told[0]["reminder"]), (&Value::from(ID), &Value::from(0)));
    assert_eq!(told[0]["escalation"]["message"]["text"], "opening hours?");
}

#[tokio::test]
async fn they_hear_again_until_somebody_who_may_answers() {
    let scene = Scene::new().await;
    scene.broker.publish(SUBJECT, GOLDEN).await;
    let more = ["--remind-after-s", "1", "--reminders-max", "100"];
    let _notifier = Daemon::spawn(scene.notifier(&scene.append(), &more));
    until("the first time", || async { (!scene.told().is_empty()).then_some(()) }).await;
    let subject = format!("decile.ruling.{ID}");
    scene.broker.publish(&subject, "{}").await;
    until("a reminder, whatever lies there", || async { (scene.told().len() >= 2).then_some(()) }).await;
    assert_eq!(scene.told()[1]["reminder"], 1);

    let ruling = Ruling {
        decision: DecisionId::try_from(ID.to_owned()).unwrap(),
        escalation: 1,
        issued_at: Timestamp::now(),
        answer: Answer::Reject,
        severe: false,
        note: String::new(),
    };
    let signed = ruling.sign(&Deployment::parse("production").unwrap(), &scene.seed).unwrap();
    scene.broker.publish(&subject, signed.encode().unwrap()).await;
    let stream = scene.broker.jetstream.get_stream("DECILE").await.unwrap();
    until("the end of it", || async {
        let info = stream.consumer_info("notify-human").await.unwrap();
        (info.num_ack_pending == 0 && info.num_pending == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn reminders_have_an_end() {
    let scene = Scene::new().await;
    scene.broker.publish(SUBJECT, GOLDEN).await;
    let more = ["--until-idle", "--remind-after-s", "1", "--reminders-max", "1"];
    Ran::from(scene.notifier(&scene.append(), &more).output().unwrap()).exits(0);
    assert_eq!(scene.told().len(), 2);
}

/// A folder with a command that writes its arguments and its input to files.
fn stub(world: &World, name: &str) -> String {
    let folder = world.path("stubs");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(name);
    let text = format!("#!/bin/sh\nprintf '%s\\n' \"$@\" > {0}/arguments\ncat > {0}/input\n", folder.display());
    std::fs::write(&file, text).unwrap();
    assert!(Command::new("chmod").arg("+x").arg(&file).status().unwrap().success());
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

/// Runs an example as the notifier does, with a channel that no example should believe.
async fn example(scene: &Scene, name: &str, stubbed: &str, argument: &str) -> (String, String) {
    let path = stub(&scene.world, stubbed);
    scene.broker.publish(SUBJECT, GOLDEN.replacen("\"test.main\"", r#""test.\"<x>\\\u001b\u000aBcc: a@b""#, 1)).await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/notify").join(name);
    assert!(Command::new("sh").arg("-n").arg(&script).status().unwrap().success(), "{name} is a script");
    let mut notifier = scene.notifier(&format!("{} {argument}", script.display()), &["--until-idle"]);
    let ran = Ran::from(notifier.env("PATH", path).output().unwrap()).exits(0);
    assert!(ran.err.contains(" told "), "{}", ran.err);
    let read = |file: &str| std::fs::read_to_string(scene.world.path("stubs").join(file)).unwrap();
    (read("arguments"), read("input"))
}

#[tokio::test]
async fn the_example_for_a_chat_posts_json_and_shows_no_secret() {
    let scene = Scene::new().await;
    let (arguments, input) = example(&scene, "chat.sh", "curl", "/etc/decile/chat.curl").await;
    assert!(arguments.contains("--config\n/etc/decile/chat.curl\n") && arguments.contains("--fail"), "{arguments}");
    let body: Value = serde_json::from_str(&input).unwrap();
    let text = body["text"].as_str().unwrap();
    assert!(text.contains(&format!("decile inbox show {ID}")) && text.contains("no_grant"), "{text}");
    assert!(text.contains(r#"test."&lt;x&gt;\Bcc: a@b"#), "a chat takes it for text: {text}");
    assert!(!input.contains("opening hours"), "the message is not sent");
}

#[tokio::test]
async fn the_example_for_mail_lets_no_header_in() {
    let scene = Scene::new().await;
    let (arguments, input) = example(&scene, "mail.sh", "sendmail", "triage@example.com").await;
    assert_eq!(arguments, "-oi\n-t\n");
    assert!(input.starts_with("To: triage@example.com\nSubject: a decision waits for human (test."), "{input}");
    assert!(!input.lines().any(|line| line.starts_with("Bcc")), "{input}");
    assert!(input.contains(&format!("\ndecile inbox show {ID}\n")) && !input.contains("opening hours"), "{input}");
}

#[tokio::test]
async fn the_example_for_a_pager_keeps_one_incident_a_decision() {
    let scene = Scene::new().await;
    scene.world.write("key", "R123\nmore\n");
    let (arguments, input) = example(&scene, "pager.sh", "curl", &scene.world.path("key").to_string_lossy()).await;
    assert!(
        arguments.contains("https://events.pagerduty.com/v2/enqueue") && !arguments.contains("R123"),
        "{arguments}"
    );
    let body: Value = serde_json::from_str(&input).unwrap();
    assert_eq!((&body["routing_key"], &body["dedup_key"]), (&Value::from("R123"), &Value::from(ID)));
    assert_eq!(body["event_action"], "trigger");
}

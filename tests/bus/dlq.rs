//! What cannot be decided: given up, shown, and tried again or dropped by a person's signed answer.

use crate::support::broker::Committed;
use crate::support::operator::Person;
use crate::support::{Broker, Daemon, Ran, World, run, until};
use async_nats::jetstream::AckKind;
use async_nats::jetstream::consumer::{self, PullConsumer};
use async_nats::jetstream::stream::Stream;
use decile::bus::private::PrivateServer;
use futures::StreamExt as _;
use serde_json::{Value, json};
use std::time::Duration;

const LIMITS: &str = "[limits]\ndeliveries_max = 2\nattach_bytes_max = 200\nqueue_messages_max = 16\n\
    inflight_messages_max = 64\ncommit_timeout_ms = 900\nack_wait_ms = 1000\nplan_age_ms_max = 2000\n";
const GIVEN_BACK: AckKind = AckKind::Nak(None);
/// How long a delivery is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

struct Town {
    server: PrivateServer,
    world: World,
    broker: Broker,
    ada: Person,
}

impl Town {
    async fn new() -> Self {
        let server = PrivateServer::start().unwrap();
        let (world, ada) = Person::of(World::on(&server).more(LIMITS));
        run(&["setup", "--apply", "--config", &world.config()]).exits(0);
        let broker = Broker::on(&server).await;
        Self { server, world, broker, ada }
    }

    async fn source(&self) -> Stream {
        self.broker.jetstream.get_stream("IN").await.unwrap()
    }

    /// Lets the messages that wait be delivered so often, as if the daemon had died of them each time.
    async fn deliver(&self, messages: usize, times: usize, told: AckKind) {
        let consumer: PullConsumer = self.source().await.get_consumer("decile").await.unwrap();
        for _ in 0..times {
            // It waits for them: what was just stored, or given back, need not be there yet. Sometimes none is to come.
            let batch = consumer.batch().max_messages(messages).expires(PATIENCE);
            let mut batch = batch.messages().await.unwrap();
            while let Some(message) = batch.next().await {
                message.unwrap().double_ack_with(told).await.unwrap();
            }
        }
    }

    /// A message that was given up, and the daemon that did it.
    async fn dead(text: &str) -> (Self, Daemon, Committed) {
        let town = Self::new().await;
        town.broker.say(text).await;
        town.deliver(1, 2, GIVEN_BACK).await;
        let daemon = Daemon::ready(&town.world).await;
        let letter = town.letter().await;
        (town, daemon, letter)
    }

    async fn letter(&self) -> Committed {
        until("a dead letter", || async { self.letters().await.pop() }).await
    }

    async fn letters(&self) -> Vec<Committed> {
        let all = self.broker.all("DECILE").await;
        all.into_iter().filter(|record| record.subject.starts_with("decile.dlq.")).collect()
    }

    async fn decisions(&self) -> Vec<Committed> {
        let all = self.broker.all("DECILE").await;
        all.into_iter().filter(Committed::is_decision).collect()
    }

    fn dlq(&self, arguments: &[&str]) -> Ran {
        run(&[&["dlq", arguments[0], "--config", &self.world.config()], &arguments[1..]].concat())
    }

    /// An answer of ada's.
    fn answers(&self, answer: &str, arguments: &[&str]) -> Ran {
        let mut command = crate::support::decile();
        command.args(["dlq", answer, "--config", &self.world.config(), "--wait-ms", "30000"]).args(arguments);
        command.env("DECILE_KEY_FILE", self.world.path("ada.key"));
        command.output().unwrap().into()
    }
}

fn id(letter: &Committed) -> String {
    letter.record["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_given_up_is_shown_and_decided_when_a_person_says_so() {
    let (town, daemon, letter) = Town::dead("Thursday works for me").await;
    assert_eq!((letter.subject.as_str(), &letter.record["why"]), ("decile.dlq.test.main", &json!("deliveries")));
    town.broker.all_acknowledged("IN").await;
    assert!(town.decisions().await.is_empty(), "it has no decision");
    daemon.wait_metric("decile_dead_letters_total{why=\"deliveries\"} 1").await;

    let id = id(&letter);
    let listed = town.dlq(&["list"]).exits(0).out;
    assert!(listed.starts_with(&id[..12]) && listed.contains("deliveries"), "{listed}");
    let listed = town.dlq(&["list", "--format", "json"]).exits(0).json_lines();
    assert_eq!((listed.len(), &listed[0]["letter"], &listed[0]["open"]), (1, &letter.record, &json!(true)));
    let shown = town.dlq(&["show", &id[..8]]).exits(0).out;
    for says in
        [&id, "test.main", "delivered too often without a decision", "IN #1", "Thursday works for me", "none yet"]
    {
        assert!(shown.contains(says), "`{says}` in {shown}");
    }
    let inbox = run(&["inbox", "--plain", "--config", &town.world.config()]).exits(0);
    assert!(inbox.out.starts_with(&id[..12]) && inbox.out.contains("dead"), "{}", inbox.out);

    let ran = town.answers("retry", &[&id, "--note", "it was a full disk"]).exits(0);
    assert!(ran.out.contains("retried: `decile show"), "{}", ran.out);
    let record = town.broker.record_on(1).await;
    assert_eq!((record.outcome(), record.decision()["id"].as_str()), ("handle", Some(id.as_str())));
    daemon.wait_metric("decile_rulings_total{outcome=\"retried\"} 1").await;
    town.dlq(&["list"]).exits(3);
    let shown = town.dlq(&["show", &id]).exits(0).out;
    assert!(shown.contains("retried by ada: it was a full disk"), "{shown}");
    run(&["inbox", "--plain", "--config", &town.world.config()]).exits(3);
    let rulings = town.broker.jetstream.get_stream("DECILE").await.unwrap();
    until("the answer acknowledged", || async {
        (rulings.consumer_info("rulings").await.unwrap().num_ack_pending == 0).then_some(())
    })
    .await;
    let again = town.answers("retry", &[&id]).exits(3);
    assert!(again.err.contains("it was answered before: retried by ada"), "{}", again.err);
    assert_eq!(town.decisions().await.len(), 1);
}

#[tokio::test]
async fn a_message_that_was_decided_is_not_decided_again() {
    let town = Town::new().await;
    let daemon = Daemon::ready(&town.world).await;
    let decided = town.broker.decide("Thursday works for me").await;
    let decision = decided.decision();
    let letter = json!({ "v": 1, "id": decision["id"], "channel": "test.main", "source": decision["source"],
        "why": "given_up", "deliveries": 3, "at": "2026-01-02T03:04:05Z",
        "payload": { "text": { "wrong": "x", "text": "{}" } } });
    town.broker.publish("decile.dlq.test.main", letter.to_string()).await;
    let id = decision["id"].as_str().unwrap();
    town.answers("retry", &[id]).exits(0);
    daemon.wait_metric("decile_duplicates_total 1").await;
    assert_eq!(town.decisions().await.len(), 1, "its decision stands");
}

#[tokio::test]
async fn what_is_dropped_stays_undecided_and_says_who_and_why() {
    let (town, _daemon, letter) = Town::dead("Thursday works for me").await;
    let id = id(&letter);
    let ran = town.answers("drop", &[&id, "--note", "spam", "--format", "json"]).exits(0).json();
    assert_eq!((&ran["answer"], &ran["became"]["outcome"]), (&json!("drop"), &json!("dropped")));
    let receipt = town.broker.last("DECILE", &format!("decile.receipt.{id}.dlq")).await.unwrap().record;
    assert_eq!((&receipt["operator"], &receipt["why"]), (&json!("ada"), &json!("spam")));
    town.dlq(&["list"]).exits(3);
    let all = town.dlq(&["list", "--all"]).exits(0).out;
    assert!(all.contains("dropped by ada: spam"), "{all}");
    assert!(town.answers("retry", &[&id]).exits(3).err.contains("answered before: dropped by ada"));
    assert!(town.decisions().await.is_empty());
}

#[tokio::test]
async fn a_message_that_its_source_forgot_is_decided_from_its_letter_where_that_holds_it() {
    let (town, daemon, letter) = Town::dead("Thursday works for me").await;
    town.source().await.delete_message(1).await.unwrap();
    town.answers("retry", &[&id(&letter)]).exits(0);
    let record = town.broker.record_on(1).await;
    assert_eq!((record.outcome(), record.decision()["id"].as_str()), ("handle", Some(id(&letter).as_str())));
    drop(daemon);

    let long = format!("Thursday works for me {}", "x".repeat(300));
    let (town, _daemon, letter) = Town::dead(&long).await;
    assert!(letter.record["payload"]["at_source"].is_object(), "{}", letter.record);
    town.source().await.delete_message(1).await.unwrap();
    let ran = town.answers("retry", &[&id(&letter)]).exits(3);
    assert!(ran.out.contains("refused: what it answers is no longer kept"), "{}", ran.out);
    town.dlq(&["list"]).exits(0);
    town.answers("drop", &[&id(&letter)]).exits(0);
}

#[tokio::test]
async fn only_a_signed_answer_of_who_may_counts() {
    let (town, daemon, letter) = Town::dead("Thursday works for me").await;
    let subject = format!("decile.ruling.{}.dlq", id(&letter));
    town.broker.publish(&subject, "{\"answer\":\"drop\"}").await;
    daemon.wait_metric("decile_rulings_total{outcome=\"refused\"} 1").await;
    let open = town.dlq(&["list", "--format", "json"]).exits(0).json_lines();
    assert_eq!(open[0]["open"], json!(true));
    let operators = std::fs::read_to_string(town.world.path("operators.toml")).unwrap();
    town.world.write("operators.toml", operators.replace("rulings = [\"*\"]", "rulings = [\"counsel\"]"));
    let ran = town.answers("retry", &[&id(&letter)]).exits(3);
    assert!(ran.err.contains("ada may not rule on the desk `human`"), "{}", ran.err);

    // A command that does not look is refused by the daemon, which has read the operators as they were, or as they are.
    daemon.signal("HUP");
    daemon.wait_metric("decile_reloads_total{outcome=\"ok\"} 1").await;
    town.world.write("operators.toml", operators);
    let ran = town.answers("retry", &[&id(&letter)]).exits(3);
    assert!(ran.out.contains("refused: its signer may not rule on this desk"), "{}", ran.out);
    assert!(town.decisions().await.is_empty());
    assert!(town.ada.runs("inbox", &["--plain"]).exits(0).out.contains("dead"));
}

#[tokio::test]
async fn what_dies_again_is_another_letter_and_waits_again() {
    let (town, mut daemon, first) = Town::dead("Thursday works for me").await;
    daemon.kill();
    let mut command = crate::support::decile();
    let id = id(&first);
    command.args(["dlq", "retry", &id, "--config", &town.world.config(), "--wait-ms", "1"]);
    command.env("DECILE_KEY_FILE", town.world.path("ada.key"));
    Ran::from(command.output().unwrap()).exits(0);
    town.dlq(&["list"]).exits(3);
    // As if the daemon had died of it each time.
    let stream = town.broker.jetstream.get_stream("DECILE").await.unwrap();
    let rulings: PullConsumer = stream.get_consumer("rulings").await.unwrap();
    for _ in 0..2 {
        let mut batch = rulings.fetch().max_messages(1).messages().await.unwrap();
        batch.next().await.unwrap().unwrap().double_ack_with(GIVEN_BACK).await.unwrap();
    }
    let _daemon = Daemon::ready(&town.world).await;
    until("a second letter", || async { (town.letters().await.len() == 2).then_some(()) }).await;
    let letters = town.letters().await;
    let after = (&letters[1].record["id"], letters[1].record["after"].as_u64());
    assert_eq!(after, (&first.record["id"], Some(first.stored)));
    let open = town.dlq(&["list", "--format", "json"]).exits(0).json_lines();
    assert_eq!((open.len(), &open[0]["sequence"]), (1, &json!(letters[1].stored)), "the later letter waits");
    town.answers("retry", &[&id]).exits(0);
    let record = town.broker.record_on(1).await;
    assert_eq!((record.outcome(), record.decision()["id"].as_str()), ("handle", Some(id.as_str())));
}

/// The reasons of all dead letters, by sequence.
async fn reasons(town: &Town) -> Vec<(u64, Value)> {
    let letters = town.letters().await;
    letters.iter().map(|it| (it.record["source"]["sequence"].as_u64().unwrap(), it.record["why"].clone())).collect()
}

#[tokio::test]
async fn what_the_broker_gives_up_becomes_a_dead_letter() {
    let town = Town::new().await;
    let stream = town.source().await;
    let config = stream.consumer_info("decile").await.unwrap().config.clone();
    stream.create_consumer(consumer::Config { max_deliver: 1, ..config.clone() }).await.unwrap();
    town.broker.say("Thursday works for me").await;
    town.deliver(1, 1, GIVEN_BACK).await;
    let advisories = || async { town.broker.last_sequence("DECILE_ADVISORIES").await };
    until("the broker's word", || async {
        town.deliver(1, 1, GIVEN_BACK).await;
        (advisories().await == 1).then_some(())
    })
    .await;
    stream.create_consumer(config).await.unwrap();

    let daemon = Daemon::ready(&town.world).await;
    town.letter().await;
    assert_eq!(reasons(&town).await, [(1, json!("given_up"))]);
    daemon.wait_metric("decile_dead_letters_total{why=\"given_up\"} 1").await;
    let id = id(&town.letter().await);
    town.answers("retry", &[&id]).exits(0);
    assert_eq!(town.broker.record_on(1).await.outcome(), "handle");
}

#[tokio::test]
async fn what_somebody_else_ends_becomes_a_dead_letter_and_what_was_decided_does_not() {
    let town = Town::new().await;
    town.broker.say("Thursday works for me").await;
    town.deliver(1, 1, AckKind::Term).await;
    until("the broker's word", || async { (town.broker.last_sequence("DECILE_ADVISORIES").await == 1).then_some(()) })
        .await;
    let _daemon = Daemon::ready(&town.world).await;
    town.letter().await;
    let decided = town.broker.decide("see you on Friday, works for me").await;
    assert_eq!(decided.sequence(), 2);
    let advisory = json!({ "type": "io.nats.jetstream.advisory.v1.max_deliver", "id": "x", "deliveries": 1,
        "timestamp": "2026-01-02T03:04:05Z", "stream": "IN", "consumer": "decile", "stream_seq": 2 });
    let subject = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.IN.decile";
    town.broker.publish(subject, advisory.to_string()).await;
    let stream = town.broker.jetstream.get_stream("DECILE_ADVISORIES").await.unwrap();
    until("all that the broker said followed", || async {
        let info = stream.consumer_info("advisories").await.unwrap();
        (info.num_pending == 0 && info.num_ack_pending == 0).then_some(())
    })
    .await;
    assert_eq!(reasons(&town).await, [(1, json!("given_up"))], "what was decided is not given up");
    assert!(town.server.url().starts_with("nats://"));
}

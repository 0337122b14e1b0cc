//! What each user needs, on the server as it is configured by the command's output.

use super::{Fenced, Login, headers};
use crate::executor::{grant, outward};
use crate::support::{DEADLINE, Daemon, until};
use async_nats::jetstream::AckKind;
use async_nats::jetstream::consumer::{PullConsumer, pull};
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::PublishMessage;
use decile::authority::{Deployment, Seed};
use decile::decision::{Phase, Proof, Receipt};
use futures::StreamExt as _;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

const GRANT: &str = "decile.grant.react.test.main";
const ACTION: &str = "decile.action.react.test.main.0123456789abcdef0123456789abcdef";

/// A message of a batch: subject, headers, payload.
type Part<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

/// Publishes all but the last of a batch, then the last; what the server says of the whole comes back.
async fn batch(login: &Login, id: &str, messages: &[Part<'_>]) -> Value {
    let mut answer = None;
    for (number, (subject, more, payload)) in messages.iter().enumerate() {
        let sequence = (number + 1).to_string();
        let mut pairs = vec![("Nats-Batch-Id", id), ("Nats-Batch-Sequence", sequence.as_str())];
        pairs.extend_from_slice(more);
        if number + 1 < messages.len() {
            login
                .client
                .publish_with_headers(subject.to_string(), headers(&pairs), payload.to_string().into())
                .await
                .unwrap();
        } else {
            pairs.push(("Nats-Batch-Commit", "1"));
            let sent =
                login.client.request_with_headers(subject.to_string(), headers(&pairs), payload.to_string().into());
            answer = Some(sent.await.expect("the server answers").payload);
        }
    }
    serde_json::from_slice(&answer.expect("a message")).unwrap()
}

async fn next(consumer: &PullConsumer) -> async_nats::jetstream::Message {
    let mut messages =
        consumer.stream().heartbeat(Duration::from_secs(1)).expires(Duration::from_secs(5)).messages().await.unwrap();
    timeout(DEADLINE, messages.next()).await.expect("in time").expect("a message").expect("no error")
}

#[tokio::test]
async fn messages_of_bridges_in_another_account_are_decided() {
    let fenced = Fenced::start().await;
    let arguments = ["run", "--config", &fenced.world.config()];
    let daemon = Daemon::spawn(fenced.command("daemon", &arguments));
    daemon.wait_ready().await;
    let config = fenced.world.config();
    for (bridge, subject) in [("bridge-IN", "in.main.x"), ("bridge-IN", "in.direct"), ("bridge-POST", "post.box.y")] {
        let text = json!({ "text": "Thursday works for me" }).to_string();
        let bridge = fenced.login(bridge).await;
        let sent = bridge.jetstream.publish(subject, text.into()).await.unwrap();
        assert_eq!(sent.await.expect("its stream takes it").sequence, if subject == "in.direct" { 2 } else { 1 });
    }
    let decided = [
        "decile.handled.scheduling_confirm.post.box",
        "decile.handled.scheduling_confirm.test.main",
        "decile.passed.test.direct",
    ];
    until("three decisions", || async { (fenced.stored().await.len() >= 3).then_some(()) }).await;
    assert_eq!(fenced.stored().await.into_keys().collect::<Vec<_>>(), decided);

    // Whoever reads needs no consumer, and finds what was decided, and on what.
    let bridge = fenced.login("bridge-IN").await;
    for _ in 0..300 {
        bridge.jetstream.publish("in.main.x", json!({ "text": "works for me" }).to_string().into()).await.unwrap();
    }
    for user in ["auditor", "operator"] {
        until("303 decisions", || async {
            let log = fenced.ran(user, &["log", "--format", "json", "--config", &config]).exits(0).json_lines();
            (log.len() == 303).then_some(())
        })
        .await;
    }
    let log =
        fenced.ran("auditor", &["log", "--channel", "post.box", "--format", "json", "--config", &config]).exits(0);
    let id = log.json()["id"].as_str().unwrap().to_owned();
    let shown = fenced.ran("auditor", &["show", &id, "--config", &config]).exits(0);
    assert!(shown.out.contains(&id), "{}", shown.out);
    // The text is read where the message lies, in the other account.
    fenced.ran("auditor", &["replay", &id, "--config", &config]).exits(0);
    let proposer = fenced.ran("proposer", &["log", "--config", &config]).exits(78);
    assert!(proposer.err.contains("no permission to ask about the stream `DECILE`"), "{}", proposer.err);

    // The acknowledgements reach the other account too.
    let user = fenced.login("daemon").await;
    for (stream, consumer) in [("IN", "decile"), ("POST", "triage")] {
        until(&format!("every message of {stream} acknowledged"), || async {
            let consumer: PullConsumer = user.jetstream.get_consumer_from_stream(consumer, stream).await.unwrap();
            let info = consumer.cached_info();
            (info.num_ack_pending == 0 && info.num_pending == 0 && info.ack_floor.stream_sequence > 0).then_some(())
        })
        .await;
    }
    assert!(!daemon.log().contains("the server refuses"), "it never asks for what it may not: {}", daemon.log());
}

/// The broker says it in the account of the sources, where nobody logs in.
#[tokio::test]
async fn what_is_ended_in_another_account_is_given_up_and_tried_again() {
    let fenced = Fenced::start().await;
    let config = fenced.world.config();
    let text = std::fs::read_to_string(&config).unwrap();
    fenced.world.write("decile.toml", format!("{text}\n[limits]\nplan_age_ms_max = 2000\n"));
    let bridge = fenced.login("bridge-IN").await;
    let message = json!({ "text": "Thursday works for me" }).to_string();
    bridge.jetstream.publish("in.main.x", message.into()).await.unwrap().await.unwrap();
    let user = fenced.login("daemon").await;
    let consumer: PullConsumer = user.jetstream.get_consumer_from_stream("decile", "IN").await.unwrap();
    let mut messages = consumer.fetch().max_messages(1).messages().await.unwrap();
    messages.next().await.unwrap().unwrap().ack_with(AckKind::Term).await.unwrap();
    user.client.flush().await.unwrap();

    let daemon = Daemon::spawn(fenced.command("daemon", &["run", "--config", &config]));
    daemon.wait_ready().await;
    let dead = until("a dead letter", || async {
        let listed = fenced.ran("auditor", &["dlq", "list", "--format", "json", "--config", &config]);
        listed.json_lines().pop()
    })
    .await;
    assert_eq!(dead["letter"]["why"], "given_up");
    let stored = fenced.stored().await;
    assert!(stored.contains_key("decile.dlq.test.main"), "{stored:?}");
    assert!(!daemon.log().contains("the server refuses"), "it never asks for what it may not: {}", daemon.log());
}

#[tokio::test]
async fn an_operator_grants_answers_and_halts_and_the_daemon_sees_it() {
    let fenced = Fenced::start().await;
    let (operator, daemon) = (fenced.login("operator").await, fenced.login("daemon").await);
    let stream = daemon.jetstream.get_stream("DECILE").await.unwrap();
    let filter_subjects = ["decile.grant.>", "decile.control.>", "decile.level.>"].map(str::to_owned).to_vec();
    let ordered = pull::OrderedConfig { filter_subjects, ..Default::default() };
    let mut followed = stream.create_consumer(ordered).await.unwrap().messages().await.unwrap();

    let granted = batch(&operator, "one", &[(GRANT, &[], "revoked"), (GRANT, &[("Nats-TTL", "60s")], "granted")]).await;
    assert_eq!((&granted["stream"], &granted["count"]), (&json!("DECILE"), &json!(2)));
    for (subject, payload) in
        [("decile.control.halt", "halt"), ("decile.level.billing.test.main", "0"), ("decile.ruling.abc", "approve")]
    {
        let sent = operator.jetstream.publish(subject, payload.into()).await.unwrap();
        assert_eq!(sent.await.expect("the stream takes it").stream, "DECILE");
    }
    for wanted in ["revoked", "granted", "halt", "0"] {
        let message = timeout(DEADLINE, followed.next()).await.expect("in time").unwrap().unwrap();
        assert_eq!(message.payload, wanted);
    }
    let rulings: PullConsumer = stream.get_consumer("rulings").await.unwrap();
    let ruling = next(&rulings).await;
    assert_eq!(ruling.payload, "approve");
    ruling.double_ack().await.expect("the ack is confirmed");
}

#[tokio::test]
async fn an_executor_takes_the_actions_of_its_channel_and_reports() {
    let fenced = Fenced::start().await;
    let (daemon, executor) = (fenced.login("daemon").await, fenced.login("execute-test=2Emain").await);
    let granted =
        batch(&fenced.login("operator").await, "g", &[(GRANT, &[], "revoked"), (GRANT, &[], "granted")]).await;
    let revision = granted["seq"].as_u64().unwrap().to_string();
    let zero = [("Nats-Expected-Last-Subject-Sequence", "0")];
    let fence = [
        ("Nats-Expected-Last-Subject-Sequence", revision.as_str()),
        ("Nats-Expected-Last-Subject-Sequence-Subject", GRANT),
    ];
    let action = [
        (ACTION, zero.as_slice(), "act"),
        ("decile.slot.use.g.1", zero.as_slice(), "{}"),
        ("decile.slot.fence.x", fence.as_slice(), "{}"),
    ];
    assert_eq!(batch(&daemon, "a", &action).await["count"], json!(3));
    let again = batch(&daemon, "b", &action).await;
    assert_eq!(again["error"]["err_code"], json!(10071), "the expectations hold over accounts: {again}");

    let stream = executor.jetstream.get_stream("DECILE").await.unwrap();
    let consumer: PullConsumer = stream.get_consumer("execute-test=2Emain").await.unwrap();
    let message = next(&consumer).await;
    assert_eq!((message.subject.as_str(), message.payload.as_ref()), (ACTION, b"act".as_slice()));
    let last = stream.direct_get_last_for_subject(GRANT).await.expect("it may look at the grant");
    assert_eq!(last.sequence.to_string(), revision);
    assert!(stream.direct_get_last_for_subject("decile.control.halt").await.is_err(), "there is no halt");
    for attempt in [true, false] {
        let intent = PublishMessage::build().expected_last_subject_sequence(0).payload("intent".into());
        let sent = executor.jetstream.send_publish("decile.receipt.0123", intent).await.unwrap().await;
        let is_refused = sent.is_err_and(|error| error.kind() == PublishErrorKind::WrongLastSequence);
        assert_eq!(is_refused, !attempt, "one intent and no second");
    }
    executor.jetstream.publish("decile.alert.unknown", "…".into()).await.unwrap().await.expect("it may raise an alert");
    message.double_ack().await.expect("the ack is confirmed");

    let other = fenced.login("execute-post=2Ebox").await;
    let stream = other.jetstream.get_stream("DECILE").await.unwrap();
    let consumer: PullConsumer = stream.get_consumer("execute-post=2Ebox").await.unwrap();
    assert_eq!(consumer.cached_info().num_pending, 0, "the other channel's executor has nothing to do");
}

#[tokio::test]
async fn the_executors_command_needs_no_other_right() {
    let fenced = Fenced::start().await;
    let seed = Seed::generate();
    let operator = format!("[[operator]]\nname = \"ada\"\nkey = \"{}\"\n", seed.public());
    let right = "grants = [{ channels = [\"test.main\"], types = [\"react\"] }]\n";
    fenced.world.write("operators.toml", format!("deployment = \"production\"\n{operator}{right}"));
    let signed = grant().sign(&Deployment::parse("production").unwrap(), &seed).unwrap();
    let person = fenced.login("operator").await;
    let stored = person.jetstream.publish(GRANT, signed.encode().unwrap().into()).await.unwrap().await.unwrap();
    let outward = outward(1, &Proof::Grant { signed, revision: stored.sequence, halt: 0 });
    let (id, bytes) = (outward.decision.id.clone(), serde_json::to_vec(&outward).unwrap());
    let subject = format!("decile.action.react.test.main.{id}");
    let daemon = fenced.login("daemon").await;
    daemon.jetstream.publish(subject, bytes.into()).await.unwrap().await.expect("the daemon may");

    let effect = fenced.world.path("effect");
    let (config, exec) = (fenced.world.config(), format!("cat > {}", effect.display()));
    let execute = ["execute", "--config", &config, "--channel", "test.main", "--until-idle", "--exec", &exec];
    fenced.ran("execute-test=2Emain", &execute).exits(0);
    assert!(std::fs::read_to_string(effect).unwrap().contains(id.as_str()));
    let stream = person.jetstream.get_stream("DECILE").await.unwrap();
    let last = stream.direct_get_last_for_subject(format!("decile.receipt.{id}")).await.unwrap();
    assert_eq!(Receipt::parse(&last.payload).unwrap().phase, Phase::Outcome(decile::decision::Outcome::Done));

    let ran = fenced.ran("execute-post=2Ebox", &execute).exits(78);
    assert!(ran.err.contains("no permission to ask about the consumer"), "another's channel: {}", ran.err);
}

#[tokio::test]
async fn an_auditor_reads_a_notifier_is_told_and_a_proposer_proposes() {
    let fenced = Fenced::start().await;
    let proposer = fenced.login("proposer").await;
    proposer.jetstream.publish("decile.proposal.abc", "draft".into()).await.unwrap().await.expect("a proposal");
    let daemon = fenced.login("daemon").await;
    daemon.jetstream.publish("decile.escalated.human.test.main", "ask".into()).await.unwrap().await.expect("stored");
    let notifier = fenced.login("notify-human").await;
    let consumer: PullConsumer =
        notifier.jetstream.get_consumer_from_stream("notify-human", "DECILE").await.expect("its consumer");
    let told = next(&consumer).await;
    assert_eq!(told.payload, "ask");
    told.double_ack().await.expect("the ack is confirmed");

    let auditor = fenced.login("auditor").await;
    let stream = auditor.jetstream.get_stream("DECILE").await.unwrap();
    assert_eq!(stream.get_last_raw_message_by_subject("decile.proposal.abc").await.unwrap().payload, "draft");
    assert_eq!(stream.direct_get(1).await.unwrap().payload, "draft");
    assert_eq!(stream.direct_get_last_for_subject("decile.proposal.abc").await.unwrap().payload, "draft");
    assert_eq!(stream.direct_get_next_for_subject("decile.>", Some(1)).await.unwrap().payload, "draft");
    let bridge = fenced.login("bridge-IN").await;
    bridge.jetstream.publish("in.main.x", "hello".into()).await.unwrap().await.expect("its stream takes it");
    let source = auditor.jetstream.get_stream("IN").await.unwrap();
    assert_eq!(source.get_raw_message(1).await.expect("the message of a decision").payload, "hello");
}

#[tokio::test]
async fn whoever_sets_up_places_canaries_and_the_daemon_tries_them() {
    let fenced = Fenced::start().await;
    let seed = Seed::generate();
    let operators = format!(
        "deployment = \"test\"\n[[operator]]\nname = \"ada\"\nkey = \"{}\"\n\
         [[operator.grants]]\nchannels = [\"decile.canary\"]\ntypes = [\"*\"]\n",
        seed.public()
    );
    fenced.world.write("operators.toml", operators);
    fenced.world.write("ada.key", seed.reveal().unwrap());
    let main = std::fs::read_to_string(fenced.world.path("decile.toml")).unwrap();
    fenced.world.write("decile.toml", format!("{main}\n[canary]\ninterval_s = 1\n"));
    let (config, key) = (fenced.world.config(), fenced.world.path("ada.key"));
    let placed = fenced.ran("deployer", &["setup", "--apply", "--config", &config, "--key", key.to_str().unwrap()]);
    assert!(placed.exits(0).out.contains("canary `forged`: placed"));
    let daemon = Daemon::spawn(fenced.command("daemon", &["run", "--config", &config]));
    daemon.wait_ready().await;
    for wall in ["types", "broker", "executor"] {
        let refused = format!("decile_canary_total{{wall=\"{wall}\",outcome=\"refused\"}} 3");
        until(&refused, || async { daemon.metrics().await.contains(&refused).then_some(()) }).await;
    }
    assert!(!daemon.log().contains("the server refuses"), "it never asks for what it may not: {}", daemon.log());
}

//! `decile doctor`, and `decile run`, which asks the same: on servers and streams that leave something to be desired.

use crate::refusals::{configured, made, refuses};
use crate::support::{Broker, Daemon, Ran, World, run};
use async_nats::jetstream::{consumer, stream};
use decile::bus::private::{PrivateServer, find};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

fn doctor(world: &World, arguments: &[&str]) -> Ran {
    run(&[&["doctor", "--config", &world.config(), "--format", "json"], arguments].concat())
}

/// How bad each question's worst finding is, where it is not fine.
fn findings(ran: &Ran) -> BTreeMap<String, String> {
    let all = ran.json()["findings"].as_array().unwrap().clone();
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let rev = all.iter().rev().filter(|finding| finding["severity"] != "fine");
    rev.map(|finding| (word(finding, "finding"), word(finding, "severity"))).collect()
}

fn map<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Where a server that was started with `-m -1` says that it answers.
fn monitor(server: &PrivateServer) -> String {
    let entries = std::fs::read_dir(server.folder()).unwrap().map(|entry| entry.unwrap().path());
    let file = entries.into_iter().find(|path| path.extension().is_some_and(|it| it == "ports")).unwrap();
    let ports: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    ports["monitoring"][0].as_str().unwrap().to_owned()
}

fn monitored(text: &str) -> (PrivateServer, tempfile::TempDir) {
    configured(&format!("{text}\nhttp: \"127.0.0.1:-1\"\n"))
}

async fn change(world: &World, server: &PrivateServer, change: impl FnOnce(&mut stream::Config)) {
    run(&["setup", "--apply", "--config", &world.config()]).exits(0);
    let jetstream = Broker::on(server).await.jetstream;
    let mut config = jetstream.get_stream("DECILE").await.unwrap().cached_info().config.clone();
    change(&mut config);
    jetstream.delete_stream("DECILE").await.unwrap();
    jetstream.create_stream(config).await.unwrap();
    let rulings = World::on(server);
    // The consumers went with the stream.
    let jetstream = Broker::on(server).await.jetstream;
    let stream = jetstream.get_stream("DECILE").await.unwrap();
    let wanted = run(&["setup", "--config", &rulings.config(), "--format", "json"]).exits(0).json();
    let rulings: consumer::Config = serde_json::from_value(wanted["rulings"].clone()).unwrap();
    stream.create_consumer(rulings).await.unwrap();
}

#[tokio::test]
async fn a_server_alone_has_its_price_and_voids_nothing() {
    let server = PrivateServer::start().unwrap();
    let world = made(&server);
    let ran = doctor(&world, &[]).exits(0);
    let costs = map([("replicas", "costs"), ("sync_unknown", "costs"), ("ack_wait", "unknown")]);
    assert_eq!(findings(&ran), costs, "{}", ran.out);
    doctor(&world, &["--strict"]).exits(3);
    let text = run(&["doctor", "--config", &world.config()]).exits(0).out;
    for says in ["costs: sync_unknown", "every 2 minutes, unless", "0 void a promise", "`decile run` runs on this"] {
        assert!(text.contains(says), "`{says}` in {text}");
    }
    let world = world.bus("sync_interval = \"always\"\n");
    assert!(!findings(&doctor(&world, &[])).contains_key("sync_unknown"), "an operator's word");
}

#[tokio::test]
async fn a_server_says_how_it_syncs() {
    let (server, _folder) = monitored("");
    let world = made(&server);
    let monitor_arg = monitor(&server);
    let ran = doctor(&world, &["--monitor", &monitor_arg]);
    assert_eq!(findings(&ran).get("sync_interval").map(String::as_str), Some("costs"), "{}", ran.out);
    assert!(ran.out.contains("syncs to disk every 120s, after it has acknowledged"), "{}", ran.out);

    let (server, _folder) = monitored("jetstream { sync_interval: always }");
    let world = World::on(&server).bus(&format!("monitor = \"{}\"\n", monitor(&server)));
    run(&["setup", "--apply", "--config", &world.config()]).exits(0);
    let ran = doctor(&world, &[]);
    assert_eq!(findings(&ran), map([("replicas", "costs"), ("ack_wait", "unknown")]), "{}", ran.out);
    let daemon = Daemon::ready(&world).await;
    daemon.wait_metric("decile_doctor_finding{finding=\"sync_interval\"} 0").await;
    daemon.wait_metric("decile_doctor_finding{finding=\"sync_unknown\"} 0").await;
    daemon.wait_metric("decile_doctor_finding{finding=\"replicas\"} 1").await;
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_a_finding() {
    let server = PrivateServer::start().unwrap();
    let world = made(&server);
    let ran = doctor(&world, &["--monitor", "http://127.0.0.1:1"]);
    assert_eq!(findings(&ran).get("server_unknown").map(String::as_str), Some("costs"), "{}", ran.out);
    assert!(ran.out.contains("`http://127.0.0.1:1` does not answer"), "{}", ran.out);
    doctor(&world, &["--monitor", "127.0.0.1:8222"]).exits(2);
}

#[tokio::test]
async fn nothing_there_is_a_finding_and_no_server_is_none() {
    let server = PrivateServer::start().unwrap();
    let ran = doctor(&World::on(&server), &[]).exits(3);
    assert_eq!(findings(&ran).get("stream_missing").map(String::as_str), Some("refuses"), "{}", ran.out);
    doctor(&World::offline(), &[]).exits(1);
    doctor(&World::on(&server).bus("monitor = \"nats://x\"\n"), &[]).exits(78);
}

#[tokio::test]
async fn a_stream_in_memory_is_refused_unless_it_is_meant() {
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server);
    change(&world, &server, |config| config.storage = stream::StorageType::Memory).await;
    let ran = doctor(&world, &[]).exits(3);
    assert_eq!(findings(&ran).get("storage_memory").map(String::as_str), Some("refuses"), "{}", ran.out);
    refuses(&world, &[], &["the stream `DECILE` is kept in memory", "`storage = \"memory\"`", "`[retention]`"]).await;

    let server = PrivateServer::start().unwrap();
    let world = World::on(&server).more("[retention]\nstorage = \"memory\"\n");
    let daemon = Daemon::ready(&world).await;
    let made = Broker::on(&server).await.jetstream.get_stream("DECILE").await.unwrap();
    assert_eq!(made.cached_info().config.storage, stream::StorageType::Memory, "as the configuration says");
    daemon.wait_metric("decile_doctor_finding{finding=\"storage_memory\"} 1").await;
    daemon.wait_log("kept in memory, as `[retention]` says").await;
    assert_eq!(findings(&doctor(&world, &[]).exits(0)).get("storage_memory").map(String::as_str), Some("costs"));
}

#[tokio::test]
async fn a_stream_that_writes_later_is_refused() {
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server);
    change(&world, &server, |config| {
        config.persist_mode = Some(stream::PersistenceMode::Async);
        config.allow_atomic_publish = false;
    })
    .await;
    let found = findings(&doctor(&world, &[]).exits(3));
    assert_eq!(found.get("persist_async").map(String::as_str), Some("refuses"), "{found:?}");
    refuses(&world, &[], &["`persist_mode: async`", "a server that is killed takes records with it"]).await;
}

#[tokio::test]
async fn a_window_that_is_too_short_is_refused() {
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server);
    change(&world, &server, |config| config.duplicate_window = Duration::from_secs(10)).await;
    let found = findings(&doctor(&world, &[]).exits(3));
    assert_eq!(found.get("duplicate_window").map(String::as_str), Some("refuses"), "{found:?}");
    refuses(&world, &[], &["or longer: 120s, and it is 10s", "decided twice"]).await;
}

#[tokio::test]
async fn everything_that_voids_a_promise_is_said_at_once() {
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server);
    change(&world, &server, |config| {
        config.discard = stream::DiscardPolicy::Old;
        config.storage = stream::StorageType::Memory;
    })
    .await;
    let stream = Broker::on(&server).await.jetstream.get_stream("IN").await.unwrap();
    let mut consumer = stream.consumer_info("decile").await.unwrap().config.clone();
    consumer.max_deliver = 5;
    stream.create_consumer(consumer).await.unwrap();
    let found = findings(&doctor(&world, &[]).exits(3));
    for kind in ["discard_old", "storage_memory", "max_deliver"] {
        assert_eq!(found.get(kind).map(String::as_str), Some("refuses"), "{kind}: {found:?}");
    }
    let says = ["`discard` must be `new`", "kept in memory", "deliveries is `5`, must be `-1`", "`decile doctor`"];
    refuses(&world, &[], &says).await;
}

#[tokio::test]
async fn what_has_a_price_is_warned_of_once_shown_and_corrected() {
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server);
    change(&world, &server, |config| {
        config.allow_rollup = true;
        config.deny_delete = false;
        config.deny_purge = false;
    })
    .await;
    let found = findings(&doctor(&world, &[]).exits(0));
    for kind in ["rollup_allowed", "delete_allowed"] {
        assert_eq!(found.get(kind).map(String::as_str), Some("costs"), "{kind}: {found:?}");
    }
    let daemon = Daemon::start(&world, &[]);
    daemon.wait_ready().await;
    for kind in ["rollup_allowed", "delete_allowed"] {
        daemon.wait_metric(&format!("decile_doctor_finding{{finding=\"{kind}\"}} 1")).await;
        assert_eq!(daemon.log().matches(kind).count(), 1, "warned of once: {}", daemon.log());
    }
    run(&["setup", "--apply", "--config", &world.config()]).exits(0);
    let found = findings(&doctor(&world, &[]).exits(0));
    assert!(!found.contains_key("rollup_allowed") && !found.contains_key("delete_allowed"), "{found:?}");
}

#[tokio::test]
async fn commits_are_measured_by_the_daemon_itself() {
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server);
    let daemon = Daemon::ready(&world).await;
    let broker = Broker::on(&server).await;
    let metrics = format!("http://{}", daemon.http().await);
    let ran = doctor(&world, &["--metrics", &metrics]);
    assert!(ran.out.contains("it has committed 0 records"), "{}", ran.out);
    broker.publish_all("in.main.x", (0..1_200).map(|at| format!("{{\"text\":\"number {at}\"}}"))).await;
    daemon.wait_metric("decile_commit_seconds_count 1200").await;
    let ran = doctor(&world, &["--metrics", &metrics]);
    assert!(!findings(&ran).contains_key("ack_wait"), "{}", ran.out);
    assert!(ran.out.contains("of 1,000 commits 999 take up to"), "{}", ran.out);
}

#[tokio::test]
async fn each_server_of_a_cluster_is_asked_for() {
    // The sources and what they hold are of one server; the second answers for itself.
    let (first, _first) = monitored("server_name: first");
    let (second, _second) = monitored("server_name: second\njetstream { sync_interval: always }");
    assert!(find().is_ok());
    let world = made(&first);
    let both = format!("{},{}", monitor(&first), monitor(&second));
    let ran = doctor(&world, &["--monitor", &both]);
    assert!(ran.out.contains("the server `second` syncs to disk before it acknowledges"), "{}", ran.out);
    assert!(ran.out.contains("the server `first` syncs to disk every 120s"), "{}", ran.out);
    assert!(ran.out.contains("known are first, second"), "{}", ran.out);
}

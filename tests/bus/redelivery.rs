//! Crashes, redelivery and refusals change no decision and lose none.

use crate::support::{Broker, Daemon, World, run, until};
use async_nats::jetstream::stream;
use decile::bus::private::PrivateServer;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Small steps, so that a crash comes in the middle; and what was not acknowledged comes again soon.
const LIMITS: &str = "[limits]\nqueue_messages_max = 16\ninflight_messages_max = 64\nmax_ack_inflight = 8\n\
    commit_timeout_ms = 900\nack_wait_ms = 1000\n";

fn messages(count: u64) -> impl Iterator<Item = String> {
    (1..=count).map(|number| {
        let text = if number % 3 == 0 { format!("number {number}") } else { format!("{number} works for me") };
        json!({ "text": text }).to_string()
    })
}

#[tokio::test]
async fn a_crash_in_the_middle_loses_nothing_and_decides_nothing_twice() {
    let count = 2_000;
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server).more(LIMITS);
    run(&["setup", "--apply", "--config", &world.config()]).exits(0);
    let broker = Broker::on(&server).await;
    broker.publish_all("in.main.x", messages(count)).await;

    let mut crashed_at = 0;
    for part in 1..=3 {
        let mut daemon = Daemon::start(&world, &[]);
        until("some decisions", || async { (broker.last_sequence("DECILE").await > part * 300).then_some(()) }).await;
        daemon.kill();
        crashed_at = broker.last_sequence("DECILE").await;
    }
    assert!(crashed_at < count, "the crashes came in the middle, at {crashed_at}");
    let daemon = Daemon::start(&world, &[]);
    daemon.wait_ready().await;
    broker.all_acknowledged("IN").await;

    let records = broker.all("DECILE").await;
    let decided: BTreeSet<u64> = records.iter().map(|record| record.sequence()).collect();
    assert_eq!(decided, (1..=count).collect(), "every message has its decision");
    let mut ids: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
    for record in &records {
        ids.entry(record.sequence()).or_default().insert(record.decision()["id"].as_str().unwrap());
    }
    assert!(ids.values().all(|ids| ids.len() == 1), "a message has the same id each time");
    assert_eq!(records.len() as u64, count, "the broker dropped what was published again");
}

#[tokio::test]
async fn what_the_broker_refuses_is_not_acknowledged() {
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server).more(LIMITS);
    run(&["setup", "--apply", "--config", &world.config()]).exits(0);
    let broker = Broker::on(&server).await;
    bound_records(&broker, 1).await;

    let daemon = Daemon::start(&world, &[]);
    daemon.wait_ready().await;
    broker.publish_all("in.main.x", messages(5)).await;
    daemon.wait_log("a decision was not committed").await;
    let info = broker.consumer("IN").await;
    assert_eq!(info.ack_floor.stream_sequence, 1, "only what was committed is acknowledged: {info:?}");
    assert_eq!(broker.last_sequence("DECILE").await, 1);

    bound_records(&broker, -1).await;
    broker.all_acknowledged("IN").await;
    let decided: BTreeSet<u64> = broker.all("DECILE").await.iter().map(|record| record.sequence()).collect();
    assert_eq!(decided, (1..=5).collect(), "everything was decided in the end");
}

/// Changes how many records the stream for decisions takes.
async fn bound_records(broker: &Broker, max_messages: i64) {
    let decisions = broker.jetstream.get_stream("DECILE").await.unwrap().cached_info().config.clone();
    broker.jetstream.update_stream(stream::Config { max_messages, ..decisions }).await.expect("the stream is changed");
}

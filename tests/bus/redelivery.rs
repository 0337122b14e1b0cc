//! Crashes, redelivery and refusals change no decision and lose none.

use crate::support::{Broker, Daemon, World, http, run, until};
use async_nats::jetstream::{self, stream};
use decile::bus::private::PrivateServer;
use futures::{FutureExt as _, StreamExt as _};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

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
async fn what_the_broker_refuses_is_not_acknowledged_and_nothing_more_is_taken() {
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server).more(LIMITS);
    run(&["setup", "--apply", "--config", &world.config()]).exits(0);
    let broker = Broker::on(&server).await;

    let daemon = Daemon::start(&world, &[]);
    daemon.wait_ready().await;
    let stream = broker.jetstream.get_stream("DECILE").await.unwrap();
    let there = i64::try_from(stream.cached_info().state.messages).unwrap();
    bound_records(&broker, there + 1).await;
    broker.publish_all("in.main.x", messages(5)).await;
    daemon.wait_log("a decision was not committed").await;
    let http = daemon.http().await;
    let down = until("not ready", || async { http::get(http, "/readyz").filter(|answer| answer.status == 503) }).await;
    assert!(down.body.contains("no messages are taken: the broker refuses decisions"), "it says why: {}", down.body);
    daemon.wait_metric("decile_intake_closed{why=\"refused\"} 1").await;
    let info = broker.consumer("IN").await;
    assert_eq!(info.ack_floor.stream_sequence, 1, "only what was committed is acknowledged: {info:?}");
    assert_eq!(broker.count("DECILE").await, 1);
    broker.publish_all("in.main.x", messages(3)).await;
    assert_eq!(http::get(http, "/readyz").unwrap().status, 503);
    assert_eq!(broker.count("DECILE").await, 1, "nothing is decided meanwhile");

    bound_records(&broker, -1).await;
    broker.all_acknowledged("IN").await;
    daemon.wait_metric("decile_intake_closed{why=\"refused\"} 0").await;
    let decided: BTreeSet<u64> = broker.all("DECILE").await.iter().map(|record| record.sequence()).collect();
    assert_eq!(decided, (1..=8).collect(), "everything was decided in the end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_up_ends_while_others_go_on_committing() {
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server).more("[limits]\nplan_age_ms_max = 2000\n[retention]\nduplicate_window_s = 6\n");
    run(&["setup", "--apply", "--config", &world.config()]).exits(0);
    let broker = Broker::on(&server).await;
    broker.publish_all("in.main.x", messages(5)).await;
    // Whoever takes them now does not know whether they have been decided: half the window has passed.
    let since = Instant::now();
    until("half the window", || async { (since.elapsed() > Duration::from_millis(3_500)).then_some(()) }).await;
    let stop = CancellationToken::new();
    let mut look_ups = broker.jetstream.client().subscribe("$JS.EVENT.ADVISORY.API").await.unwrap();
    let others = tokio::spawn(stop.clone().run_until_cancelled_owned(commit_on(broker.jetstream.clone())));

    let daemon = Daemon::start(&world, &[]);
    daemon.wait_ready().await;
    broker.all_acknowledged("IN").await;
    stop.cancel();
    others.await.unwrap();
    let is_look_up =
        |asked: &async_nats::Message| String::from_utf8_lossy(&asked.payload).contains(r#"headers_only\":true"#);
    let asked = std::iter::from_fn(|| look_ups.next().now_or_never().flatten());
    assert!(asked.filter(is_look_up).count() > 0, "they were looked up");
}

/// Commits what looks like other instances' decisions, without an end.
async fn commit_on(jetstream: jetstream::Context) {
    for number in 0_u64.. {
        let ack = jetstream.publish(format!("decile.handled.other.{number}"), "{}".into()).await.expect("it is sent");
        if number.is_multiple_of(100) {
            ack.await.expect("it is stored");
        }
    }
}

/// Changes how many records the stream for decisions takes.
async fn bound_records(broker: &Broker, max_messages: i64) {
    let decisions = broker.jetstream.get_stream("DECILE").await.unwrap().cached_info().config.clone();
    broker.jetstream.update_stream(stream::Config { max_messages, ..decisions }).await.expect("the stream is changed");
}

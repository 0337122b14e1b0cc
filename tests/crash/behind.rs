//! An instance that is slower than its source is patient does its work once all the same.

use crate::choices;
use crate::proxy::Weather;
use crate::scene::{LIMITS, Scene};
use crate::support::{DEADLINE, until};
use futures::StreamExt as _;
use std::time::{Duration, Instant};

/// How many messages wait; fewer than may be in flight.
const WAITING: usize = 20;
/// What is older than half of it is looked up.
const WINDOW: Duration = Duration::from_secs(16);
/// Each way, so that there is time to see that a look-up has begun.
const SLOW: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_again_while_it_is_in_hand_is_no_work() {
    let window_s = WINDOW.as_secs();
    let scene =
        Scene::new(&format!("{LIMITS}plan_age_ms_max = 5000\n[retention]\nduplicate_window_s = {window_s}\n")).await;
    scene.publish(WAITING, &mut choices("behind")).await;
    let since = Instant::now();
    until("half the window", || async { (since.elapsed() > WINDOW / 2 + Duration::from_millis(500)).then_some(()) })
        .await;
    scene.proxy.weather(Weather::Slow(SLOW));
    let mut look_ups = scene.broker.jetstream.client().subscribe("$JS.API.CONSUMER.CREATE.>").await.unwrap();
    scene.broker.jetstream.client().flush().await.unwrap();
    let daemon = scene.daemon();
    let is_look_up =
        |asked: &async_nats::Message| String::from_utf8_lossy(&asked.payload).contains(r#""headers_only":true"#);
    let asked = async { while !is_look_up(&look_ups.next().await.expect("it goes on")) {} };
    tokio::time::timeout(DEADLINE, asked).await.expect("a look-up");
    // What is asked is not answered before everything has been delivered once more.
    scene.proxy.weather(Weather::Held);
    until("copies", || async {
        let delivered = scene.broker.consumer("IN").await.delivered.consumer_sequence;
        (delivered >= 2 * WAITING as u64).then_some(())
    })
    .await;
    scene.proxy.weather(Weather::Fair);
    scene.settled().await;

    daemon.wait_ready().await;
    let metrics = daemon.metrics().await;
    let value = |name: &str| metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
    assert!(value("decile_redeliveries_total") >= Some(WAITING as u64), "there were no copies: {metrics}");
    assert_eq!(value("decile_duplicates_total"), Some(0), "copies were taken for work");
    scene.verdict().await;
}

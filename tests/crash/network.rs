//! The network between the daemon and its server is cut, slow, or says nothing.

use crate::load::Load;
use crate::proxy::Weather;
use crate::scene::{LIMITS, Scene};
use crate::{choices, many};
use decile::bus::private::PrivateServer;
use futures::StreamExt as _;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long it may take from the end of bad weather until a new message is decided. The short run is one of many on the same
/// machine, and only shows that it is decided at all.
fn recovers_max() -> Duration {
    Duration::from_secs(many(60, 5) as u64)
}

/// How long we look.
const LOOKS_MAX: Duration = Duration::from_secs(60);
/// Worlds side by side: mostly they wait.
const WORLDS: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_network_loses_nothing_and_its_end_is_noticed() {
    let times = many(20, 500) / WORLDS;
    let mut rng = choices("network");
    let worlds: Vec<_> = (0..WORLDS).map(|_| bad_weather(times, rng.fork())).collect();
    let slowest = futures::future::join_all(worlds).await;
    let too_slow: Vec<_> = slowest.iter().flatten().filter(|(_, took)| **took > recovers_max()).collect();
    assert!(too_slow.is_empty(), "a message was decided so long after the end of bad weather: {too_slow:?}");
}

/// The longest recovery from each weather.
async fn bad_weather(times: usize, mut rng: fastrand::Rng) -> BTreeMap<&'static str, Duration> {
    let scene = Scene::new(LIMITS).await;
    let daemon = scene.daemon();
    daemon.wait_ready().await;
    let load = Load::on(&[scene.server.url().to_owned()], &scene.published, rng.fork(), 40);
    let mut slowest = BTreeMap::new();
    for time in 0..times {
        let (name, weather) = match time % 4 {
            0 => ("cut", Weather::Cut),
            1 => ("slow", Weather::Slow(Duration::from_millis(rng.u64(50..400)))),
            2 => ("held", Weather::Held),
            _ => ("half-open", Weather::Swallowed),
        };
        tokio::time::sleep(Duration::from_millis(rng.u64(..200))).await;
        scene.proxy.weather(weather);
        tokio::time::sleep(Duration::from_millis(rng.u64(100..many(1_000, 4_000) as u64))).await;
        scene.proxy.weather(Weather::Fair);
        let ended = Instant::now();
        let sequence = scene.broker.publish("in.raw", format!("after {time}")).await;
        while !scene.is_escalated_raw(sequence).await {
            assert!(ended.elapsed() < LOOKS_MAX, "{name}: {sequence} is not decided on:\n{}", daemon.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let recovered = ended.elapsed();
        if recovered > recovers_max() {
            eprintln!("{name}: {recovered:.1?}, until {}\n{}", jiff::Timestamp::now(), daemon.log());
        }
        let took = slowest.entry(name).or_insert(Duration::ZERO);
        *took = recovered.max(*took);
    }
    load.end().await;
    scene.settled().await;
    let counts = scene.verdict().await;
    eprintln!("{times} times, slowest recovery {slowest:.1?}; {counts:?}");
    slowest
}

/// What governs is read before anything is decided. A record that ends after its reader was made and before it is delivered never
/// comes: nobody must wait for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_ends_while_it_is_read_is_not_waited_for() {
    let scene = Scene::ungoverned(PrivateServer::start().unwrap(), LIMITS).await;
    // The reader is made one way and back after the daemon has asked for the stream, and asks for records as long after that.
    scene.proxy.weather(Weather::Slow(Duration::from_millis(400)));
    let asked = scene.broker.jetstream.client().subscribe("$JS.API.STREAM.INFO.DECILE").await.unwrap();
    let daemon = scene.daemon();
    let publishing = asked.for_each(|_| async {
        scene.broker.publish_with("decile.slot.fence.test.lease", &[("Nats-TTL", "1s")], "{}").await;
    });
    tokio::select! {
        () = publishing => {}
        () = daemon.wait_ready() => {}
    }
}

//! How fast what is taken back ends: from the publish of a revocation to the last action that was committed under its grant,
//! and from that of a halt to the last internal action that was handled. By the broker's stored times, on one machine.
//!
//! `cargo bench --bench govern -- [--rounds N]`. Two instances, a broker of their own, one replica; half of the rounds
//! revoke, half halt. The stream is judged afterwards as in `tests/torture`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a bench prints, and stops at the first surprise"
)]

#[path = "../tests/torture/load.rs"]
#[expect(dead_code, reason = "the torture tests use the rest")]
mod load;
#[path = "../tests/torture/oracle.rs"]
mod oracle;
#[path = "../tests/support/cluster.rs"]
#[expect(dead_code, reason = "a bench has one server; the judge asks for all replicas of whatever there is")]
mod replicas;
#[path = "../tests/torture/scene.rs"]
#[expect(dead_code, reason = "the torture tests use the rest")]
mod scene;
#[path = "../tests/support/mod.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod support;
#[path = "../tests/torture/tail.rs"]
mod tail;

use async_nats::jetstream;
use decile::authority::Uses;
use decile::bus::private::PrivateServer;
use hdrhistogram::Histogram;
use jiff::Timestamp;
use scene::{Scene, world};
use std::time::Duration;
use tail::{Records, Stored};

const INSTANCES: usize = 2;
/// Messages a second, while no more wait than these: one class that acts outward, one that is only labelled.
const WAITING_MAX: u64 = 300;
const OUTWARD: u64 = 100;
const INTERNAL: u64 = 2_000;
/// How long everything has to come to rest.
const REST: Duration = Duration::from_millis(250);

/// One change: when it was sent, and its sequence.
struct Change {
    sent_at: Timestamp,
    sequence: u64,
    /// The grant that it takes back, or the end of the halt.
    other: u64,
}

fn main() {
    let mut arguments = std::env::args().skip_while(|it| it != "--rounds").skip(1);
    let rounds: usize = arguments.next().map_or(400, |it| it.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure(rounds));
}

async fn measure(rounds: usize) {
    let busy = || std::fs::read_to_string("/proc/loadavg").unwrap_or_default().split(' ').next().unwrap().to_owned();
    let cores = std::thread::available_parallelism().unwrap();
    println!("{cores} cores, load average {} before", busy());
    let server = PrivateServer::start().unwrap();
    let mut scene = Scene::of(world(server.url(), ""), vec![server.url().to_owned()], INSTANCES).await;
    let load = [("in.one", "this week's news", OUTWARD), ("in.two", "Thursday works for me", INTERNAL)]
        .map(|(subject, text, rate)| tokio::spawn(publish(scene.broker.jetstream.clone(), subject, text, rate)));
    let (mut revocations, mut halts) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let grant = scene.grant("torture.one", Uses::Standing).await.unwrap();
        assert!(scene.acts_under("torture.one", grant, Duration::from_secs(30)).await, "{}", scene.lately().await);
        tokio::time::sleep(Duration::from_millis(fastrand::u64(..100))).await;
        let sent_at = Timestamp::now();
        if round % 2 == 0 {
            let sequence = scene.revoke("torture.one").await;
            tokio::time::sleep(REST).await;
            revocations.push(Change { sent_at, sequence, other: grant });
        } else {
            let sequence = scene.halt().await;
            tokio::time::sleep(REST).await;
            scene.resume(sequence).await;
            halts.push(Change { sent_at, sequence, other: grant });
        }
    }
    load.iter().for_each(tokio::task::JoinHandle::abort);
    println!("load average {} after", busy());
    let (seen, records) = scene.judged_with_records().await;
    let took = records.values().next_back().unwrap().at.duration_since(records.values().next().unwrap().at);
    let per_second = |count: usize| f64::from(u32::try_from(count).unwrap()) / took.as_secs_f64();
    println!(
        "{INSTANCES} instances, {:.0} decisions/s, {:.0} actions/s: {}",
        per_second(seen.messages.len()),
        per_second(seen.actions),
        seen.summary()
    );
    let acknowledged = |change: &Change| Some(records[&change.sequence].at);
    show("revocation to stored", &revocations, acknowledged);
    show("revocation to the last action", &revocations, |change| last_action(&records, change));
    show("halt to stored", &halts, acknowledged);
    show("halt to the last action", &halts, |change| last_action(&records, change));
    show("halt to the last internal action", &halts, |change| {
        let later = records.range(change.sequence..).map(|(_, it)| it);
        let until_resumed =
            later.take_while(|it| it.sequence == change.sequence || it.subject != "decile.control.halt");
        until_resumed.filter(|it| it.subject.starts_with("decile.handled.")).last().map(|it| it.at)
    });
}

/// Under the change's grant.
fn last_action(records: &Records, change: &Change) -> Option<Timestamp> {
    let rests = format!("\"revision\":{},\"halt\"", change.other);
    let is_under =
        |it: &&Stored| it.subject.starts_with("decile.action.") && String::from_utf8_lossy(&it.bytes).contains(&rests);
    // It never lies behind the change: the oracle has seen to that.
    records
        .range(change.other..)
        .map(|(_, it)| it)
        .take_while(|it| it.at < change.sent_at + REST)
        .filter(is_under)
        .last()
        .map(|it| it.at)
}

/// Publishes so many messages a second.
async fn publish(jetstream: jetstream::Context, subject: &'static str, text: &str, rate: u64) {
    let payload = format!("{{\"text\":\"{text}\"}}");
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if load::waiting(&jetstream).await.is_none_or(|it| it > WAITING_MAX) {
            continue;
        }
        for _ in 0..rate / 100 {
            let _ = jetstream.publish(subject, payload.clone().into()).await;
        }
    }
}

/// From the change to what came last; what came before it counts as nothing.
fn show(what: &str, changes: &[Change], last: impl Fn(&Change) -> Option<Timestamp>) {
    let mut histogram = Histogram::<u64>::new(3).unwrap();
    let mut before = 0;
    for change in changes {
        let late = last(change).map_or(0, |at| at.duration_since(change.sent_at).as_micros());
        before += usize::from(late <= 0);
        histogram.record(u64::try_from(late).unwrap_or(0)).unwrap();
    }
    let ms = |quantile| f64::from(u32::try_from(histogram.value_at_quantile(quantile)).unwrap()) / 1e3;
    println!(
        "{what}: p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms, of {} ({before} had ended before)",
        ms(0.5),
        ms(0.99),
        ms(1.0),
        changes.len()
    );
}

//! The daemon beside a bare loop on the same server, turn by turn, in one run: ratios.
//!
//! `cargo bench --bench bus -- --messages FILE [--turns N]`. The bare loop is pull → publish with id, a
//! record of the same size as a decision → await its ack → plain ack: no decoding, no rules. Without a file,
//! the demo's samples are repeated.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a bench prints, stops at the first surprise, and counts below 2^53"
)]

use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream;
use bytes::Bytes;
use decile::bus::private::PrivateServer;
use decile::bus::setup::Setup;
use decile::bus::{self, Access, AckBounds, Connection, Purpose};
use decile::config::{self, Config};
use decile::daemon::Daemon;
use decile::diagnostic::Report;
use decile::policy::resolve::RuleNames;
use decile::rules;
use decile::triage::Snapshot;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use hdrhistogram::Histogram;
use std::collections::BTreeSet;
use std::future::IntoFuture as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const ACKS: AckBounds = AckBounds { inflight_max: 1_024, timeout: Duration::from_secs(10) };
const LOOK: Duration = Duration::from_millis(2);

struct Measured {
    per_second: f64,
    record_bytes: u64,
    latencies_us: Histogram<u64>,
}

fn main() {
    let (messages, turns) = arguments();
    let payloads = payloads(messages.as_deref());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        println!("{} messages a turn, {turns} turns each", payloads.len());
        let mut record_bytes = 800;
        let (mut daemon, mut bare) = (Vec::new(), Vec::new());
        for turn in 0..turns {
            let measured = turn_of(&payloads, |access| daemon_turn(access, payloads.len())).await;
            record_bytes = measured.record_bytes;
            show(&format!("daemon {turn}"), &measured);
            daemon.push(measured.per_second);
            let measured = turn_of(&payloads, |access| bare_turn(access, payloads.len(), record_bytes)).await;
            show(&format!("bare   {turn}"), &measured);
            bare.push(measured.per_second);
        }
        println!(
            "throughput, daemon / bare: {:.2} (medians; {record_bytes} byte records)",
            median(&mut daemon) / median(&mut bare)
        );
    });
}

fn arguments() -> (Option<PathBuf>, usize) {
    let mut arguments = std::env::args().skip(1);
    let (mut messages, mut turns) = (None, 3);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--messages" => messages = arguments.next().map(PathBuf::from),
            "--turns" => turns = arguments.next().unwrap().parse().unwrap(),
            _ => {}
        }
    }
    (messages, turns)
}

/// Messages in the `decile` form: the file's lines, or the demo's samples again and again.
fn payloads(file: Option<&Path>) -> Vec<Bytes> {
    if let Some(file) = file {
        return lines(file);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/demo/messages");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let samples: Vec<Bytes> = files.flat_map(|file| lines(&file)).collect();
    assert!(!samples.is_empty(), "no samples");
    samples.iter().cycle().take(20_000).cloned().collect()
}

fn lines(file: &Path) -> Vec<Bytes> {
    std::fs::read_to_string(file).unwrap().lines().map(|line| Bytes::from(line.to_owned())).collect()
}

/// A fresh server, filled, then drained by `work`.
async fn turn_of<F: Future<Output = Duration>>(payloads: &[Bytes], work: impl FnOnce(Access) -> F) -> Measured {
    let server = PrivateServer::start().unwrap();
    let access = Access::local(server.url().to_owned());
    let connection = bus::connect(&access, Purpose::Command, ACKS, None).await.unwrap();
    setup(&connection).await;
    fill(&connection, payloads).await;
    let took = work(access).await;
    let (record_bytes, latencies_us) = read_back(&connection, payloads.len()).await;
    Measured { per_second: payloads.len() as f64 / took.as_secs_f64(), record_bytes, latencies_us }
}

async fn setup(connection: &Connection) {
    let (config, _) = world();
    let root = decile::subject::Root::new(&config.bus.root).unwrap();
    Setup::of(&config, &root).apply(connection).await.unwrap();
}

/// The shipped rules and policy, on one channel.
fn world() -> (Config, decile::pack::Pack) {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let demo = project.join("config/demo/policy.toml");
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    write("policy.toml", std::fs::read_to_string(demo).unwrap());
    write("decile.toml", format!("[files]\nrules = {:?}\n[http]\nlisten = \"\"\n", project.join("rules")));
    write(
        "channels.toml",
        "[[source]]\nstream = \"IN\"\nconsumer = \"decile\"\n\
         [[source.channel]]\nname = \"slack.bench\"\nsubject = \"in.>\"\npreset = \"decile\"\n"
            .to_owned(),
    );
    let report = Report::new();
    let compiled = rules::compile(&rules::load(&project.join("rules"), &report), &report);
    let (pack, _) = compiled.unwrap();
    let classes: BTreeSet<_> = pack.classes().cloned().collect();
    let restrictions: BTreeSet<_> = pack.restrictions().map(str::to_owned).collect();
    let names = RuleNames { classes: &classes, restrictions: &restrictions };
    let config = config::load_files(&folder.path().join("decile.toml"), &report).resolve(Some(names), &report);
    (config.unwrap_or_else(|| unreachable!("{:?}", report.into_sorted())), pack)
}

async fn fill(connection: &Connection, payloads: &[Bytes]) {
    let mut acks = FuturesUnordered::new();
    for payload in payloads {
        let message = PublishMessage::build().payload(payload.clone());
        acks.push(connection.jetstream.send_publish("in.bench", message).await.unwrap().into_future());
        if acks.len() >= 512 {
            acks.next().await.unwrap().unwrap();
        }
    }
    while let Some(ack) = acks.next().await {
        ack.unwrap();
    }
}

async fn daemon_turn(access: Access, messages: usize) -> Duration {
    let (config, pack) = world();
    let stream = config.bus.stream.clone();
    let snapshot = Snapshot::new(config.clone(), pack).unwrap();
    let setup = Setup::of(&config, &snapshot.root);
    let snapshot = Arc::new(arc_swap::ArcSwap::from_pointee(snapshot));
    let watching = bus::connect(&access, Purpose::Command, ACKS, None).await.unwrap();
    let stop = CancellationToken::new();
    let started = Instant::now();
    let daemon = Daemon { access, setup, snapshot, http_listen: None, create: false, reloader: None };
    let running = tokio::spawn(daemon.run(stop.clone()));
    wait_for(&watching, &stream, messages).await;
    let took = started.elapsed();
    stop.cancel();
    running.await.unwrap().unwrap();
    took
}

async fn wait_for(connection: &Connection, stream: &str, messages: usize) {
    loop {
        let state = connection.jetstream.get_stream(stream).await.unwrap().cached_info().state.clone();
        if state.messages >= messages as u64 {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Pull → publish with id → await its ack → plain ack; the same two connections and bounds as the daemon.
async fn bare_turn(access: Access, messages: usize, record_bytes: u64) -> Duration {
    let started = Instant::now();
    let consume = bus::connect(&access, Purpose::Consume, ACKS, None).await.unwrap();
    let publish = bus::connect(&access, Purpose::Publish, ACKS, None).await.unwrap();
    let stream: stream::Stream = consume.jetstream.get_stream("IN").await.unwrap();
    let consumer: PullConsumer = stream.get_consumer::<pull::Config>("decile").await.unwrap();
    assert_eq!(consumer.cached_info().config.ack_policy, AckPolicy::Explicit);
    let mut incoming = consumer.stream().max_messages_per_batch(512).messages().await.unwrap();
    let record = Bytes::from(vec![b'x'; usize::try_from(record_bytes).unwrap()]);
    let mut acks = FuturesUnordered::new();
    let (mut taken, mut done) = (0, 0);
    while done < messages {
        tokio::select! {
            biased;
            Some((answer, acker)) = acks.next(), if !acks.is_empty() => {
                let answer: Result<_, async_nats::jetstream::context::PublishError> = answer;
                answer.unwrap();
                let acker: async_nats::jetstream::message::Acker = acker;
                acker.ack().await.unwrap();
                done += 1;
            }
            Some(message) = incoming.next(), if taken < messages && acks.len() < ACKS.inflight_max => {
                let message = message.unwrap();
                let sequence = message.info().unwrap().stream_sequence;
                let (_, acker) = message.split();
                let out = PublishMessage::build()
                    .message_id(format!("{sequence:032x}"))
                    .expected_stream("DECILE")
                    .ttl(Duration::from_secs(2_592_000))
                    .payload(record.clone());
                let answer = publish.jetstream.send_publish("decile.handled.bare.slack.bench", out).await.unwrap();
                acks.push(async move { (answer.into_future().await, acker) });
                taken += 1;
            }
        }
    }
    consume.client.flush().await.unwrap();
    started.elapsed()
}

/// The mean size of a record; and how long each took from storage to storage, where it says so.
async fn read_back(connection: &Connection, messages: usize) -> (u64, Histogram<u64>) {
    let root = decile::subject::Root::new("decile").unwrap();
    let mut latencies = Histogram::new_with_bounds(1, 600_000_000, 3).unwrap();
    let mut bytes = 0;
    let filter = decile::store::Filter::default();
    decile::store::read_all(connection, "DECILE", &root, &filter, |stored| {
        let timings = stored.record.decision().timings;
        latencies.saturating_record((timings.queued_us + timings.decided_us).max(1));
        bytes += stored.bytes.len() as u64;
    })
    .await
    .unwrap();
    (bytes / messages as u64, latencies)
}

fn show(name: &str, measured: &Measured) {
    let latencies = &measured.latencies_us;
    print!("{name}: {:>8.0} messages/s", measured.per_second);
    if !latencies.is_empty() {
        let quantile = |quantile| latencies.value_at_quantile(quantile);
        print!(
            "; queued + decided p50 {} µs, p99 {} µs, max {} µs, {} byte records",
            quantile(0.5),
            quantile(0.99),
            latencies.max(),
            measured.record_bytes
        );
    }
    println!();
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

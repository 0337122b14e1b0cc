//! The classifier beside what others would take, on the same patterns and messages, in one run.
//!
//! `cargo bench --bench classify [--features hyperscan]`. `DECILE_DATA` names a folder with
//! `clinc150/{train,val}.jsonl`; without it a corpus is made here. `DECILE_BENCH_TABLE_ONLY=1` leaves
//! criterion's groups out; `DECILE_BENCH_QUICK=1` only sees that everything runs.
//!
//! One core, messages decoded and in memory; a figure is the time of a pass over all of them, by their count.
#![expect(
    clippy::print_stdout,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a bench prints, stops at the first surprise, and counts below 2^53"
)]

mod compare;
mod corpus;
mod engines;
mod messages;
mod patterns;
mod synthetic;
mod table;

use corpus::Corpus;
use criterion::{Criterion, SamplingMode};
use decile::channel::Channel;
use decile::message::{Message, Origin};
use engines::Engine;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use table::{Patience, Table};

const SEED: u64 = 3;
const MESSAGE_BYTES: [usize; 2] = [40, 500];

/// How much of it.
struct Extent {
    patterns: [usize; 2],
    messages: usize,
    patience: Patience,
    groups: bool,
    table: bool,
}

fn main() {
    let extent = Extent::find();
    let corpus = corpus();
    println!("corpus: {}; {} messages a length", corpus.name, extent.messages);
    let messages = MESSAGE_BYTES.map(|bytes| messages(&corpus, bytes, extent.messages));
    let mut criterion = criterion(&extent);
    let mut table = Table::default();
    for count in extent.patterns {
        let drawn = patterns::draw(&corpus.train, count, SEED);
        let mut engines = engines::all(&drawn);
        for (bytes, messages) in MESSAGE_BYTES.iter().zip(&messages) {
            let column = format!("{count} · {bytes} B");
            if extent.groups {
                group(&mut criterion, &column, &mut engines, messages);
            }
            if extent.table {
                table.column(&column, &mut engines, messages, &extent.patience);
                compare::compare(&column, &drawn, &mut engines, messages);
            }
        }
    }
    criterion.final_summary();
    println!("\n{table}");
}

impl Extent {
    /// All of it in `cargo bench`; next to nothing when asked to be quick, or run by `cargo test`.
    fn find() -> Self {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| value != "0");
        let is_bench = std::env::args().any(|argument| argument == "--bench");
        let is_quick = is_set("DECILE_BENCH_QUICK") || !is_bench;
        let patience = |passes_max, seconds| Patience { passes_max, time_max: Duration::from_secs(seconds) };
        Self {
            patterns: if is_quick { [50, 500] } else { [1_000, 10_000] },
            messages: if is_quick { 100 } else { 2_000 },
            patience: if is_quick { patience(3, 0) } else { patience(101, 3) },
            groups: !is_set("DECILE_BENCH_TABLE_ONLY"),
            table: is_bench,
        }
    }
}

/// `clinc150` below the folder that `DECILE_DATA` names, else a corpus made from a seed.
fn corpus() -> Corpus {
    let folder = std::env::var_os("DECILE_DATA").map(|data| PathBuf::from(data).join("clinc150"));
    match folder {
        Some(folder) => Corpus {
            name: "clinc150".to_owned(),
            train: corpus::read(&folder.join("train.jsonl")),
            val: corpus::read(&folder.join("val.jsonl")),
        },
        None => synthetic::corpus(SEED),
    }
}

fn criterion(extent: &Extent) -> Criterion {
    let (warm_up, measurement) = if extent.messages < 1_000 { (50, 100) } else { (500, 2_000) };
    Criterion::default()
        .warm_up_time(Duration::from_millis(warm_up))
        .measurement_time(Duration::from_millis(measurement))
        .sample_size(20)
        .configure_from_args()
}

/// Criterion's own figures, a benchmark an engine.
fn group(criterion: &mut Criterion, column: &str, engines: &mut [Box<dyn Engine>], messages: &[Message]) {
    let mut group = criterion.benchmark_group(column);
    group.sampling_mode(SamplingMode::Flat);
    for engine in engines {
        let count = messages.len().min(engine.messages_max());
        group.bench_function(engine.name(), |bencher| {
            // The time of a pass by the messages in it: what criterion prints is the time of one.
            bencher.iter_custom(|passes| {
                let started = Instant::now();
                for _ in 0..passes {
                    black_box(engine.pass(black_box(messages)));
                }
                started.elapsed() / u32::try_from(count).unwrap()
            });
        });
    }
    group.finish();
}

/// Messages as decoding would leave them.
fn messages(corpus: &Corpus, bytes: usize, count: usize) -> Vec<Message> {
    let channel = Channel::parse("bench.bench").unwrap();
    let message = |text| Message {
        channel: channel.clone(),
        id: None,
        sender: None,
        subject: None,
        text,
        sent_at: None,
        thread: None,
        attributes: BTreeMap::new(),
        headers: BTreeMap::new(),
        origin: Origin::Person,
    };
    messages::of_length(&corpus.val, bytes, count, SEED).into_iter().map(message).collect()
}

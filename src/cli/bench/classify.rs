//! `decile bench classify`: nanoseconds a message, on any rules and messages.

use super::messages::{Lines, read};
use super::timing::{self, Timed};
use super::{Exit, memory};
use crate::classify::{Finding, Scratch, find};
use crate::cli::args::Format;
use crate::cli::classify::CLASSIFY_LIMITS;
use crate::cli::world;
use crate::message::Message;
use crate::pack::Pack;
use clap::Args;
use jiff::Timestamp;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;

/// Decides on the same messages again and again: decoded once and in memory, on one core, verdict and evidence
/// out, nothing else.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile bench classify --rules rules/ --messages messages.jsonl\n\
    A line that cannot be read counts as a message that is not handled, and takes no time.")]
pub(super) struct Classify {
    /// A folder of rules, or a pack.
    #[arg(long, value_name = "PATH")]
    rules: PathBuf,
    /// JSON lines; standard input for `-`.
    #[arg(long, value_name = "FILE")]
    messages: PathBuf,
    /// About how long to measure.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(0..=3_600))]
    seconds: u64,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What is printed; times in nanoseconds.
#[derive(serde::Serialize)]
struct Figures {
    /// The mean, over whole passes.
    ns_per_message: f64,
    p50_ns: u64,
    p99_ns: u64,
    p999_ns: u64,
    max_ns: u64,
    /// Millions of bytes of text a second, over whole passes.
    mb_per_s: f64,
    /// What the pack and its scratch keep in memory; `None` where the system does not say.
    memory_bytes: Option<u64>,
    /// The share of all lines that got a class.
    handled: f64,
}

impl Classify {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let lines = read(&self.messages)?;
        let ((pack, mut scratch), memory_bytes) = memory::growth(|| {
            let pack = world::open_pack(&self.rules)?;
            let scratch = Scratch::new(&pack);
            anyhow::Ok((pack, scratch))
        })?;
        let now = Timestamp::now();
        let mut is_handled = |message: &Message| {
            let finding = decide(&pack, message, now, &mut scratch);
            black_box(finding.evidence().map(|place| place.end).max());
            finding.class().is_some()
        };
        let handled = lines.messages.iter().filter(|message| is_handled(message)).count();
        let time = Duration::from_secs(self.seconds);
        let timed = timing::measure(&lines.messages, time, is_handled)?;
        let figures = figures(&lines, &timed, memory_bytes, handled);
        match self.format {
            Format::Json => println!("{}", serde_json::to_string_pretty(&figures)?),
            Format::Text => print(&figures, &lines, &timed, &pack),
        }
        Ok(Exit::Yes)
    }
}

/// What is measured: the one place that calls it.
#[inline(always)]
fn decide<'s>(pack: &'s Pack, message: &Message, now: Timestamp, scratch: &'s mut Scratch) -> Finding<'s, 's> {
    find(pack, message, now, &CLASSIFY_LIMITS, scratch)
}

#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
fn figures(lines: &Lines, timed: &Timed, memory_bytes: Option<u64>, handled: usize) -> Figures {
    let quantile = |quantile| timed.each_ns.value_at_quantile(quantile);
    let bytes_per_message = lines.text_bytes as f64 / lines.messages.len().max(1) as f64;
    Figures {
        ns_per_message: round(timed.mean_ns, 10.0),
        p50_ns: quantile(0.5),
        p99_ns: quantile(0.99),
        p999_ns: quantile(0.999),
        max_ns: timed.each_ns.max(),
        mb_per_s: round(bytes_per_message * 1_000.0 / timed.mean_ns, 100.0),
        memory_bytes,
        handled: round(handled as f64 / lines.count().max(1) as f64, 10_000.0),
    }
}

fn round(value: f64, steps: f64) -> f64 {
    if value.is_finite() { (value * steps).round() / steps } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn print(figures: &Figures, lines: &Lines, timed: &Timed, pack: &Pack) {
    let unreadable = match lines.unreadable {
        0 => String::new(),
        count => format!(", and {count} lines that cannot be read"),
    };
    println!("{} rules; {} messages, {} bytes of text{unreadable}", pack.len(), lines.messages.len(), lines.text_bytes);
    println!();
    println!("mean     {:>10.1} ns   over {} passes", figures.ns_per_message, timed.passes);
    for (name, nanos) in
        [("p50", figures.p50_ns), ("p99", figures.p99_ns), ("p99.9", figures.p999_ns), ("max", figures.max_ns)]
    {
        println!("{name:<8} {nanos:>10} ns");
    }
    println!("text     {:>10.2} MB/s", figures.mb_per_s);
    match figures.memory_bytes {
        Some(bytes) => println!("memory   {:>10.1} MB", bytes as f64 / 1e6),
        None => println!("memory   unknown"),
    }
    println!("handled  {:>10.1} %", figures.handled * 100.0);
    println!();
    println!("p50 to max are of messages timed one by one; the clock adds about {:.0} ns to each.", timed.clock_ns);
    println!("Memory is what the process grew by while it loaded the rules, with what compiling them left behind.");
}

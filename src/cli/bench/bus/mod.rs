//! `decile bench bus`: the daemon beside the bus alone, on the same server and the same messages, turn by turn.

mod bare;
mod broker;
mod child;
mod contender;
mod drain;
mod files;
mod growth;
mod load;
mod open_loop;
mod picture;
mod report;
mod text;
mod traffic;
mod usage;

pub(super) use bare::Bare;

use super::Exit;
use crate::cli::args::Format;
use crate::cli::replace::replace;
use crate::config::SyncInterval;
use anyhow::Context as _;
use broker::Broker;
use clap::Args;
use contender::Contender;
use drain::{Bench, Drained};
use files::Files;
use growth::{Axis, Growth, Point};
use load::Load;
use open_loop::{Measured, Schedule};
use report::{About, Latency, Report, Throughput};
use std::path::{Path, PathBuf};
use std::time::Duration;
use traffic::Shape;

/// Starts a private NATS server, and measures the daemon with everything on beside the bus alone (pull, publish with an id,
/// await its ack, acknowledge the source): messages a second, latency in an open loop, processor time, memory, and
/// their ratios. Nothing outside a temporary folder is touched. Run it on a machine that does nothing else.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile bench bus --picture bus.svg\n         \
    decile bench bus --growth rules,instances --turns 3\n         \
    decile bench bus --rules rules --messages messages.jsonl --turns 3 --format json | jq .throughput_ratio")]
pub(super) struct BusBench {
    /// Messages as JSON lines, sent again and again; made up from a fixed seed, where no file is given.
    #[arg(long, value_name = "FILE")]
    messages: Option<PathBuf>,
    /// A folder of rules, or a pack; made up for the messages that are made up, where none is given.
    #[arg(long, value_name = "PATH", requires = "messages")]
    rules: Option<PathBuf>,
    /// How many rules are made up.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = count(10..=100_000))]
    rule_count: u64,
    /// On how many channels messages come in.
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = count(1..=10_000))]
    channels: u64,
    /// How often each is measured, in turn; medians count.
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = count(1..=100))]
    turns: u64,
    /// How long each load of each turn is measured, in seconds; a fifth of it, and a second at most, goes before.
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, value_parser = seconds)]
    seconds: f64,
    /// How many messages are drained in each turn; fewer where they are long.
    #[arg(long, value_name = "COUNT", default_value_t = 100_000, value_parser = count(10..=10_000_000))]
    messages_max: u64,
    /// How often the server syncs to disk what it has acknowledged: `always` is before that. Its own default is 2m.
    #[arg(long, value_name = "TIME")]
    sync_interval: Option<SyncInterval>,
    /// Measure instead how the cost of a message grows: with all of these, or with those that are named.
    #[arg(
        long,
        value_name = "WITH",
        value_enum,
        value_delimiter = ',',
        num_args = 0..,
        default_missing_values = ["rules", "channels", "message-bytes", "instances", "outward-percent"],
        conflicts_with = "messages"
    )]
    growth: Option<Vec<Axis>>,
    /// Draw the comparison: an SVG file.
    #[arg(long, value_name = "FILE", conflicts_with = "growth")]
    picture: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Percent of the daemon's maximum, in an open loop.
const LOADS_PERCENT: [u8; 3] = [10, 50, 80];
/// Short records, for reference.
const SHORT_RECORD_BYTES: usize = 200;
/// Messages of the first turn, which is not counted: it warms up, and shows how long a record is.
const FIRST_MESSAGES_MAX: usize = 20_000;
const WARM_UP_MAX_S: f64 = 1.0;

fn count(range: std::ops::RangeInclusive<u64>) -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(range)
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "write a number of seconds".to_owned())?;
    if (0.05..=3_600.0).contains(&seconds) { Ok(seconds) } else { Err("between 0.05 and 3600".to_owned()) }
}

impl BusBench {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        if let Some(axes) = &self.growth {
            let growth = runtime.block_on(self.grow(axes))?;
            self.print(&growth, growth::text)?;
            return Ok(Exit::Yes);
        }
        let report = runtime.block_on(self.compare())?;
        if let Some(file) = &self.picture {
            let drawn = picture::comparison(&report);
            replace(file, drawn.as_bytes()).with_context(|| format!("cannot write `{}`", file.display()))?;
        }
        self.print(&report, text::comparison)?;
        Ok(Exit::Yes)
    }

    fn print<T: serde::Serialize>(&self, report: &T, text: fn(&T) -> String) -> anyhow::Result<()> {
        match self.format {
            Format::Json => println!("{}", serde_json::to_string_pretty(report)?),
            Format::Text => println!("{}", text(report)),
        }
        Ok(())
    }

    async fn grow(&self, axes: &[Axis]) -> anyhow::Result<Growth> {
        let load_average_before = load_average();
        let folder = tempfile::Builder::new().prefix("decile-bench-").tempdir()?;
        let broker = Broker::start(self.sync_interval).await?;
        let (load, rules) = self.load(folder.path())?;
        let files = Files::write(&folder.path().join("daemon"), &rules, load.channels)?;
        let bench = Bench { broker: &broker, files: &files, load: &load, folder: folder.path() };
        let about = About { load_average_before, ..self.about(&bench) };
        let base = Point { shape: self.shape()?, channels: load.channels, instances: 1, messages_max: load.messages };
        let growth = growth::measure(&broker, folder.path(), base, axes, self.turns).await?;
        Ok(Growth { about, growth })
    }

    fn shape(&self) -> anyhow::Result<Shape> {
        Ok(Shape { rules: usize::try_from(self.rule_count)?, payload_bytes: None, outward_percent: 0 })
    }

    async fn compare(&self) -> anyhow::Result<Report> {
        let load_average_before = load_average();
        let folder = tempfile::Builder::new().prefix("decile-bench-").tempdir()?;
        let (load, rules) = self.load(folder.path())?;
        let files = Files::write(&folder.path().join("daemon"), &rules, load.channels)?;
        let broker = Broker::start(self.sync_interval).await?;
        let bench = Bench { broker: &broker, files: &files, load: &load, folder: folder.path() };
        let throughput = self.throughput(&bench).await?;
        let latency = self.latency(&bench, &throughput).await?;
        let about = About { load_average_before, ..self.about(&bench) };
        Ok(Report::new(about, throughput, latency))
    }

    /// The messages, and where the rules are.
    fn load(&self, folder: &Path) -> anyhow::Result<(Load, PathBuf)> {
        let (channels, messages_max) = (usize::try_from(self.channels)?, usize::try_from(self.messages_max)?);
        let (made, text) = Load::make(self.shape()?, channels, messages_max);
        let load = match &self.messages {
            Some(file) => Load::read(file, channels, messages_max)?,
            None => made,
        };
        let rules = match &self.rules {
            Some(rules) => rules.clone(),
            None => write_rules(folder, &text)?,
        };
        Ok((load, rules))
    }

    async fn throughput(&self, bench: &Bench<'_>) -> anyhow::Result<Vec<Throughput>> {
        let first = Load { messages: bench.load.messages.min(FIRST_MESSAGES_MAX), ..bench.load.clone() };
        let first = Bench { load: &first, ..*bench }.drain(Contender::Daemon, 1).await?;
        let record_bytes = first.record_bytes.round() as usize;
        let mut contenders = [
            ("daemon", Contender::Daemon, Vec::new()),
            ("bare", Contender::Bare { record_bytes }, Vec::new()),
            ("bare_200", Contender::Bare { record_bytes: SHORT_RECORD_BYTES }, Vec::new()),
        ];
        for turn in 1..=self.turns {
            for (name, contender, turns) in &mut contenders {
                let drained = bench.drain(*contender, 1).await?;
                say(&format!("turn {turn}, {name}: {:.0} messages/s", drained.messages_per_s));
                turns.push(drained);
            }
            contenders.reverse();
        }
        let of = |(name, _, turns): (&'static str, Contender, Vec<Drained>)| Throughput::of(name, turns);
        let mut throughput: Vec<Throughput> = contenders.into_iter().map(of).collect();
        throughput.sort_by_key(|it| ["daemon", "bare", "bare_200"].iter().position(|name| *name == it.contender));
        Ok(throughput)
    }

    async fn latency(&self, bench: &Bench<'_>, throughput: &[Throughput]) -> anyhow::Result<Vec<Latency>> {
        let daemon = throughput.iter().find(|it| it.contender == "daemon").context("no daemon was measured")?;
        let bare = Contender::Bare { record_bytes: daemon.record_bytes.round() as usize };
        let mut points: Vec<(&'static str, Contender, u8, Vec<Measured>)> = Vec::new();
        for percent in LOADS_PERCENT {
            points.push(("daemon", Contender::Daemon, percent, Vec::new()));
            points.push(("bare", bare, percent, Vec::new()));
        }
        let rate = |percent: u8| daemon.messages_per_s * f64::from(percent) / 100.0;
        for turn in 1..=self.turns {
            for (name, contender, percent, turns) in &mut points {
                let measured = bench.open_loop(*contender, self.schedule(rate(*percent))).await?;
                let p99_ms = measured.latencies_us.value_at_quantile(0.99) as f64 / 1e3;
                say(&format!("turn {turn}, {name} at {percent} %: p99 {p99_ms:.2} ms"));
                turns.push(measured);
            }
            points.reverse();
        }
        points.sort_by_key(|(name, _, percent, _)| (*percent, std::cmp::Reverse(*name)));
        points.iter().map(|(name, _, percent, turns)| Latency::of(name, *percent, rate(*percent), turns)).collect()
    }

    fn schedule(&self, messages_per_s: f64) -> Schedule {
        Schedule {
            messages_per_s,
            time: Duration::from_secs_f64(self.seconds),
            warm_up: Duration::from_secs_f64((self.seconds / 5.0).min(WARM_UP_MAX_S)),
        }
    }

    fn about(&self, bench: &Bench<'_>) -> About {
        let from = |file: &PathBuf| format!("messages of {}", file.file_name().unwrap_or_default().display());
        About {
            decile: env!("CARGO_PKG_VERSION"),
            nats_server: bench.broker.version(),
            sync_interval: self.sync_interval.map(|it| it.to_string()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            load_average_before: None,
            is_debug_build: cfg!(debug_assertions),
            messages_from: self.messages.as_ref().map_or_else(|| "made-up messages".to_owned(), from),
            payload_bytes: bench.load.payload_bytes(),
            rules: bench.files.rules,
            channels: bench.load.channels,
            turns: usize::try_from(self.turns).unwrap_or(usize::MAX),
            seconds: self.seconds,
        }
    }
}

fn write_rules(folder: &Path, text: &str) -> anyhow::Result<PathBuf> {
    let rules = folder.join("rules");
    std::fs::create_dir_all(&rules)?;
    std::fs::write(rules.join("rules.toml"), text)?;
    Ok(rules)
}

/// Of the last minute.
fn load_average() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

fn say(text: &str) {
    eprintln!("{text}");
}

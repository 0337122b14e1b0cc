//! How the cost of a message grows: with rules, channels, lengths, instances and outward actions, one at a time.

use super::broker::Broker;
use super::contender::Contender;
use super::drain::{Bench, Drained};
use super::files::Files;
use super::load::Load;
use super::report::{About, median};
use super::text::{about, table};
use super::traffic::Shape;
use super::{say, write_rules};
use clap::ValueEnum;
use std::path::Path;

/// What grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Axis {
    /// Rules: 10, 100, 1,000, 10,000.
    Rules,
    /// Channels: 1, 10, 100, 1,000.
    Channels,
    /// Bytes of a message: 40, 1,024, 16,384.
    MessageBytes,
    /// Instances of the daemon: 1, 2, 4.
    Instances,
    /// Percent of messages that lead to an outward action: 0, 5, 20.
    OutwardPercent,
}

/// All that can grow, at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) shape: Shape,
    pub(super) channels: usize,
    pub(super) instances: usize,
    pub(super) messages_max: usize,
}

/// The table.
#[derive(serde::Serialize)]
pub(super) struct Growth {
    pub(super) about: About,
    pub(super) growth: Vec<Row>,
}

/// One place on one axis; medians of the turns.
#[derive(serde::Serialize)]
pub(super) struct Row {
    pub(super) axis: Axis,
    pub(super) value: usize,
    pub(super) messages_per_s: f64,
    pub(super) cpu_us_per_message: f64,
    pub(super) server_cpu_us_per_message: f64,
    pub(super) payload_bytes: f64,
    pub(super) record_bytes: f64,
    /// The most of all turns.
    pub(super) rss_peak_bytes: u64,
    pub(super) ready_ms: f64,
    pub(super) turns: Vec<Drained>,
}

/// A broker takes some hundred outward actions a second: so much fewer messages are enough.
const OUTWARD_FEWER: usize = 10;

impl Axis {
    fn values(self) -> &'static [usize] {
        match self {
            Self::Rules => &[10, 100, 1_000, 10_000],
            Self::Channels => &[1, 10, 100, 1_000],
            Self::MessageBytes => &[40, 1_024, 16_384],
            Self::Instances => &[1, 2, 4],
            Self::OutwardPercent => &[0, 5, 20],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Channels => "channels",
            Self::MessageBytes => "bytes a message",
            Self::Instances => "instances",
            Self::OutwardPercent => "% outward",
        }
    }

    /// The point at a value.
    fn at(self, value: usize, base: Point) -> Point {
        let shape = base.shape;
        match self {
            Self::Rules => Point { shape: Shape { rules: value, ..shape }, ..base },
            Self::Channels => Point { channels: value, ..base },
            Self::MessageBytes => Point { shape: Shape { payload_bytes: Some(value), ..shape }, ..base },
            Self::Instances => Point { instances: value, ..base },
            Self::OutwardPercent => {
                let fewer = if value == 0 { 1 } else { OUTWARD_FEWER };
                let outward_percent = u8::try_from(value).unwrap_or(100);
                Point { shape: Shape { outward_percent, ..shape }, messages_max: base.messages_max / fewer, ..base }
            }
        }
    }
}

/// A point, ready to be measured, and what was measured.
struct Ready {
    point: Point,
    files: Files,
    load: Load,
    turns: Vec<Drained>,
}

/// Measures every point of these axes in each turn; a point that several axes share, once.
pub(super) async fn measure(
    broker: &Broker,
    folder: &Path,
    base: Point,
    axes: &[Axis],
    turns: u64,
) -> anyhow::Result<Vec<Row>> {
    let places =
        || axes.iter().flat_map(|axis| axis.values().iter().map(|value| (*axis, *value, axis.at(*value, base))));
    let mut ready: Vec<Ready> = Vec::new();
    for (_, _, point) in places() {
        if ready.iter().all(|it| it.point != point) {
            ready.push(Ready::make(point, &folder.join(format!("point-{}", ready.len())))?);
        }
    }
    for turn in 1..=turns {
        for Ready { point, files, load, turns } in &mut ready {
            let drained = Bench { broker, files, load, folder }.drain(Contender::Daemon, point.instances).await?;
            say(&format!("turn {turn}, {point}: {:.0} messages/s", drained.messages_per_s));
            turns.push(drained);
        }
        ready.reverse();
    }
    let row = |(axis, value, point): (Axis, usize, Point)| {
        ready.iter().find(|it| it.point == point).map(|ready| Row::of(axis, value, ready))
    };
    Ok(places().filter_map(row).collect())
}

impl Ready {
    fn make(point: Point, folder: &Path) -> anyhow::Result<Self> {
        let (load, rules) = Load::make(point.shape, point.channels, point.messages_max);
        let rules = write_rules(folder, &rules)?;
        let files = Files::write(&folder.join("daemon"), &rules, point.channels)?;
        Ok(Self { point, files, load, turns: Vec::new() })
    }
}

impl Row {
    fn of(axis: Axis, value: usize, ready: &Ready) -> Self {
        let turns = &ready.turns;
        let median = |figure: fn(&Drained) -> f64| median(turns.iter().map(figure));
        Self {
            axis,
            value,
            messages_per_s: median(|it| it.messages_per_s),
            cpu_us_per_message: median(|it| it.cpu_us_per_message),
            server_cpu_us_per_message: median(|it| it.server_cpu_us_per_message),
            payload_bytes: ready.load.payload_bytes(),
            record_bytes: median(|it| it.record_bytes),
            rss_peak_bytes: turns.iter().map(|it| it.rss_peak_bytes).max().unwrap_or(0),
            ready_ms: median(|it| it.ready_ms),
            turns: turns.clone(),
        }
    }
}

impl std::fmt::Display for Point {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Shape { rules, payload_bytes, outward_percent } = self.shape;
        write!(
            f,
            "{rules} rules, {} channels, {} instances, {outward_percent} % outward",
            self.channels, self.instances
        )?;
        payload_bytes.map_or(Ok(()), |bytes| write!(f, ", {bytes} bytes"))
    }
}

/// The table for people.
pub(super) fn text(growth: &Growth) -> String {
    let headers = [
        "",
        "",
        "messages/s",
        "CPU µs/message",
        "server's CPU",
        "payload bytes",
        "record bytes",
        "peak MB",
        "ready ms",
    ];
    let row = |it: &Row| {
        [
            it.axis.name().to_owned(),
            it.value.to_string(),
            format!("{:.0}", it.messages_per_s),
            format!("{:.1}", it.cpu_us_per_message),
            format!("{:.1}", it.server_cpu_us_per_message),
            format!("{:.0}", it.payload_bytes),
            format!("{:.0}", it.record_bytes),
            format!("{:.1}", it.rss_peak_bytes as f64 / 1e6),
            format!("{:.0}", it.ready_ms),
        ]
    };
    let rows = table(headers, growth.growth.iter().map(row));
    let turns = growth.about.turns;
    format!(
        "{}\nOne thing grows, the rest stays: a full stream, drained by the daemon (medians of {turns} turns)\n{rows}\n\
         CPU is of all instances together; memory is of the one that has most.",
        about(&growth.about)
    )
}

//! What is printed: figures of each contender, and their ratios.

use super::drain::Drained;
use super::open_loop::{Measured, histogram};
use hdrhistogram::Histogram;

/// A comparison.
#[derive(serde::Serialize)]
pub(super) struct Report {
    pub(super) about: About,
    /// Full streams, drained.
    pub(super) throughput: Vec<Throughput>,
    /// Messages a second: the daemon's median over that of the bare loop with records as long as the daemon's.
    pub(super) throughput_ratio: f64,
    /// Open loops.
    pub(super) latency: Vec<Latency>,
    /// p99 at half of the daemon's maximum: the daemon's median of turns over the bare loop's.
    pub(super) p99_ratio: f64,
}

/// What was measured, on what.
#[derive(serde::Serialize)]
pub(super) struct About {
    /// The version of this binary.
    pub(super) decile: &'static str,
    /// The version of the server.
    pub(super) nats_server: String,
    /// How often it syncs to disk, where that was told.
    pub(super) sync_interval: Option<String>,
    /// Processors that server, load and what is measured share.
    pub(super) cores: usize,
    /// The one-minute load average before the first turn.
    pub(super) load_average_before: Option<f64>,
    /// Whether this is a debug build, whose figures say nothing.
    pub(super) is_debug_build: bool,
    /// Where the messages are from.
    pub(super) messages_from: String,
    /// Mean length of a payload, in bytes.
    pub(super) payload_bytes: f64,
    pub(super) rules: usize,
    pub(super) channels: usize,
    pub(super) turns: usize,
    /// How long each load of each turn was, in seconds.
    pub(super) seconds: f64,
}

/// One contender's throughput, over all turns.
#[derive(serde::Serialize)]
pub(super) struct Throughput {
    /// `daemon`, `bare` (records as long as the daemon's) or `bare_200` (records of 200 bytes).
    pub(super) contender: &'static str,
    /// The median of the turns.
    pub(super) messages_per_s: f64,
    /// The median of the turns.
    pub(super) cpu_us_per_message: f64,
    /// The median of the turns.
    pub(super) server_cpu_us_per_message: f64,
    /// The median of the turns, in bytes.
    pub(super) rss_bytes: f64,
    /// The most of all turns, in bytes.
    pub(super) rss_peak_bytes: u64,
    /// The median of the turns.
    pub(super) ready_ms: f64,
    /// Mean length of a record.
    pub(super) record_bytes: f64,
    pub(super) turns: Vec<Drained>,
}

/// One contender at one load, over all turns.
#[derive(serde::Serialize)]
pub(super) struct Latency {
    /// As in the throughput.
    pub(super) contender: &'static str,
    /// Percent of the daemon's maximum.
    pub(super) load_percent: u8,
    /// What that is.
    pub(super) messages_per_s: f64,
    /// Over all messages of all turns, in microseconds.
    pub(super) p50_us: u64,
    pub(super) p99_us: u64,
    pub(super) p999_us: u64,
    pub(super) max_us: u64,
    /// p99 of each turn, and their median.
    pub(super) p99_us_turns: Vec<u64>,
    pub(super) p99_us_median: f64,
    /// How many messages took longer than the promise of 200 ms.
    pub(super) over_200_ms: u64,
    /// How late the load itself was, which is part of all that stands above.
    pub(super) sent_late_p99_us: u64,
    /// The median of the turns.
    pub(super) cpu_us_per_message: f64,
    /// The median of the turns.
    pub(super) server_cpu_us_per_message: f64,
    /// The most of all turns, in bytes.
    pub(super) rss_peak_bytes: u64,
    /// Messages that were sent, each with one record; those of the warm-up are among them.
    pub(super) messages: u64,
}

const PROMISE_US: u64 = 200_000;

impl Throughput {
    pub(super) fn of(contender: &'static str, turns: Vec<Drained>) -> Self {
        let median = |figure: fn(&Drained) -> f64| median(turns.iter().map(figure));
        Self {
            contender,
            messages_per_s: median(|it| it.messages_per_s),
            cpu_us_per_message: median(|it| it.cpu_us_per_message),
            server_cpu_us_per_message: median(|it| it.server_cpu_us_per_message),
            rss_bytes: median(|it| it.rss_bytes as f64),
            rss_peak_bytes: turns.iter().map(|it| it.rss_peak_bytes).max().unwrap_or(0),
            ready_ms: median(|it| it.ready_ms),
            record_bytes: median(|it| it.record_bytes),
            turns,
        }
    }
}

impl Latency {
    pub(super) fn of(
        contender: &'static str,
        load_percent: u8,
        messages_per_s: f64,
        turns: &[Measured],
    ) -> anyhow::Result<Self> {
        let all = |pick: fn(&Measured) -> &Histogram<u64>| -> anyhow::Result<Histogram<u64>> {
            let mut all = histogram()?;
            turns.iter().try_for_each(|turn| all.add(pick(turn)))?;
            Ok(all)
        };
        let (took, late) = (all(|it| &it.latencies_us)?, all(|it| &it.late_us)?);
        let p99_us_turns: Vec<u64> = turns.iter().map(|it| it.latencies_us.value_at_quantile(0.99)).collect();
        Ok(Self {
            contender,
            load_percent,
            messages_per_s,
            p50_us: took.value_at_quantile(0.5),
            p99_us: took.value_at_quantile(0.99),
            p999_us: took.value_at_quantile(0.999),
            max_us: took.max(),
            p99_us_median: median(p99_us_turns.iter().map(|us| *us as f64)),
            p99_us_turns,
            over_200_ms: took.count_between(PROMISE_US + 1, u64::MAX),
            sent_late_p99_us: late.value_at_quantile(0.99),
            cpu_us_per_message: median(turns.iter().map(|it| it.cpu_us_per_message)),
            server_cpu_us_per_message: median(turns.iter().map(|it| it.server_cpu_us_per_message)),
            rss_peak_bytes: turns.iter().map(|it| it.rss_peak_bytes).max().unwrap_or(0),
            messages: turns.iter().map(|it| it.messages).sum(),
        })
    }
}

impl Report {
    /// With the ratios of its parts.
    pub(super) fn new(about: About, throughput: Vec<Throughput>, latency: Vec<Latency>) -> Self {
        let per_second = |name| throughput.iter().find(|it| it.contender == name).map_or(0.0, |it| it.messages_per_s);
        let half = |name| latency.iter().find(|it| it.contender == name && it.load_percent == 50);
        let p99 = |name| half(name).map_or(0.0, |it| it.p99_us_median);
        Self {
            throughput_ratio: ratio(per_second("daemon"), per_second("bare")),
            p99_ratio: ratio(p99("daemon"), p99("bare")),
            about,
            throughput,
            latency,
        }
    }
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// The middle one, or the mean of both that are.
pub(super) fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    let at = |index: usize| figures.get(index).copied().unwrap_or_default();
    if figures.len() % 2 == 1 { at(middle) } else { (at(middle.saturating_sub(1)) + at(middle)) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        for (figures, wanted) in [(&[3.0, 1.0, 2.0][..], 2.0), (&[4.0, 1.0], 2.5), (&[7.0], 7.0), (&[], 0.0)] {
            assert!((median(figures.iter().copied()) - wanted).abs() < 1e-9, "{figures:?}");
        }
    }
}

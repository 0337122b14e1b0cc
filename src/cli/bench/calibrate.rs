//! `decile bench calibrate`: what an operation of the classifier takes on this machine.

use super::Exit;
use super::kinds::{KINDS, Kind, Ready};
use crate::cli::args::Format;
use clap::Args;
use std::time::{Duration, Instant};

/// Measures nanoseconds of one operation of the classifier, for each kind of work that it does: what turns the bound of
/// a pack, which is counted in operations, into time. Run it on the slowest machine, while it does what else it does.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile bench calibrate\nPrints the lines to put into config/decile.toml.")]
pub(super) struct Calibrate {
    /// About how long to measure.
    #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u64).range(0..=600))]
    seconds: u64,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The dearest kind, times this: what is measured in seconds must hold for months.
const SAFETY_FACTOR: f64 = 1.25;
/// Fewer rounds have no median.
const ROUNDS_MIN: usize = 5;

/// What is printed.
#[derive(serde::Serialize)]
struct Figures {
    /// What to configure: the dearest kind, times the factor, in whole nanoseconds.
    ns_per_op: u64,
    safety_factor: f64,
    kinds: Vec<Measured>,
}

/// One kind of work, measured.
#[derive(serde::Serialize)]
struct Measured {
    kind: &'static str,
    /// Nanoseconds of one operation: the median of the rounds, and the worst.
    median_ns: f64,
    worst_ns: f64,
    rounds: usize,
}

impl Calibrate {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let figures = measure(Duration::from_secs(self.seconds))?;
        match self.format {
            Format::Json => println!("{}", serde_json::to_string_pretty(&figures)?),
            Format::Text => print(&figures),
        }
        Ok(Exit::Yes)
    }
}

/// Kind by kind in turn, so that all of them meet the same disturbances.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few nanoseconds, never negative")]
fn measure(time: Duration) -> anyhow::Result<Figures> {
    let ready = KINDS.iter().map(|kind| Ok((kind, kind.ready()?, Vec::new())));
    let mut kinds = ready.collect::<anyhow::Result<Vec<(&Kind, Ready, Vec<f64>)>>>()?;
    let started = Instant::now();
    let mut rounds = 0;
    while rounds < ROUNDS_MIN || started.elapsed() < time {
        for (_, ready, measured) in &mut kinds {
            measured.push(ready.ns_per_op());
        }
        rounds += 1;
    }
    let kinds: Vec<Measured> = kinds.into_iter().map(|(kind, _, rounds)| Measured::of(kind, rounds)).collect();
    let dearest = kinds.iter().map(|kind| kind.median_ns).fold(0.0, f64::max);
    Ok(Figures { ns_per_op: ((dearest * SAFETY_FACTOR).ceil() as u64).max(1), safety_factor: SAFETY_FACTOR, kinds })
}

impl Measured {
    fn of(kind: &Kind, mut rounds: Vec<f64>) -> Self {
        rounds.sort_by(f64::total_cmp);
        let at = |place: usize| hundredths(rounds.get(place).copied().unwrap_or_default());
        let (median_ns, worst_ns) = (at(rounds.len() / 2), at(rounds.len().saturating_sub(1)));
        Self { kind: kind.name, median_ns, worst_ns, rounds: rounds.len() }
    }
}

fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn print(figures: &Figures) {
    println!("# Nanoseconds of an operation here, median and worst, by the kind of work:");
    for Measured { kind, median_ns, worst_ns, .. } in &figures.kinds {
        println!("# {median_ns:6.2} {worst_ns:8.2}  {kind}");
    }
    println!("# The dearest median times {}, in whole nanoseconds:", figures.safety_factor);
    println!("[limits]");
    println!("ns_per_op = {}", figures.ns_per_op);
}

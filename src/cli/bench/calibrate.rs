//! `decile bench calibrate`: what an elementary operation takes on this machine.

use super::Exit;
use super::kernel::Kernel;
use crate::cli::args::Format;
use clap::Args;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Measures nanoseconds of one elementary operation of the classifier: what turns the bound of a pack, which is
/// counted in operations, into time. Run it on the slowest machine, while it does what else it does.
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

const ROUNDS: u32 = 31;
/// The worst round, times this: what is measured in seconds must hold for months.
const SAFETY_FACTOR: f64 = 1.5;

/// What is printed.
#[derive(serde::Serialize)]
struct Figures {
    /// What to configure: the worst round, times the factor, in whole nanoseconds.
    ns_per_op: u64,
    median_ns: f64,
    worst_ns: f64,
    safety_factor: f64,
    rounds: u32,
}

impl Calibrate {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let figures = measure(Duration::from_secs(self.seconds) / ROUNDS);
        match self.format {
            Format::Json => println!("{}", serde_json::to_string_pretty(&figures)?),
            Format::Text => print(&figures),
        }
        Ok(Exit::Yes)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few nanoseconds, never negative")]
fn measure(round: Duration) -> Figures {
    let kernel = Kernel::new();
    black_box(kernel.run(0));
    let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| ns_per_op(&kernel, round)).collect();
    rounds.sort_by(f64::total_cmp);
    let median_ns = rounds.get(rounds.len() / 2).copied().unwrap_or_default();
    let worst_ns = rounds.last().copied().unwrap_or_default();
    let ns_per_op = ((worst_ns * SAFETY_FACTOR).ceil() as u64).max(1);
    Figures {
        ns_per_op,
        median_ns: hundredths(median_ns),
        worst_ns: hundredths(worst_ns),
        safety_factor: SAFETY_FACTOR,
        rounds: ROUNDS,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
fn ns_per_op(kernel: &Kernel, time: Duration) -> f64 {
    let started = Instant::now();
    let mut runs = 0_u32;
    while runs == 0 || started.elapsed() < time {
        black_box(kernel.run(runs));
        runs += 1;
    }
    started.elapsed().as_secs_f64() * 1e9 / (f64::from(runs) * kernel.operations() as f64)
}

fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn print(figures: &Figures) {
    let Figures { ns_per_op, median_ns, worst_ns, safety_factor, rounds } = figures;
    println!("# An operation takes {median_ns} ns here (median of {rounds} rounds; the worst took {worst_ns} ns).");
    println!("# The worst times {safety_factor}, in whole nanoseconds:");
    println!("[limits]");
    println!("ns_per_op = {ns_per_op}");
}

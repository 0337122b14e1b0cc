//! `decile bench`: how fast, on this machine.

mod bus;
mod calibrate;
mod classify;
mod kinds;
mod memory;
mod messages;
mod timing;
mod worst;

use super::Exit;
use clap::{Args, Subcommand};

/// Measures: the classifier on your rules and messages, the daemon beside the bus alone, this machine for the bound of a pack.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Measure the classifier on rules and messages: one core, messages in memory.
    Classify(classify::Classify),
    /// Measure the daemon beside the bus alone, on the same server and messages: ratios.
    Bus(bus::BusBench),
    /// The bare loop that `bus` measures, as a process of its own.
    #[command(hide = true)]
    Bare(bus::Bare),
    /// Measure how long an elementary operation takes here: `ns_per_op` of the configuration.
    Calibrate(calibrate::Calibrate),
    /// Search the message that costs most, and measure it beside the bound of the pack.
    Worst(worst::WorstOf),
}

impl Bench {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        if cfg!(debug_assertions) {
            eprintln!("this is a debug build: its figures say nothing of a release");
        }
        match self.what {
            What::Classify(command) => command.run(),
            What::Bus(command) => command.run(),
            What::Bare(command) => command.run(),
            What::Calibrate(command) => command.run(),
            What::Worst(command) => command.run(),
        }
    }
}

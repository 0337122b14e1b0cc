//! The commands of people. Each file is one; what several need is in `args`, `world`, `print`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "commands print")]

mod args;
mod bench;
mod check;
mod classify;
mod compile;
mod demo;
mod diff;
mod exit;
mod explain;
mod fmt;
mod inspect;
mod lines;
mod log;
mod print;
mod replace;
mod replay;
mod run;
mod setup;
mod show;
mod test;
mod world;

pub use exit::Exit;

use clap::{Parser, Subcommand};

/// Message triage on NATS: decides by rules that you wrote, brings to a person what needs judgement, and
/// writes nothing until a person grants it.
#[derive(Debug, Parser)]
#[command(name = "decile", version, arg_required_else_help = true, after_help = "Begin with `decile demo`.")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the main job: a private server, sample traffic, a picture of what happened.
    Demo(demo::Demo),
    /// Run the daemon.
    Run(run::Run),
    /// Print the streams and consumers that a configuration needs, or make them.
    Setup(setup::Setup),
    /// Check everything that the files can get wrong.
    Check(check::Check),
    /// Run the tests beside the rules.
    Test(test::Test),
    /// Decide on messages without NATS: JSON lines in, a verdict or decision a line out.
    Classify(classify::Classify),
    /// Tell why: each rule, each span, each step of the gate.
    Explain(explain::Explain),
    /// Compare two packs over a corpus: which messages change their verdict.
    Diff(diff::Diff),
    /// Compile rules into a pack: one file.
    Compile(compile::Compile),
    /// Lay rule files out in one way.
    Fmt(fmt::Fmt),
    /// Show what a preset or mapping takes from a sample payload.
    Inspect(inspect::Inspect),
    /// Measure how fast it is here.
    Bench(bench::Bench),
    /// List what was decided.
    Log(log::Log),
    /// Show one decision, and the message where it is kept.
    Show(show::Show),
    /// Decide again on what was decided, and compare.
    Replay(replay::Replay),
}

/// Carries a command out.
pub fn run(cli: Cli) -> Exit {
    let outcome = match cli.command {
        Command::Demo(command) => command.run(),
        Command::Run(command) => command.run(),
        Command::Setup(command) => command.run(),
        Command::Check(command) => command.run(),
        Command::Test(command) => command.run(),
        Command::Classify(command) => command.run(),
        Command::Explain(command) => command.run(),
        Command::Diff(command) => command.run(),
        Command::Compile(command) => command.run(),
        Command::Fmt(command) => command.run(),
        Command::Inspect(command) => command.run(),
        Command::Bench(command) => command.run(),
        Command::Log(command) => command.run(),
        Command::Show(command) => command.run(),
        Command::Replay(command) => command.run(),
    };
    outcome.unwrap_or_else(|error| exit::report(&error))
}

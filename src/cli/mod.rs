//! The commands of people. Each file is one; what several need is in `args`, `world`, `print`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "commands print")]

mod amend;
mod approve;
mod args;
mod bench;
mod canaries;
mod check;
mod classify;
mod compile;
mod demo;
mod demote;
mod diff;
mod dlq;
mod doctor;
mod drift;
mod evidence;
mod execute;
mod exit;
mod explain;
mod fmt;
mod grant;
mod grants;
mod halt;
mod inbox;
mod inspect;
mod key;
mod lines;
mod log;
mod pager;
mod permissions;
mod policy;
mod policy_file;
mod preview;
mod print;
mod promote;
mod questions;
mod reach;
mod receipt;
mod reclassify;
mod reject;
mod replace;
mod replay;
mod retained;
mod review;
mod revoke;
mod run;
mod setup;
mod show;
mod signing;
mod survey;
mod svg;
mod test;
mod undo;
mod unearned;
mod uphold;
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
    /// Judge servers and streams: what each finding costs, and what to do.
    Doctor(doctor::Doctor),
    /// Print accounts and users for the NATS server, each with the least that it needs.
    Permissions(permissions::Permissions),
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
    /// Find out what there is to decide: classes, what is unmatched, candidates for autonomy.
    Survey(survey::Survey),
    /// Show what people's answers say of each class, and what its next level asks for.
    Evidence(evidence::Evidence),
    /// Show whether messages, or what becomes of them, are still as they used to be.
    Drift(drift::DriftCommand),
    /// Ask what a person should decide about the policy this week.
    Questions(questions::Questions),
    /// Compile rules into a pack: one file.
    Compile(compile::Compile),
    /// Lay rule files out in one way.
    Fmt(fmt::Fmt),
    /// Show what a preset or mapping takes from a sample payload.
    Inspect(inspect::Inspect),
    /// Measure how fast it is here.
    Bench(bench::Bench),
    /// Carry out a channel's actions by a command, or tell people of a desk's escalations.
    Execute(execute::Execute),
    /// List what was decided.
    Log(log::Log),
    /// Show one decision, and the message where it is kept.
    Show(show::Show),
    /// Decide again on what was decided, and compare.
    Replay(replay::Replay),
    /// Permit a type of outward action on a channel, for a time.
    Grant(grant::GrantCommand),
    /// List what is permitted, and what it has done.
    Grants(grants::Grants),
    /// Take a permission back, at once.
    Revoke(revoke::Revoke),
    /// Raise a class by one level on some channels, by a signature.
    Promote(promote::Promote),
    /// Take a class back to level 1, at once.
    Demote(demote::Demote),
    /// Keep what is known of a class whose rules change, where nothing new comes in.
    Uphold(uphold::Uphold),
    /// Show every change of a level, by whom, and on what evidence.
    Policy(policy::PolicyCommand),
    /// Stop everything that happens by itself, at once.
    Halt(halt::HaltCommand),
    /// End a halt.
    Resume(halt::ResumeCommand),
    /// Make an operator's key.
    Key(key::Key),
    /// Answer what waits for a person: a terminal, or a list.
    Inbox(inbox::Inbox),
    /// Approve a draft: it goes out as it is.
    Approve(approve::Approve),
    /// Let something else go out than the draft.
    Amend(amend::Amend),
    /// Let nothing go out.
    Reject(reject::Reject),
    /// Say what a message is; nothing goes out.
    Reclassify(reclassify::Reclassify),
    /// Look at samples of what was handled: say what they are, and then see.
    Review(review::ReviewCommand),
    /// What could not be decided: list it, have it tried again, drop it.
    Dlq(dlq::Dlq),
    /// Undo an action that went out.
    Undo(undo::UndoCommand),
}

/// Carries a command out.
pub fn run(cli: Cli) -> Exit {
    let outcome = match cli.command {
        Command::Demo(command) => command.run(),
        Command::Run(command) => command.run(),
        Command::Setup(command) => command.run(),
        Command::Doctor(command) => command.run(),
        Command::Permissions(command) => command.run(),
        Command::Check(command) => command.run(),
        Command::Test(command) => command.run(),
        Command::Classify(command) => command.run(),
        Command::Explain(command) => command.run(),
        Command::Diff(command) => command.run(),
        Command::Survey(command) => command.run(),
        Command::Evidence(command) => command.run(),
        Command::Drift(command) => command.run(),
        Command::Questions(command) => command.run(),
        Command::Compile(command) => command.run(),
        Command::Fmt(command) => command.run(),
        Command::Inspect(command) => command.run(),
        Command::Bench(command) => command.run(),
        Command::Execute(command) => command.run(),
        Command::Log(command) => command.run(),
        Command::Show(command) => command.run(),
        Command::Replay(command) => command.run(),
        Command::Grant(command) => command.run(),
        Command::Grants(command) => command.run(),
        Command::Revoke(command) => command.run(),
        Command::Promote(command) => command.run(),
        Command::Demote(command) => command.run(),
        Command::Uphold(command) => command.run(),
        Command::Policy(command) => command.run(),
        Command::Halt(command) => command.run(),
        Command::Resume(command) => command.run(),
        Command::Key(command) => command.run(),
        Command::Inbox(command) => command.run(),
        Command::Approve(command) => command.run(),
        Command::Amend(command) => command.run(),
        Command::Reject(command) => command.run(),
        Command::Reclassify(command) => command.run(),
        Command::Review(command) => command.run(),
        Command::Dlq(command) => command.run(),
        Command::Undo(command) => command.run(),
    };
    outcome.unwrap_or_else(|error| exit::report(&error))
}

//! `decile execute`: a command for each action on a channel, or for each escalation to a desk.

use super::args::{ConfigFile, Connect, Format};
use super::exit::UsageError;
use super::run::{log_panics_without_their_text, log_to_stderr, stop_on_signal};
use super::{Exit, world};
use crate::bus::Trouble;
use crate::channel::Channel;
use crate::config::Config;
use crate::executor::verify::Terms;
use crate::executor::{CANARY, Exec, Executor, Notifier, Remind, Until};
use crate::policy::Desk;
use crate::subject::Root;
use anyhow::Context as _;
use clap::Args;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Carries out the actions on a channel: each is verified here once more, by its own signature and by what stands at
/// the broker, and then runs a command with the action as JSON on its standard input. Exit code 0 of the command says
/// that it is done. With `--desk` instead, runs the command for each new escalation to that desk, so that somebody
/// hears of it. Runs until SIGINT or SIGTERM, and then waits for what was begun.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: decile execute --channel slack.support --exec 'examples/executor/append.sh actions.jsonl'\n         \
    decile execute --desk human --exec 'examples/notify/chat.sh webhook.curl' --remind-after-s 900"
)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub(super) struct Execute {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    /// Carry out the actions on this channel.
    #[arg(long, value_name = "NAME", value_parser = channel, group = "what")]
    channel: Option<Channel>,
    /// Tell somebody of each new escalation to this desk.
    #[arg(long, value_name = "NAME", value_parser = desk, group = "what")]
    desk: Option<Desk>,
    /// The command that carries an action out, or tells somebody, for `sh -c`.
    #[arg(long, value_name = "CMD")]
    exec: String,
    /// How long a command may take, in milliseconds [default: `command_ms_max` of the configuration].
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    timeout_ms: Option<u64>,
    /// Tell somebody again of what has no ruling after so many seconds.
    #[arg(long, value_name = "S", requires = "desk", value_parser = clap::value_parser!(u64).range(1..=604_800))]
    remind_after_s: Option<u64>,
    /// Tell them again at most so often.
    #[arg(long, value_name = "N", requires = "remind_after_s", default_value_t = 3,
        value_parser = clap::value_parser!(u64).range(1..=100))]
    reminders_max: u64,
    /// End after one delivery.
    #[arg(long, conflicts_with = "until_idle")]
    once: bool,
    /// End when nothing is left.
    #[arg(long)]
    until_idle: bool,
    /// How to log.
    #[arg(long, value_enum, default_value_t)]
    log_format: Format,
}

impl Execute {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        log_to_stderr(self.log_format);
        log_panics_without_their_text();
        let config = world::load_config(&self.file.config)?;
        match (&self.channel, &self.desk) {
            (Some(channel), _) => {
                let executor = self.executor(channel, config)?;
                carry_out(async |stop| executor.run(&stop).await)
            }
            (None, Some(desk)) => {
                let notifier = self.notifier(desk, config)?;
                carry_out(async |stop| notifier.run(&stop).await)
            }
            (None, None) => Err(UsageError("name a channel or a desk".to_owned()).into()),
        }
    }

    fn executor(&self, channel: &Channel, config: Config) -> anyhow::Result<Executor> {
        if channel.as_str() == CANARY {
            let wrong = format!("`{CANARY}` is reserved: what is published there is never carried out");
            return Err(UsageError(wrong).into());
        }
        Ok(Executor {
            access: self.connect.access(&config.bus)?,
            stream: config.bus.stream.clone(),
            root: Root::new(&config.bus.root).context("the root of the subjects")?,
            channel: channel.clone(),
            exec: self.command(&self.exec, &config),
            limits: config.limits,
            receipts_kept: config.retention.handled,
            until: self.until(),
            terms: Terms {
                action_age_max: config.limits.action_age_max,
                authority: config.authority,
                policy: config.policy,
            },
        })
    }

    fn notifier(&self, desk: &Desk, config: Config) -> anyhow::Result<Notifier> {
        let after = self.remind_after_s.map(Duration::from_secs);
        Ok(Notifier {
            access: self.connect.access(&config.bus)?,
            stream: config.bus.stream.clone(),
            root: Root::new(&config.bus.root).context("the root of the subjects")?,
            desk: desk.clone(),
            exec: self.command(&self.exec, &config),
            remind: after.map(|after| Remind { after, times_max: self.reminders_max }),
            limits: config.limits,
            until: self.until(),
            authority: config.authority,
        })
    }

    fn command(&self, command: &str, config: &Config) -> Exec {
        let timeout = self.timeout_ms.map_or(config.limits.command_max, Duration::from_millis);
        Exec { command: command.to_owned(), timeout }
    }

    fn until(&self) -> Until {
        match (self.once, self.until_idle) {
            (true, _) => Until::One,
            (false, true) => Until::Idle,
            (false, false) => Until::Stopped,
        }
    }
}

fn channel(text: &str) -> Result<Channel, String> {
    Channel::parse(text).map_err(|error| error.to_string())
}

fn desk(text: &str) -> Result<Desk, String> {
    Desk::parse(text).map_err(|error| error.to_string())
}

/// Runs until a signal says otherwise.
fn carry_out(run: impl AsyncFnOnce(CancellationToken) -> Result<(), Trouble>) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(async {
        let stop = CancellationToken::new();
        tokio::spawn(stop_on_signal(stop.clone()));
        run(stop).await
    })?;
    Ok(Exit::Yes)
}

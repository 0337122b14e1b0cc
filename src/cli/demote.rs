//! `decile demote`: takes a level back. It needs no key: whoever may publish there may tighten.

use super::args::{self, ConfigFile, Connect};
use super::exit::No;
use super::reach::Reach;
use super::{Exit, revoke, world};
use crate::authority::Tightening;
use crate::channel::Channel;
use crate::class::Class;
use crate::policy::level::Level;
use clap::Args;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Takes a class back to level 1 on every instance: outward actions at once, at the broker, internal ones as soon as it is
/// seen.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile demote scheduling_confirm --reason \"it misread a cancellation\"\n         \
    decile demote scheduling_confirm --channel slack.support")]
pub(super) struct Demote {
    /// Which class.
    #[arg(value_name = "CLASS", value_parser = args::class)]
    class: Class,
    /// On which channel; may be given several times. On every one where it is above level 1, where none is given.
    #[arg(long = "channel", value_name = "CHANNEL", value_parser = args::channel)]
    channels: Vec<Channel>,
    /// Why.
    #[arg(long, default_value = "")]
    reason: String,
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
}

impl Demote {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.publish())
    }

    async fn publish(self) -> anyhow::Result<Exit> {
        let class = self.class;
        // Whatever has become of the rules: what takes back must work.
        let config = world::load_config(&self.file.config)?;
        let reach = Reach::open(&config, &self.connect).await?;
        let mut channels = BTreeSet::from_iter(self.channels);
        if channels.is_empty() {
            // This file may not be the one that somebody promoted in.
            let (governing, _) = reach.governing(&config).await?;
            let is_raised = |channel: &&Channel| config.policy.line(&class, channel).level > Level::Draft;
            channels.extend(config.channels.monitored().filter(is_raised).cloned());
            channels.extend(governing.promoted_on(&class, config.channels.monitored()).into_iter().cloned());
        }
        if channels.is_empty() {
            let wrong =
                format!("`{class}` is above level 1 on no channel that is known here; name one with `--channel`");
            return Err(No(wrong).into());
        }
        let mut failed = None;
        for channel in channels {
            let bytes = Tightening::demote(&revoke::caller(), Timestamp::now(), &self.reason).encode()?;
            match reach.tighten(reach.root.level(&class, &channel), bytes).await {
                Ok(revision) => println!(
                    "demoted: `{class}` on `{channel}` to level 1 (revision {revision}); `decile promote` raises it again"
                ),
                Err(error) => failed = Some(error.context(format!("cannot demote it on `{channel}`"))),
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        Ok(Exit::Yes)
    }
}

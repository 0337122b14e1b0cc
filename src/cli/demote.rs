//! `decile demote`: takes a level back. It needs no key: whoever may publish there may tighten.

use super::args::{ConfigFile, Connect};
use super::exit::{No, UsageError};
use super::reach::Reach;
use super::{Exit, revoke, world};
use crate::authority::Tightening;
use crate::channel::Channel;
use crate::class::Class;
use crate::policy::level::Level;
use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;

/// Takes a class back to level 1, at once and on every instance: the broker refuses whatever relied on more.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile demote scheduling_confirm --reason \"it misread a cancellation\"\n         \
    decile demote scheduling_confirm --channel slack.support")]
pub(super) struct Demote {
    /// Which class.
    #[arg(value_name = "CLASS")]
    class: String,
    /// On which channel; may be given several times. On every one where it is above level 1, where none is given.
    #[arg(long = "channel", value_name = "CHANNEL")]
    channels: Vec<String>,
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
        let class = Class::parse(&self.class).map_err(|error| UsageError(error.to_string()))?;
        // With channels named, it works whatever has become of the rules.
        let (config, channels) = if self.channels.is_empty() {
            let world = world::load(&self.file.config)?;
            let policy = world.admitted().policy;
            let is_raised = |channel: &&Channel| policy.line(&class, channel).level > Level::Draft;
            let raised: Vec<Channel> = world.config.channels.monitored().filter(is_raised).cloned().collect();
            (world.config, raised)
        } else {
            let named: Result<Vec<Channel>, _> = self.channels.iter().map(|name| Channel::parse(name)).collect();
            (world::load_config(&self.file.config)?, named.map_err(|error| UsageError(error.to_string()))?)
        };
        if channels.is_empty() {
            let wrong = format!("`{class}` is above level 1 on no channel of this policy; name one with `--channel`");
            return Err(No(wrong).into());
        }
        let reach = Reach::open(&config, &self.connect).await?;
        for channel in channels {
            let bytes = Tightening::demote(&revoke::caller(), Timestamp::now(), &self.reason).encode()?;
            let subject = reach.root.level(&class, &channel);
            let revision =
                reach.tighten(subject, bytes).await.with_context(|| format!("cannot demote it on `{channel}`"))?;
            println!(
                "demoted: `{class}` on `{channel}` to level 1 (revision {revision}); `decile promote` raises it again"
            );
        }
        Ok(Exit::Yes)
    }
}

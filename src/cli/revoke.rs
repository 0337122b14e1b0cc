//! `decile revoke`: takes a permission back. It needs no key: whoever may publish there may tighten.

use super::args::{ConfigFile, Connect};
use super::exit::UsageError;
use super::reach::Reach;
use super::{Exit, world};
use crate::authority::Tightening;
use crate::channel::Channel;
use crate::class::ActionType;
use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;

/// Takes a permission back, at once: the broker refuses whatever relied on it.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: decile revoke --channel slack.support --type react --reason \"wrong emoji\"\n         \
    decile revoke --all"
)]
pub(super) struct Revoke {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    /// On which channel.
    #[arg(long, required_unless_present = "all")]
    channel: Option<String>,
    /// Which type of action.
    #[arg(long = "type", value_name = "TYPE", required_unless_present = "all")]
    kind: Option<String>,
    /// Every grant that stands.
    #[arg(long, conflicts_with_all = ["channel", "kind"])]
    all: bool,
    /// Why.
    #[arg(long, default_value = "")]
    reason: String,
}

/// The bytes of a revocation.
pub(super) fn revocation(by: &str, reason: &str) -> serde_json::Result<Vec<u8>> {
    Tightening::revoke(by, Timestamp::now(), reason).encode()
}

/// Who runs the command, as far as the system says.
pub(super) fn caller() -> String {
    std::env::var("USER").unwrap_or_else(|_| "somebody".to_owned())
}

impl Revoke {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.publish())
    }

    async fn publish(self) -> anyhow::Result<Exit> {
        let config = world::load_config(&self.file.config)?;
        let reach = Reach::open(&config, &self.connect).await?;
        let subjects = match (&self.channel, &self.kind) {
            (Some(channel), Some(kind)) => {
                let channel = Channel::parse(channel).map_err(|error| UsageError(error.to_string()))?;
                let kind = ActionType::parse(kind).map_err(|error| UsageError(error.to_string()))?;
                vec![(format!("`{kind}` on `{channel}`"), reach.root.grant(&kind, &channel))]
            }
            _ => {
                let (governing, _) = reach.governing(&config).await?;
                let named = governing.grants().map(|(grant, _)| {
                    let grant = grant.grant();
                    (format!("`{}` on `{}`", grant.kind, grant.channel), reach.root.grant(&grant.kind, &grant.channel))
                });
                named.collect()
            }
        };
        if subjects.is_empty() {
            println!("no grant stands");
        }
        for (what, subject) in subjects {
            let bytes = revocation(&caller(), &self.reason)?;
            let revision = reach.tighten(subject, bytes).await.with_context(|| format!("cannot revoke {what}"))?;
            println!("revoked: {what} (revision {revision})");
        }
        Ok(Exit::Yes)
    }
}

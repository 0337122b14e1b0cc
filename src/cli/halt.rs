//! `decile halt` and `decile resume`. Halting needs no key; ending a halt needs one, and names the halt that it ends.

use super::args::{ConfigFile, Connect};
use super::exit::No;
use super::reach::Reach;
use super::signing::KeyArgs;
use super::{Exit, revoke, world};
use crate::authority::{Resume, Tightening};
use crate::bus::batch::{self, BatchEntry, Batched};
use crate::facts::Halt;
use anyhow::bail;
use bytes::Bytes;
use clap::Args;
use jiff::Timestamp;

/// Stops everything that happens by itself, at once: outward actions at the broker, internal ones as soon as it is seen.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile halt --reason \"it answers the wrong people\"")]
pub(super) struct HaltCommand {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    /// Why.
    #[arg(long, default_value = "")]
    reason: String,
}

/// Ends the halt that stands. It is signed, and ends no other.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile resume --key ada.key --reason \"rule corrected\"")]
pub(super) struct ResumeCommand {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    #[command(flatten)]
    key: KeyArgs,
    /// Why.
    #[arg(long)]
    reason: String,
}

impl HaltCommand {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let config = world::load_config(&self.file.config)?;
            let reach = Reach::open(&config, &self.connect).await?;
            let bytes = Tightening::halt(&revoke::caller(), Timestamp::now(), &self.reason).encode()?;
            let revision = reach.tighten(reach.root.halt(), bytes).await?;
            println!("halted (revision {revision}); `decile resume` ends it");
            Ok(Exit::Yes)
        })
    }
}

impl ResumeCommand {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.publish())
    }

    async fn publish(self) -> anyhow::Result<Exit> {
        let config = world::load_config(&self.file.config)?;
        let signatory = self.key.signatory(&config)?;
        if !signatory.operator.resume {
            return Err(No(format!("`{}` may not end a halt: see operators.toml", signatory.operator.name)).into());
        }
        let reach = Reach::open(&config, &self.connect).await?;
        let (governing, now) = reach.governing(&config).await?;
        let Halt::On { revision } = governing.halt() else {
            println!("nothing is halted");
            return Ok(Exit::Yes);
        };
        let resume = Resume { halt: revision, issued_at: now, reason: self.reason };
        let entry = BatchEntry {
            subject: reach.root.halt(),
            bytes: Bytes::from(resume.sign(&signatory.deployment, &signatory.seed)?.encode()?),
            kept: None,
            expected: Some(revision),
        };
        match batch::publish(&reach.connection, &reach.stream, &[entry]).await {
            Batched::Stored(end) => println!("resumed: the halt of revision {revision} has ended (revision {end})"),
            Batched::Refused => return Err(No("it was halted again just now; look again".to_owned()).into()),
            Batched::Unknown(why) => bail!("the broker did not take it: {why}"),
        }
        Ok(Exit::Yes)
    }
}

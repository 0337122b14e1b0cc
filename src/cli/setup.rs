//! `decile setup`: the streams and consumers, to read or to make.

use super::args::{ConfigFile, Connect, Format};
use super::signing::KeyArgs;
use super::{Exit, canaries, world};
use crate::bus::{self, AckBounds, Purpose, setup};
use crate::subject::Root;
use anyhow::Context as _;
use async_nats::jetstream::consumer::pull;
use clap::Args;

/// Prints what must exist, or makes it. Source streams that exist are left as they are.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile setup --config config/decile.toml --apply")]
pub(super) struct Setup {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    #[command(flatten)]
    key: KeyArgs,
    /// Make it. Where canaries are configured, their grants are signed with the key, and placed.
    #[arg(long)]
    apply: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Setup {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let world = world::load(&self.file.config)?;
        let root = Root::new(&world.config.bus.root).context("the root of the subjects")?;
        let wanted = setup::Setup::of(&world.config, &root);
        if !self.apply {
            self.print(&wanted)?;
            return Ok(Exit::Yes);
        }
        let access = self.connect.access(&world.config.bus)?;
        let config = &world.config;
        let signatory = match config.canary {
            Some(_) if self.key.is_given() => Some(self.key.signatory(config)?),
            _ => None,
        };
        signatory.as_ref().map_or(Ok(()), canaries::check)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let made = runtime.block_on(async {
            let connection = bus::connect(&access, Purpose::Command, AckBounds::for_commands(&access), None).await?;
            bus::check_server(&connection).await?;
            let mut made = wanted.apply(&connection).await?;
            if let Some(signatory) = &signatory {
                made.extend(canaries::place(&connection, config, &root, signatory).await?);
            }
            anyhow::Ok(made)
        })?;
        if config.canary.is_some() && signatory.is_none() {
            eprintln!("warning: canaries are configured, and were not placed: they are signed, so give `--key FILE`");
        }
        match self.format {
            Format::Json => println!("{}", serde_json::to_string_pretty(&made)?),
            Format::Text => made.iter().for_each(|made| println!("{}: {}", made.what, made.outcome)),
        }
        Ok(Exit::Yes)
    }

    fn print(&self, wanted: &setup::Setup) -> anyhow::Result<()> {
        let sources: Vec<_> = wanted
            .sources
            .iter()
            .map(|source| serde_json::json!({ "stream": source.stream, "consumer": source.consumer }))
            .collect();
        let all = serde_json::json!({
            "decisions": wanted.decisions, "rulings": wanted.rulings.consumer, "executors": wanted.executors, "notifiers": wanted.notifiers,
            "sources": sources,
            "advisories": { "stream": wanted.advisories.stream, "consumer": wanted.advisories.consumer },
        });
        match self.format {
            Format::Json => println!("{}", serde_json::to_string_pretty(&all)?),
            Format::Text => {
                println!("{}", describe_stream(&wanted.decisions));
                wanted
                    .executors
                    .iter()
                    .chain(&wanted.notifiers)
                    .for_each(|consumer| println!("{}", describe_consumer(consumer)));
                for source in wanted.sources.iter().chain([&wanted.advisories]) {
                    println!("{}", describe_stream(&source.stream));
                    println!("{}", describe_consumer(&source.consumer));
                }
                println!("\nNothing was changed. `--apply` makes it; `--format json` shows every setting.");
            }
        }
        Ok(())
    }
}

fn describe_stream(stream: &async_nats::jetstream::stream::Config) -> String {
    format!(
        "stream `{}`: subjects {}, discard {:?}, {} replica(s)",
        stream.name,
        stream.subjects.join(" "),
        stream.discard,
        stream.num_replicas.max(1)
    )
}

fn describe_consumer(consumer: &pull::Config) -> String {
    let name = consumer.durable_name.as_deref().unwrap_or_default();
    format!("  consumer `{name}`: pull, explicit ack, filters {}", consumer.filter_subjects.join(" "))
}

//! `decile setup`: the streams and consumers, to read or to make.

use super::args::{ConfigFile, Connect, Format};
use super::{Exit, world};
use crate::bus::{self, AckBounds, Purpose, setup};
use crate::subject::Root;
use anyhow::Context as _;
use clap::Args;

/// Prints what must exist, or makes it. Source streams that exist are left as they are.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile setup --config config/decile.toml --apply")]
pub(super) struct Setup {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    /// Make it.
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
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let made = runtime.block_on(async {
            let connection = bus::connect(&access, Purpose::Command, AckBounds::for_commands(&access), None).await?;
            bus::check_server(&connection).await?;
            wanted.apply(&connection).await
        })?;
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
        let all = serde_json::json!({ "decisions": wanted.decisions, "sources": sources });
        match self.format {
            Format::Json => println!("{}", serde_json::to_string_pretty(&all)?),
            Format::Text => {
                println!("{}", describe_stream(&wanted.decisions));
                for source in &wanted.sources {
                    println!("{}", describe_stream(&source.stream));
                    let name = source.consumer.durable_name.as_deref().unwrap_or_default();
                    println!(
                        "  consumer `{name}`: pull, explicit ack, filters {}",
                        source.consumer.filter_subjects.join(" ")
                    );
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

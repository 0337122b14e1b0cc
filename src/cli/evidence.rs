//! `decile evidence`: what people's answers say of each class, and what is missing for its next level.

use super::args::{self, ConfigFile, Connect, Format};
use super::print::{json, one_line};
use super::reach::Reach;
use super::{Exit, world};
use crate::authority::Authority;
use crate::bus::Trouble;
use crate::class::Class;
use crate::store;
use crate::trust::{Admission, Evidence as Heard, Next, Standing, Today, standings};
use clap::Args;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;

/// Shows what people's answers say of classes. Exit code 3 where nobody has answered yet.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile evidence\n         decile evidence scheduling_confirm --format json")]
pub(super) struct Evidence {
    /// This class alone.
    #[arg(value_name = "CLASS", value_parser = args::class)]
    class: Option<Class>,
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Evidence {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.show())
    }

    async fn show(self) -> anyhow::Result<Exit> {
        let world = world::load(&self.file.config)?;
        let reach = Reach::open(&world.config, &self.connect).await?;
        let heard = read(&reach, &world.config.authority).await?;
        let (governing, now) = reach.governing(&world.config).await?;
        let Admission { policy, upheld, .. } = world.admitted();
        let policy = policy.at(now, |class, channel| governing.level(class, channel));
        let mut standings = standings(&heard, Today { pack: &world.pack, upheld: &upheld }, &policy, now);
        standings.retain(|standing| self.class.as_ref().is_none_or(|class| *class == standing.class));
        match self.format {
            Format::Json => println!("{}", json(&serde_json::to_string_pretty(&standings)?)),
            Format::Text if standings.is_empty() => {
                println!("nobody has answered anything yet that says something of a class")
            }
            Format::Text => print(&standings),
        }
        Ok(if standings.is_empty() { Exit::No } else { Exit::Yes })
    }
}

/// What people have said, as it lies on the bus now.
pub(super) async fn read(reach: &Reach, authority: &Authority) -> Result<Heard, Trouble> {
    store::read_evidence(&reach.connection, &reach.stream, &reach.root, authority, 0).await
}

fn print(standings: &[Standing]) {
    let mut table = Table::new();
    let head = ["class", "channel", "action", "level", "agreed", "surely", "needed", "missing for the next level"];
    table.load_preset(UTF8_FULL_CONDENSED).set_header(head);
    for standing in standings {
        let percent = |share: f64| format!("{:.1} %", share * 100.0);
        table.add_row([
            standing.class.to_string(),
            one_line(standing.channel.as_str(), 40),
            standing.kind.to_string(),
            (standing.level as u8).to_string(),
            format!("{} of {}", standing.answers.agreed, standing.answers.decisions()),
            standing.next.map_or_else(|| "-".to_owned(), |next| percent(next.bound)),
            standing.next.map_or_else(|| "-".to_owned(), |next| percent(next.threshold)),
            standing.next.map_or_else(|| "nothing: no level lies before it".to_owned(), missing),
        ]);
    }
    println!("{table}");
    let outdated: u64 = standings.iter().map(|standing| standing.outdated).sum();
    if outdated > 0 {
        println!("{outdated} more were given under other rules, or on another action: they do not count");
    }
    println!("an answer counts as long as it is kept; a person promotes, and nothing else does");
}

fn missing(next: Next) -> String {
    let level = next.level as u8;
    match (next.missing, next.days) {
        (Some(0), _) => format!("nothing for level {level}"),
        (Some(missing), Some(days)) => format!("{missing} for level {level}, some {days} d"),
        (Some(missing), None) => format!("{missing} for level {level}"),
        (None, _) => format!("too many for level {level}"),
    }
}

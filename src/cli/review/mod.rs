//! `decile review`: samples of what was handled, asked about blind. A terminal where there is one; else a list.

mod answer;
mod terminal;

use super::Exit;
use super::args::{self, ConfigFile, Connect, Format};
use super::inbox::opened::{LOOK, Place, published};
use super::print::{dim, json, one_line};
use super::reach::Reach;
use super::signing::KeyArgs;
use super::world::{self, World};
use crate::inbox::page::due;
use crate::review::{Reviews, Waiting};
use crate::store::Watch;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use std::io::Write as _;
use std::sync::Arc;

/// Asks of samples of what was handled what they are, and then shows what was decided. Each counts once, for its class or
/// against it; one that nobody reviews in time counts against. Exit code 3 where nothing waits (a list).
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Example: decile review --key ada.key\n         decile review --plain\n         \
    decile review answer 4f1c --class scheduling_confirm --key ada.key"
)]
pub(super) struct ReviewCommand {
    #[command(subcommand)]
    command: Option<Subcommands>,
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    #[command(flatten)]
    key: KeyArgs,
    /// A list, also where standard output is a terminal.
    #[arg(long)]
    plain: bool,
    /// How to print the list; `json` is one sample a line, without what was decided.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Subcommands {
    /// Say what one sample is, and see what was decided.
    #[command(after_help = "Example: decile review answer 4f1c --class scheduling_confirm --key ada.key\n         \
        decile review answer 4f1c --none --key ada.key")]
    Answer(answer::Answer),
}

/// Samples as they lie on the bus, and the way to them.
struct Opened {
    place: Place,
    world: World,
    reviews: Reviews,
    /// Tells of whatever comes after.
    watch: Watch,
}

impl ReviewCommand {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        match self.command {
            Some(Subcommands::Answer(answer)) => answer.run(),
            None if args::wants_lines(self.plain, self.format) => self.list(),
            None => terminal::run(&self.file, &self.connect, &self.key),
        }
    }

    fn list(self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let opened = runtime.block_on(Opened::open(&self.file, &self.connect))?;
        let (mut out, now) = (std::io::stdout().lock(), Timestamp::now());
        let open = opened.reviews.open();
        for waiting in &open {
            let line = match self.format {
                Format::Text => line(waiting, now),
                Format::Json => json(&blind(waiting).to_string()),
            };
            writeln!(out, "{line}")?;
        }
        if opened.reviews.left_out() > 0 {
            eprintln!("{} more wait than are listed: review some of these", opened.reviews.left_out());
        }
        Ok(if open.is_empty() { Exit::No } else { Exit::Yes })
    }
}

impl Opened {
    async fn open(file: &ConfigFile, connect: &Connect) -> anyhow::Result<Self> {
        let world = world::load(&file.config)?;
        let place = Place::of(Reach::open(&world.config, connect).await?, &world.config);
        let mut reviews = Reviews::new(place.root.clone(), Arc::new(world.config.authority.clone()));
        let mut watch = Watch::open(&place.connection, &place.stream, place.root.reviews(), 0, LOOK).await?;
        while let Some(kept) = watch.next_stored().await? {
            reviews.apply(&published(&kept));
        }
        Ok(Self { place, world, reviews, watch })
    }
}

/// One sample on one line: nothing of what was decided.
fn line(waiting: &Waiting, now: Timestamp) -> String {
    let sample = &waiting.sample;
    format!(
        "{:<12} {:<14} {:<20} {}",
        sample.decision.id.as_str().get(..12).unwrap_or_default(),
        due(sample.answer_by, now),
        one_line(sample.decision.channel.as_str(), 20),
        dim(&one_line(&sample.message.text, 80)),
    )
}

/// One sample for programs: nothing of what was decided.
fn blind(waiting: &Waiting) -> serde_json::Value {
    let sample = &waiting.sample;
    serde_json::json!({ "id": sample.decision.id, "channel": sample.decision.channel, "message": sample.message,
        "answer_by": sample.answer_by })
}

//! `decile dlq`: messages that could not be decided, after all attempts.

mod answer;
pub(super) mod print;

use super::args::{ConfigFile, Connect, Format};
use super::exit::{No, UsageError};
use super::inbox::opened::{Place, deadlines, published};
use super::reach::Reach;
use super::{Exit, world};
use crate::authority::LetterAnswer;
use crate::config::Config;
use crate::inbox::{Inbox, Letter, NotFound};
use crate::store::Watch;
use answer::AnswerArgs;
use clap::{Args, Subcommand};
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whether there is something new.
const LOOK: Duration = Duration::from_millis(100);

/// Dead letters: messages that were delivered too often without a decision, or whose record the broker refuses. A person
/// has them tried again, or drops them; both are signed.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile dlq list\n         decile dlq show 4f1c\n         \
    decile dlq retry 4f1c --key ada.key --note \"the rule is mended\"\n         \
    decile dlq drop 4f1c --key ada.key --note \"spam\"")]
pub(super) struct Dlq {
    #[command(subcommand)]
    command: DlqCommand,
}

#[derive(Debug, Subcommand)]
enum DlqCommand {
    /// List what waits for an answer, nearest deadline first. Exit code 3 where nothing does.
    #[command(after_help = "Example: decile dlq list --all --format json")]
    List(List),
    /// Show one, with its message where it is kept.
    #[command(after_help = "Example: decile dlq show 4f1c\nThe beginning of an id is enough where it is the only one.")]
    Show(Show),
    /// Sign that the message is decided, under the rules of today.
    #[command(after_help = "Example: decile dlq retry 4f1c --key ada.key --note \"the rule is mended\"")]
    Retry(AnswerArgs),
    /// Sign that the message stays undecided.
    #[command(after_help = "Example: decile dlq drop 4f1c --key ada.key --note \"spam\"")]
    Drop(AnswerArgs),
}

/// Lists dead letters.
#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    /// Those that were answered, too.
    #[arg(long)]
    all: bool,
    /// How to print; `json` is one a line.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Shows one dead letter.
#[derive(Debug, Args)]
struct Show {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The message's id, or the beginning of it.
    id: String,
}

impl Dlq {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        match self.command {
            DlqCommand::List(list) => list.run(),
            DlqCommand::Show(show) => show.run(),
            DlqCommand::Retry(answer) => answer.run(LetterAnswer::Retry),
            DlqCommand::Drop(answer) => answer.run(LetterAnswer::Drop),
        }
    }
}

impl List {
    fn run(self) -> anyhow::Result<Exit> {
        let opened = open(&self.file, &self.connect)?;
        let mut letters = opened.letters.letters();
        letters.retain(|letter| self.all || letter.is_open());
        letters.sort_by_key(|letter| (letter.deadline.is_none(), letter.deadline, letter.sequence));
        print::list(&letters, self.format)?;
        Ok(if letters.is_empty() { Exit::No } else { Exit::Yes })
    }
}

impl Show {
    fn run(self) -> anyhow::Result<Exit> {
        let opened = open(&self.file, &self.connect)?;
        print::show(opened.find(&self.id)?, self.format)?;
        Ok(Exit::Yes)
    }
}

/// The dead letters as they lie on the bus now, and the way there.
struct Opened {
    place: Place,
    /// An inbox of nothing but dead letters.
    letters: Inbox,
}

fn open(file: &ConfigFile, connect: &Connect) -> anyhow::Result<Opened> {
    let config = world::load_config(&file.config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(Opened::open(&config, connect))
}

impl Opened {
    async fn open(config: &Config, connect: &Connect) -> anyhow::Result<Self> {
        let place = Place::of(Reach::open(config, connect).await?, config);
        let mut letters = Inbox::new(place.root.clone(), Arc::new(config.authority.clone()), deadlines(config));
        let mut watch = Watch::open(&place.connection, &place.stream, place.root.letters(), 0, LOOK).await?;
        while let Some(kept) = watch.next_stored().await? {
            letters.apply(&published(&kept));
        }
        Ok(Self { place, letters })
    }

    fn find(&self, id: &str) -> anyhow::Result<&Letter> {
        self.letters.find_letter(id).map_err(|wrong| match wrong {
            NotFound::None(..) => No(wrong.to_string()).into(),
            NotFound::Several(_) => UsageError(wrong.to_string()).into(),
        })
    }
}

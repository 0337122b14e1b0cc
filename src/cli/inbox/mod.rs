//! `decile inbox`: what waits for a person. A terminal where there is one; else, and with `--plain`, a list.

pub(super) mod answering;
pub(super) mod opened;
mod plain;
pub(super) mod terminal;

use super::Exit;
use super::args::{self, ConfigFile, Connect, Format};
use super::signing::KeyArgs;
use clap::{Args, Subcommand};
use opened::Opened;

/// Shows what waits for a person, nearest deadline first, and takes the answers. Exit code 3 where nothing waits (a
/// list), or where no escalation has the id.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Example: decile inbox --key ada.key\n         decile inbox --plain\n         decile inbox show 4f1c"
)]
pub(super) struct Inbox {
    #[command(subcommand)]
    command: Option<InboxCommand>,
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    #[command(flatten)]
    key: KeyArgs,
    /// A list, also where standard output is a terminal.
    #[arg(long)]
    plain: bool,
    /// How to print the list; `json` is one escalation a line, with everything about it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum InboxCommand {
    /// Show one escalation with all its context.
    #[command(
        after_help = "Example: decile inbox show 4f1c\nThe beginning of an id is enough where it is the only one."
    )]
    Show(Show),
}

/// Shows one escalation.
#[derive(Debug, Args)]
struct Show {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The decision's id, or the beginning of it.
    id: String,
}

impl Inbox {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        match self.command {
            Some(InboxCommand::Show(show)) => show.run(),
            None if args::wants_lines(self.plain, self.format) => self.list(),
            None => terminal::run(&self.file, &self.connect, &self.key),
        }
    }

    fn list(self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let opened = runtime.block_on(Opened::open(&self.file, &self.connect))?;
        plain::list(&opened.inbox, self.format)
    }
}

impl Show {
    fn run(self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let opened = runtime.block_on(Opened::open(&self.file, &self.connect))?;
        plain::show(opened.find(&self.id)?, self.format)
    }
}

//! `decile reject ID`.

use super::Exit;
use super::inbox::answering::{AnswerArgs, Ask};
use crate::inbox::answer::Wanted;
use clap::Args;

/// Signs that nothing goes out. Exit code 3 where it was answered before.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile reject 4f1c --key ada.key --note \"answered by phone\"")]
pub(super) struct Reject {
    /// What was drafted would have been a severe error: the class goes back to level 1 on this channel, at once.
    #[arg(long)]
    severe: bool,
    #[command(flatten)]
    answer: AnswerArgs,
}

impl Reject {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        self.answer.severe(self.severe).run(|_, _| Ok(Wanted::Reject), Ask::OnlyIrreversible)
    }
}

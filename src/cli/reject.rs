//! `decile reject ID`.

use super::Exit;
use super::inbox::answering::{AnswerArgs, Ask};
use crate::inbox::answer::Wanted;
use clap::Args;

/// Signs that nothing goes out. Exit code 3 where it was answered before.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile reject 4f1c --key ada.key --note \"answered by phone\"")]
pub(super) struct Reject {
    #[command(flatten)]
    answer: AnswerArgs,
}

impl Reject {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        self.answer.run(|_, _| Ok(Wanted::Reject), Ask::OnlyIrreversible)
    }
}

//! `decile approve ID`.

use super::Exit;
use super::inbox::answering::AnswerArgs;
use crate::inbox::answer::Wanted;
use clap::Args;

/// Signs that a draft may go out as it is. Exit code 3 where it may not, or was answered before.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile approve 4f1c --key ada.key --note \"as discussed\"\n\
    What cannot be undone wants `--confirm \"TYPE CHANNEL\"`, or the same typed when asked.")]
pub(super) struct Approve {
    #[command(flatten)]
    answer: AnswerArgs,
}

impl Approve {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        self.answer.run(|_, _| Ok(Wanted::Approve), super::inbox::answering::Ask::OnlyIrreversible)
    }
}

//! `decile reclassify ID`.

use super::Exit;
use super::exit::UsageError;
use super::inbox::answering::{AnswerArgs, Ask};
use crate::class::Class;
use crate::inbox::answer::Wanted;
use clap::Args;

/// Signs that a message is of another class, or of none. Nothing goes out; rules are corrected by it.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile reclassify 4f1c --class billing_dispute --key ada.key\n         \
    decile reclassify 4f1c --none --key ada.key")]
pub(super) struct Reclassify {
    /// The class that it is of.
    #[arg(long, value_name = "NAME", required_unless_present = "none", conflicts_with = "none")]
    class: Option<String>,
    /// It is of no class: a person must see such messages.
    #[arg(long)]
    none: bool,
    /// What was drafted would have been a severe error: the class goes back to level 1 on this channel, at once.
    #[arg(long)]
    severe: bool,
    #[command(flatten)]
    answer: AnswerArgs,
}

impl Reclassify {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let class = self.class.as_deref().map(Class::parse).transpose();
        let class = class.map_err(|error| UsageError(error.to_string()))?;
        self.answer.severe(self.severe).run(|_, _| Ok(Wanted::Reclassify(class)), Ask::OnlyIrreversible)
    }
}

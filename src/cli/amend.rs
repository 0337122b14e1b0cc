//! `decile amend ID`.

use super::Exit;
use super::exit::{No, UsageError};
use super::inbox::answering::{AnswerArgs, Ask};
use crate::class::ActionType;
use crate::inbox::answer::{Wanted, with_proposal, with_text};
use crate::inbox::{Entry, TEXT_BYTES_MAX};
use anyhow::Context as _;
use clap::Args;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Signs that something else goes out than the draft: your text, or what somebody outside proposed. Shows what changes,
/// and asks. Exit code 3 where it may not, or was answered before.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile amend 4f1c --text \"Yes, Thursday at 3.\" --key ada.key\n         \
    decile amend 4f1c --proposal 1 --key ada.key --yes")]
pub(super) struct Amend {
    #[command(flatten)]
    instead: Instead,
    /// The type of the action, where nothing is held back: `reply`.
    #[arg(long = "type", value_name = "TYPE", conflicts_with = "proposal")]
    kind: Option<String>,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
    /// What was drafted would have been a severe error: the class goes back to level 1 on this channel, at once.
    #[arg(long)]
    severe: bool,
    #[command(flatten)]
    answer: AnswerArgs,
}

/// What goes out instead.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Instead {
    /// This text.
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// The text of this file; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The proposal with this number, as `decile inbox show ID` lists them.
    #[arg(long, value_name = "N")]
    proposal: Option<usize>,
}

impl Amend {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let kind = self.kind.as_deref().map(ActionType::parse).transpose();
        let kind = kind.map_err(|error| UsageError(error.to_string()))?;
        let text = self.instead.text()?;
        let number = self.instead.proposal;
        let ask = if self.yes { Ask::OnlyIrreversible } else { Ask::Always };
        self.answer.severe(self.severe).run(
            |entry, _| {
                let instead = match (&text, number) {
                    (Some(text), _) => with_text(entry, kind.as_ref(), text).map_err(|wrong| No(wrong.to_string()))?,
                    (None, number) => proposed(entry, number.unwrap_or_default())?,
                };
                Ok(Wanted::Amend(Box::new(instead)))
            },
            ask,
        )
    }
}

impl Instead {
    fn text(&self) -> anyhow::Result<Option<String>> {
        match (&self.text, &self.file) {
            (Some(text), _) => Ok(Some(text.clone())),
            (None, Some(file)) => read(file).with_context(|| format!("cannot read `{}`", file.display())).map(Some),
            (None, None) => Ok(None),
        }
    }
}

fn proposed(entry: &Entry, number: usize) -> anyhow::Result<crate::decision::OutwardAction> {
    let proposal = number.checked_sub(1).and_then(|at| entry.proposals.get(at));
    let Some(proposal) = proposal else {
        return Err(No(format!("there is no proposal {number}: it has {}", entry.proposals.len())).into());
    };
    Ok(with_proposal(entry, proposal))
}

/// One byte more than a text may have, so that one that is too long is seen to be.
fn read(file: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let bytes_max = TEXT_BYTES_MAX as u64 + 1;
    if file == Path::new("-") {
        std::io::stdin().lock().take(bytes_max).read_to_string(&mut text)?;
    } else {
        std::fs::File::open(file)?.take(bytes_max).read_to_string(&mut text)?;
    }
    Ok(text)
}

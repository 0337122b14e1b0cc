//! From what a person says of a sample to what lies on the bus: signed, published where no other review lies.

use super::Opened;
use crate::authority::Review;
use crate::bus::follow::broker_now;
use crate::bus::{Published, publish_expecting};
use crate::class::Class;
use crate::cli::Exit;
use crate::cli::args::{self, ConfigFile, Connect, Format};
use crate::cli::exit::{No, UsageError};
use crate::cli::inbox::opened::Place;
use crate::cli::print::{json, one_line};
use crate::cli::receipt;
use crate::cli::signing::{KeyArgs, Signatory};
use crate::inbox::NotFound;
use crate::policy::Desk;
use crate::review::Waiting;
use crate::review::screen::{Prepared, is_right};
use crate::rulings::{RulingReceipt, Word};
use clap::Args;
use std::io::Write as _;
use std::time::Duration;

/// Says what one sample is, and shows what was decided. Exit code 3 where it no longer waits, or is refused.
#[derive(Debug, Args)]
pub(super) struct Answer {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    #[command(flatten)]
    key: KeyArgs,
    /// What it is.
    #[arg(long, value_name = "CLASS", value_parser = args::class, conflicts_with = "none")]
    class: Option<Class>,
    /// It is of none of the classes.
    #[arg(long, required_unless_present = "class")]
    none: bool,
    /// If that is not what was decided, it was a severe error: the class goes back to level 1 there, at once.
    #[arg(long)]
    severe_if_wrong: bool,
    /// A word about it, for whoever reads it later.
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// How long to wait for what becomes of it, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 5_000)]
    wait_ms: u64,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The decision's id, or the beginning of it.
    id: String,
}

/// What the broker made of a review.
pub(super) enum Outcome {
    /// It has it.
    Stored(u64),
    /// Another one lies there.
    Taken,
}

impl Answer {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let opened = Opened::open(&self.file, &self.connect).await?;
            let signatory = self.key.signatory(&opened.world.config)?;
            may(&signatory)?;
            let waiting = opened.reviews.find(&self.id).map_err(|wrong| match wrong {
                NotFound::None(..) => anyhow::Error::from(No(wrong.to_string())),
                NotFound::Several(_) => UsageError(wrong.to_string()).into(),
            })?;
            known(self.class.as_ref(), &opened)?;
            let agrees = is_right(self.class.as_ref(), waiting);
            let severe = self.severe_if_wrong && !agrees;
            let prepared = Prepared::of(waiting, self.class.clone(), severe, &self.note);
            let Outcome::Stored(sequence) = publish(&opened.place, &prepared, &signatory).await? else {
                return Err(No("somebody else has reviewed it".to_owned()).into());
            };
            let subject = opened.place.root.ruling_receipt(&waiting.sample.decision.id);
            let wait = Duration::from_millis(self.wait_ms);
            let receipt = receipt::wait(&opened.place, subject, sequence, wait).await?;
            self.say(waiting, sequence, agrees, receipt.as_ref())
        })
    }

    fn say(
        &self,
        waiting: &Waiting,
        sequence: u64,
        agrees: bool,
        receipt: Option<&RulingReceipt>,
    ) -> anyhow::Result<Exit> {
        let mut out = std::io::stdout().lock();
        let decision = &waiting.sample.decision;
        let decided = decision.verdict.class.as_ref();
        if self.format == Format::Json {
            let said = serde_json::json!({ "decision": decision.id, "review": sequence, "class": self.class,
                "decided": decided, "agrees": agrees, "became": receipt });
            writeln!(out, "{}", json(&said.to_string()))?;
        } else {
            writeln!(out, "signed and stored as #{sequence} on {}", decision.id)?;
            let word = if agrees { "you agree" } else { "you disagree" };
            writeln!(out, "it was decided as {}: {word}", decided.map_or("-", Class::as_str))?;
            match receipt {
                Some(RulingReceipt { outcome: Word::Refused, why: Some(why), .. }) => {
                    writeln!(out, "refused: {}", one_line(why, 200))?;
                }
                Some(receipt) => writeln!(out, "{}", receipt.outcome.as_str())?,
                None => writeln!(out, "not taken up yet")?,
            }
        }
        Ok(if receipt.is_some_and(|receipt| receipt.outcome == Word::Refused) { Exit::No } else { Exit::Yes })
    }
}

/// Whether this operator may review at all. The daemon looks again.
pub(super) fn may(signatory: &Signatory) -> anyhow::Result<()> {
    if signatory.operator.rulings.has(&Desk::human()) {
        return Ok(());
    }
    let wrong = "may not rule on the desk `human`, so not review: see operators.toml";
    Err(No(format!("{} {wrong}", signatory.operator.name)).into())
}

/// A class that no rule names is a slip of the keyboard.
fn known(class: Option<&Class>, opened: &Opened) -> anyhow::Result<()> {
    let Some(class) = class else { return Ok(()) };
    if opened.world.pack.class_digest(class).is_some() {
        return Ok(());
    }
    Err(UsageError(format!("no rule names a class `{class}`; `--none` says that it is of none")).into())
}

/// Signs a review, and publishes it where no other lies.
pub(super) async fn publish(place: &Place, prepared: &Prepared, signatory: &Signatory) -> anyhow::Result<Outcome> {
    // By the broker's clock: what was signed long before it is stored is taken for a copy.
    let review: Review = prepared.review(broker_now(&place.connection, &place.stream).await?);
    let bytes = review.sign(&signatory.deployment, &signatory.seed)?.encode()?;
    let subject = place.root.review_ruling(&prepared.decision);
    let expected = prepared.expected_sequence;
    Ok(match publish_expecting(&place.connection, &place.stream, &subject, expected, place.ttl, bytes).await? {
        Published::Stored(sequence) => Outcome::Stored(sequence),
        Published::Taken => Outcome::Taken,
    })
}

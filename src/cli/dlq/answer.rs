//! Answers to dead letters: signed, published where no other lies, and waited for.

use super::{LOOK, Opened};
use crate::authority::{LetterAnswer, LetterRuling};
use crate::bus::follow::broker_now;
use crate::bus::{Published, publish_expecting};
use crate::cli::args::{ConfigFile, Connect, Format};
use crate::cli::exit::No;
use crate::cli::print::{json, one_line};
use crate::cli::receipt;
use crate::cli::signing::{KeyArgs, Signatory};
use crate::cli::{Exit, world};
use crate::inbox::Letter;
use crate::policy::Desk;
use crate::rulings::{RulingReceipt, Word};
use crate::store::Watch;
use clap::Args;
use std::io::Write as _;
use std::time::Duration;

/// What every answer takes.
#[derive(Debug, Args)]
pub(super) struct AnswerArgs {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    #[command(flatten)]
    key: KeyArgs,
    /// Why, for whoever reads it later.
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// How long to wait for what becomes of it, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 5_000)]
    wait_ms: u64,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The message's id, or the beginning of it.
    id: String,
}

impl AnswerArgs {
    pub(super) fn run(self, answer: LetterAnswer) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let config = world::load_config(&self.file.config)?;
            let signatory = self.key.signatory(&config)?;
            let opened = Opened::open(&config, &self.connect).await?;
            let letter = opened.find(&self.id)?;
            may(letter, &signatory)?;
            let sequence = self.publish(&opened, letter, answer, &signatory).await?;
            let subject = opened.place.root.letter_receipt(letter.id());
            let wait = Duration::from_millis(self.wait_ms);
            let receipt = receipt::wait(&opened.place, subject, sequence, wait).await?;
            self.say(letter, answer, sequence, receipt.as_ref())
        })
    }

    async fn publish(
        &self,
        opened: &Opened,
        letter: &Letter,
        answer: LetterAnswer,
        signatory: &Signatory,
    ) -> anyhow::Result<u64> {
        let place = &opened.place;
        let subject = place.root.letter_ruling(letter.id());
        let expected = last_on(opened, letter).await?;
        let issued_at = broker_now(&place.connection, &place.stream).await?;
        let note = one_line(self.note.trim(), 1_000);
        let ruling = LetterRuling { decision: letter.id().clone(), letter: letter.sequence, issued_at, answer, note };
        let bytes = ruling.sign(&signatory.deployment, &signatory.seed)?.encode()?;
        match publish_expecting(&place.connection, &place.stream, &subject, expected, place.ttl, bytes).await? {
            Published::Stored(sequence) => Ok(sequence),
            Published::Taken => Err(No("somebody else answered it just now".to_owned()).into()),
        }
    }

    fn say(
        &self,
        letter: &Letter,
        answer: LetterAnswer,
        sequence: u64,
        receipt: Option<&RulingReceipt>,
    ) -> anyhow::Result<Exit> {
        let mut out = std::io::stdout().lock();
        let id = letter.id();
        if self.format == Format::Json {
            let said = serde_json::json!({ "decision": id, "answer": answer, "ruling": sequence, "became": receipt });
            writeln!(out, "{}", json(&said.to_string()))?;
        } else {
            writeln!(out, "signed and stored as #{sequence}: {} {id}", answer.as_str())?;
            match receipt {
                Some(RulingReceipt { outcome: Word::Refused, why: Some(why), .. }) => {
                    writeln!(out, "refused: {}", one_line(why, 200))?;
                }
                Some(receipt) if receipt.outcome == Word::Retried => {
                    writeln!(out, "retried: `decile show {id}` tells what was decided")?;
                }
                Some(receipt) => writeln!(out, "{}", receipt.outcome.as_str())?,
                None => writeln!(out, "not taken up yet; `decile dlq show {id}` tells")?,
            }
        }
        Ok(if receipt.is_some_and(|receipt| receipt.outcome == Word::Refused) { Exit::No } else { Exit::Yes })
    }
}

/// What stands in the way, as far as it can be known here. The daemon looks again.
fn may(letter: &Letter, signatory: &Signatory) -> anyhow::Result<()> {
    if !letter.is_open() {
        return Err(No(format!("it was answered before: {}", letter.line())).into());
    }
    if !signatory.operator.rulings.has(&Desk::human()) {
        let name = &signatory.operator.name;
        return Err(No(format!("{name} may not rule on the desk `human`: see operators.toml")).into());
    }
    Ok(())
}

/// What lies last on the answer's subject: nothing, or one on an earlier letter, or one that does not count.
async fn last_on(opened: &Opened, letter: &Letter) -> anyhow::Result<u64> {
    let place = &opened.place;
    let subject = place.root.letter_ruling(letter.id()).as_str().to_owned();
    let mut watch = Watch::open(&place.connection, &place.stream, [subject], 0, LOOK).await?;
    let mut last = 0;
    while let Some(kept) = watch.next_stored().await? {
        last = kept.sequence;
    }
    Ok(last)
}

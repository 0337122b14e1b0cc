//! What all answers have in common: find the escalation, look at what stands in the way, say what goes out, sign it,
//! publish it where no other answer lies, and wait for what becomes of it.

use super::opened::{Opened, Place, published};
use super::plain;
use crate::authority::Ruling;
use crate::bus::follow::broker_now;
use crate::bus::{Published, publish_expecting};
use crate::cli::Exit;
use crate::cli::args::{ConfigFile, Connect, Format};
use crate::cli::exit::{No, UsageError};
use crate::cli::print::{json, one_line};
use crate::cli::signing::{KeyArgs, Signatory};
use crate::cli::world;
use crate::config::Config;
use crate::decision::DecisionId;
use crate::inbox::answer::{Natures, Prepared, Wanted, prepare};
use crate::inbox::{Became, Entry, diff};
use crate::store::Watch;
use clap::Args;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

/// How often it is looked what has become of an answer.
const LOOK: Duration = Duration::from_millis(100);

/// What every answer takes.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct AnswerArgs {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    #[command(flatten)]
    key: KeyArgs,
    /// A word about it, for whoever reads it later.
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// What must be typed in full where an action cannot be undone: `TYPE CHANNEL`.
    #[arg(long, value_name = "TEXT")]
    confirm: Option<String>,
    /// How long to wait for what becomes of it, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 5_000)]
    wait_ms: u64,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The decision's id, or the beginning of it.
    id: String,
    /// Whether what was drafted would have been a severe error: for answers that can say so.
    #[arg(skip)]
    severe: bool,
}

/// When to ask before it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Ask {
    /// Always.
    Always,
    /// Only where it cannot be undone.
    OnlyIrreversible,
}

/// An answer that lies on the bus.
pub(super) struct Answered {
    /// Its sequence.
    pub(super) sequence: u64,
    /// The ruling, as signed.
    pub(super) ruling: Ruling,
}

/// What the broker made of an answer.
pub(super) enum Outcome {
    /// It has it.
    Stored(Answered),
    /// Another answer lies there.
    Taken(DecisionId),
}

impl AnswerArgs {
    /// The same with the word that what was drafted would have been a severe error, or without it.
    pub(in crate::cli) fn severe(self, severe: bool) -> Self {
        Self { severe, ..self }
    }

    /// Answers what `want` says of the escalation.
    pub(in crate::cli) fn run(
        self,
        want: impl FnOnce(&Entry, &Config) -> anyhow::Result<Wanted>,
        ask: Ask,
    ) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let config = world::load_config(&self.file.config)?;
        let signatory = self.key.signatory(&config)?;
        let mut opened = runtime.block_on(Opened::with(config, &self.connect))?;
        let entry = opened.find(&self.id)?;
        let wanted = want(entry, &opened.config)?;
        let natures = Natures::of(&opened.config.policy);
        let prepared = prepare(entry, wanted, &signatory.operator, &natures);
        let prepared = prepared.map_err(|wrong| No(wrong.to_string()))?.with_note(&self.note).severe(self.severe);
        let typed = self.agree(entry, &prepared, ask)?;
        runtime.block_on(async {
            let answered = match publish(&opened.place, prepared, typed.as_deref(), &signatory).await? {
                Outcome::Stored(answered) => answered,
                Outcome::Taken(id) => return Err(No(answered_before(&mut opened, &id).await?).into()),
            };
            let became = wait(&mut opened, &answered, Duration::from_millis(self.wait_ms)).await?;
            self.say(&answered, became.as_ref())
        })
    }

    /// Shows what goes out, and asks where that is wanted. What was typed in full comes back.
    fn agree(&self, entry: &Entry, prepared: &Prepared, ask: Ask) -> anyhow::Result<Option<String>> {
        let Some(action) = &prepared.action else { return Ok(None) };
        if self.format == Format::Text {
            let draft = entry.escalation.draft();
            plain::print_diff(&diff::diff(draft.as_ref(), action))?;
        }
        if let Some(phrase) = prepared.phrase() {
            return match &self.confirm {
                Some(typed) => Ok(Some(typed.clone())),
                None => typed(&format!("This cannot be undone. To confirm it, type `{phrase}`: ")).map(Some),
            };
        }
        if ask == Ask::Always && !is_yes(&typed("Sign this? [y/N] ")?) {
            return Err(No("nothing was signed".to_owned()).into());
        }
        Ok(None)
    }

    fn say(&self, answered: &Answered, became: Option<&Became>) -> anyhow::Result<Exit> {
        let mut out = std::io::stdout().lock();
        match self.format {
            Format::Json => {
                let said = serde_json::json!({ "decision": answered.ruling.decision, "ruling": answered.sequence,
                    "answer": answered.ruling.answer, "became": became });
                writeln!(out, "{}", json(&said.to_string()))?;
            }
            Format::Text => {
                writeln!(out, "signed and stored as #{} on {}", answered.sequence, answered.ruling.decision)?;
                match became {
                    Some(became) => writeln!(out, "{}", became.line())?,
                    None => writeln!(out, "not taken up yet; `decile inbox show {}` tells", answered.ruling.decision)?,
                }
            }
        }
        Ok(if matches!(became, Some(Became::Refused { .. })) { Exit::No } else { Exit::Yes })
    }
}

/// Signs an answer, and publishes it where no other lies.
pub(super) async fn publish(
    place: &Place,
    prepared: Prepared,
    typed: Option<&str>,
    signatory: &Signatory,
) -> anyhow::Result<Outcome> {
    let expected = prepared.expected_sequence;
    // By the broker's clock: what was signed long before it is stored is taken for a copy.
    let now = broker_now(&place.connection, &place.stream).await?;
    let ruling = prepared.ruling(typed, now).map_err(|wrong| No(wrong.to_string()))?;
    let bytes = ruling.sign(&signatory.deployment, &signatory.seed)?.encode()?;
    let subject = place.root.ruling(&ruling.decision);
    let published = publish_expecting(&place.connection, &place.stream, &subject, expected, place.ttl, bytes).await?;
    Ok(match published {
        Published::Stored(sequence) => Outcome::Stored(Answered { sequence, ruling }),
        Published::Taken => Outcome::Taken(ruling.decision),
    })
}

/// Who was faster.
async fn answered_before(opened: &mut Opened, id: &DecisionId) -> anyhow::Result<String> {
    let place = &opened.place;
    let subject = place.root.ruling(id).as_str().to_owned();
    let mut watch = Watch::open(&place.connection, &place.stream, [subject], 0, LOOK).await?;
    while let Some(kept) = watch.next_stored().await? {
        opened.inbox.apply(&published(&kept));
    }
    let ruling = opened.inbox.get(id).and_then(|entry| entry.ruling.as_ref());
    Ok(ruling.map_or_else(
        || "it was answered before".to_owned(),
        |it| format!("it was answered before: {} by {}, {}", it.word(), one_line(&it.by, 64), it.stored_at),
    ))
}

/// Waits for what becomes of an answer.
async fn wait(opened: &mut Opened, answered: &Answered, wait: Duration) -> anyhow::Result<Option<Became>> {
    let id = &answered.ruling.decision;
    let place = &opened.place;
    let filters = place.root.becoming(id);
    let mut watch = Watch::open(&place.connection, &place.stream, filters, answered.sequence, LOOK).await?;
    let until = tokio::time::Instant::now() + wait;
    let became = |opened: &Opened| opened.inbox.get(id).and_then(|entry| entry.became.clone());
    let before = became(opened);
    while let Ok(kept) = tokio::time::timeout_at(until, watch.next()).await {
        opened.inbox.apply(&published(&kept?));
        let now = became(opened);
        if now != before {
            return Ok(now);
        }
    }
    Ok(None)
}

/// Whether the person says yes.
pub(in crate::cli) fn confirmed(question: &str) -> anyhow::Result<bool> {
    Ok(is_yes(&typed(question)?))
}

/// A line that the person types. Without a terminal nobody can.
fn typed(question: &str) -> anyhow::Result<String> {
    if !std::io::stdin().is_terminal() {
        let wrong = "this wants an answer, and standard input is no terminal: give `--yes` or `--confirm`";
        return Err(UsageError(wrong.to_owned()).into());
    }
    eprint!("{question}");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

fn is_yes(typed: &str) -> bool {
    matches!(typed.to_lowercase().as_str(), "y" | "yes")
}

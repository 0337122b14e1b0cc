//! `decile undo ID`: signs the wish to undo an action that went out.

use super::args::{ConfigFile, Connect, Format};
use super::exit::{No, UsageError};
use super::inbox::opened::Place;
use super::print::{json, one_line};
use super::reach::Reach;
use super::signing::{KeyArgs, Signatory};
use super::{Exit, receipt, world};
use crate::authority::Undo;
use crate::bus::follow::broker_now;
use crate::bus::{Published, publish_expecting};
use crate::config::Config;
use crate::decision::{DecisionId, Outward, Proof, Record};
use crate::policy::action::Reversibility;
use crate::rulings::{RulingReceipt, Word};
use crate::store::Watch;
use clap::Args;
use std::io::Write as _;
use std::time::Duration;

/// How often it is looked what has become of it.
const LOOK: Duration = Duration::from_millis(100);

/// Signs that an action is undone: what undoes it goes out through the same walls. Exit code 3 where nothing can.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile undo 4f1c --reason \"the wrong thread\" --key ada.key")]
pub(super) struct UndoCommand {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    #[command(flatten)]
    key: KeyArgs,
    /// Why: it counts as evidence against.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// It was a severe error: the class goes back to level 1 on this channel, at once.
    #[arg(long)]
    severe: bool,
    /// How long to wait for what becomes of it, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 5_000)]
    wait_ms: u64,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The decision's id, or the beginning of it.
    id: String,
}

/// An action that went out.
struct Gone {
    sequence: u64,
    outward: Outward,
}

impl UndoCommand {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let config = world::load_config(&self.file.config)?;
            let signatory = self.key.signatory(&config)?;
            let place = Place::of(Reach::open(&config, &self.connect).await?, &config);
            let gone = find(&place, &self.id).await?;
            may(&gone.outward, &config, &signatory)?;
            let sequence = self.publish(&place, &gone, &signatory).await?;
            let subject = place.root.ruling_receipt(&gone.outward.decision.id);
            let receipt = receipt::wait(&place, subject, sequence, Duration::from_millis(self.wait_ms)).await?;
            self.say(&gone, sequence, receipt.as_ref())
        })
    }

    async fn publish(&self, place: &Place, gone: &Gone, signatory: &Signatory) -> anyhow::Result<u64> {
        let id = &gone.outward.decision.id;
        let expected = expected(place, id).await?;
        let now = broker_now(&place.connection, &place.stream).await?;
        let reason = one_line(self.reason.trim(), 1_000);
        let undo = Undo { decision: id.clone(), action: gone.sequence, issued_at: now, reason, severe: self.severe };
        let bytes = undo.sign(&signatory.deployment, &signatory.seed)?.encode()?;
        let subject = place.root.undo(id);
        match publish_expecting(&place.connection, &place.stream, &subject, expected, place.ttl, bytes).await? {
            Published::Stored(sequence) => Ok(sequence),
            Published::Taken => Err(No("somebody else asked for that just now".to_owned()).into()),
        }
    }

    fn say(&self, gone: &Gone, sequence: u64, receipt: Option<&RulingReceipt>) -> anyhow::Result<Exit> {
        let mut out = std::io::stdout().lock();
        let (id, action) = (&gone.outward.decision.id, &gone.outward.action);
        if self.format == Format::Json {
            let said = serde_json::json!({ "decision": id, "undo": sequence, "action": gone.sequence,
                "became": receipt });
            writeln!(out, "{}", json(&said.to_string()))?;
        } else {
            let channel = one_line(action.channel.as_str(), 128);
            writeln!(out, "signed and stored as #{sequence}: undo {} on {channel}", action.kind)?;
            match receipt {
                Some(RulingReceipt { outcome, why: Some(why), .. }) => {
                    writeln!(out, "{}: {}", outcome.as_str(), one_line(why, 200))?;
                }
                Some(receipt) => writeln!(out, "{}", receipt.outcome.as_str())?,
                None => writeln!(out, "not taken up yet")?,
            }
        }
        Ok(if receipt.is_some_and(|receipt| receipt.outcome == Word::Refused) { Exit::No } else { Exit::Yes })
    }
}

/// The one action whose decision's id begins so. What undid another is none.
async fn find(place: &Place, beginning: &str) -> anyhow::Result<Gone> {
    let filters = ["approved.>", "action.>"].map(|rest| place.root.filter(rest));
    let mut watch = Watch::open(&place.connection, &place.stream, filters, 0, LOOK).await?;
    let mut found: Vec<Gone> = Vec::new();
    while let Some(kept) = watch.next_stored().await? {
        let is_named = kept.subject.rsplit('.').next().is_some_and(|id| id.starts_with(beginning));
        let Some(Ok(Record::Outward(outward))) = is_named.then(|| Record::parse(&kept.payload)) else { continue };
        let is_at_home = place.root.of_outward(&outward) == kept.subject;
        if is_at_home && !matches!(outward.proof, Proof::Undo { .. }) {
            found.push(Gone { sequence: kept.sequence, outward: *outward });
        }
    }
    let shown = one_line(beginning, 40);
    if beginning.is_empty() || found.len() > 1 {
        return Err(UsageError(format!("`{shown}` is the beginning of several ids; give more of it")).into());
    }
    found.pop().ok_or_else(|| No(format!("no action went out under the id `{shown}`")).into())
}

/// What stands in the way, as far as it can be known here. The daemon looks again.
fn may(outward: &Outward, config: &Config, signatory: &Signatory) -> anyhow::Result<()> {
    let (action, operator) = (&outward.action, &signatory.operator);
    let may_rule = outward.decision.desk.as_ref().is_some_and(|desk| operator.rulings.has(desk));
    if !may_rule && !operator.may_grant(&action.channel, &action.kind) {
        let wrong = "may neither rule on this desk nor grant this action: see operators.toml";
        return Err(No(format!("{} {wrong}", operator.name)).into());
    }
    let is_reversible = config.policy.nature(&action.kind).reversibility == Reversibility::Reversible;
    if !is_reversible || config.policy.inverse(&action.kind).is_none() {
        return Err(No(format!("nothing undoes `{}`: a person must", action.kind)).into());
    }
    Ok(())
}

/// What must lie last on the undo's subject: nothing, or one that was refused.
async fn expected(place: &Place, id: &DecisionId) -> anyhow::Result<u64> {
    let (undo, receipts) = (place.root.undo(id), place.root.ruling_receipt(id));
    let filters = [receipts.as_str().to_owned(), undo.as_str().to_owned()];
    let mut watch = Watch::open(&place.connection, &place.stream, filters, 0, LOOK).await?;
    let (mut last, mut is_refused) = (0, true);
    while let Some(kept) = watch.next_stored().await? {
        if kept.subject == undo.as_str() {
            (last, is_refused) = (kept.sequence, false);
        } else if let Ok(receipt) = serde_json::from_slice::<RulingReceipt>(&kept.payload) {
            is_refused |= receipt.ruling == last && receipt.outcome == Word::Refused;
        }
    }
    if is_refused { Ok(last) } else { Err(No("it was asked for before; see `decile show`".to_owned()).into()) }
}

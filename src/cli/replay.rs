//! `decile replay ID`: decide again on what was decided, and compare, byte for byte, durations apart.

use super::args::{ConfigFile, Connect};
use super::log::Opened;
use super::{Exit, exit::UsageError, show, world};
use crate::authority::VerifiedGrant;
use crate::classify::Scratch;
use crate::decision::{Decision, DecisionId, Digests, Proof, Record};
use crate::governing::Given;
use crate::message::Delivery;
use crate::store::{self, Filter, Stored};
use crate::triage::{self, Snapshot};
use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Recomputes decisions under the same rules, policy, channels and facts. Exit code 3 where one differs or
/// cannot be recomputed.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile replay 4f1c\n         decile replay --all\n         \
    decile replay 4f1c --save case.json, and anywhere else, offline: decile replay --from case.json --config …")]
pub(super) struct Replay {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    /// Every decision there is.
    #[arg(long, conflicts_with_all = ["id", "from"])]
    all: bool,
    /// A case that `--save` wrote: no NATS needed.
    #[arg(long, value_name = "FILE", conflicts_with = "id")]
    from: Option<PathBuf>,
    /// Write decision and message to a file, to replay elsewhere. It holds the message.
    #[arg(long, value_name = "FILE", requires = "id")]
    save: Option<PathBuf>,
    /// The decision's id, or the beginning of it.
    id: Option<String>,
}

/// A decision and the message that it was made on.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    v: u32,
    /// The record's bytes, which are text.
    record: String,
    subject: String,
    headers: Vec<(String, String)>,
    payload: String,
}

/// A record and its bytes as committed.
struct Committed {
    record: Record,
    bytes: Vec<u8>,
}

/// How a replay ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Compared {
    /// The same bytes.
    Same,
    /// The same bytes, but for the sender's hash, whose key is not here.
    SameButSender,
    /// Other bytes: as committed, and as recomputed.
    Differs(String, String),
    /// The message is no longer where it was.
    Gone,
    /// It was decided under another pack, policy or channels than this configuration has.
    OtherWorld(Vec<&'static str>),
}

impl Replay {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        if let Some(file) = &self.from {
            return self.offline(file);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.online())
    }

    fn offline(&self, file: &Path) -> anyhow::Result<Exit> {
        let text = std::fs::read(file).with_context(|| format!("cannot read `{}`", file.display()))?;
        let case: Case = serde_json::from_slice(&text).with_context(|| format!("`{}` is no case", file.display()))?;
        let committed = Committed { record: Record::parse(case.record.as_bytes())?, bytes: case.record.clone().into() };
        let delivery = case.delivery(committed.record.decision())?;
        let world = world::load(&self.file.config)?;
        let snapshot = Snapshot::new(world.config, world.pack)?;
        let compared = compare(&snapshot, &committed, Some(&delivery))?;
        Ok(say(&committed.record.decision().id, &compared))
    }

    async fn online(self) -> anyhow::Result<Exit> {
        let opened = Opened::open(&self.file, &self.connect).await?;
        match &self.id {
            None if self.all => replay_all(opened).await,
            None => Err(UsageError("give an id, `--all` or `--from`".to_owned()).into()),
            Some(id) => {
                let Some(stored) = show::find_one(&opened, id).await? else { return Ok(Exit::No) };
                self.one(opened, Committed::of(stored)).await
            }
        }
    }

    async fn one(&self, opened: Opened, committed: Committed) -> anyhow::Result<Exit> {
        let decision = committed.record.decision();
        let delivery = store::fetch_delivery(&opened.connection, &decision.source).await?;
        if let (Some(file), Some(delivery)) = (&self.save, &delivery) {
            let case = Case::new(&committed, delivery);
            std::fs::write(file, serde_json::to_vec_pretty(&case)?)
                .with_context(|| format!("cannot write `{}`", file.display()))?;
        }
        let snapshot = Snapshot::new(opened.world.config, opened.world.pack)?;
        let compared = compare(&snapshot, &committed, delivery.as_ref())?;
        Ok(say(&decision.id, &compared))
    }
}

async fn replay_all(opened: Opened) -> anyhow::Result<Exit> {
    let mut decisions = Vec::new();
    let unread = store::read_all(&opened.connection, &opened.stream, &opened.root, &Filter::default(), |stored| {
        decisions.push(Committed::of(stored));
    })
    .await?;
    let snapshot = Snapshot::new(opened.world.config, opened.world.pack)?;
    let mut same = 0_u64;
    for committed in &decisions {
        let decision = committed.record.decision();
        let delivery = store::fetch_delivery(&opened.connection, &decision.source).await?;
        let compared = compare(&snapshot, committed, delivery.as_ref())?;
        if matches!(compared, Compared::Same | Compared::SameButSender) {
            same += 1;
        } else {
            say(&decision.id, &compared);
        }
    }
    println!("{same} of {} decisions recomputed to the same bytes", decisions.len());
    if unread > 0 {
        println!("{unread} record(s) are not of this version and were passed over");
    }
    let is_fine = unread == 0 && !decisions.is_empty() && same == u64::try_from(decisions.len())?;
    Ok(if is_fine { Exit::Yes } else { Exit::No })
}

/// Decides again, and compares the whole record with the bytes that were committed. What cannot be known
/// anew is taken from the record: durations, and what the thread had said before, which no decision rests on.
fn compare(snapshot: &Snapshot, committed: &Committed, delivery: Option<&Delivery>) -> anyhow::Result<Compared> {
    let decision = committed.record.decision();
    let other = other_world(&decision.digests, &snapshot.digests);
    if !other.is_empty() {
        return Ok(Compared::OtherWorld(other));
    }
    let Some(delivery) = delivery else { return Ok(Compared::Gone) };
    // The key is a secret of the place that decided; elsewhere nobody can say whose hash it is.
    let is_hashed_elsewhere = !snapshot.hasher.has_key() && decision.message.sender.is_some();
    let mut recomputed = recompute(snapshot, &committed.record, delivery);
    if is_hashed_elsewhere {
        recomputed.decision_mut().message.sender.clone_from(&decision.message.sender);
    }
    let bytes = recomputed.encode()?;
    // A record that was too long for the broker was committed without what made it long.
    let is_same = bytes == committed.bytes || recomputed.at_source().encode()? == committed.bytes;
    Ok(match is_same {
        true if is_hashed_elsewhere => Compared::SameButSender,
        true => Compared::Same,
        false => Compared::Differs(committed.text(), String::from_utf8_lossy(&bytes).into_owned()),
    })
}

fn recompute(snapshot: &Snapshot, committed: &Record, delivery: &Delivery) -> Record {
    let reading = triage::read(snapshot, delivery);
    let mut scratch = Scratch::new(&snapshot.pack);
    let decision = committed.decision();
    let sight = Given::recorded(decision.facts.clone(), grant(snapshot, committed));
    let plan = triage::decide(snapshot, &reading, &sight, &mut scratch);
    let thread = match committed {
        Record::Escalated(escalation) => escalation.thread.clone(),
        Record::Handled(_) | Record::Passed(_) | Record::Outward(_) => Vec::new(),
    };
    plan.decided().with_timings(decision.timings).with_thread(thread)
}

/// The grant that the record rests on, as far as the operators of this configuration signed it.
fn grant(snapshot: &Snapshot, committed: &Record) -> Option<VerifiedGrant> {
    let Record::Outward(outward) = committed else { return None };
    match &outward.proof {
        Proof::Grant { signed, .. } => VerifiedGrant::new(signed.clone(), &snapshot.authority).ok(),
        Proof::Ruling { .. } | Proof::Undo { .. } => None,
    }
}

impl Committed {
    fn of(stored: Stored) -> Self {
        Self { record: stored.record, bytes: stored.bytes }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

fn other_world(committed: &Digests, here: &Digests) -> Vec<&'static str> {
    [
        ("rules", committed.pack != here.pack),
        ("policy", committed.policy != here.policy),
        ("channels or limits", committed.channels != here.channels),
    ]
    .into_iter()
    .filter_map(|(what, is_other)| is_other.then_some(what))
    .collect()
}

fn say(id: &DecisionId, compared: &Compared) -> Exit {
    match compared {
        Compared::Same => {
            println!("{id}: the same bytes");
            return Exit::Yes;
        }
        Compared::SameButSender => {
            println!("{id}: the same bytes, but for the sender's hash: its key is not here");
            return Exit::Yes;
        }
        Compared::Differs(committed, recomputed) => {
            println!("{id}: differs\n  committed  {committed}\n  recomputed {recomputed}");
        }
        Compared::Gone => println!("{id}: the message is no longer in its stream; nothing to decide on"),
        Compared::OtherWorld(what) => {
            println!("{id}: decided under other {}; check out the files of that time", what.join(" and "));
        }
    }
    Exit::No
}

impl Case {
    fn new(committed: &Committed, delivery: &Delivery) -> Self {
        Self {
            v: 1,
            record: committed.text(),
            subject: delivery.subject.clone(),
            headers: delivery.headers.clone(),
            payload: BASE64.encode(&delivery.payload),
        }
    }

    fn delivery(&self, decision: &Decision) -> anyhow::Result<Delivery> {
        let stored_at_ns = decision.source.stored_at_ns.parse().context("the case's storage time is no number")?;
        let delivery = Delivery {
            stream: Arc::from(decision.source.stream.as_str()),
            sequence: decision.source.sequence,
            stored_at_ns,
            subject: self.subject.clone(),
            headers: self.headers.clone(),
            payload: BASE64.decode(&self.payload).context("the case's payload is not base64")?.into(),
        };
        Ok(delivery)
    }
}

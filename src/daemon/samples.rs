//! Samples: that those which nobody reviews in time count against their class, each once over all instances, and that more
//! are drawn where little was said.

use super::agreement::Watchful;
use super::deadlines::EXPIRED;
use super::standing::Shown;
use super::workers::Snapshots;
use crate::bus::Trouble;
use crate::bus::batch::{self, BatchEntry, Batched};
use crate::bus::outbound::Outlet;
use crate::bus::records::{Reader, Start, find_last, find_one};
use crate::channel::Channel;
use crate::class::Class;
use crate::decision::{DecisionId, Sample};
use crate::rulings::{self, Asked, Basis, RulingReceipt};
use crate::store::EvidenceReader;
use crate::triage::Snapshot;
use crate::trust::{Evidence, Sampler};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(2);
/// How long a sample waits whose review is on its way.
const WAIT: SignedDuration = SignedDuration::from_secs(10);
/// How long a review that was signed in time may be on its way: we may have been away.
const ON_ITS_WAY_MAX: SignedDuration = SignedDuration::from_hours(24);
/// The most samples that are remembered; those beyond are looked at when there is room again.
const OPEN_MAX: usize = 100_000;

/// A sampler for the workers, keyed as the configuration says. Without a key it draws one: nobody must be able to tell
/// what is drawn. Where the system has no randomness to give, nothing is drawn.
pub(super) fn sampler(snapshot: &Snapshot) -> Arc<Mutex<Sampler>> {
    let drawn = || {
        let mut key = [0; 32];
        let filled = getrandom::fill(&mut key);
        filled
            .map(|()| key)
            .inspect_err(|error| tracing::error!(%error, "nothing is sampled; set `sender_key_file`"))
            .ok()
    };
    let key = snapshot.hasher.draw_key().or_else(drawn);
    Arc::new(Mutex::new(Sampler::new(key)))
}

/// What waits for a review, and what was said so far.
pub(super) struct Samples {
    outlet: Outlet,
    snapshot: Snapshots,
    sampler: Arc<Mutex<Sampler>>,
    watchful: Watchful,
    /// By when somebody must have reviewed it, and its sequence.
    open: BTreeMap<(Timestamp, u64), DecisionId>,
    read_to: u64,
    /// Of those that nobody reviewed, what people's agreement must be looked at for.
    to_look_at: Vec<Basis>,
    /// What people have said; none where it could not be read.
    said: Option<EvidenceReader>,
    shown: Shown,
}

impl Samples {
    pub(super) fn new(snapshot: Snapshots, sampler: Arc<Mutex<Sampler>>, watchful: Watchful) -> Self {
        let (outlet, open) = (watchful.outlet.clone(), BTreeMap::new());
        Self {
            outlet,
            snapshot,
            sampler,
            watchful,
            open,
            read_to: 0,
            to_look_at: Vec::new(),
            said: None,
            shown: Shown::default(),
        }
    }

    /// Looks until `stop`.
    pub(super) async fn keep(mut self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                looked = self.look() => if let Err(trouble) = looked {
                    tracing::warn!(%trouble, "samples were not looked after; trying again");
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    async fn look(&mut self) -> Result<(), Trouble> {
        let snapshot = self.snapshot.load_full();
        self.count(&snapshot).await?;
        self.read().await?;
        let now = Timestamp::now();
        // Where it is not known what governs, a level that was taken back would be taken back again.
        if !self.watchful.is_fresh(now) {
            return Ok(());
        }
        while let Some(entry) = self.open.first_entry().filter(|entry| entry.key().0 <= now) {
            let (sequence, id) = (entry.key().1, entry.get().clone());
            let ended = self.overdue(sequence, &id, &snapshot, now).await?;
            self.open.pop_first();
            match ended {
                Ended::Unreviewed(basis) if !self.to_look_at.contains(&basis) => self.to_look_at.push(basis),
                Ended::Unreviewed(_) | Ended::Reviewed => {}
                Ended::Later => drop(self.open.insert((now.saturating_add(WAIT).unwrap_or(now), sequence), id)),
            }
        }
        while let Some(basis) = self.to_look_at.last() {
            self.watchful.look(basis, &snapshot).await?;
            self.to_look_at.pop();
        }
        Ok(())
    }

    /// How much was said of each class: more is drawn where it is little.
    async fn count(&mut self, snapshot: &Snapshot) -> Result<(), Trouble> {
        let Outlet { connection, stream, root, .. } = &self.outlet;
        let authority = &snapshot.authority;
        let mut said = match self.said.take().filter(|said| Arc::ptr_eq(said.authority(), authority)) {
            Some(said) => said,
            None => EvidenceReader::open(connection, stream, root, Arc::clone(authority), 0).await?,
        };
        let heard = said.read().await?;
        let answers = since_promoted(heard, snapshot, &self.watchful);
        self.shown.show(heard, snapshot, &self.watchful);
        self.said = Some(said);
        self.sampler.lock().unwrap_or_else(PoisonError::into_inner).answered(answers);
        Ok(())
    }

    /// What has been sampled since the last look.
    async fn read(&mut self) -> Result<(), Trouble> {
        let Outlet { connection, stream, root, .. } = &self.outlet;
        let start = Start::Sequence(self.read_to.saturating_add(1));
        let mut records = Reader::open(connection, stream, [root.samples()], start).await?;
        while self.open.len() < OPEN_MAX
            && let Some(message) = records.next_stored().await?
        {
            self.read_to = message.sequence;
            if let Ok(sample) = Sample::parse(&message.payload) {
                self.open.insert((sample.answer_by, message.sequence), sample.decision.id);
            }
        }
        Ok(())
    }

    async fn overdue(
        &self,
        sequence: u64,
        id: &DecisionId,
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Result<Ended, Trouble> {
        let Outlet { connection, stream, root, .. } = &self.outlet;
        let Some(sample) = read_sample(&self.outlet, sequence).await? else { return Ok(Ended::Reviewed) };
        let receipt = RulingReceipt::unreviewed(&sample.decision, now);
        // Whoever wrote it down may have died before it was weighed.
        let unreviewed = || receipt.basis.clone().map_or(Ended::Reviewed, Ended::Unreviewed);
        let slot = root.review_slot(id);
        if let Some(taken) = find_last(connection, stream, slot.as_str()).await? {
            return Ok(if taken.payload.as_ref() == EXPIRED { unreviewed() } else { Ended::Reviewed });
        }
        if now < sample.answer_by.saturating_add(ON_ITS_WAY_MAX).unwrap_or(now)
            && self.is_on_its_way(id, &sample, snapshot).await?
        {
            return Ok(Ended::Later);
        }
        let bytes = receipt.encode().map_err(|error| other(&error))?;
        let kept = Some(snapshot.answers_kept());
        let entries = [
            BatchEntry { subject: slot, bytes: EXPIRED.into(), kept, expected: Some(0) },
            BatchEntry { subject: root.ruling_receipt(id), bytes: bytes.into(), kept, expected: None },
        ];
        match batch::publish(connection, stream, &entries).await {
            Batched::Stored(_) => {
                self.watchful.metrics.ruled(receipt.outcome);
                tracing::info!(id = id.as_str(), "nobody reviewed a sample in time");
                Ok(unreviewed())
            }
            // Another instance did it, or a review came just now: the next look tells.
            Batched::Refused => Ok(Ended::Later),
            Batched::Unknown(why) => Err(other(&why)),
        }
    }

    /// Whether somebody has signed a review in time, which nobody has carried out yet.
    async fn is_on_its_way(&self, id: &DecisionId, sample: &Sample, snapshot: &Snapshot) -> Result<bool, Trouble> {
        let Outlet { connection, stream, root, .. } = &self.outlet;
        let Some(message) = find_last(connection, stream, root.review_ruling(id).as_str()).await? else {
            return Ok(false);
        };
        let stored_at = Timestamp::from_nanosecond(message.time.unix_timestamp_nanos()).unwrap_or(Timestamp::MAX);
        let asked = Asked { id, revision: message.sequence, stored_at, payload: &message.payload };
        Ok(rulings::is_in_time(&asked, sample, &snapshot.authority))
    }
}

/// How a sample ended whose deadline has passed.
enum Ended {
    /// Somebody reviewed it, or it is gone.
    Reviewed,
    /// Nobody did.
    Unreviewed(Basis),
    /// It is not known yet.
    Later,
}

/// How many answers there are of each class and channel under the rules of today, since its promotion.
fn since_promoted(heard: &Evidence, snapshot: &Snapshot, watchful: &Watchful) -> HashMap<Class, HashMap<Channel, u64>> {
    let mut since: HashMap<(&Class, &Channel), u64> =
        heard.said().map(|said| ((&said.basis.class, &said.basis.channel), 0)).collect();
    // Not for longer than that: who decides waits for whoever waits to write there.
    let known = watchful.known.read().unwrap_or_else(PoisonError::into_inner);
    for ((class, channel), after) in &mut since {
        *after = snapshot.policy.line(class, channel).tenure.after.max(known.level(class, channel).revision);
    }
    drop(known);
    let mut answers: HashMap<Class, HashMap<Channel, u64>> = HashMap::new();
    for said in heard.said() {
        let Basis { class, channel, rules, .. } = &said.basis;
        let after = since.get(&(class, channel)).copied().unwrap_or_default();
        // Of just these rules: where they have changed, it is time to look more closely.
        if said.ruling() > after && snapshot.pack.class_digest(class) == Some(*rules) {
            *answers.entry(class.clone()).or_default().entry(channel.clone()).or_default() += 1;
        }
    }
    answers
}

/// A sample, where it belongs; anything else is not there.
pub(super) async fn read_sample(outlet: &Outlet, sequence: u64) -> Result<Option<Sample>, Trouble> {
    let found = find_one(&outlet.connection, &outlet.stream, sequence).await?;
    Ok(found.and_then(|message| {
        let sample = Sample::parse(&message.payload).ok()?;
        let belongs = outlet.root.review(sample.decision.verdict.class.as_ref()?);
        (belongs.as_str() == message.subject.as_str()).then_some(sample)
    }))
}

fn other(why: &dyn std::fmt::Display) -> Trouble {
    Trouble::Other { doing: "look after samples".to_owned(), why: why.to_string() }
}

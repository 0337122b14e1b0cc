//! Workers: each decides on one message at a time, with scratch memory of its own, under one snapshot.
//!
//! Messages are dealt to the workers in turn and their plans collected in the same turn, so that records
//! leave in the order in which messages came.

use super::govern::Live;
use crate::bus::follow::Known;
use crate::bus::inbound::Arrived;
use crate::bus::outbound::{Acting, Ends, Outgoing, Sampled};
use crate::bus::{BEAT, beating};
use crate::classify::Scratch;
use crate::commit::DeadWhy;
use crate::decision::{Decision, Timings, message_id};
use crate::decode::Malformed;
use crate::governing::Given;
use crate::health::{Health, Stage};
use crate::metrics::Counted;
use crate::triage::{self, Act, Plan, Reading, SamplePlan, Snapshot, Threads};
use crate::trust::Sampler;
use arc_swap::ArcSwap;
use jiff::Timestamp;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// A record on its way, with what is counted about it.
pub(super) type Decided = Outgoing<Note>;

/// What is counted of a record.
pub(super) enum Note {
    /// A decision.
    Decided(Counted),
    /// A message that is given up.
    GivenUp,
}

/// What waits at one worker, several messages each; the queue before it is the bound that the operator sets.
const WORKER_QUEUE_MAX: usize = 2;

/// The world in force; swapped as a whole.
pub(super) type Snapshots = Arc<ArcSwap<Snapshot>>;

/// What the workers share.
#[derive(Clone)]
struct Shared {
    snapshot: Arc<ArcSwap<Snapshot>>,
    known: Known,
    threads: Arc<Mutex<Threads>>,
    sampler: Arc<Mutex<Sampler>>,
    health: Arc<Health>,
    /// Messages dealt to a worker and not yet collected from it.
    dealt: Arc<AtomicUsize>,
    record_bytes_max: usize,
}

/// Decides on everything in the queue until it is closed. `record_bytes_max`: the longest record that the
/// broker takes.
pub(super) async fn decide_all(
    mut queue: mpsc::Receiver<Vec<Arrived>>,
    decided: mpsc::Sender<Vec<Decided>>,
    snapshot: Arc<ArcSwap<Snapshot>>,
    known: Known,
    sampler: Arc<Mutex<Sampler>>,
    health: Arc<Health>,
    record_bytes_max: usize,
) {
    let limits = snapshot.load().limits;
    let threads = Arc::new(Mutex::new(Threads::new(&limits)));
    let shared = Shared { snapshot, known, threads, sampler, health, dealt: Arc::default(), record_bytes_max };
    let (inputs, outputs): (Vec<_>, Vec<_>) = (0..limits.workers_max.max(1)).map(|_| worker(shared.clone())).unzip();
    let collecting = tokio::spawn(collect(outputs, decided, shared.clone()));
    let mut turn = inputs.iter().cycle();
    loop {
        let arrived = tokio::select! {
            arrived = queue.recv() => arrived,
            () = tokio::time::sleep(BEAT) => { shared.beat_if_idle(); continue; }
        };
        let (Some(arrived), Some(input)) = (arrived, turn.next()) else { break };
        shared.dealt.fetch_add(1, Ordering::Relaxed);
        if input.send(arrived).await.is_err() {
            break;
        }
    }
    drop(inputs);
    let _ = collecting.await;
}

impl Shared {
    /// A stage with nothing to do is alive; one that has dealt a message and not got it back must show it by
    /// getting it back.
    fn beat_if_idle(&self) {
        if self.dealt.load(Ordering::Relaxed) == 0 {
            self.health.beat(Stage::Decide);
        }
    }
}

/// Takes one plan from each worker in turn; the first closed one ends the round, because messages are
/// dealt in the same turn.
async fn collect(mut outputs: Vec<mpsc::Receiver<Vec<Decided>>>, decided: mpsc::Sender<Vec<Decided>>, shared: Shared) {
    loop {
        for output in &mut outputs {
            let Some(outgoing) = output.recv().await else { return };
            shared.dealt.fetch_sub(1, Ordering::Relaxed);
            shared.health.beat(Stage::Decide);
            if outgoing.is_empty() {
                continue;
            }
            // The publisher may wait for the broker: that is its stage's to show, and no fault of this one.
            let sent = beating(decided.send(outgoing), || shared.health.beat(Stage::Decide)).await;
            if sent.is_err() {
                return;
            }
        }
    }
}

/// One worker; it answers every message, so that the turns stay in step.
fn worker(shared: Shared) -> (mpsc::Sender<Vec<Arrived>>, mpsc::Receiver<Vec<Decided>>) {
    let (input, mut to_decide) = mpsc::channel::<Vec<Arrived>>(WORKER_QUEUE_MAX);
    let (decided, output) = mpsc::channel(WORKER_QUEUE_MAX);
    tokio::spawn(async move {
        let mut scratch = Scratch::new(&shared.snapshot.load().pack);
        while let Some(arrived) = to_decide.recv().await {
            let outgoing: Vec<Decided> =
                arrived.into_iter().filter_map(|arrived| answer(&shared, arrived, &mut scratch)).collect();
            if decided.send(outgoing).await.is_err() {
                return;
            }
        }
    });
    (input, output)
}

/// A message's record: a decision, or that it is given up.
fn answer(shared: &Shared, arrived: Arrived, scratch: &mut Scratch) -> Option<Decided> {
    match arrived.dead {
        None => decide(shared, arrived, scratch),
        Some(why) => give_up(shared, arrived, why),
    }
}

fn give_up(shared: &Shared, arrived: Arrived, why: DeadWhy) -> Option<Decided> {
    let snapshot = shared.snapshot.load();
    let Arrived { delivery, reply, at, deliveries, lease, retry, hand, .. } = arrived;
    let letter = triage::dead_letter(&snapshot, &delivery, deliveries, why, retry, Timestamp::now());
    Some(Outgoing {
        id: message_id(&letter.id, retry),
        subject: snapshot.root.dead(&letter.channel),
        ttl: snapshot.retention.escalated,
        bytes: letter.encode().ok()?.into(),
        reply,
        ends: Ends::GivenUp(why),
        deliveries,
        retry,
        arrived_at: at,
        lease,
        hand,
        note: Note::GivenUp,
        act: None,
        sample: None,
    })
}

fn decide(shared: &Shared, arrived: Arrived, scratch: &mut Scratch) -> Option<Decided> {
    let started = Instant::now();
    let snapshot = shared.snapshot.load_full();
    let planned = caught(|| plan(&snapshot, shared, &arrived, scratch));
    let unknown_words = planned.as_ref().and_then(|_| scratch.unknown_words());
    let (mut plan, sample) = planned.unwrap_or_else(|| (unforeseen(&snapshot, &arrived), None));
    let decided_in = started.elapsed();
    let counted = |decision: &Decision| Counted::of(decision, decided_in).with_unknown_words(unknown_words);
    let note = Note::Decided(counted(plan.record.decision()));
    let timings = Timings { queued_us: micros(started.duration_since(arrived.at)), decided_us: micros(decided_in) };
    let act = plan.act.take().map(|act| {
        let Act { permit, decision } = *act;
        let note = Note::Decided(counted(&decision));
        Box::new(Acting { permit, note, decision: Decision { timings, ..decision } })
    });
    let (id, ttl) = (message_id(&plan.id, arrived.retry), plan.ttl);
    // A record that cannot be encoded is not published and not acknowledged: it comes again, and shows as a redelivery.
    let (subject, bytes) = plan.encode(timings, shared.record_bytes_max).ok()?;
    let sample = sample.and_then(|sample| sampled(sample, shared.record_bytes_max));
    let Arrived { reply, at: arrived_at, deliveries, lease, retry, hand, .. } = arrived;
    let ends = Ends::Decided;
    Some(Outgoing {
        id,
        subject,
        ttl,
        bytes: bytes.into(),
        reply,
        ends,
        deliveries,
        retry,
        arrived_at,
        lease,
        hand,
        note,
        act,
        sample,
    })
}

/// A sample's bytes, where the broker takes as many.
fn sampled(plan: SamplePlan, record_bytes_max: usize) -> Option<Box<Sampled>> {
    let SamplePlan { subject, ttl, sample } = plan;
    let bytes = sample.encode().ok().filter(|bytes| bytes.len() <= record_bytes_max)?.into();
    Some(Box::new(Sampled { subject, ttl, bytes }))
}

fn plan(snapshot: &Snapshot, shared: &Shared, arrived: &Arrived, scratch: &mut Scratch) -> (Plan, Option<SamplePlan>) {
    let reading = triage::read(snapshot, &arrived.delivery);
    let sight = Live { known: &shared.known, now: Timestamp::now() };
    let plan = triage::decide(snapshot, &reading, &sight, scratch);
    // Most are for people to decide: nobody need wait for the sampler.
    let sample = if !triage::is_handled(&plan) {
        None
    } else {
        let mut sampler = shared.sampler.lock().unwrap_or_else(PoisonError::into_inner);
        triage::sample(snapshot, &reading, &plan, &mut sampler)
    };
    let Ok(message) = &reading.message else { return (plan, sample) };
    if message.thread.is_none() {
        return (plan, sample);
    }
    let mut threads = shared.threads.lock().unwrap_or_else(PoisonError::into_inner);
    let plan = plan.with_thread(|| threads.before(&arrived.delivery, message));
    threads.remember(&arrived.delivery, message);
    (plan, sample)
}

/// A defect of ours, met by one message, must not stop the others: it becomes an escalation.
fn unforeseen(snapshot: &Snapshot, arrived: &Arrived) -> Plan {
    let spec = snapshot.channel_of(&arrived.delivery);
    let reading = Reading { delivery: &arrived.delivery, spec, message: Err(Malformed::unforeseen()) };
    let mut scratch = Scratch::new(&snapshot.pack);
    triage::decide(snapshot, &reading, &Given::quiet(Timestamp::now()), &mut scratch)
}

/// What `work` gives, or nothing where it panics. Scratch memory is prepared anew for each message, and
/// the threads' lock forgives; nothing else outlives a panic.
fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).ok()
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_answer() {
        assert_eq!(caught(|| 1), Some(1));
        assert_eq!(caught::<u8>(|| panic!("a defect")), None);
    }
}

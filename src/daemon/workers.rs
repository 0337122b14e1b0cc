//! Workers: each decides on one message at a time, with scratch memory of its own, under one snapshot.
//!
//! Messages are dealt to the workers in turn and their plans collected in the same turn, so that records
//! leave in the order in which messages came.

use crate::bus::inbound::Arrived;
use crate::bus::outbound::Outgoing;
use crate::bus::{BEAT, beating};
use crate::classify::Scratch;
use crate::decision::Timings;
use crate::decode::Malformed;
use crate::facts::Facts;
use crate::health::{Health, Stage};
use crate::metrics::Counted;
use crate::triage::{self, Plan, Reading, Snapshot, Threads};
use arc_swap::ArcSwap;
use jiff::Timestamp;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// A record on its way, with what is counted about it.
pub(super) type Decided = Outgoing<Counted>;

/// Messages that wait at one worker; the queue before it is the bound that the operator sets.
const WORKER_QUEUE_MESSAGES_MAX: usize = 64;

/// What the workers share.
#[derive(Clone)]
struct Shared {
    snapshot: Arc<ArcSwap<Snapshot>>,
    threads: Arc<Mutex<Threads>>,
    health: Arc<Health>,
    /// Messages dealt to a worker and not yet collected from it.
    dealt: Arc<AtomicUsize>,
    record_bytes_max: usize,
}

/// Decides on everything in the queue until it is closed. `record_bytes_max`: the longest record that the
/// broker takes.
pub(super) async fn decide_all(
    mut queue: mpsc::Receiver<Arrived>,
    decided: mpsc::Sender<Decided>,
    snapshot: Arc<ArcSwap<Snapshot>>,
    health: Arc<Health>,
    record_bytes_max: usize,
) {
    let limits = snapshot.load().limits;
    let threads = Arc::new(Mutex::new(Threads::new(&limits)));
    let shared = Shared { snapshot, threads, health, dealt: Arc::default(), record_bytes_max };
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
async fn collect(mut outputs: Vec<mpsc::Receiver<Option<Decided>>>, decided: mpsc::Sender<Decided>, shared: Shared) {
    loop {
        for output in &mut outputs {
            let Some(outgoing) = output.recv().await else { return };
            shared.dealt.fetch_sub(1, Ordering::Relaxed);
            shared.health.beat(Stage::Decide);
            let Some(outgoing) = outgoing else { continue };
            // The publisher may wait for the broker: that is its stage's to show, and no fault of this one.
            let sent = beating(decided.send(outgoing), || shared.health.beat(Stage::Decide)).await;
            if sent.is_err() {
                return;
            }
        }
    }
}

/// One worker; it answers every message, so that the turns stay in step.
fn worker(shared: Shared) -> (mpsc::Sender<Arrived>, mpsc::Receiver<Option<Decided>>) {
    let (input, mut to_decide) = mpsc::channel(WORKER_QUEUE_MESSAGES_MAX);
    let (decided, output) = mpsc::channel(WORKER_QUEUE_MESSAGES_MAX);
    tokio::spawn(async move {
        let mut scratch = Scratch::new(&shared.snapshot.load().pack);
        while let Some(arrived) = to_decide.recv().await {
            let outgoing = decide(&shared, arrived, &mut scratch);
            if decided.send(outgoing).await.is_err() {
                return;
            }
        }
    });
    (input, output)
}

fn decide(shared: &Shared, arrived: Arrived, scratch: &mut Scratch) -> Option<Decided> {
    let started = Instant::now();
    let snapshot = shared.snapshot.load_full();
    let plan = caught(|| plan(&snapshot, &shared.threads, &arrived, scratch))
        .unwrap_or_else(|| unforeseen(&snapshot, &arrived));
    let decided_in = started.elapsed();
    let note = Counted::of(plan.record.decision(), decided_in);
    let timings = Timings { queued_us: micros(started.duration_since(arrived.at)), decided_us: micros(decided_in) };
    let (id, subject, ttl, if_refused) = (plan.id.clone(), plan.subject.clone(), plan.ttl, plan.if_refused);
    // A record that cannot be encoded is not published and not acknowledged: it comes again, and shows as a redelivery.
    let bytes = plan.encode(timings, shared.record_bytes_max).ok()?.into();
    Some(Outgoing { id, subject, ttl, bytes, if_refused, acker: arrived.acker, arrived_at: arrived.at, note })
}

fn plan(snapshot: &Snapshot, threads: &Mutex<Threads>, arrived: &Arrived, scratch: &mut Scratch) -> Plan {
    let reading = triage::read(snapshot, &arrived.delivery);
    let context = match &reading.message {
        Err(_) => Vec::new(),
        Ok(message) => {
            let mut threads = threads.lock().unwrap_or_else(PoisonError::into_inner);
            let context = threads.before(message);
            threads.remember(message);
            context
        }
    };
    triage::decide(snapshot, &reading, context, Facts::quiet(Timestamp::now()), scratch)
}

/// A defect of ours, met by one message, must not stop the others: it becomes an escalation.
fn unforeseen(snapshot: &Snapshot, arrived: &Arrived) -> Plan {
    let spec = snapshot.channel_of(&arrived.delivery);
    let reading = Reading { delivery: &arrived.delivery, spec, message: Err(Malformed::unforeseen()) };
    let mut scratch = Scratch::new(&snapshot.pack);
    triage::decide(snapshot, &reading, Vec::new(), Facts::quiet(Timestamp::now()), &mut scratch)
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

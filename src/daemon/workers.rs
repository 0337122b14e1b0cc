//! Workers: each decides on one message at a time, with scratch memory of its own, under one snapshot.
//!
//! Messages are dealt to the workers in turn and their plans collected in the same turn, so that records
//! leave in the order in which messages came.

use super::health::{Health, Stage};
use crate::bus::inbound::Arrived;
use crate::bus::outbound::Outgoing;
use crate::classify::Scratch;
use crate::decision::Timings;
use crate::facts::Facts;
use crate::metrics::Counted;
use crate::triage::{self, Plan, Snapshot, Threads};
use arc_swap::ArcSwap;
use jiff::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// A record on its way, with what is counted about it.
pub(super) type Decided = Outgoing<Counted>;

/// Messages that wait at one worker; the queue before it is the bound that the operator sets.
const WORKER_QUEUE_MESSAGES_MAX: usize = 64;
/// How often an idle stage says that it is alive.
const BEAT: Duration = Duration::from_secs(1);

/// Decides on everything in the queue until it is closed.
pub(super) async fn decide_all(
    mut queue: mpsc::Receiver<Arrived>,
    decided: mpsc::Sender<Decided>,
    snapshot: Arc<ArcSwap<Snapshot>>,
    health: Arc<Health>,
) {
    let limits = snapshot.load().limits;
    let threads = Arc::new(Mutex::new(Threads::new(&limits)));
    let (inputs, outputs): (Vec<_>, Vec<_>) =
        (0..limits.workers_max.max(1)).map(|_| worker(Arc::clone(&snapshot), Arc::clone(&threads))).unzip();
    let collecting = tokio::spawn(collect(outputs, decided, Arc::clone(&health)));
    let mut turn = inputs.iter().cycle();
    loop {
        let arrived = tokio::select! {
            arrived = queue.recv() => arrived,
            () = tokio::time::sleep(BEAT) => { health.beat(Stage::Decide); continue; }
        };
        let (Some(arrived), Some(input)) = (arrived, turn.next()) else { break };
        health.beat(Stage::Decide);
        if input.send(arrived).await.is_err() {
            break;
        }
    }
    drop(inputs);
    let _ = collecting.await;
}

/// Takes one plan from each worker in turn; the first closed one ends the round, because messages are
/// dealt in the same turn.
async fn collect(
    mut outputs: Vec<mpsc::Receiver<Option<Decided>>>,
    decided: mpsc::Sender<Decided>,
    health: Arc<Health>,
) {
    loop {
        for output in &mut outputs {
            let Some(outgoing) = output.recv().await else { return };
            health.beat(Stage::Decide);
            let Some(outgoing) = outgoing else { continue };
            if decided.send(outgoing).await.is_err() {
                return;
            }
        }
    }
}

/// One worker; it answers every message, so that the turns stay in step.
fn worker(
    snapshot: Arc<ArcSwap<Snapshot>>,
    threads: Arc<Mutex<Threads>>,
) -> (mpsc::Sender<Arrived>, mpsc::Receiver<Option<Decided>>) {
    let (input, mut to_decide) = mpsc::channel(WORKER_QUEUE_MESSAGES_MAX);
    let (decided, output) = mpsc::channel(WORKER_QUEUE_MESSAGES_MAX);
    tokio::spawn(async move {
        let mut scratch = Scratch::new(&snapshot.load().pack);
        while let Some(arrived) = to_decide.recv().await {
            let outgoing = decide(&snapshot.load_full(), &threads, arrived, &mut scratch);
            if decided.send(outgoing).await.is_err() {
                return;
            }
        }
    });
    (input, output)
}

fn decide(snapshot: &Snapshot, threads: &Mutex<Threads>, arrived: Arrived, scratch: &mut Scratch) -> Option<Decided> {
    let started = Instant::now();
    let plan = plan(snapshot, threads, &arrived, scratch);
    let decided_in = started.elapsed();
    let note = Counted::of(plan.record.decision(), decided_in);
    let timings = Timings { queued_us: micros(started.duration_since(arrived.at)), decided_us: micros(decided_in) };
    let Plan { id, subject, ttl, record, if_refused } = plan;
    // A record that cannot be encoded is not published and not acknowledged: it comes again, and shows as a redelivery.
    let bytes = record.with_timings(timings).encode().ok()?.into();
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

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

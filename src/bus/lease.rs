//! The lease of an instance: a record of its own at the broker, which ends by itself. Every plan is fenced on the lease
//! that stood when its message came, so the broker refuses what an instance that slept wanted to write long ago.
//!
//! Leases are a chain: each is stored only while the one before stands. Where a chain is broken, the instance was away for
//! longer than a plan may wait, and all that was delivered to it meanwhile may have been decided by others. A new chain is a
//! new epoch; what came in an older one is thrown away.
//!
//! With replicas, the broker takes one write at a time for each subject that is a condition. A lease then has lanes:
//! records on subjects of their own, one for each write that is on its way.

use super::batch::{self, Batched, Fence};
use super::clearance::Clearing;
use super::clock;
use super::connect::Connection;
use super::records::find_one;
use super::setup::get_stream;
use super::trouble::Trouble;
use crate::commit::{Chain, Moment, Renewed};
use crate::subject::Root;
use bytes::Bytes;
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// What an instance may rest its plans on.
#[derive(Debug)]
pub struct Lease {
    lanes: Vec<Fence>,
    number: u64,
    stored_at_ns: i128,
    epoch: u64,
    asked_at: Moment,
    age_max: Duration,
}

/// Whether messages are taken.
#[derive(Clone, Debug)]
pub enum Flow {
    /// They are, and their plans rest on this.
    Open(Arc<Lease>),
    /// They are not.
    Closed(ClosedWhy),
}

/// Why no messages are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedWhy {
    /// The broker has stored no lease: it is away, or slow, or does not write.
    NoLease,
    /// The broker refused a decision.
    Refused,
    /// Our stream is as full as it may be.
    Full,
}

impl ClosedWhy {
    /// Each.
    pub const ALL: [Self; 3] = [Self::NoLease, Self::Refused, Self::Full];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoLease => "no_lease",
            Self::Refused => "refused",
            Self::Full => "full",
        }
    }

    /// What it means.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::NoLease => "the broker stores nothing of ours",
            Self::Refused => "the broker refuses decisions",
            Self::Full => "our stream is as full as `stream_fill_percent_max` allows",
        }
    }
}

/// The bounds of a keeper.
#[derive(Clone, Copy, Debug)]
pub struct LeaseBounds {
    /// How long a lease stands.
    pub plan_age_max: Duration,
    /// Lanes, where the stream has replicas.
    pub lanes_max: usize,
    /// How full the stream may be, in percent.
    pub fill_percent_max: u64,
}

/// Looks after the flow: the one who opens and closes it.
#[derive(Debug)]
pub struct Keeper {
    connection: Connection,
    stream: String,
    root: Root,
    bounds: LeaseBounds,
    /// Names this start of this instance.
    instance: u64,
    leases: u64,
    chain: Chain<Arc<Lease>>,
    clearing: Clearing,
    flow: watch::Sender<Flow>,
    valve: Arc<Valve>,
}

/// By which others close the flow.
#[derive(Debug, Default)]
pub struct Valve {
    is_refused: AtomicBool,
    woken: Notify,
}

/// How often the stream's fill is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often a closed flow is tried.
const TRY: Duration = Duration::from_millis(250);

impl Lease {
    /// The write that a plan on this lane is fenced on. A lease without replicas has one lane for all.
    pub(super) fn fence(&self, lane: usize) -> Option<&Fence> {
        self.lanes.get(lane).or(self.lanes.first())
    }

    /// How many writes may be on their way at a time; `None` where nothing bounds them.
    pub fn lanes(&self) -> Option<usize> {
        if self.lanes.len() > 1 { Some(self.lanes.len()) } else { None }
    }

    /// Of which chain it is.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// When the broker stored it, in nanoseconds since 1970, by its clock.
    pub(super) fn stored_at_ns(&self) -> i128 {
        self.stored_at_ns
    }

    #[cfg(test)]
    pub(super) fn stored_at(stored_at_ns: i128) -> Self {
        Self { lanes: Vec::new(), number: 0, stored_at_ns, epoch: 0, asked_at: clock::now(), age_max: Duration::MAX }
    }

    /// Whether half of its time is left, by our own clocks.
    pub(super) fn is_fresh(&self) -> bool {
        clock::now().since(self.asked_at) < self.age_max / 2
    }

    /// Whether it can stand still, by our own clocks. The broker's is what counts.
    pub fn may_stand(&self) -> bool {
        clock::now().since(self.asked_at) < self.age_max
    }
}

/// A flow that is always open, for what needs no lease: people's answers have slots of their own.
pub fn unbound() -> watch::Receiver<Flow> {
    let (stored_at_ns, asked_at) = (Timestamp::now().as_nanosecond(), clock::now());
    let lease = Lease { lanes: Vec::new(), number: 0, stored_at_ns, epoch: 0, asked_at, age_max: Duration::MAX };
    watch::channel(Flow::Open(Arc::new(lease))).1
}

impl Valve {
    /// A decision was refused: no more messages until the broker stores something again.
    pub fn close(&self) {
        if !self.is_refused.swap(true, Ordering::Relaxed) {
            self.woken.notify_one();
        }
    }
}

impl Flow {
    /// The lease, while messages are taken.
    pub fn lease(&self) -> Option<&Arc<Lease>> {
        match self {
            Self::Open(lease) if lease.may_stand() => Some(lease),
            Self::Open(_) | Self::Closed(_) => None,
        }
    }
}

impl Keeper {
    /// A keeper, and what it tells.
    pub fn new(
        connection: Connection,
        stream: String,
        root: Root,
        bounds: LeaseBounds,
        clearing: Clearing,
    ) -> (Self, watch::Receiver<Flow>, Arc<Valve>) {
        let (flow, told) = watch::channel(Flow::Closed(ClosedWhy::NoLease));
        let valve = Arc::new(Valve::default());
        let keeper = Self {
            connection,
            stream,
            root,
            bounds,
            instance: fastrand::u64(..),
            leases: 0,
            chain: Chain::new(bounds.plan_age_max),
            clearing,
            flow,
            valve: Arc::clone(&valve),
        };
        (keeper, told, valve)
    }

    /// Keeps the flow open while the broker stores, until `stop`.
    pub async fn keep(mut self, stop: CancellationToken) {
        loop {
            if self.chain.is_due(clock::now()) || self.valve.is_refused.load(Ordering::Relaxed) {
                self.renew().await;
            }
            let told = self.told().await;
            let is_open = matches!(told, Flow::Open(_));
            self.flow.send_replace(told);
            let clearing = self.clearing.clear(&self.connection, &self.stream, &self.root, self.instance);
            let is_clear = self.connection.while_it_lasts(clearing).await.unwrap_or(false);
            let pause = if is_open && is_clear { LOOK.min(self.bounds.plan_age_max / 6) } else { TRY };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.valve.woken.notified(), if is_open => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn told(&self) -> Flow {
        let Some(lease) = self.chain.lease(clock::now()) else { return Flow::Closed(ClosedWhy::NoLease) };
        if self.valve.is_refused.load(Ordering::Relaxed) {
            return Flow::Closed(ClosedWhy::Refused);
        }
        match self.connection.while_it_lasts(self.is_full()).await {
            Some(Ok(true)) => Flow::Closed(ClosedWhy::Full),
            // Whether the broker is there shows in the lease.
            Some(Ok(false) | Err(_)) | None => Flow::Open(Arc::clone(lease)),
        }
    }

    async fn is_full(&self) -> Result<bool, Trouble> {
        let stream = get_stream(&self.connection, &self.stream).await?;
        let info = stream.cached_info();
        let Ok(bytes_max @ 1..) = u64::try_from(info.config.max_bytes) else { return Ok(false) };
        let percent = u128::from(info.state.bytes) * 100 / u128::from(bytes_max);
        Ok(percent >= u128::from(self.bounds.fill_percent_max))
    }

    async fn renew(&mut self) {
        let asked_at = clock::now();
        let epoch = self.chain.epoch();
        let before = self.chain.ask(asked_at).and_then(|lease| lease.fence(0)).cloned();
        let connection = self.connection.clone();
        let asking = self.ask(before.as_ref(), asked_at);
        let renewed = connection.while_it_lasts(asking).await.unwrap_or(Renewed::Unknown);
        if let Renewed::Stored(lease) = &renewed {
            self.valve.is_refused.store(false, Ordering::Relaxed);
            self.clearing.stored(lease.number, asked_at);
        }
        self.chain.renewed(asked_at, renewed);
        if self.chain.epoch() != epoch {
            tracing::warn!("no lease was stored for longer than a plan may wait; what was in hand is delivered anew");
        }
    }

    async fn ask(&mut self, before: Option<&Fence>, asked_at: Moment) -> Renewed<Arc<Lease>> {
        let Some(lanes) = self.lanes().await else { return Renewed::Unknown };
        self.leases += 1;
        let subjects: Vec<String> =
            (0..lanes).map(|lane| self.root.lease(self.instance, self.leases, lane).as_str().to_owned()).collect();
        let (kept, bytes) = (self.bounds.plan_age_max, Bytes::from_static(b"{\"v\":1}"));
        match batch::lease(&self.connection, &self.stream, &subjects, &bytes, kept, before).await {
            Batched::Stored(last) => {
                let stored = find_one(&self.connection, &self.stream, last).await;
                let Ok(Some(stored)) = stored else {
                    tracing::warn!("the broker stored a lease and did not say when");
                    return Renewed::Unknown;
                };
                let first = last + 1 - u64::try_from(lanes).unwrap_or(u64::MAX).min(last);
                let lanes = subjects.into_iter().zip(first..).map(|(subject, revision)| Fence { subject, revision });
                Renewed::Stored(Arc::new(Lease {
                    lanes: lanes.collect(),
                    number: self.leases,
                    stored_at_ns: stored.time.unix_timestamp_nanos(),
                    epoch: self.chain.epoch(),
                    asked_at,
                    age_max: kept,
                }))
            }
            Batched::Refused => Renewed::Broken,
            Batched::Unknown(why) => {
                tracing::warn!(why = %why.escape_debug(), "the broker did not store a lease");
                Renewed::Unknown
            }
        }
    }

    async fn lanes(&self) -> Option<usize> {
        let stream = get_stream(&self.connection, &self.stream).await.ok()?;
        Some(if stream.cached_info().config.num_replicas > 1 { self.bounds.lanes_max } else { 1 })
    }
}

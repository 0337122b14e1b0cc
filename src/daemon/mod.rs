//! The daemon: carries plans out, and nothing else. All that decides is in [`crate::triage`].
//!
//! ```text
//! bus::inbound ─► queue ─► workers (decide) ─► queue ─► bus::outbound ─► ack
//! ```

mod advisories;
mod again;
mod agreement;
mod canary;
mod deadlines;
mod drift;
mod fit;
mod govern;
mod load;
mod observe;
mod reload;
mod rulings;
mod samples;
mod standing;
mod tighten;
mod watchdog;
mod workers;

pub use reload::{Reloaded, Reloader};

use crate::admin::{self, Admin};
use crate::bus::clearance::Clearing;
use crate::bus::follow::{self, Follower};
use crate::bus::lease::{Keeper, LeaseBounds};
use crate::bus::lookup::LookUp;
use crate::bus::outbound::{OutBounds, Publisher};
use crate::bus::setup::Setup;
use crate::bus::{self, Access, AckBounds, Connection, Purpose, Trouble, inbound, lag, outbound};
use crate::commit::Bounds;
use crate::doctor::Kind;
use crate::health::Health;
use crate::metrics::Metrics;
use crate::triage::Snapshot;
use again::Again;
use agreement::Watchful;
use arc_swap::ArcSwap;
use observe::Observed;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What a daemon is started with.
#[derive(Debug)]
pub struct Daemon {
    /// How to reach NATS.
    pub access: Access,
    /// The streams and consumers that must be there.
    pub setup: Setup,
    /// The world to begin with.
    pub snapshot: Arc<ArcSwap<Snapshot>>,
    /// Where metrics and health are served.
    pub http_listen: Option<SocketAddr>,
    /// Make missing streams and consumers.
    pub create: bool,
    /// Makes the world anew from the files.
    pub reloader: Option<Reloader>,
}

/// Why a daemon ended otherwise than by a signal.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The bus cannot be used.
    #[error(transparent)]
    Bus(#[from] Trouble),
    /// The address for metrics and health cannot be used.
    #[error("cannot serve metrics and health at {listen}: {error}; change `listen` in `[http]`")]
    Http {
        /// The address.
        listen: SocketAddr,
        /// What the system said.
        error: std::io::Error,
    },
    /// The metrics could not be set up.
    #[error("cannot set up metrics: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    /// A stage of the pipeline ended although nobody stopped it: a defect. What was in flight will be
    /// delivered again.
    #[error("a stage of the pipeline ended by itself; what was in flight is delivered again")]
    Pipeline,
    /// Not everything in flight was committed within `drain_ms_max`; it will be delivered again.
    #[error("not everything in flight was committed within {0:?}; the broker delivers it again")]
    DrainOverrun(Duration),
}

/// One connection for one purpose.
struct Connections {
    consume: Connection,
    publish: Connection,
    govern: Connection,
    /// What holds `publish` back where it breaks.
    clearing: Clearing,
    has_advisories: bool,
}

/// How long a start waits between attempts to reach the broker.
const START_RETRY: Duration = Duration::from_secs(1);
/// How long a client of metrics and health may hold up the end.
const ADMIN_END_MAX: Duration = Duration::from_secs(1);
/// How long the last acks may take to leave; a broker that is away does not take them.
const FLUSH_MAX: Duration = Duration::from_secs(1);
/// What the broker's limit on a payload covers beside the record: headers and subject.
const HEADERS_BYTES_MAX: usize = 1_024;
/// The most lanes of a lease: a batch of the broker's takes a thousand records.
const LANES_MAX: usize = 256;

impl Daemon {
    /// Runs until `stop`, then drains.
    ///
    /// # Errors
    /// Where the start fails for good, or the drain overruns.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), Ended> {
        let metrics = Arc::new(Metrics::new()?);
        let health = Arc::new(Health::new(self.setup.sources.len()));
        // Metrics and health are there first, so that a broker that is away can be seen.
        let serving = CancellationToken::new();
        let admin = self.serve(&metrics, &health, &serving).await?;
        let reloading = self.follow_reloads(&metrics);
        let ended = match self.connect_patiently(&metrics, &health, &stop).await {
            Ok(Some(connections)) => self.carry(connections, &metrics, &health, &stop).await,
            Ok(None) => Ok(()),
            Err(ended) => Err(ended),
        };
        serving.cancel();
        reloading.into_iter().for_each(|task| task.abort());
        if let Some(admin) = admin {
            let _ = tokio::time::timeout(ADMIN_END_MAX, admin).await;
        }
        ended
    }

    /// Reloads are followed from the first moment: a SIGHUP that nobody awaits would end the process.
    fn follow_reloads(&mut self, metrics: &Arc<Metrics>) -> Option<tokio::task::JoinHandle<()>> {
        let reloader = self.reloader.take()?;
        Some(tokio::spawn(reloader.follow(Arc::clone(&self.snapshot), Arc::clone(metrics))))
    }

    async fn serve(
        &self,
        metrics: &Arc<Metrics>,
        health: &Arc<Health>,
        stop: &CancellationToken,
    ) -> Result<Option<tokio::task::JoinHandle<()>>, Ended> {
        let Some(listen) = self.http_listen else { return Ok(None) };
        let listener = admin::bind(listen).await.map_err(|error| Ended::Http { listen, error })?;
        tracing::info!(listen = %listener.local_addr().unwrap_or(listen), "metrics and health");
        let admin = Admin { metrics: Arc::clone(metrics), health: Arc::clone(health) };
        Ok(Some(tokio::spawn(admin::serve(listener, admin, stop.clone()))))
    }

    /// Connects, waiting for a broker that is away; `None` where we are stopped meanwhile.
    async fn connect_patiently(
        &self,
        metrics: &Arc<Metrics>,
        health: &Arc<Health>,
        stop: &CancellationToken,
    ) -> Result<Option<Connections>, Ended> {
        loop {
            let connecting = bus::beating(self.connect(metrics, health), || health.beat_all());
            let connected = tokio::select! {
                () = stop.cancelled() => return Ok(None),
                connected = connecting => connected,
            };
            match connected {
                Ok(connections) => return Ok(Some(connections)),
                Err(trouble) if trouble.is_passing() => {
                    tracing::warn!(%trouble, "trying again");
                    health.beat_all();
                }
                Err(trouble) => return Err(trouble.into()),
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(None),
                () = tokio::time::sleep(START_RETRY) => {}
            }
        }
    }

    async fn connect(&self, metrics: &Arc<Metrics>, health: &Arc<Health>) -> Result<Connections, Trouble> {
        let limits = self.snapshot.load().limits;
        let acks = AckBounds { inflight_max: limits.ack_inflight_max, timeout: limits.commit_timeout };
        let watcher = || Some(observe::connection_watcher(metrics, health));
        let few = AckBounds::for_commands(&self.access);
        let clearing = Clearing::new(limits.plan_age_max);
        let (consume, publish, govern) = tokio::try_join!(
            bus::connect(&self.access, Purpose::Consume, few, watcher()),
            bus::connect_cleared(&self.access, Purpose::Publish, acks, watcher(), clearing.clearance()),
            bus::connect(&self.access, Purpose::Govern, acks, watcher()),
        )?;
        bus::check_server(&consume).await?;
        if self.create {
            for made in self.setup.apply(&consume).await? {
                tracing::info!(what = made.what, outcome = made.outcome, "setup");
            }
        }
        let findings = fit::look(&consume, &self.setup, metrics).await?;
        bus::check_publish(&publish, &self.snapshot.load().root).await?;
        fit::warn(&findings);
        let has_advisories = !fit::costs(&findings, Kind::AdvisoriesMissing);
        Ok(Connections { consume, publish, govern, clearing, has_advisories })
    }

    /// The pipeline, from start to drain.
    async fn carry(
        self,
        connections: Connections,
        metrics: &Arc<Metrics>,
        health: &Arc<Health>,
        stop: &CancellationToken,
    ) -> Result<(), Ended> {
        let Connections { consume, publish, govern, clearing, has_advisories } = connections;
        let (limits, root, duplicate_window) = {
            let snapshot = self.snapshot.load();
            (snapshot.limits, snapshot.root.clone(), snapshot.retention.duplicate_window)
        };
        let counting = Arc::new(drift::Counting::default());
        let observed = Arc::new(Observed::new(Arc::clone(metrics), Arc::clone(health), Arc::clone(&counting)));
        metrics.in_force(&self.snapshot.load().digests, None);
        reload::say_refused(&self.snapshot.load(), metrics);
        metrics.watched(self.snapshot.load().policy.deadlines.keys());
        metrics.last_reload_successful.set(1.0);

        let helpers = CancellationToken::new();
        let known = govern::unknown(&self.snapshot.load());
        let watch = Arc::new(govern::Watch::new(&self.snapshot, metrics, health));
        let stream = self.setup.decisions.name.clone();
        let (follower, until) = (Arc::clone(&watch) as Arc<dyn Follower>, helpers.clone());
        let outlet = outbound::Outlet {
            connection: publish.clone(),
            stream: stream.clone(),
            root: root.clone(),
            ack_wait: limits.ack_wait,
        };
        let govern_too = govern.clone();
        tokio::spawn(follow::follow(govern, stream.clone(), root.clone(), Arc::clone(&known), follower, until));
        if !bus::beating(watch.has_caught_up(stop), || health.beat_all()).await {
            helpers.cancel();
            return Ok(());
        }

        let bounds = Bounds { duplicate_window, deliveries_max: limits.deliveries_max };
        let (keeper, flow, valve) = Keeper::new(
            govern_too,
            stream.clone(),
            root.clone(),
            LeaseBounds {
                plan_age_max: limits.plan_age_max,
                lanes_max: limits.ack_inflight_max.min(LANES_MAX),
                fill_percent_max: limits.stream_fill_percent_max,
            },
            clearing,
        );
        tokio::spawn(keeper.keep(helpers.clone()));
        tokio::spawn(observe::flow(flow.clone(), Arc::clone(metrics), Arc::clone(health), helpers.clone()));
        let queue_max = (limits.queue_messages_max / inbound::TOGETHER_MAX).max(1);
        let (arrived, to_decide) = mpsc::channel(queue_max);
        let (again, wanted) = mpsc::channel(queue_max);
        let (decided, to_publish) = mpsc::channel(queue_max);
        let mut intake = JoinSet::new();
        let sources = self.setup.sources.iter().map(|source| source.stream.name.clone()).collect();
        for source in self.setup.sources {
            let observed: Arc<dyn inbound::Intake> = Arc::clone(&observed) as _;
            tokio::spawn(lag::watch(consume.clone(), source.clone(), Arc::clone(&observed), helpers.clone()));
            let route = inbound::Route { decide: arrived.clone(), look_up: Some((bounds, again.clone())) };
            let flow = flow.clone();
            intake.spawn(inbound::pull(
                consume.clone(),
                source,
                route,
                flow,
                limits.plan_age_max,
                observed,
                stop.clone(),
            ));
        }
        let again = Again { connection: consume.clone(), flow: flow.clone(), look_up: again };
        if has_advisories {
            let (age, stop) = (limits.plan_age_max, stop.clone());
            intake.spawn(advisories::follow(self.setup.advisories, sources, again.clone(), age, stop));
        }
        let look_up = LookUp {
            connection: consume.clone(),
            stream: stream.clone(),
            root: root.clone(),
            bounds,
            sure_after: limits.inflight_messages_max,
            ack_wait: limits.ack_wait,
            flow,
        };
        intake.spawn(look_up.look_up(wanted, arrived, Arc::clone(&observed) as _));
        let watchful = Watchful { outlet: outlet.clone(), known: Arc::clone(&known), metrics: Arc::clone(metrics) };
        let sampler = samples::sampler(&self.snapshot.load());
        let samples = samples::Samples::new(Arc::clone(&self.snapshot), Arc::clone(&sampler), watchful.clone());
        intake.spawn(samples.keep(stop.clone()));
        let drifting =
            drift::Drifting::new(Arc::clone(&self.snapshot), watchful.clone(), Arc::clone(&sampler), counting);
        // It has the last word: what is in flight is counted, too.
        let telling = tokio::spawn(drifting.keep(helpers.clone()));
        let judge = rulings::Judge {
            outlet: outlet.clone(),
            snapshot: Arc::clone(&self.snapshot),
            known: Arc::clone(&known),
            metrics: Arc::clone(metrics),
            again,
            watchful,
        };
        intake.spawn(rulings::take(self.setup.rulings, consume.clone(), judge, stop.clone()));
        let deadlines = deadlines::Deadlines::new(outlet.clone(), Arc::clone(&self.snapshot), Arc::clone(metrics));
        intake.spawn(deadlines.keep(stop.clone()));
        let waiting = load::Waiting::new(outlet.clone(), Arc::clone(&self.snapshot), Arc::clone(metrics));
        intake.spawn(waiting.keep(stop.clone()));
        let canaries =
            canary::Canaries::new(outlet.clone(), Arc::clone(&self.snapshot), Arc::clone(&known), Arc::clone(metrics));
        intake.spawn(canaries.keep(stop.clone()));
        let bounds = OutBounds {
            inflight_max: limits.ack_inflight_max,
            batches_max: limits.batches_inflight_max,
            timeout: limits.commit_timeout,
        };
        let publisher = Publisher::new(outlet.clone(), consume.client.clone(), bounds, valve, observed).await;
        let publisher =
            publisher.map_err(|error| Trouble::NotThere { servers: String::new(), why: error.to_string() })?;
        let record_bytes_max = publish.client.max_payload().saturating_sub(HEADERS_BYTES_MAX);
        let mut pipeline = JoinSet::new();
        pipeline.spawn(workers::decide_all(
            to_decide,
            decided,
            Arc::clone(&self.snapshot),
            known,
            sampler,
            Arc::clone(health),
            record_bytes_max,
        ));
        pipeline.spawn(publisher.publish(to_publish));
        let watchdog = tokio::spawn(watchdog::ping(Arc::clone(health), helpers.clone()));
        let upkeep = tokio::spawn(observe::upkeep(Arc::clone(metrics), helpers.clone()));
        let ready = tokio::spawn(watchdog::ready_when(Arc::clone(health), stop.clone()));

        tokio::select! {
            () = stop.cancelled() => {}
            _ = pipeline.join_next() => {}
        }
        watchdog::stopping();
        // A stop that ends the pipeline at once can show as its end first.
        let drained = if stop.is_cancelled() {
            tracing::info!("draining");
            let drain = async {
                while intake.join_next().await.is_some() {}
                while pipeline.join_next().await.is_some() {}
            };
            tokio::time::timeout(limits.drain_max, drain).await.map_err(|_| Ended::DrainOverrun(limits.drain_max))
        } else {
            Err(Ended::Pipeline)
        };
        // The acks of the last messages are still in the clients' buffers.
        let flush = async { tokio::join!(consume.client.flush(), publish.client.flush()) };
        let _ = tokio::time::timeout(FLUSH_MAX, flush).await;
        helpers.cancel();
        ready.abort();
        let _ = tokio::join!(watchdog, upkeep, telling);
        drained
    }
}

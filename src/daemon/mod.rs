//! The daemon: carries plans out, and nothing else. All that decides is in [`crate::triage`].
//!
//! ```text
//! bus::inbound ─► queue ─► workers (decide) ─► queue ─► bus::outbound ─► ack
//! ```

mod observe;
mod reload;
mod watchdog;
mod workers;

pub use reload::{Reloaded, Reloader};

use crate::admin::{self, Admin};
use crate::bus::setup::Setup;
use crate::bus::{self, Access, AckBounds, Connection, Purpose, Trouble, inbound, lag, outbound};
use crate::health::Health;
use crate::metrics::Metrics;
use crate::triage::Snapshot;
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

/// How long a start waits between attempts to reach the broker.
const START_RETRY: Duration = Duration::from_secs(1);
/// How long a client of metrics and health may hold up the end.
const ADMIN_END_MAX: Duration = Duration::from_secs(1);
/// How long the last acks may take to leave; a broker that is away does not take them.
const FLUSH_MAX: Duration = Duration::from_secs(1);
/// What the broker's limit on a payload covers beside the record: headers and subject.
const HEADERS_BYTES_MAX: usize = 1_024;

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
            Ok(Some((consume, publish))) => self.carry(consume, publish, &metrics, &health, &stop).await,
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
    ) -> Result<Option<(Connection, Connection)>, Ended> {
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

    async fn connect(&self, metrics: &Arc<Metrics>, health: &Arc<Health>) -> Result<(Connection, Connection), Trouble> {
        let limits = self.snapshot.load().limits;
        let acks = AckBounds { inflight_max: limits.ack_inflight_max, timeout: limits.commit_timeout };
        let watcher = || Some(observe::connection_watcher(metrics, health));
        let consume =
            bus::connect(&self.access, Purpose::Consume, AckBounds::for_commands(&self.access), watcher()).await?;
        bus::check_server(&consume).await?;
        if self.create {
            for made in self.setup.apply(&consume).await? {
                tracing::info!(what = made.what, outcome = made.outcome, "setup");
            }
        }
        self.setup.check(&consume).await?;
        let publish = bus::connect(&self.access, Purpose::Publish, acks, watcher()).await?;
        bus::check_publish(&publish, &self.snapshot.load().root).await?;
        Ok((consume, publish))
    }

    /// The pipeline, from start to drain.
    async fn carry(
        self,
        consume: Connection,
        publish: Connection,
        metrics: &Arc<Metrics>,
        health: &Arc<Health>,
        stop: &CancellationToken,
    ) -> Result<(), Ended> {
        let limits = self.snapshot.load().limits;
        let observed = Arc::new(Observed::new(Arc::clone(metrics), Arc::clone(health)));
        metrics.in_force(&self.snapshot.load().digests, None);
        metrics.last_reload_successful.set(1.0);

        let (arrived, to_decide) = mpsc::channel(limits.queue_messages_max);
        let (decided, to_publish) = mpsc::channel(limits.queue_messages_max);
        let mut intake = JoinSet::new();
        let helpers = CancellationToken::new();
        for source in self.setup.sources {
            let observed: Arc<dyn inbound::Intake> = Arc::clone(&observed) as _;
            tokio::spawn(lag::watch(consume.clone(), source.clone(), Arc::clone(&observed), helpers.clone()));
            intake.spawn(inbound::pull(consume.clone(), source, arrived.clone(), observed, stop.clone()));
        }
        drop(arrived);
        let record_bytes_max = publish.client.max_payload().saturating_sub(HEADERS_BYTES_MAX);
        let mut pipeline = JoinSet::new();
        pipeline.spawn(workers::decide_all(
            to_decide,
            decided,
            Arc::clone(&self.snapshot),
            Arc::clone(health),
            record_bytes_max,
        ));
        pipeline.spawn(outbound::publish(
            publish.clone(),
            self.setup.decisions.name,
            to_publish,
            limits.ack_inflight_max,
            observed,
        ));
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
        let _ = tokio::join!(watchdog, upkeep);
        drained
    }
}

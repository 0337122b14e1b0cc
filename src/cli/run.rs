//! `decile run`: the daemon.

mod seeds;

pub(super) use seeds::SeedFound;

use super::args::{ConfigFile, Connect, Format};
use super::{Exit, world};
use crate::bus::setup::Setup;
use crate::config::{Config, Limits, Retention};
use crate::daemon::{Daemon, Reloader};
use crate::diagnostic::{Report, render};
use crate::triage::Snapshot;
use anyhow::Context as _;
use arc_swap::ArcSwap;
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// Runs until SIGINT or SIGTERM, then drains; SIGHUP reloads rules, policy and channels.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile run --config config/decile.toml --server nats://127.0.0.1:4222")]
pub(super) struct Run {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    /// Make missing streams and consumers instead of refusing to run without them.
    #[arg(long)]
    create: bool,
    /// How to log.
    #[arg(long, value_enum, default_value_t)]
    log_format: Format,
}

impl Run {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        log_to_stderr(self.log_format);
        log_panics_without_their_text();
        let daemon = self.daemon()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")?;
        runtime.block_on(async {
            let stop = CancellationToken::new();
            tokio::spawn(stop_on_signal(stop.clone()));
            daemon.run(stop).await
        })?;
        Ok(Exit::Yes)
    }

    fn daemon(&self) -> anyhow::Result<Daemon> {
        let world = world::load(&self.file.config)?;
        let access = self.connect.access(&world.config.bus)?;
        seeds::refuse(&world.config, &access)?;
        let http_listen = world.config.http_listen;
        let config = world.config.clone();
        let snapshot = Snapshot::new(world.config, world.pack).context("the root of the subjects")?;
        let setup = Setup::of(&config, &snapshot.root);
        let file = self.file.config.clone();
        Ok(Daemon {
            access,
            setup,
            snapshot: Arc::new(ArcSwap::from_pointee(snapshot)),
            http_listen,
            create: self.create,
            reloader: Some(Reloader::new(move || reload(&file, &config))),
        })
    }
}

/// Reads the files again; the text of what is wrong goes to the log.
fn reload(file: &Path, started: &Config) -> Result<Snapshot, String> {
    let report = Report::new();
    let Some(world) = world::read(&PathBuf::from(file), &report) else {
        return Err(render::to_text(&report.into_sorted(), false));
    };
    let changed = changed_for_good(started, &world.config);
    if !changed.is_empty() {
        return Err(format!("{} changed: restart to apply that", changed.join(", ")));
    }
    Snapshot::new(world.config, world.pack).map_err(|error| error.to_string())
}

/// What is read at the start and never again.
fn changed_for_good(started: &Config, fresh: &Config) -> Vec<&'static str> {
    let at_start = |limits: &Limits| {
        (
            (limits.queue_messages_max, limits.inflight_messages_max, limits.ack_inflight_max, limits.workers_max),
            (limits.commit_timeout, limits.ack_wait, limits.drain_max),
            (limits.threads_max, limits.thread_messages_max, limits.thread_text_bytes_max),
        )
    };
    let stream = |retention: &Retention| (retention.stream_bytes_max, retention.replicas, retention.storage);
    [
        ("`[bus]`", started.bus != fresh.bus),
        ("`[http]`", started.http_listen != fresh.http_listen),
        ("sizes of queues and threads in `[limits]`", at_start(&started.limits) != at_start(&fresh.limits)),
        ("the stream in `[retention]`", stream(&started.retention) != stream(&fresh.retention)),
    ]
    .into_iter()
    .filter_map(|(what, has_changed)| has_changed.then_some(what))
    .collect()
}

pub(super) async fn stop_on_signal(stop: CancellationToken) {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        tracing::error!("signals cannot be received; stop with SIGKILL, nothing is lost by it");
        return;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    stop.cancel();
}

/// The text of a panic can quote a message; where it happened is enough to find the defect.
pub(super) fn log_panics_without_their_text() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a defect: a panic");
    }));
}

pub(super) fn log_to_stderr(format: Format) {
    let filter = EnvFilter::try_from_env("DECILE_LOG").unwrap_or_else(|_| EnvFilter::new("info,async_nats=warn"));
    let logging = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        Format::Text => logging.with_ansi(super::print::is_colored_stderr()).init(),
        Format::Json => logging.json().init(),
    }
}

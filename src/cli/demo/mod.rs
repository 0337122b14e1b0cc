//! `decile demo`: the main job on real parts, and a picture of what happened.

mod files;
mod picture;
mod story;
mod traffic;

use super::args::Format;
use super::{Exit, world};
use crate::bus::private::PrivateServer;
use crate::bus::setup::Setup;
use crate::bus::{self, Access, AckBounds, Connection, Purpose};
use crate::daemon::Daemon;
use crate::store::{self, Filter, Stored};
use crate::subject::Root;
use crate::triage::Snapshot;
use anyhow::{Context as _, bail};
use arc_swap::ArcSwap;
use async_nats::jetstream::message::PublishMessage;
use clap::Args;
use files::Files;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use traffic::Sample;

/// Starts a private NATS server and the daemon, sends sample traffic through both, and shows what was
/// handled, what was escalated and why. Nothing outside a temporary folder is touched.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: decile demo\n         decile demo --story\n         decile demo --format json | jq .latency"
)]
pub(super) struct Demo {
    /// The demo's configuration: the shipped channels and rules under a policy of its own.
    #[arg(long, value_name = "FILE", default_value = "config/demo/decile.toml")]
    config: PathBuf,
    /// The folder of the sample messages.
    #[arg(long, value_name = "DIR", default_value = "config/demo/messages")]
    messages: PathBuf,
    /// Sample messages a second.
    #[arg(long, value_name = "N", default_value_t = 150, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// Tell instead, in two minutes, how a class earns its autonomy and loses it.
    #[arg(long, conflicts_with_all = ["keep", "format", "rate"])]
    story: bool,
    /// Keep the server running afterwards, and say how to look around; Ctrl-C ends it.
    #[arg(long)]
    keep: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What the demo ran, to look at afterwards.
struct Ran {
    decisions: Vec<Stored>,
    took: Duration,
}

/// The longest wait for the last decision, after the last message was sent.
const DECIDE_MAX: Duration = Duration::from_secs(60);
/// How often progress is looked at.
const LOOK: Duration = Duration::from_millis(50);

impl Demo {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        if self.story {
            return story::tell(&self.config, &self.messages);
        }
        let samples = traffic::read(&self.messages)
            .context("the demo reads the project's own files: run it from the project's folder")?;
        let server = PrivateServer::start()?;
        self.say(&format!("private nats-server at {}", server.url()));
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let files = Files::copy(&self.config)?;
        let ran = runtime.block_on(self.drive(&server, &files, &samples))?;
        match self.format {
            Format::Json => println!("{}", serde_json::to_string_pretty(&picture::json(&ran.decisions)?)?),
            Format::Text => print!("{}", picture::text(&ran.decisions, ran.took)?),
        }
        if self.keep {
            self.stay(&server, &files, &runtime)?;
        }
        Ok(if ran.decisions.len() == samples.len() { Exit::Yes } else { Exit::No })
    }

    async fn drive(&self, server: &PrivateServer, files: &Files, samples: &[Sample]) -> anyhow::Result<Ran> {
        let world = world::load(&files.config())?;
        let access = Access::local(server.url().to_owned());
        let stream = world.config.bus.stream.clone();
        let config = world.config.clone();
        let snapshot = Snapshot::new(world.config, world.pack).context("the root of the subjects")?;
        let (setup, root) = (Setup::of(&config, &snapshot.root), snapshot.root.clone());
        let snapshot = Arc::new(ArcSwap::from_pointee(snapshot));
        self.say(&format!("{} rules, {} sample messages", snapshot.load().pack.len(), samples.len()));

        let connection = bus::connect(&access, Purpose::Command, AckBounds::for_commands(&access), None).await?;
        setup.apply(&connection).await?;
        let stop = CancellationToken::new();
        let daemon =
            Daemon { access, setup, snapshot: Arc::clone(&snapshot), http_listen: None, create: false, reloader: None };
        let running = tokio::spawn(daemon.run(stop.clone()));
        let started = Instant::now();
        self.send(&connection, &snapshot.load(), samples).await?;
        self.wait(&connection, &stream, &root, samples.len()).await?;
        let took = started.elapsed();
        stop.cancel();
        running.await??;
        Ok(Ran { decisions: decisions(&connection, &stream, &root).await?, took })
    }

    async fn send(&self, connection: &Connection, snapshot: &Snapshot, samples: &[Sample]) -> anyhow::Result<()> {
        let bar = self.bar(samples.len(), "sent");
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / self.rate);
        for sample in samples {
            ticks.tick().await;
            let Some(spec) = snapshot.channel_named(&sample.channel) else {
                bail!("`{}` in the samples is no configured channel", sample.channel);
            };
            let wire = sample.wire(spec, Timestamp::now());
            let message = wire
                .headers
                .into_iter()
                .fold(PublishMessage::build().payload(wire.payload), |message, (name, value)| {
                    message.header(name, value.as_str())
                });
            connection.jetstream.send_publish(wire.subject, message).await?.await?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    }

    async fn wait(&self, connection: &Connection, stream: &str, root: &Root, wanted: usize) -> anyhow::Result<()> {
        let bar = self.bar(wanted, "decided");
        let deadline = Instant::now() + DECIDE_MAX;
        loop {
            let decided = decisions(connection, stream, root).await?.len();
            bar.set_position(u64::try_from(decided)?);
            if decided >= wanted {
                bar.finish_and_clear();
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("{decided} of {wanted} messages were decided within {DECIDE_MAX:?}");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn bar(&self, length: usize, what: &'static str) -> ProgressBar {
        if self.format == Format::Json || !std::io::stderr().is_terminal() {
            self.say(&format!("{length} messages to be {what} …"));
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(u64::try_from(length).unwrap_or(u64::MAX)).with_message(what);
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}, {elapsed}") {
            bar.set_style(style);
        }
        bar
    }

    fn say(&self, text: &str) {
        eprintln!("{text}");
    }

    fn stay(&self, server: &PrivateServer, files: &Files, runtime: &tokio::runtime::Runtime) -> anyhow::Result<()> {
        let config = files.config();
        println!("\nThe server stays at {} until Ctrl-C. In another terminal:", server.url());
        for command in ["log --disposition handle", "log --reason no_grant", "replay --all"] {
            println!("  decile {command} --config {} --server {}", config.display(), server.url());
        }
        runtime.block_on(tokio::signal::ctrl_c())?;
        Ok(())
    }
}

async fn decisions(connection: &Connection, stream: &str, root: &Root) -> anyhow::Result<Vec<Stored>> {
    let mut all = Vec::new();
    store::read_all(connection, stream, root, &Filter::default(), |stored| all.push(stored)).await?;
    Ok(all)
}

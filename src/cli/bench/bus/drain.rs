//! Throughput: a filled source stream, drained.

use super::broker::{self, Broker, Committed};
use super::child::{Child, decile};
use super::contender::Contender;
use super::files::Files;
use super::load::Load;
use super::usage::Usage;
use anyhow::{Context as _, ensure};
use std::path::Path;
use std::time::Duration;

/// One source stream, drained once.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(super) struct Drained {
    /// From the first record's stored time to the last one's.
    pub(super) messages_per_s: f64,
    /// Processor time of what is measured for one message, in microseconds, without its start.
    pub(super) cpu_us_per_message: f64,
    /// The same of the server.
    pub(super) server_cpu_us_per_message: f64,
    /// Resident memory of one process at the end, in bytes.
    pub(super) rss_bytes: u64,
    /// The most that it ever was.
    pub(super) rss_peak_bytes: u64,
    /// From a process's start until it was ready, in milliseconds.
    pub(super) ready_ms: f64,
    /// Mean length of a record, in bytes.
    pub(super) record_bytes: f64,
    /// Messages that were sent.
    pub(super) messages: u64,
    /// Records that were counted in the stream: one a message.
    pub(super) decisions: u64,
    /// How many of the records are outward actions.
    pub(super) actions: u64,
}

/// Where a turn is measured.
#[derive(Clone, Copy)]
pub(super) struct Bench<'b> {
    pub(super) broker: &'b Broker,
    pub(super) files: &'b Files,
    pub(super) load: &'b Load,
    /// A folder for logs and sockets.
    pub(super) folder: &'b Path,
}

/// What starting takes, with nothing to do.
struct Start {
    ready_in: Duration,
    cpu: Duration,
}

impl Bench<'_> {
    /// Fills the source, starts so many processes, and waits until all of it is done.
    pub(super) async fn drain(&self, contender: Contender, instances: usize) -> anyhow::Result<Drained> {
        let Self { broker, files, load, .. } = self;
        broker.renew(files).await?;
        self.grant(contender)?;
        let start = self.start_idle(contender)?;
        broker.fill(&load.payloads, load.channels, load.messages).await?;
        let messages = broker.source_messages().await?;
        let server_before = broker.usage()?;
        let starting = (0..instances).map(|_| self.start(contender));
        let mut children = starting.collect::<anyhow::Result<Vec<Child>>>()?;
        broker.wait_settled(messages, &mut children).await?;
        let server_cpu = broker.usage()?.cpu.saturating_sub(server_before.cpu);
        let used: Vec<Usage> = children.iter().map(Child::usage).collect::<anyhow::Result<_>>()?;
        children.into_iter().try_for_each(Child::stop)?;
        let committed = contender.records(broker).await?;
        broker::check(&committed, messages)?;
        let cpu = used.iter().map(|used| used.cpu.saturating_sub(start.cpu)).sum();
        Ok(Drained {
            messages_per_s: per_second(&committed),
            cpu_us_per_message: micros_each(cpu, messages),
            server_cpu_us_per_message: micros_each(server_cpu, messages),
            rss_bytes: used.iter().map(|used| used.rss_bytes).max().unwrap_or(0),
            rss_peak_bytes: used.iter().map(|used| used.rss_peak_bytes).max().unwrap_or(0),
            ready_ms: start.ready_in.as_secs_f64() * 1e3,
            record_bytes: committed.iter().map(|it| it.bytes).sum::<u64>() as f64 / messages.max(1) as f64,
            decisions: committed.len() as u64,
            messages,
            actions: committed.iter().filter(|it| it.is_action).count() as u64,
        })
    }

    /// Starts one, and waits until it is ready.
    pub(super) fn start(&self, contender: Contender) -> anyhow::Result<Child> {
        Child::start(contender.command(self.files, self.broker.url())?, self.folder)
    }

    fn start_idle(&self, contender: Contender) -> anyhow::Result<Start> {
        let child = self.start(contender)?;
        let start = Start { ready_in: child.ready_in, cpu: child.at_ready.cpu };
        child.stop()?;
        Ok(start)
    }

    /// Places what the daemon's outward actions need.
    fn grant(&self, contender: Contender) -> anyhow::Result<()> {
        if contender != Contender::Daemon {
            return Ok(());
        }
        let Some(mut grant) = self.files.grant(decile()?, self.broker.url()) else { return Ok(()) };
        let ran = grant.output().context("cannot run `decile grant`")?;
        ensure!(ran.status.success(), "cannot grant: {}", String::from_utf8_lossy(&ran.stderr).escape_debug());
        Ok(())
    }
}

pub(super) fn micros_each(cpu: Duration, messages: u64) -> f64 {
    cpu.as_secs_f64() * 1e6 / messages.max(1) as f64
}

/// By the broker's clock: what was stored after the first record, in the time since.
fn per_second(committed: &[Committed]) -> f64 {
    let times = || committed.iter().map(|it| it.at_ns);
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return 0.0 };
    let took_s = (last - first).max(1) as f64 / 1e9;
    committed.len().saturating_sub(1) as f64 / took_s
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throughput_is_counted_from_record_to_record() {
        let at = |at_ns| Committed { source: 1, at_ns, bytes: 1, is_action: false };
        let half_seconds = [at(500_000_000), at(0), at(1_000_000_000)];
        assert!((per_second(&half_seconds) - 2.0).abs() < 1e-9);
        assert!(per_second(&[]).abs() < f64::EPSILON);
    }
}

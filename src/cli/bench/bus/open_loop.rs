//! Latency in an open loop: each message is due at a time of its own, whatever became of those before it, and what it
//! waits counts from then on until the broker has stored its record. A load that slows down with what it measures would
//! hide every stall ("coordinated omission": G. Tene, "How NOT to Measure Latency").

use super::broker;
use super::contender::Contender;
use super::drain::{Bench, micros_each};
use super::files::subject;
use crate::bus::{self, Access, AckBounds, Purpose};
use anyhow::{Context as _, ensure};
use hdrhistogram::Histogram;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One time of load.
pub(super) struct Measured {
    /// Microseconds from when a message was due to its record.
    pub(super) latencies_us: Histogram<u64>,
    /// Microseconds from when a message was due until it had been sent.
    pub(super) late_us: Histogram<u64>,
    /// Processor time of what is measured for one message, in microseconds.
    pub(super) cpu_us_per_message: f64,
    /// The same of the server.
    pub(super) server_cpu_us_per_message: f64,
    /// The most resident memory that it had, in bytes.
    pub(super) rss_peak_bytes: u64,
    /// Messages that were sent, each with one record.
    pub(super) messages: u64,
}

/// When messages are due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    /// So many in each second.
    pub(super) messages_per_s: f64,
    /// For so long.
    pub(super) time: Duration,
    /// What is due before is sent, and not counted.
    pub(super) warm_up: Duration,
}

/// The first message is due so long after the load was told.
const LEAD: Duration = Duration::from_millis(50);
/// The load sleeps no shorter: what is due meanwhile goes out together.
const SLEEP_MIN: Duration = Duration::from_micros(100);
/// No latency is longer, in microseconds: ten minutes.
const LONGEST_US: u64 = 600_000_000;

impl Schedule {
    fn messages(&self) -> u64 {
        ((self.warm_up + self.time).as_secs_f64() * self.messages_per_s).ceil().max(1.0) as u64
    }

    /// When a message is due, since the first one; they are counted from 0.
    fn due(&self, number: u64) -> Duration {
        Duration::from_secs_f64(number as f64 / self.messages_per_s)
    }
}

impl Bench<'_> {
    /// Starts one, loads it, and reads back what came of it.
    pub(super) async fn open_loop(&self, contender: Contender, schedule: Schedule) -> anyhow::Result<Measured> {
        let Self { broker, files, .. } = self;
        broker.renew(files).await?;
        let child = self.start(contender)?;
        let (before, server_before) = (child.usage()?, broker.usage()?);
        let sent = std::thread::scope(|scope| {
            scope.spawn(|| self.send(schedule)).join().unwrap_or_else(|_| Err(anyhow::anyhow!("the load panicked")))
        })?;
        let messages = schedule.messages();
        let mut children = [child];
        broker.wait_settled(messages, &mut children).await?;
        let [child] = children;
        let (after, server_after) = (child.usage()?, broker.usage()?);
        child.stop()?;
        ensure!(broker.source_messages().await? == messages, "the source did not store all of {messages} messages");
        let committed = contender.records(broker).await?;
        broker::check(&committed, messages)?;
        let mut latencies_us = histogram()?;
        for it in &committed {
            let due = schedule.due(it.source - 1);
            if due >= schedule.warm_up {
                let took_ns = it.at_ns - sent.first_due_ns - due.as_nanos() as i128;
                latencies_us.saturating_record(u64::try_from(took_ns / 1_000).unwrap_or(0).max(1));
            }
        }
        Ok(Measured {
            latencies_us,
            late_us: sent.late_us,
            cpu_us_per_message: micros_each(after.cpu.saturating_sub(before.cpu), messages),
            server_cpu_us_per_message: micros_each(server_after.cpu.saturating_sub(server_before.cpu), messages),
            rss_peak_bytes: after.rss_peak_bytes,
            messages,
        })
    }

    /// Sends everything when it is due, on a thread and a connection of its own.
    fn send(&self, schedule: Schedule) -> anyhow::Result<Sent> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
        runtime.block_on(async {
            let access = Access::local(self.broker.url().to_owned());
            let client = bus::connect(&access, Purpose::Command, AckBounds::for_commands(&access), None).await?.client;
            let subjects: Vec<async_nats::Subject> = (0..self.load.channels).map(|it| subject(it).into()).collect();
            let mut what = self.load.payloads.iter().cycle().zip(subjects.iter().cycle());
            let first_due = now() + LEAD;
            let mut late_us = histogram()?;
            let (mut number, messages) = (0, schedule.messages());
            while number < messages {
                let due = first_due + schedule.due(number);
                if let Some(wait) = due.checked_sub(now()) {
                    std::thread::sleep(wait.max(SLEEP_MIN));
                }
                let (from, until) = (number, now());
                while number < messages && first_due + schedule.due(number) <= until {
                    let Some((payload, subject)) = what.next() else { break };
                    client.publish(subject.clone(), payload.clone()).await?;
                    number += 1;
                }
                client.flush().await?;
                let sent = now();
                for number in from..number {
                    let late = sent.saturating_sub(first_due + schedule.due(number));
                    late_us.saturating_record(u64::try_from(late.as_micros()).unwrap_or(LONGEST_US).max(1));
                }
            }
            Ok(Sent { first_due_ns: first_due.as_nanos() as i128, late_us })
        })
    }
}

/// What the load did.
struct Sent {
    /// When the first message was due, in nanoseconds since the epoch.
    first_due_ns: i128,
    late_us: Histogram<u64>,
}

/// An empty one, of microseconds.
pub(super) fn histogram() -> anyhow::Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, LONGEST_US, 3)?)
}

/// The clock that the server stores times by: we are on one machine.
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_due_at_fixed_times() {
        let schedule =
            Schedule { messages_per_s: 200.0, time: Duration::from_secs(2), warm_up: Duration::from_millis(500) };
        assert_eq!(schedule.messages(), 500);
        assert_eq!(schedule.due(0), Duration::ZERO);
        assert_eq!(schedule.due(100), schedule.warm_up);
    }
}

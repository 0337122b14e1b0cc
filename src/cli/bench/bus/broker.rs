//! The server of a run: one for everything that is measured, with its streams made anew for each turn.

use super::bare;
use super::child::Child;
use super::files::{CONSUMER, Files, ROOT, SOURCE_STREAM, STREAM, subject};
use super::usage::Usage;
use crate::bus::private::PrivateServer;
use crate::bus::records::{Reader, Start};
use crate::bus::setup::{Setup, get_stream};
use crate::bus::{self, Access, AckBounds, Connection, Purpose, Trouble};
use crate::config::SyncInterval;
use crate::store::{self, Filter};
use crate::subject::Root;
use anyhow::{Context as _, bail, ensure};
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use std::future::IntoFuture as _;
use std::time::{Duration, Instant};

/// A private server, and a connection to it.
pub(super) struct Broker {
    server: PrivateServer,
    pub(super) connection: Connection,
    root: Root,
}

/// A record in our stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Committed {
    /// The sequence of its message in the source stream.
    pub(super) source: u64,
    /// When the broker stored it, in nanoseconds since the epoch.
    pub(super) at_ns: i128,
    /// Its length.
    pub(super) bytes: u64,
    /// Whether it is an outward action.
    pub(super) is_action: bool,
}

/// Publishes of the load whose acks are awaited.
const FILL_INFLIGHT_MAX: usize = 1_024;
const FILL_ACK_MAX: Duration = Duration::from_secs(30);
/// How often it is looked whether all is done: seldom, because the server does what is measured.
const LOOK: Duration = Duration::from_millis(25);
/// Nothing is settled for so long: something is stuck.
const SILENCE_MAX: Duration = Duration::from_secs(30);

impl Broker {
    /// Starts a server; without an interval, it syncs as it does by default.
    pub(super) async fn start(sync_interval: Option<SyncInterval>) -> anyhow::Result<Self> {
        let server = match sync_interval {
            None => PrivateServer::start()?,
            Some(interval) => PrivateServer::start_configured(&format!("jetstream {{ sync_interval: {interval} }}\n"))?,
        };
        let acks = AckBounds { inflight_max: FILL_INFLIGHT_MAX, timeout: FILL_ACK_MAX };
        let access = Access::local(server.url().to_owned());
        let connection = bus::connect(&access, Purpose::Command, acks, None).await?;
        Ok(Self { server, connection, root: Root::new(ROOT)? })
    }

    /// Where it listens.
    pub(super) fn url(&self) -> &str {
        self.server.url()
    }

    /// Its version.
    pub(super) fn version(&self) -> String {
        self.connection.client.server_info().version
    }

    /// What the server has used.
    pub(super) fn usage(&self) -> anyhow::Result<Usage> {
        Usage::of(self.server.id())
    }

    /// Makes the streams anew, as the daemon needs them. Consumers of executors and of those who are told of escalations
    /// are left out: there are none.
    pub(super) async fn renew(&self, files: &Files) -> anyhow::Result<()> {
        for stream in [SOURCE_STREAM, STREAM] {
            match get_stream(&self.connection, stream).await {
                Err(Trouble::NoStream(_)) => {}
                Err(trouble) => return Err(trouble.into()),
                Ok(_) => {
                    self.connection.jetstream.delete_stream(stream).await?;
                }
            }
        }
        let mut setup = Setup::of(&files.config, &self.root);
        setup.executors.clear();
        setup.notifiers.clear();
        setup.apply(&self.connection).await?;
        Ok(())
    }

    /// Fills the source stream: message by message, channel by channel in turn.
    pub(super) async fn fill(&self, payloads: &[Bytes], channels: usize, count: usize) -> anyhow::Result<()> {
        let subjects: Vec<String> = (0..channels).map(subject).collect();
        let mut acks = FuturesUnordered::new();
        for (payload, subject) in payloads.iter().cycle().zip(subjects.iter().cycle()).take(count) {
            let message = PublishMessage::build().payload(payload.clone());
            let sent = self.connection.jetstream.send_publish(subject.clone(), message).await?;
            acks.push(sent.into_future());
            if acks.len() >= FILL_INFLIGHT_MAX {
                acks.next().await.transpose()?;
            }
        }
        while let Some(ack) = acks.next().await {
            ack?;
        }
        Ok(())
    }

    /// Waits until that many messages of the source have been acknowledged.
    pub(super) async fn wait_settled(&self, messages: u64, measured: &mut [Child]) -> anyhow::Result<()> {
        let (mut settled, mut moved_at) = (0, Instant::now());
        loop {
            let info =
                self.connection.jetstream.get_stream_no_info(SOURCE_STREAM).await?.consumer_info(CONSUMER).await?;
            if info.ack_floor.stream_sequence >= messages && info.num_ack_pending == 0 {
                return Ok(());
            }
            if info.ack_floor.stream_sequence != settled {
                (settled, moved_at) = (info.ack_floor.stream_sequence, Instant::now());
            }
            if moved_at.elapsed() > SILENCE_MAX {
                bail!("{settled} of {messages} messages were settled, and no more for {SILENCE_MAX:?}");
            }
            measured.iter_mut().try_for_each(Child::must_run)?;
            tokio::time::sleep(LOOK).await;
        }
    }

    /// What the bare loop has committed.
    pub(super) async fn bare_records(&self) -> anyhow::Result<Vec<Committed>> {
        let mut records = Reader::open(&self.connection, STREAM, self.root.decisions(), Start::Sequence(1)).await?;
        let mut committed = Vec::new();
        while let Some(record) = records.next_stored().await? {
            committed.push(Committed {
                source: bare::message_of(&record.headers).context("a record of the bare loop without an id")?,
                at_ns: record.time.unix_timestamp_nanos(),
                bytes: record.payload.len() as u64,
                is_action: false,
            });
        }
        Ok(committed)
    }

    /// What the daemon has committed, each record read as whoever looks at decisions does.
    pub(super) async fn decisions(&self) -> anyhow::Result<Vec<Committed>> {
        let action = self.root.filter("action.");
        let mut committed = Vec::new();
        let unread = store::read_all(&self.connection, STREAM, &self.root, &Filter::default(), |stored| {
            committed.push(Committed {
                source: stored.record.decision().source.sequence,
                at_ns: stored.committed_at.as_nanosecond(),
                bytes: stored.bytes.len() as u64,
                is_action: stored.subject.starts_with(&action),
            });
        })
        .await?;
        ensure!(unread == 0, "{unread} records are none");
        Ok(committed)
    }

    /// How many messages the source stream holds.
    pub(super) async fn source_messages(&self) -> anyhow::Result<u64> {
        Ok(get_stream(&self.connection, SOURCE_STREAM).await?.cached_info().state.messages)
    }
}

/// Each message must have exactly one record: nothing is measured that was not done.
pub(super) fn check(committed: &[Committed], messages: u64) -> anyhow::Result<()> {
    let mut sources: Vec<u64> = committed.iter().map(|it| it.source).collect();
    sources.sort_unstable();
    ensure!(sources.iter().copied().eq(1..=messages), "{} records for {messages} messages", sources.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_without_its_record_or_with_two_is_noticed() {
        let of = |sources: &[u64]| -> Vec<Committed> {
            sources.iter().map(|source| Committed { source: *source, at_ns: 0, bytes: 0, is_action: false }).collect()
        };
        check(&of(&[2, 1, 3]), 3).unwrap();
        for wrong in [&[1, 2][..], &[1, 2, 2], &[1, 2, 3, 3], &[2, 3, 4]] {
            assert!(check(&of(wrong), 3).is_err(), "{wrong:?}");
        }
    }
}

//! The bus, for commands that need the configuration and decide nothing.

use super::args::Connect;
use crate::bus::{self, AckBounds, Connection, Purpose, Trouble};
use crate::config::Config;
use crate::governing::Governing;
use crate::store;
use crate::subject::{Root, Subject};
use anyhow::Context as _;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::DirectGetErrorKind;
use jiff::Timestamp;

/// A connection, and where our records are.
pub(super) struct Reach {
    pub(super) connection: Connection,
    pub(super) stream: String,
    pub(super) root: Root,
}

/// The last record on a subject.
pub(super) struct Last {
    pub(super) sequence: u64,
    pub(super) payload: bytes::Bytes,
}

impl Reach {
    pub(super) async fn open(config: &Config, connect: &Connect) -> anyhow::Result<Self> {
        let access = connect.access(&config.bus)?;
        let connection = bus::connect(&access, Purpose::Command, AckBounds::for_commands(&access), None).await?;
        let root = Root::new(&config.bus.root).context("the root of the subjects")?;
        Ok(Self { connection, stream: config.bus.stream.clone(), root })
    }

    /// All that governs now, and the broker's clock.
    pub(super) async fn governing(&self, config: &Config) -> Result<(Governing, Timestamp), Trouble> {
        store::read_governing(&self.connection, &self.stream, &self.root, config.authority.clone()).await
    }

    /// The last record on a subject; `None` where there is none.
    pub(super) async fn last_on(&self, subject: &str) -> anyhow::Result<Option<Last>> {
        let stream = self.connection.jetstream.get_stream_no_info(&self.stream).await?;
        match stream.direct_get_last_for_subject(subject).await {
            Ok(message) => Ok(Some(Last { sequence: message.sequence, payload: message.payload })),
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read `{subject}`")),
        }
    }

    /// Publishes what tightens; its revision comes back. It has no condition: whoever comes last, it holds.
    pub(super) async fn tighten(&self, subject: Subject, bytes: Vec<u8>) -> anyhow::Result<u64> {
        let message = PublishMessage::build().expected_stream(&self.stream).payload(bytes.into());
        let ack = self.connection.jetstream.send_publish(subject.as_str().to_owned(), message).await?.await?;
        Ok(ack.sequence)
    }
}

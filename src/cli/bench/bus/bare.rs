//! The bus alone: pull → publish with id → await its ack → plain ack. No decoding, no rules: the limit for one write per
//! message, and what the daemon is measured against. It does nothing that it need not, so that the limit is honest: ids
//! and acks stay in the order in which the broker answers, and no future is made for either.

use super::files::{CONSUMER, ROOT, SOURCE_STREAM, STREAM};
use crate::bus::setup::get_stream;
use crate::bus::{self, Access, AckBounds, Connection, Purpose};
use crate::cli::Exit;
use anyhow::{Context as _, bail};
use async_nats::jetstream::consumer::{PullConsumer, pull};
use async_nats::{HeaderMap, Subject, Subscriber};
use bytes::Bytes;
use clap::Args;
use futures::StreamExt as _;
use sd_notify::NotifyState;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The bare loop that `bench bus` measures beside the daemon.
#[derive(Debug, Args)]
pub(in crate::cli::bench) struct Bare {
    /// The server.
    #[arg(long)]
    server: String,
    /// How long each record is.
    #[arg(long)]
    record_bytes: usize,
    /// The most messages that one request asks for.
    #[arg(long, default_value_t = 512)]
    batch_messages_max: usize,
    /// Publishes whose ack is awaited.
    #[arg(long, default_value_t = 1_024)]
    inflight_max: usize,
}

/// What the broker says to a publish.
#[derive(serde::Deserialize)]
struct Answer {
    seq: Option<u64>,
    error: Option<serde_json::Value>,
}

const ACK: Bytes = Bytes::from_static(b"+ACK");
/// As long as a handled decision is kept.
const TTL_S: &str = "2592000";

impl Bare {
    pub(in crate::cli::bench) fn run(self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")?;
        runtime.block_on(async {
            let stop = CancellationToken::new();
            tokio::spawn(crate::cli::run::stop_on_signal(stop.clone()));
            self.carry(stop).await
        })?;
        Ok(Exit::Yes)
    }

    async fn carry(self, stop: CancellationToken) -> anyhow::Result<()> {
        let access = Access::local(self.server.clone());
        let acks = AckBounds::for_commands(&access);
        let consume = bus::connect(&access, Purpose::Consume, acks, None).await?;
        let publish = bus::connect(&access, Purpose::Publish, acks, None).await?;
        let stream = get_stream(&consume, SOURCE_STREAM).await?;
        let consumer: PullConsumer = stream.get_consumer(CONSUMER).await.map_err(|error| anyhow::anyhow!(error))?;
        let incoming = consumer.stream().max_messages_per_batch(self.batch_messages_max).messages().await?;
        let inbox = publish.client.new_inbox();
        let answers = publish.client.subscribe(inbox.clone()).await?;
        publish.client.flush().await?;
        let (awaited, to_settle) = mpsc::channel(self.inflight_max);
        let out = Out { publish, inbox: inbox.into(), awaited };
        let publishing = tokio::spawn(out.publish_all(incoming, self.record_bytes));
        let settling = tokio::spawn(settle_all(answers, to_settle, consume.clone()));
        let _ = sd_notify::notify(&[NotifyState::Ready]);
        tokio::select! {
            () = stop.cancelled() => {}
            ended = publishing => ended??,
            ended = settling => ended??,
        }
        consume.client.flush().await?;
        Ok(())
    }
}

/// The way out.
struct Out {
    publish: Connection,
    /// Where the broker answers.
    inbox: Subject,
    /// Where sources are acknowledged, once the broker has answered. Its room is the bound on what is in flight.
    awaited: mpsc::Sender<Subject>,
}

impl Out {
    async fn publish_all(self, mut incoming: pull::Stream, record_bytes: usize) -> anyhow::Result<()> {
        let record = Bytes::from(vec![b'x'; record_bytes]);
        let subject = Subject::from(format!("{ROOT}.handled.bare.bench.c0"));
        while let Some(message) = incoming.next().await {
            let message = message?;
            let sequence = message.info().map_err(|error| anyhow::anyhow!(error))?.stream_sequence;
            let Some(ack_to) = message.message.reply else { bail!("a message that cannot be acknowledged") };
            let room = self.awaited.reserve().await.context("nobody settles")?;
            let (subject, inbox, headers) = (subject.clone(), self.inbox.clone(), headers(sequence));
            self.publish.client.publish_with_reply_and_headers(subject, inbox, headers, record.clone()).await?;
            room.send(ack_to);
        }
        bail!("the consumer is gone")
    }
}

/// The id is as long as a decision's, and names the message.
fn headers(sequence: u64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(async_nats::header::NATS_MESSAGE_ID, format!("{sequence:032x}"));
    headers.insert(async_nats::header::NATS_EXPECTED_STREAM, STREAM);
    headers.insert(async_nats::header::NATS_MESSAGE_TTL, TTL_S);
    headers
}

/// The broker answers one connection's publishes to one stream in their order.
async fn settle_all(
    mut answers: Subscriber,
    mut awaited: mpsc::Receiver<Subject>,
    consume: Connection,
) -> anyhow::Result<()> {
    let mut last = 0;
    while let Some(answer) = answers.next().await {
        let Answer { seq, error } = serde_json::from_slice(&answer.payload)?;
        let seq = seq.filter(|_| error.is_none()).with_context(|| format!("the broker refuses: {error:?}"))?;
        anyhow::ensure!(seq > last, "an answer out of turn: {seq} after {last}");
        last = seq;
        let Some(ack_to) = awaited.recv().await else { break };
        consume.client.publish(ack_to, ACK).await?;
    }
    bail!("the broker answers no more")
}

/// The message that a record of the bare loop is about.
pub(super) fn message_of(headers: &HeaderMap) -> Option<u64> {
    let id = headers.get(async_nats::header::NATS_MESSAGE_ID)?;
    u64::from_str_radix(id.as_str(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_names_its_message() {
        assert_eq!(message_of(&headers(4_711)), Some(4_711));
        assert_eq!(message_of(&HeaderMap::new()), None);
    }
}

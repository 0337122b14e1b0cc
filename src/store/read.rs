//! Decisions, read from the stream in the order in which they were committed.

use crate::bus::{Connection, Trouble, setup::get_stream};
use crate::decision::{Decision, Disposed, Record};
use crate::reason::Reason;
use crate::subject::Root;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::{Ordered, OrderedConfig};
use async_nats::jetstream::stream::Stream;
use futures::StreamExt as _;
use jiff::Timestamp;
use std::time::Duration;

/// A record and where it stands in our stream.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its sequence in our stream.
    pub sequence: u64,
    /// When the broker stored it.
    pub committed_at: Timestamp,
    /// Its subject.
    pub subject: String,
    /// The bytes as committed.
    pub bytes: Vec<u8>,
    /// The record.
    pub record: Record,
}

/// What to look for; every condition that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The channel's name.
    pub channel: Option<String>,
    /// The verdict's class.
    pub class: Option<String>,
    /// The disposition.
    pub disposition: Option<Disposed>,
    /// The reason.
    pub reason: Option<Reason>,
    /// Committed since.
    pub since: Option<Timestamp>,
}

/// How long the server may be silent while messages are still expected.
const SILENCE_MAX: Duration = Duration::from_secs(10);

impl Filter {
    /// Whether a decision is looked for.
    pub fn takes(&self, decision: &Decision) -> bool {
        let class = decision.verdict.class.as_ref().map(crate::class::Class::as_str);
        self.channel.as_deref().is_none_or(|channel| channel == decision.channel.as_str())
            && self.class.as_deref().is_none_or(|wanted| class == Some(wanted))
            && self.disposition.is_none_or(|wanted| wanted == decision.disposition)
            && self.reason.is_none_or(|wanted| Some(wanted) == decision.reason)
    }
}

/// Reads every decision there is now. What is no record of this version is counted and passed over: the
/// count comes back.
///
/// # Errors
/// Where the stream cannot be read.
pub async fn read_all(
    connection: &Connection,
    stream: &str,
    root: &Root,
    filter: &Filter,
    mut take: impl FnMut(Stored),
) -> Result<u64, Trouble> {
    let stream = get_stream(connection, stream).await?;
    let mut unread = 0;
    let mut messages = open(&stream, root, filter).await?;
    let mut is_more = messages.1 > 0;
    while is_more {
        let Some(message) = tokio::time::timeout(SILENCE_MAX, messages.0.next()).await.map_err(|_| silent())? else {
            break;
        };
        let message = message.map_err(|error| trouble(&error))?;
        is_more = message.info().map_err(|error| trouble(&error))?.pending > 0;
        match stored(root, &message) {
            Ok(stored) if filter.takes(stored.record.decision()) => take(stored),
            Ok(_) => {}
            Err(_) => unread += 1,
        }
    }
    Ok(unread)
}

/// Reads decisions as they are committed, for as long as `take` says so.
///
/// # Errors
/// Where the stream cannot be read.
pub async fn follow(
    connection: &Connection,
    stream: &str,
    root: &Root,
    filter: &Filter,
    mut take: impl FnMut(Stored) -> bool,
) -> Result<(), Trouble> {
    let stream = get_stream(connection, stream).await?;
    let (mut messages, _) = open(&stream, root, filter).await?;
    while let Some(message) = messages.next().await {
        let message = message.map_err(|error| trouble(&error))?;
        // What is no record of this version has no place in a list of decisions.
        let Ok(stored) = stored(root, &message) else { continue };
        if filter.takes(stored.record.decision()) && !take(stored) {
            return Ok(());
        }
    }
    Ok(())
}

/// Every record whose id begins with `id`, at most `found_max`.
///
/// # Errors
/// Where the stream cannot be read.
pub async fn find(
    connection: &Connection,
    stream: &str,
    root: &Root,
    id: &str,
    found_max: usize,
) -> Result<Vec<Stored>, Trouble> {
    let mut found = Vec::new();
    read_all(connection, stream, root, &Filter::default(), |stored| {
        if found.len() < found_max && stored.record.decision().id.as_str().starts_with(id) {
            found.push(stored);
        }
    })
    .await?;
    Ok(found)
}

async fn open(stream: &Stream, root: &Root, filter: &Filter) -> Result<(Ordered, u64), Trouble> {
    let deliver_policy = match filter.since {
        None => DeliverPolicy::All,
        Some(since) => DeliverPolicy::ByStartTime { start_time: start_time(since)? },
    };
    let config =
        OrderedConfig { filter_subjects: root.decisions().to_vec(), deliver_policy, ..OrderedConfig::default() };
    let consumer = stream.create_consumer(config).await.map_err(|error| trouble(&error))?;
    let pending = consumer.cached_info().num_pending;
    Ok((consumer.messages().await.map_err(|error| trouble(&error))?, pending))
}

fn start_time(since: Timestamp) -> Result<async_nats::datetime::DateTime, Trouble> {
    async_nats::datetime::from_nanos(since.as_nanosecond()).map_err(|error| trouble(&error))
}

fn stored(root: &Root, message: &async_nats::jetstream::Message) -> Result<Stored, Trouble> {
    let info = message.info().map_err(|error| trouble(&error))?;
    let committed_at =
        Timestamp::from_nanosecond(info.published.unix_timestamp_nanos()).unwrap_or(Timestamp::UNIX_EPOCH);
    let record = Record::parse(&message.payload).map_err(|error| trouble(&error))?;
    if root.of_record(&record).is_none_or(|subject| subject.as_str() != message.subject.as_str()) {
        return Err(trouble(&"the record does not belong on its subject"));
    }
    Ok(Stored {
        sequence: info.stream_sequence,
        committed_at,
        subject: message.subject.to_string(),
        bytes: message.payload.to_vec(),
        record,
    })
}

fn silent() -> Trouble {
    trouble(&format!("nothing came for {SILENCE_MAX:?} though more is stored"))
}

fn trouble(error: &dyn std::fmt::Display) -> Trouble {
    Trouble::Other { doing: "read the decisions".to_owned(), why: error.to_string() }
}

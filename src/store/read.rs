//! Decisions, read from the stream in the order in which they were committed.

use crate::bus::records::{Reader, Start};
use crate::bus::{Connection, Trouble};
use crate::decision::{Decision, Disposed, Record};
use crate::reason::Reason;
use crate::subject::Root;
use async_nats::jetstream::message::StreamMessage;
use jiff::Timestamp;

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

impl Filter {
    fn start(&self) -> Start {
        self.since.map_or(Start::Sequence(1), Start::Time)
    }

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
    let mut unread = 0;
    let mut records = Reader::open(connection, stream, root.decisions(), filter.start()).await?;
    while let Some(message) = records.next_stored().await? {
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
    let mut records = Reader::open(connection, stream, root.decisions(), filter.start()).await?;
    loop {
        let message = records.next().await?;
        // What is no record of this version has no place in a list of decisions.
        let Ok(stored) = stored(root, &message) else { continue };
        if filter.takes(stored.record.decision()) && !take(stored) {
            return Ok(());
        }
    }
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

fn stored(root: &Root, message: &StreamMessage) -> Result<Stored, Trouble> {
    let committed_at = Timestamp::from_nanosecond(message.time.unix_timestamp_nanos()).unwrap_or(Timestamp::UNIX_EPOCH);
    let record = Record::parse(&message.payload).map_err(|error| trouble(&error))?;
    if root.of_record(&record).is_none_or(|subject| subject != message.subject.as_str()) {
        return Err(trouble(&"the record does not belong on its subject"));
    }
    Ok(Stored {
        sequence: message.sequence,
        committed_at,
        subject: message.subject.to_string(),
        bytes: message.payload.to_vec(),
        record,
    })
}

pub(super) fn trouble(error: &dyn std::fmt::Display) -> Trouble {
    Trouble::Other { doing: "read the decisions".to_owned(), why: error.to_string() }
}

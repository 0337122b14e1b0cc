//! Messages of our own stream as they lie there, by subject: those that are there, and then those that come.
//!
//! Each filter is asked for by itself, and what is answered is put in the order of the stream: an inbox is not to read
//! the nine tenths that need nobody.

use crate::bus::records::{Reader, Start};
use crate::bus::{Connection, Trouble};
use async_nats::jetstream::message::StreamMessage;
use bytes::Bytes;
use jiff::Timestamp;
use std::time::Duration;

/// A message as it lies there.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its sequence in our stream.
    pub sequence: u64,
    /// When the broker stored it.
    pub stored_at: Timestamp,
    /// Its subject.
    pub subject: String,
    /// Its bytes.
    pub payload: Bytes,
}

/// A reader of some subjects.
pub struct Watch {
    filters: Vec<Filtered>,
    /// How often it is looked whether there is more.
    look: Duration,
}

/// What one filter brings, and the first of it.
struct Filtered {
    reader: Reader,
    first: Option<Kept>,
}

impl Watch {
    /// Opens one on these subjects, from a sequence on. Where one kind of message follows another, its filter stands
    /// before the other's: then nothing is seen before what it follows.
    ///
    /// # Errors
    /// Where the stream is not there.
    pub async fn open(
        connection: &Connection,
        stream: &str,
        filters: impl IntoIterator<Item = String>,
        from: u64,
        look: Duration,
    ) -> Result<Self, Trouble> {
        Self::open_at(connection, stream, filters, Start::Sequence(from), look).await
    }

    /// The same from anywhere on.
    ///
    /// # Errors
    /// Where the stream is not there.
    pub async fn open_at(
        connection: &Connection,
        stream: &str,
        filters: impl IntoIterator<Item = String>,
        start: Start,
        look: Duration,
    ) -> Result<Self, Trouble> {
        let mut opened = Vec::new();
        for filter in filters {
            let reader = Reader::open(connection, stream, [filter], start).await?;
            opened.push(Filtered { reader, first: None });
        }
        Ok(Self { filters: opened, look })
    }

    /// The next of those that are there; `None` once they have all been read.
    ///
    /// # Errors
    /// Where the stream cannot be read.
    pub async fn next_stored(&mut self) -> Result<Option<Kept>, Trouble> {
        for filtered in &mut self.filters {
            if filtered.first.is_none() {
                filtered.first = filtered.reader.next_stored().await?.map(Kept::from);
            }
        }
        let sequence = |filtered: &&mut Filtered| filtered.first.as_ref().map(|kept| kept.sequence);
        let first = self.filters.iter_mut().filter(|filtered| filtered.first.is_some()).min_by_key(sequence);
        Ok(first.and_then(|filtered| filtered.first.take()))
    }

    /// The next message, whenever it comes.
    ///
    /// # Errors
    /// Where the stream cannot be read.
    pub async fn next(&mut self) -> Result<Kept, Trouble> {
        loop {
            if let Some(kept) = self.next_stored().await? {
                return Ok(kept);
            }
            tokio::time::sleep(self.look).await;
            self.look_again();
        }
    }

    /// What has come since all were read is there, too.
    pub fn look_again(&mut self) {
        self.filters.iter_mut().for_each(|filtered| filtered.reader.look_again());
    }
}

impl From<StreamMessage> for Kept {
    fn from(message: StreamMessage) -> Self {
        Self {
            sequence: message.sequence,
            stored_at: Timestamp::from_nanosecond(message.time.unix_timestamp_nanos()).unwrap_or(Timestamp::UNIX_EPOCH),
            subject: message.subject.to_string(),
            payload: message.payload,
        }
    }
}

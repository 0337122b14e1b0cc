//! What governs, read once: for commands. The daemon follows it instead.

use crate::authority::Authority;
use crate::bus::follow::broker_now;
use crate::bus::records::{Reader, Start};
use crate::bus::{Connection, Trouble};
use crate::governing::{Governing, Record};
use crate::subject::Root;
use jiff::Timestamp;
use std::sync::Arc;

/// All that governs now, and the broker's clock.
///
/// # Errors
/// Where the stream cannot be read.
pub async fn read_governing(
    connection: &Connection,
    stream: &str,
    root: &Root,
    authority: Authority,
) -> Result<(Governing, Timestamp), Trouble> {
    let now = broker_now(connection, stream).await?;
    let mut governing = Governing::new(root.clone(), Arc::new(authority));
    let mut records = Reader::open(connection, stream, root.governing(), Start::Sequence(1)).await?;
    while let Some(message) = records.next_stored().await? {
        let stored_at = Timestamp::from_nanosecond(message.time.unix_timestamp_nanos()).unwrap_or_default();
        let (subject, sequence) = (message.subject.as_str(), message.sequence);
        governing.apply(&Record { subject, sequence, stored_at, kept: None, payload: &message.payload });
    }
    governing.heard(now, now);
    Ok((governing, now))
}

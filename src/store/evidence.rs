//! What people have said, as it lies in the stream now.

use super::Watch;
use crate::authority::Authority;
use crate::bus::{Connection, Trouble};
use crate::subject::Root;
use crate::trust::{Evidence, Lying};
use std::time::Duration;

/// Reads people's answers, and what became of them, from a sequence on.
///
/// # Errors
/// Where the stream cannot be read.
pub async fn read_evidence(
    connection: &Connection,
    stream: &str,
    root: &Root,
    authority: &Authority,
    from: u64,
) -> Result<Evidence, Trouble> {
    let mut heard = Evidence::default();
    // Nothing is waited for.
    let mut watch = Watch::open(connection, stream, root.evidence(), from, Duration::MAX).await?;
    while let Some(kept) = watch.next_stored().await? {
        let (subject, sequence, stored_at) = (kept.subject.as_str(), kept.sequence, kept.stored_at);
        heard.apply(root, authority, &Lying { subject, sequence, stored_at, payload: &kept.payload });
    }
    Ok(heard)
}

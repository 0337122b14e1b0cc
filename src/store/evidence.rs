//! What people have said, as it lies in the stream.

use super::Watch;
use crate::authority::Authority;
use crate::bus::{Connection, Trouble};
use crate::subject::Root;
use crate::trust::{Evidence, Lying};
use std::sync::Arc;
use std::time::Duration;

/// Reads people's answers, and what became of them, as they come.
pub struct EvidenceReader {
    root: Root,
    authority: Arc<Authority>,
    watch: Watch,
    heard: Evidence,
}

impl EvidenceReader {
    /// One that begins at a sequence.
    ///
    /// # Errors
    /// Where the stream is not there.
    pub async fn open(
        connection: &Connection,
        stream: &str,
        root: &Root,
        authority: Arc<Authority>,
        from: u64,
    ) -> Result<Self, Trouble> {
        // Nothing is waited for.
        let watch = Watch::open(connection, stream, root.evidence(), from, Duration::MAX).await?;
        Ok(Self { root: root.clone(), authority, watch, heard: Evidence::default() })
    }

    /// All that was said by now.
    ///
    /// # Errors
    /// Where the stream cannot be read: it must be read anew then.
    pub async fn read(&mut self) -> Result<&Evidence, Trouble> {
        self.watch.look_again();
        while let Some(kept) = self.watch.next_stored().await? {
            let (subject, sequence, stored_at) = (kept.subject.as_str(), kept.sequence, kept.stored_at);
            let lying = Lying { subject, sequence, stored_at, payload: &kept.payload };
            self.heard.apply(&self.root, &self.authority, &lying);
        }
        Ok(&self.heard)
    }

    /// Whose signatures it counts. For others all must be read anew.
    pub fn authority(&self) -> &Arc<Authority> {
        &self.authority
    }
}

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
    let mut reader = EvidenceReader::open(connection, stream, root, Arc::new(authority.clone()), from).await?;
    reader.read().await?;
    Ok(reader.heard)
}

//! What becomes of something that was signed: waited for, by those who signed it.

use super::inbox::opened::Place;
use crate::rulings::RulingReceipt;
use crate::store::Watch;
use crate::subject::Subject;
use std::time::Duration;

/// How often it is looked.
const LOOK: Duration = Duration::from_millis(100);

/// The daemon's word on the answer at a sequence, on that subject, if it comes in time.
pub(super) async fn wait(
    place: &Place,
    subject: Subject,
    sequence: u64,
    wait: Duration,
) -> anyhow::Result<Option<RulingReceipt>> {
    let filter = subject.as_str().to_owned();
    let mut watch = Watch::open(&place.connection, &place.stream, [filter], sequence, LOOK).await?;
    let until = tokio::time::Instant::now() + wait;
    while let Ok(kept) = tokio::time::timeout_at(until, watch.next()).await {
        let receipt = serde_json::from_slice::<RulingReceipt>(&kept?.payload).ok();
        if receipt.as_ref().is_some_and(|receipt| receipt.ruling == sequence) {
            return Ok(receipt);
        }
    }
    Ok(None)
}

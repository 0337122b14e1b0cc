//! What the daemon may do to a level by itself: take it back, and say so. It can raise none.

use crate::authority::Tightening;
use crate::bus::batch::{self, BatchEntry, Batched};
use crate::bus::outbound::Outlet;
use crate::bus::{Trouble, publish_once};
use crate::channel::Channel;
use crate::class::Class;
use crate::triage::Snapshot;
use jiff::Timestamp;

/// Who takes it back, as the record says.
const BY: &str = "decile";

/// `<root>.alert.demoted`: a class was taken back to level 1.
#[derive(Debug, serde::Serialize)]
struct DemotedAlert<'a> {
    v: u32,
    class: &'a Class,
    channel: &'a Channel,
    reason: &'a str,
    at: Timestamp,
}

/// Takes a class back to level 1 on a channel, on every instance: for ever, until somebody promotes it anew.
pub(super) async fn publish(
    outlet: &Outlet,
    class: &Class,
    channel: &Channel,
    reason: &str,
    snapshot: &Snapshot,
) -> Result<(), Trouble> {
    let Outlet { connection, stream, root, .. } = outlet;
    let at = Timestamp::now();
    let bytes = Tightening::demote(BY, at, reason).encode().map_err(|error| other(&error))?;
    let entry = BatchEntry { subject: root.level(class, channel), bytes: bytes.into(), kept: None, expected: None };
    match batch::publish(connection, stream, &[entry]).await {
        Batched::Stored(_) => {}
        Batched::Refused => return Err(other(&"the broker refused it")),
        Batched::Unknown(why) => return Err(other(&why)),
    }
    tracing::warn!(%class, reason, "demoted to level 1");
    let alert = DemotedAlert { v: 1, class, channel, reason, at };
    let bytes = serde_json::to_vec(&alert).map_err(|error| other(&error))?;
    let id = format!("demoted-{:032x}", fastrand::u128(..));
    publish_once(connection, stream, &root.alert("demoted"), &id, snapshot.retention.escalated, bytes).await
}

fn other(why: &dyn std::fmt::Display) -> Trouble {
    Trouble::Other { doing: "demote".to_owned(), why: why.to_string() }
}

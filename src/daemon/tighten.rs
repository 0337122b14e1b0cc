//! What the daemon may do by itself about what governs: tighten, and say so. It can loosen nothing.

use crate::authority::Tightening;
use crate::bus::batch::{self, BatchEntry, Batched};
use crate::bus::outbound::Outlet;
use crate::bus::{Trouble, publish_once};
use crate::channel::Channel;
use crate::class::Class;
use crate::decision::{DEMOTED_VERSION, DemotedAlert};
use crate::subject::Subject;
use jiff::Timestamp;
use std::time::Duration;

/// Who takes a level back, as the record says.
const BY: &str = "decile";

/// Stores what tightens, for ever and on no condition: whoever comes last, it holds.
pub(super) async fn tighten(outlet: &Outlet, subject: Subject, tightening: &Tightening<'_>) -> Result<(), Trouble> {
    let Outlet { connection, stream, .. } = outlet;
    let bytes = tightening.encode().map_err(|error| other(&error))?;
    let entry = BatchEntry { subject, bytes: bytes.into(), kept: None, expected: None };
    match batch::publish(connection, stream, &[entry]).await {
        Batched::Stored(_) => Ok(()),
        Batched::Refused => Err(other(&"the broker refused it")),
        Batched::Unknown(why) => Err(other(&why)),
    }
}

/// Tells of something, on `<root>.alert.<kind>`.
pub(super) async fn alert<T: serde::Serialize>(
    outlet: &Outlet,
    kind: &'static str,
    alert: &T,
    kept: Duration,
) -> Result<(), Trouble> {
    let Outlet { connection, stream, root, .. } = outlet;
    let bytes = serde_json::to_vec(alert).map_err(|error| other(&error))?;
    let id = format!("{kind}-{:032x}", fastrand::u128(..));
    publish_once(connection, stream, &root.alert(kind), &id, kept, bytes).await
}

/// Takes a class back to level 1 on a channel, on every instance, until somebody promotes it anew; and says so.
pub(super) async fn demote(
    outlet: &Outlet,
    class: &Class,
    channel: &Channel,
    reason: &str,
    alert_kept: Duration,
) -> Result<(), Trouble> {
    let at = Timestamp::now();
    tighten(outlet, outlet.root.level(class, channel), &Tightening::demote(BY, at, reason)).await?;
    tracing::warn!(%class, reason, "demoted to level 1");
    let (class, channel, reason) = (class.clone(), channel.clone(), reason.to_owned());
    let told = DemotedAlert { v: DEMOTED_VERSION, class, channel, reason, at };
    alert(outlet, "demoted", &told, alert_kept).await
}

fn other(why: &dyn std::fmt::Display) -> Trouble {
    Trouble::Other { doing: "tighten".to_owned(), why: why.to_string() }
}

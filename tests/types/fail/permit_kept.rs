//! Whoever commits with a permit spends it.

use decile::bus::{Connection, batch};
use decile::decision::Decision;
use decile::permit::WritePermit;
use decile::subject::Root;

async fn twice(connection: &Connection, root: &Root, permit: WritePermit, decision: Decision) {
    batch::act(connection, "DECILE", root, permit, decision.clone(), None, None).await;
    batch::act(connection, "DECILE", root, permit, decision, None, None).await;
}

async fn borrowed(connection: &Connection, root: &Root, permit: &WritePermit, decision: Decision) {
    batch::act(connection, "DECILE", root, *permit, decision, None, None).await;
}

fn main() {
    let _ = (twice, borrowed);
}

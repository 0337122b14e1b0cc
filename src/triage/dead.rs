//! What is written down of a message that is given up. As pure as deciding: it may be what deciding cannot survive, so
//! nothing in it is read.

use super::Snapshot;
use super::record::{attach, source};
use crate::commit::DeadWhy;
use crate::decision::{DEAD_LETTER_VERSION, DeadLetter, DecisionId};
use crate::message::Delivery;
use jiff::Timestamp;

/// The dead letter of a delivery; `after`: the letter before, whose answer had it tried again.
pub fn dead_letter(
    snapshot: &Snapshot,
    delivery: &Delivery,
    deliveries: u64,
    why: DeadWhy,
    after: Option<u64>,
    now: Timestamp,
) -> DeadLetter {
    DeadLetter {
        v: DEAD_LETTER_VERSION,
        id: DecisionId::of(delivery),
        channel: snapshot.channel_of(delivery).channel.clone(),
        source: source(delivery),
        why,
        deliveries,
        at: now,
        payload: attach(snapshot, delivery, why.meaning().to_owned()),
        subject: delivery.subject.clone(),
        after,
    }
}

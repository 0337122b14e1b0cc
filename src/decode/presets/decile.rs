//! Decile's own shape: `{"id","channel","sender","subject","text","sent_at","thread","attributes":{}}`.
//!
//! The payload's own `channel` is not looked at: the configured one counts, or else whoever writes a
//! message could choose the policy it is decided under.

use super::open_object;
use crate::decode::DecodeLimits;
use crate::decode::malformed::Malformed;
use crate::decode::payload::{Payload, Table, Way};
use crate::message::Delivery;

const TABLE: Table = Table {
    text: &[Way::At("/text")],
    id: &[Way::At("/id")],
    sender: &[Way::At("/sender")],
    subject: &[Way::At("/subject")],
    sent_at: &[Way::At("/sent_at")],
    thread: &[Way::At("/thread")],
    bot: &[Way::At("/attributes/bot")],
    spread: Some("/attributes"),
    ..Table::EMPTY
};

/// Opens a payload of this shape.
pub(super) fn open<'a>(limits: &DecodeLimits, delivery: &'a Delivery) -> Result<Payload<'a>, Malformed> {
    open_object(&TABLE, limits, delivery)
}

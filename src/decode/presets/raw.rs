//! The payload is the text; all else is mapped by hand, from headers and from the subject.

use crate::decode::json::utf8;
use crate::decode::malformed::Malformed;
use crate::decode::payload::{Body, Found, Payload, Table, Way};
use crate::message::Delivery;
use std::borrow::Cow;

const TABLE: Table = Table { text: &[Way::Made("the payload", whole)], ..Table::EMPTY };

/// Opens a payload of this shape.
pub(super) fn open(delivery: &Delivery) -> Result<Payload<'_>, Malformed> {
    Ok(Payload { table: &TABLE, body: Body::Text(utf8(&delivery.payload)?), delivery })
}

fn whole<'p>(payload: &'p Payload<'_>) -> Found<'p> {
    match &payload.body {
        Body::Text(text) => Ok(Some(Cow::Borrowed(text))),
        Body::Json(_) | Body::Mail(_) => Ok(None),
    }
}

//! The message that a decision was made on, where its stream still has it.

use crate::bus::{Connection, Trouble, inbound, setup::get_stream};
use crate::decision::SourceRef;
use crate::message::Delivery;
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use std::sync::Arc;

/// Fetches the delivery that a record names; `None` where the stream has it no longer, or has another
/// message at that place.
///
/// # Errors
/// Where the stream cannot be asked.
pub async fn fetch_delivery(connection: &Connection, source: &SourceRef) -> Result<Option<Delivery>, Trouble> {
    let stream = get_stream(connection, &source.stream).await?;
    let message = match stream.get_raw_message(source.sequence).await {
        Ok(message) => message,
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => return Ok(None),
        Err(error) => return Err(Trouble::Other { doing: "read the message".to_owned(), why: error.to_string() }),
    };
    let stored_at_ns = message.time.unix_timestamp_nanos();
    if stored_at_ns.to_string() != source.stored_at_ns {
        return Ok(None);
    }
    Ok(Some(Delivery {
        stream: Arc::from(source.stream.as_str()),
        sequence: source.sequence,
        stored_at_ns,
        subject: message.subject.to_string(),
        headers: inbound::headers(Some(&message.headers)),
        payload: message.payload,
    }))
}

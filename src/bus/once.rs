//! One record under an id: the broker drops a second copy.

use super::connect::Connection;
use super::trouble::Trouble;
use crate::subject::Subject;
use async_nats::jetstream::message::PublishMessage;
use std::time::Duration;

/// Publishes, and awaits the broker's ack.
///
/// # Errors
/// [`Trouble::Other`] where the broker does not take it.
pub async fn publish_once(
    connection: &Connection,
    stream: &str,
    subject: &Subject,
    id: &str,
    kept: Duration,
    bytes: Vec<u8>,
) -> Result<(), Trouble> {
    let message = PublishMessage::build().message_id(id).expected_stream(stream).ttl(kept).payload(bytes.into());
    let doing = || format!("publish on `{subject}`");
    let other = |error: &dyn std::fmt::Display| Trouble::Other { doing: doing(), why: error.to_string() };
    let sent = connection.jetstream.send_publish(subject.as_str().to_owned(), message).await;
    sent.map_err(|error| other(&error))?.await.map(drop).map_err(|error| other(&error))
}

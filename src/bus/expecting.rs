//! One message where nothing else may lie: the broker takes it only if the last message on its subject is the expected
//! one.

use super::connect::Connection;
use super::trouble::Trouble;
use crate::subject::Subject;
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::PublishMessage;
use std::time::Duration;

/// What the broker made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// It lies there, at this sequence.
    Stored(u64),
    /// Something else lies there.
    Taken,
}

/// Publishes on a subject whose last message has the sequence `expected`; 0 where there is none.
///
/// # Errors
/// [`Trouble::NotPermitted`], [`Trouble::NoAnswer`], or whatever else the broker said.
pub async fn publish_expecting(
    connection: &Connection,
    stream: &str,
    subject: &Subject,
    expected: u64,
    ttl: Duration,
    bytes: Vec<u8>,
) -> Result<Published, Trouble> {
    let message = PublishMessage::build()
        .expected_stream(stream)
        .expected_last_subject_sequence(expected)
        .ttl(ttl)
        .payload(bytes.into());
    let doing = format!("publish on `{subject}`");
    let sent = connection.jetstream.send_publish(subject.as_str().to_owned(), message).await;
    let answer = match sent {
        Ok(answer) => answer.await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(ack) => Ok(Published::Stored(ack.sequence)),
        Err(error) => match error.kind() {
            PublishErrorKind::WrongLastSequence => Ok(Published::Taken),
            PublishErrorKind::TimedOut | PublishErrorKind::BrokenPipe => Err(connection.unanswered(doing)),
            PublishErrorKind::StreamNotFound => Err(Trouble::NoStream(stream.to_owned())),
            _ => Err(Trouble::Other { doing, why: error.to_string() }),
        },
    }
}

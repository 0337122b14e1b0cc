//! Reading what a stream holds without a consumer: whoever may make consumers may change those of others, and say
//! where they deliver, so people who only read have no right to. Format: ADR-31 of the NATS project, "direct get".

use super::connect::Connection;
use super::setup::get_stream;
use super::trouble::Trouble;
use crate::config::filter::covers;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{LastRawMessageError, LastRawMessageErrorKind, Stream};
use async_nats::{Message, StatusCode};
use futures::StreamExt as _;
use jiff::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;

/// How many messages one request asks for.
const BATCH_MESSAGES_MAX: usize = 256;
/// How many bytes of them, unless one alone is longer.
const BATCH_BYTES_MAX: usize = 4_194_304;
/// How long the server may be silent while an answer is expected.
const SILENCE_MAX: Duration = Duration::from_secs(10);
/// How often it is looked whether there is more.
const LOOK: Duration = Duration::from_secs(1);
const END_OF_BATCH: u16 = 204;
const NOTHING_FOUND: u16 = 404;

/// Where reading begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At a sequence, itself included.
    Sequence(u64),
    /// At what was stored then or later.
    Time(Timestamp),
}

/// Reads the messages of a stream on some subjects, in their order: those that are there, and then those that come.
///
/// A stream with several copies is read from any of them, and one can lag: this is for looking, not for conditions.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    stream: String,
    filters: Vec<String>,
    /// What the server is asked for: a filter that covers them all.
    asked: String,
    start: Start,
    read: VecDeque<StreamMessage>,
    is_more: bool,
}

/// Messages in their order, and whether there are more.
struct Batch {
    messages: Vec<StreamMessage>,
    is_more: bool,
}

/// What is asked, as the server reads it.
#[derive(serde::Serialize)]
struct Request<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<String>,
    next_by_subj: &'a str,
    batch: usize,
    max_bytes: usize,
}

impl Reader {
    /// Opens one on these subjects.
    ///
    /// # Errors
    /// Where the stream is not there, or cannot be asked.
    pub async fn open(
        connection: &Connection,
        stream: &str,
        filters: impl IntoIterator<Item = String>,
        start: Start,
    ) -> Result<Self, Trouble> {
        // A stream that is not there is told apart from one that does not answer.
        get_stream(connection, stream).await?;
        let filters: Vec<String> = filters.into_iter().collect();
        Ok(Self {
            connection: connection.clone(),
            stream: stream.to_owned(),
            asked: common(&filters),
            filters,
            start,
            read: VecDeque::new(),
            is_more: true,
        })
    }

    /// The next of those that are there; `None` once they have all been read.
    ///
    /// # Errors
    /// Where the stream cannot be asked, or does not answer to the end.
    pub async fn next_stored(&mut self) -> Result<Option<StreamMessage>, Trouble> {
        while self.read.is_empty() && self.is_more {
            self.fetch().await?;
        }
        Ok(self.read.pop_front())
    }

    /// The next message, whenever it comes; it is looked for once a second.
    ///
    /// # Errors
    /// Where the stream cannot be asked, or does not answer to the end.
    pub async fn next(&mut self) -> Result<StreamMessage, Trouble> {
        loop {
            if let Some(message) = self.next_stored().await? {
                return Ok(message);
            }
            tokio::time::sleep(LOOK).await;
            self.look_again();
        }
    }

    /// Looks for more the next time, though there was nothing.
    pub fn look_again(&mut self) {
        self.is_more = true;
    }

    async fn fetch(&mut self) -> Result<(), Trouble> {
        let batch = read_batch(&self.connection, &self.stream, &self.asked, self.start).await?;
        if let Some(last) = batch.messages.last() {
            self.start = Start::Sequence(last.sequence.saturating_add(1));
        }
        self.is_more = batch.is_more && !batch.messages.is_empty();
        let is_asked_for = |message: &StreamMessage| self.filters.iter().any(|it| covers(it, &message.subject));
        self.read.extend(batch.messages.into_iter().filter(is_asked_for));
        Ok(())
    }
}

/// The narrowest filter of whole tokens and `>` that covers all of these.
fn common(filters: &[String]) -> String {
    let Some((first, rest)) = filters.split_first() else { return ">".to_owned() };
    if rest.is_empty() {
        return first.clone();
    }
    let shared = first
        .split('.')
        .enumerate()
        .take_while(|(at, token)| rest.iter().all(|other| other.split('.').nth(*at) == Some(token)) && *token != ">");
    shared.map(|(_, token)| token).chain([">"]).collect::<Vec<_>>().join(".")
}

async fn read_batch(connection: &Connection, stream: &str, filter: &str, start: Start) -> Result<Batch, Trouble> {
    let client = &connection.client;
    let inbox = client.new_inbox();
    let mut answers = client.subscribe(inbox.clone()).await.map_err(|error| trouble(stream, &error))?;
    let asked = format!("{}.DIRECT.GET.{stream}", connection.api());
    let request = serde_json::to_vec(&Request::of(filter, start)).map_err(|error| trouble(stream, &error))?;
    client.publish_with_reply(asked, inbox, request.into()).await.map_err(|error| trouble(stream, &error))?;
    let mut messages = Vec::new();
    loop {
        let answer = tokio::time::timeout(SILENCE_MAX, answers.next()).await;
        let answer = answer.map_err(|_| connection.unanswered(format!("read the stream `{stream}`")))?;
        let Some(answer) = answer else { return Err(trouble(stream, &"the connection is closed")) };
        match read(stream, answer)? {
            Read::Message(message) => messages.push(*message),
            Read::End { is_more } => return Ok(Batch { messages, is_more }),
        }
    }
}

/// The last record on a subject, asked of the stream's leader; `None` where there is none.
///
/// # Errors
/// Where it cannot be asked.
pub async fn find_last(connection: &Connection, stream: &str, subject: &str) -> Result<Option<StreamMessage>, Trouble> {
    found(stream, handle(connection, stream).await?.get_last_raw_message_by_subject(subject).await)
}

/// The first record on a filter from a sequence on, asked of the stream's leader; `None` where there is none yet.
///
/// # Errors
/// Where it cannot be asked.
pub async fn find_first(
    connection: &Connection,
    stream: &str,
    filter: &str,
    sequence: u64,
) -> Result<Option<StreamMessage>, Trouble> {
    found(stream, handle(connection, stream).await?.get_first_raw_message_by_subject(filter, sequence).await)
}

/// The record of a sequence, asked of the stream's leader; `None` where it is no longer there.
///
/// # Errors
/// Where it cannot be asked.
pub async fn find_one(connection: &Connection, stream: &str, sequence: u64) -> Result<Option<StreamMessage>, Trouble> {
    found(stream, handle(connection, stream).await?.get_raw_message(sequence).await)
}

async fn handle(connection: &Connection, stream: &str) -> Result<Stream<()>, Trouble> {
    connection.jetstream.get_stream_no_info(stream).await.map_err(|error| trouble(stream, &error))
}

fn found(stream: &str, answer: Result<StreamMessage, LastRawMessageError>) -> Result<Option<StreamMessage>, Trouble> {
    match answer {
        Ok(message) => Ok(Some(message)),
        Err(error) => match error.kind() {
            LastRawMessageErrorKind::NoMessageFound => Ok(None),
            LastRawMessageErrorKind::JetStream(answer) if answer.error_code() == ErrorCode::NO_MESSAGE_FOUND => {
                Ok(None)
            }
            _ => Err(trouble(stream, &error)),
        },
    }
}

enum Read {
    Message(Box<StreamMessage>),
    End { is_more: bool },
}

fn read(stream: &str, answer: Message) -> Result<Read, Trouble> {
    match answer.status.map(|status| status.as_u16()) {
        None => match StreamMessage::try_from(answer) {
            Ok(message) => Ok(Read::Message(Box::new(message))),
            Err(error) => Err(trouble(stream, &error)),
        },
        Some(END_OF_BATCH) => Ok(Read::End { is_more: pending(&answer) > 0 }),
        Some(NOTHING_FOUND) => Ok(Read::End { is_more: false }),
        Some(status) if status == StatusCode::NO_RESPONDERS.as_u16() => {
            Err(trouble(stream, &"nothing answers: the stream is not there, or has no `allow_direct`"))
        }
        Some(status) => {
            Err(trouble(stream, &format!("{status} {}", answer.description.unwrap_or_default().escape_debug())))
        }
    }
}

fn pending(end: &Message) -> u64 {
    let header = end.headers.as_ref().and_then(|headers| headers.get("Nats-Num-Pending"));
    header.and_then(|header| header.as_str().parse().ok()).unwrap_or(0)
}

impl<'a> Request<'a> {
    fn of(filter: &'a str, start: Start) -> Self {
        let (seq, start_time) = match start {
            Start::Sequence(sequence) => (Some(sequence.max(1)), None),
            Start::Time(time) => (None, Some(time.to_string())),
        };
        Self { seq, start_time, next_by_subj: filter, batch: BATCH_MESSAGES_MAX, max_bytes: BATCH_BYTES_MAX }
    }
}

fn trouble(stream: &str, error: &dyn std::fmt::Display) -> Trouble {
    Trouble::Other { doing: format!("read the stream `{stream}`"), why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_covers_all_filters() {
        for (filters, wanted) in [
            (vec!["decile.ruling.>"], "decile.ruling.>"),
            (vec!["decile.ruling.>", "decile.escalated.human.>"], "decile.>"),
            (vec!["decile.a.b", "decile.a.c"], "decile.a.>"),
            (vec!["a.>", "b.>"], ">"),
            (vec![], ">"),
        ] {
            let filters: Vec<String> = filters.into_iter().map(str::to_owned).collect();
            assert_eq!(common(&filters), wanted);
            assert!(filters.iter().all(|filter| covers(wanted, filter)), "{filters:?}");
        }
    }
}

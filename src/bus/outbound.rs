//! Records out: one ordered publisher. A decision is published under its id, the broker's ack is awaited,
//! and only then is the source acknowledged.

use super::beating::{BEAT, beating};
use super::connect::Connection;
use crate::decision::DecisionId;
use crate::subject::Subject;
use crate::triage::IfRefused;
use async_nats::jetstream::context::{PublishAckFuture, PublishError};
use async_nats::jetstream::message::{AckKind, Acker, PublishMessage};
use bytes::Bytes;
use futures::stream::{FuturesUnordered, StreamExt as _};
use std::future::IntoFuture as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// A record on its way out, and what to do afterwards.
pub struct Outgoing<T> {
    /// The decision's id: the broker drops a second copy.
    pub id: DecisionId,
    /// Where it goes.
    pub subject: Subject,
    /// How long the broker keeps it.
    pub ttl: Duration,
    /// The record's bytes.
    pub bytes: Bytes,
    /// What to do if the broker refuses.
    pub if_refused: IfRefused,
    /// Acknowledges the source.
    pub acker: Acker,
    /// When the message arrived.
    pub arrived_at: Instant,
    /// What the observer wants to know about it.
    pub note: T,
}

/// Told what became of each record.
pub trait Observer<T>: Send + Sync {
    /// The broker has it. `is_duplicate`: it had it already, under the same id.
    fn committed(&self, note: &T, took: Duration, is_duplicate: bool);
    /// The broker refused it or did not answer; the message will be delivered again.
    fn refused(&self, note: &T, error: &str);
    /// The publisher is alive, with so many acks awaited.
    fn beat(&self, inflight: usize);
}

/// How long a message waits before it is delivered again after a refusal.
const REDELIVERY_DELAY: Duration = Duration::from_secs(1);
/// How long the client may take to hand over an ack. While it is disconnected its buffer can be full; the
/// message comes again then, and is deduplicated.
const ACK_MAX: Duration = Duration::from_secs(1);

/// Publishes until the queue is closed and everything in flight is answered. At most `ack_inflight_max`
/// acks are awaited at a time.
pub async fn publish<T: Send>(
    connection: Connection,
    stream: String,
    mut queue: mpsc::Receiver<Outgoing<T>>,
    ack_inflight_max: usize,
    observer: Arc<dyn Observer<T>>,
) {
    let mut inflight = FuturesUnordered::new();
    let mut is_open = true;
    while is_open || !inflight.is_empty() {
        let awaited_now = inflight.len();
        tokio::select! {
            biased;
            Some((outgoing, answer)) = inflight.next(), if !inflight.is_empty() => {
                settle(outgoing, answer, observer.as_ref()).await;
            }
            outgoing = queue.recv(), if is_open && inflight.len() < ack_inflight_max => match outgoing {
                None => is_open = false,
                Some(outgoing) => match beating(send(&connection, &stream, &outgoing), || observer.beat(awaited_now)).await {
                    Ok(answer) => inflight.push(awaited(outgoing, answer)),
                    Err(error) => settle(outgoing, Err(error), observer.as_ref()).await,
                },
            },
            () = tokio::time::sleep(BEAT) => {}
        }
        observer.beat(inflight.len());
    }
}

async fn send<T>(
    connection: &Connection,
    stream: &str,
    outgoing: &Outgoing<T>,
) -> Result<PublishAckFuture, PublishError> {
    let message = PublishMessage::build()
        .message_id(outgoing.id.as_str())
        .expected_stream(stream)
        .ttl(outgoing.ttl)
        .payload(outgoing.bytes.clone());
    connection.jetstream.send_publish(outgoing.subject.as_str().to_owned(), message).await
}

type Answer = Result<bool, PublishError>;

async fn awaited<T>(outgoing: Outgoing<T>, answer: PublishAckFuture) -> (Outgoing<T>, Answer) {
    let answer = answer.into_future().await.map(|ack| ack.duplicate);
    (outgoing, answer)
}

async fn settle<T>(outgoing: Outgoing<T>, answer: Answer, observer: &dyn Observer<T>) {
    match answer {
        Ok(is_duplicate) => {
            observer.committed(&outgoing.note, outgoing.arrived_at.elapsed(), is_duplicate);
            // A lost ack is redelivered and deduplicated: awaiting its confirmation would halve throughput.
            if !matches!(timeout(ACK_MAX, outgoing.acker.ack()).await, Ok(Ok(()))) {
                tracing::debug!("the source's ack was not sent; the message will come again");
            }
        }
        Err(error) => {
            observer.refused(&outgoing.note, &error.to_string());
            match outgoing.if_refused {
                IfRefused::Redeliver => give_back(&outgoing.acker).await,
            }
        }
    }
}

async fn give_back(acker: &Acker) {
    let nak = acker.ack_with(AckKind::Nak(Some(REDELIVERY_DELAY)));
    if !matches!(timeout(ACK_MAX, nak).await, Ok(Ok(()))) {
        tracing::debug!("the source's nak was not sent; the message comes again after its ack wait");
    }
}

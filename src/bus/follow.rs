//! Follows the governing subjects, on a task that does nothing else. Where something may have been missed, nothing counts
//! until all of it has been read anew.

use super::connect::Connection;
use super::setup::get_stream;
use super::trouble::Trouble;
use crate::authority::Authority;
use crate::governing::{Governing, Record};
use crate::subject::Root;
use async_nats::header::NATS_MESSAGE_TTL;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use backon::{BackoffBuilder as _, ExponentialBuilder};
use futures::StreamExt as _;
use futures::future::OptionFuture;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What governs, as this instance knows it: the follower writes, deciding reads.
pub type Known = Arc<RwLock<Governing>>;

/// Told how following goes.
pub trait Follower: Send + Sync {
    /// Who may sign, now.
    fn authority(&self) -> Arc<Authority>;
    /// All that there was has been read.
    fn caught_up(&self);
    /// What is known has changed, or whether it counts.
    fn known(&self, known: &Governing, now: Timestamp);
}

const HEARTBEAT: Duration = Duration::from_secs(2);
const EXPIRES: Duration = Duration::from_secs(10);
/// The server forgets a consumer that nobody pulls from.
const INACTIVE: Duration = Duration::from_secs(60);
/// How often the broker's clock is asked for, and with it whether it is there.
const ASK: Duration = Duration::from_secs(2);
/// After how long a silence the broker is asked whether more is to come of what was there at the beginning.
const SILENCE: Duration = Duration::from_secs(1);
const BACKOFF_MIN: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// Follows until `stop`.
pub async fn follow(
    connection: Connection,
    stream: String,
    root: Root,
    known: Known,
    follower: Arc<dyn Follower>,
    stop: CancellationToken,
) {
    let mut backoff = backoff();
    while !stop.is_cancelled() {
        let ended = tokio::select! {
            () = stop.cancelled() => return,
            ended = follow_once(&connection, &stream, &root, &known, follower.as_ref()) => ended,
        };
        change(&known, follower.as_ref(), Governing::missed);
        match ended {
            Ended::Lost(why) => {
                tracing::warn!(%why, "what governs may have been missed; reading it anew");
                backoff = self::backoff();
            }
            Ended::NotBegun(trouble) => tracing::warn!(%trouble, "cannot follow what governs; trying again"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(backoff.next().unwrap_or(BACKOFF_MAX)) => {}
        }
    }
}

/// Why following ended.
enum Ended {
    /// It had begun.
    Lost(String),
    /// It had not.
    NotBegun(Trouble),
}

fn backoff() -> backon::ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(BACKOFF_MIN)
        .with_max_delay(BACKOFF_MAX)
        .with_jitter()
        .without_max_times()
        .build()
}

async fn follow_once(
    connection: &Connection,
    stream: &str,
    root: &Root,
    known: &Known,
    follower: &dyn Follower,
) -> Ended {
    let mut attached = match attach(connection, stream, root).await {
        Ok(attached) => attached,
        Err(trouble) => return Ended::NotBegun(trouble),
    };
    // What was known stays in force until all has been read: a halt is not forgotten in between.
    let mut reading = Some(Governing::new(root.clone(), follower.authority()));
    let (mut expected, mut pending) = (1, attached.pending);
    let mut clock = tokio::time::interval(ASK);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut asking = None;
    loop {
        if let Some(read) = reading.take_if(|_| pending == 0) {
            change(known, follower, |known| *known = read);
            follower.caught_up();
        }
        let next = tokio::select! {
            biased;
            next = attached.messages.next() => next,
            Some(heard) = OptionFuture::from(asking.as_mut()), if asking.is_some() => {
                asking = None;
                match heard {
                    Ok(broker_now) => change(known, follower, |known| known.heard(Timestamp::now(), broker_now)),
                    // Silence makes grants stale by itself.
                    Err(trouble) => {
                        let trouble: Trouble = trouble;
                        tracing::debug!(%trouble, "the broker's clock was not heard");
                        change(known, follower, |_| ());
                    }
                }
                continue;
            }
            // What ends between the making of the consumer and its delivery never comes.
            () = tokio::time::sleep(SILENCE), if reading.is_some() => {
                pending = attached.left(expected).await.unwrap_or(pending);
                continue;
            }
            _ = clock.tick(), if asking.is_none() && reading.is_none() => {
                if read(known).authority() != &follower.authority() {
                    return Ended::Lost("who may sign has changed".to_owned());
                }
                asking = Some(Box::pin(broker_now(connection, stream)));
                continue;
            }
        };
        let message = match next {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Ended::Lost(error.to_string()),
            None => return Ended::Lost("the consumer ended".to_owned()),
        };
        let Ok(info) = message.info() else { return Ended::Lost("a record without its place".to_owned()) };
        if info.consumer_sequence != expected {
            return Ended::Lost(format!("record {expected} of the consumer is missing"));
        }
        (expected, pending) = (expected + 1, info.pending);
        let stored_at = Timestamp::from_nanosecond(info.published.unix_timestamp_nanos()).unwrap_or_default();
        let (subject, sequence) = (message.subject.as_str(), info.stream_sequence);
        let kept = message.headers.as_ref().and_then(kept);
        let record = Record { subject, sequence, stored_at, kept, payload: &message.payload };
        match &mut reading {
            Some(reading) => reading.apply(&record),
            None => change(known, follower, |known| known.apply(&record)),
        }
    }
}

/// How long the broker keeps a record: whole seconds, or a time with units. What it would not understand, it does not take.
fn kept(headers: &async_nats::HeaderMap) -> Option<SignedDuration> {
    let written = headers.get(NATS_MESSAGE_TTL)?.as_str();
    written.parse().map(SignedDuration::from_secs).or_else(|_| written.parse()).ok()
}

/// Changes what is known, and tells.
fn change(known: &Known, follower: &dyn Follower, change: impl FnOnce(&mut Governing)) {
    let mut governing = known.write().unwrap_or_else(PoisonError::into_inner);
    change(&mut governing);
    follower.known(&governing, Timestamp::now());
}

/// A consumer of all that governs, from the beginning.
struct Attached {
    consumer: PullConsumer,
    messages: pull::Stream,
    /// Records that were there when it was made.
    pending: u64,
}

async fn attach(connection: &Connection, stream: &str, root: &Root) -> Result<Attached, Trouble> {
    let stream = get_stream(connection, stream).await?;
    let other = |error: &dyn std::fmt::Display| Trouble::Other {
        doing: "follow what governs".to_owned(),
        why: error.to_string(),
    };
    let config = pull::Config {
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::None,
        filter_subjects: root.governing(),
        inactive_threshold: INACTIVE,
        memory_storage: true,
        num_replicas: 1,
        ..Default::default()
    };
    let consumer: PullConsumer = stream.create_consumer(config).await.map_err(|error| other(&error))?;
    let pending = consumer.cached_info().num_pending;
    let messages = consumer.stream().heartbeat(HEARTBEAT).expires(EXPIRES).messages().await;
    Ok(Attached { messages: messages.map_err(|error| other(&error))?, consumer, pending })
}

impl Attached {
    /// What the broker has yet to deliver, where all that it has delivered is here: the next has this place.
    async fn left(&self, next: u64) -> Option<u64> {
        let info = self.consumer.get_info().await.ok()?;
        (info.delivered.consumer_sequence + 1 == next).then_some(info.num_pending)
    }
}

/// What the server says of a stream, as far as it matters here: its clock.
#[derive(serde::Deserialize)]
struct Clock {
    ts: String,
}

/// The broker's clock.
///
/// # Errors
/// Where it does not answer.
pub async fn broker_now(connection: &Connection, stream: &str) -> Result<Timestamp, Trouble> {
    let doing = || "ask for the broker's clock".to_owned();
    let asked: Result<Clock, _> =
        connection.jetstream.request(format!("STREAM.INFO.{stream}"), &serde_json::json!({})).await;
    let clock = asked.map_err(|_| connection.unanswered(doing()))?;
    clock.ts.parse().map_err(|_| Trouble::Other { doing: doing(), why: "its answer has no time".to_owned() })
}

fn read(known: &Known) -> std::sync::RwLockReadGuard<'_, Governing> {
    known.read().unwrap_or_else(PoisonError::into_inner)
}

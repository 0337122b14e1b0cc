//! Messages in: one durable pull consumer a source stream, with a heartbeat, made again with backoff on
//! any error. The bound on what is in flight is the consumer's own.

use super::beating::{BEAT, beating};
use super::connect::Connection;
use super::server::check_consumer;
use super::setup::{SourceSetup, get_stream};
use super::trouble::Trouble;
use crate::message::Delivery;
use async_nats::jetstream::consumer::{FromConsumer as _, PullConsumer, pull};
use async_nats::jetstream::message::Acker;
use backon::{BackoffBuilder as _, ExponentialBuilder};
use futures::StreamExt as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A delivery, and the way to acknowledge it.
pub struct Arrived {
    /// What was delivered.
    pub delivery: Delivery,
    /// Acknowledges it.
    pub acker: Acker,
    /// When it arrived here.
    pub at: Instant,
    /// How often it has been delivered, this time included.
    pub deliveries: u64,
}

/// Told how intake goes.
pub trait Intake: Send + Sync {
    /// A message arrived; it has been delivered so often, this time included.
    fn arrived(&self, deliveries: u64);
    /// So many messages of a stream wait at the broker.
    fn waiting(&self, stream: &str, pending: u64);
    /// The consumer is attached, or not.
    fn attached(&self, stream: &str, is_attached: bool);
    /// The intake task is alive.
    fn beat(&self);
}

const HEARTBEAT: Duration = Duration::from_secs(5);
const EXPIRES: Duration = Duration::from_secs(30);
const BATCH_MESSAGES_MAX: usize = 512;
const BACKOFF_MIN: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(10);

/// Pulls until `stop`, into a bounded queue. Never ends by itself: every error is waited out.
pub async fn pull(
    connection: Connection,
    source: SourceSetup,
    queue: mpsc::Sender<Arrived>,
    intake: Arc<dyn Intake>,
    stop: CancellationToken,
) {
    let mut backoff = backoff();
    while !stop.is_cancelled() {
        let ended = attach_and_pull(&connection, &source, &queue, intake.as_ref(), &stop).await;
        intake.attached(&source.stream.name, false);
        match ended {
            Ok(Pulled::Stopped) => return,
            Ok(Pulled::Something) => backoff = self::backoff(),
            Ok(Pulled::Nothing) => {}
            Err(trouble) => tracing::warn!(stream = source.stream.name, %trouble, "cannot attach; trying again"),
        }
        let wait = backoff.next().unwrap_or(BACKOFF_MAX);
        tokio::select! {
            () = stop.cancelled() => return,
            () = beating(tokio::time::sleep(wait), || intake.beat()) => {}
        }
    }
}

/// How a time of pulling ended.
enum Pulled {
    /// We were told to stop.
    Stopped,
    /// The consumer failed after it had delivered.
    Something,
    /// The consumer failed before that.
    Nothing,
}

fn backoff() -> backon::ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(BACKOFF_MIN)
        .with_max_delay(BACKOFF_MAX)
        .with_jitter()
        .without_max_times()
        .build()
}

async fn attach_and_pull(
    connection: &Connection,
    source: &SourceSetup,
    queue: &mpsc::Sender<Arrived>,
    intake: &dyn Intake,
    stop: &CancellationToken,
) -> Result<Pulled, Trouble> {
    let mut messages = beating(attach(connection, source), || intake.beat()).await?;
    let stream: Arc<str> = Arc::from(source.stream.name.as_str());
    intake.attached(&stream, true);
    let mut ended = Pulled::Nothing;
    loop {
        let next = tokio::select! {
            () = stop.cancelled() => return Ok(Pulled::Stopped),
            next = messages.next() => next,
            () = tokio::time::sleep(BEAT) => { intake.beat(); continue; }
        };
        match next {
            Some(Ok(message)) => {
                let Some(arrived) = arrive(&stream, message) else { continue };
                intake.arrived(arrived.deliveries);
                ended = Pulled::Something;
                if !enqueue(queue, arrived, intake, stop).await {
                    return Ok(Pulled::Stopped);
                }
            }
            Some(Err(error)) => {
                tracing::warn!(stream = source.stream.name, %error, "the consumer failed; attaching again");
                return Ok(ended);
            }
            None => return Ok(ended),
        }
    }
}

/// Waits for room in the queue: back-pressure, not loss. A full queue is no sign of death.
async fn enqueue(
    queue: &mpsc::Sender<Arrived>,
    arrived: Arrived,
    intake: &dyn Intake,
    stop: &CancellationToken,
) -> bool {
    loop {
        tokio::select! {
            () = stop.cancelled() => return false,
            room = queue.reserve() => {
                let Ok(room) = room else { return false };
                room.send(arrived);
                return true;
            }
            () = tokio::time::sleep(BEAT) => intake.beat(),
        }
    }
}

async fn attach(connection: &Connection, source: &SourceSetup) -> Result<pull::Stream, Trouble> {
    let stream = get_stream(connection, &source.stream.name).await?;
    let name = source.consumer.durable_name.clone().unwrap_or_default();
    let consumer: PullConsumer = stream.get_consumer(&name).await.map_err(|error| Trouble::Other {
        doing: format!("attach to the consumer `{name}` on `{}`", source.stream.name),
        why: error.to_string(),
    })?;
    check_consumer(&source.stream.name, &source.consumer, &pull_config(&consumer))?;
    consumer
        .stream()
        .max_messages_per_batch(BATCH_MESSAGES_MAX)
        .heartbeat(HEARTBEAT)
        .expires(EXPIRES)
        .messages()
        .await
        .map_err(|error| Trouble::Other { doing: format!("pull from `{name}`"), why: error.to_string() })
}

/// The consumer as the server has it now: somebody may have made it anew, with other filters.
fn pull_config(consumer: &PullConsumer) -> pull::Config {
    pull::Config::try_from_consumer_config(consumer.cached_info().config.clone()).unwrap_or_default()
}

/// Takes a message apart; `None` for one that did not come through JetStream, which cannot be acknowledged.
fn arrive(stream: &Arc<str>, message: async_nats::jetstream::Message) -> Option<Arrived> {
    let at = Instant::now();
    let info = message.info().ok()?;
    let sequence = info.stream_sequence;
    let deliveries = u64::try_from(info.delivered).unwrap_or(1);
    let stored_at_ns = info.published.unix_timestamp_nanos();
    let (message, acker) = message.split();
    let delivery = Delivery {
        stream: Arc::clone(stream),
        sequence,
        stored_at_ns,
        subject: message.subject.as_str().to_owned(),
        headers: headers(message.headers.as_ref()),
        payload: message.payload,
    };
    Some(Arrived { delivery, acker, at, deliveries })
}

/// Headers as pairs. `Nats-*` headers speak to servers, not to us.
pub fn headers(headers: Option<&async_nats::HeaderMap>) -> Vec<(String, String)> {
    let Some(headers) = headers else { return Vec::new() };
    headers
        .iter()
        .flat_map(|(name, values)| values.iter().map(move |value| (name.to_string(), value.as_str().to_owned())))
        .filter(|(name, _)| !name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("nats-")))
        .collect()
}

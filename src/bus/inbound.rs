//! Messages in: one durable pull consumer a source stream, with a heartbeat, made again with backoff on
//! any error. The bound on what is in flight is the consumer's own.
//!
//! Nothing is taken while the flow is closed: what waits, waits at the broker.

use super::beating::{BEAT, beating};
use super::clock;
use super::connect::Connection;
use super::hand::{self, Hand};
use super::lease::{Flow, Lease};
use super::server::check_consumer;
use super::setup::{SourceSetup, get_stream};
use super::trouble::Trouble;
use crate::commit::{Arrival, Bounds, DeadWhy, First, Found, Hands, Held};
use crate::message::Delivery;
use async_nats::jetstream::consumer::{FromConsumer as _, PullConsumer, pull};
use async_nats::jetstream::message::AckKind;
use backon::{BackoffBuilder as _, ExponentialBuilder};
use futures::{FutureExt as _, StreamExt as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// A delivery, and the way to acknowledge it.
#[derive(Debug)]
pub struct Arrived {
    /// What was delivered.
    pub delivery: Delivery,
    /// Where it is acknowledged.
    pub reply: async_nats::Subject,
    /// When it arrived here.
    pub at: Instant,
    /// How often it has been delivered, this time included.
    pub deliveries: u64,
    /// How many more of its source must turn out to be new until its consumer is believed.
    pub unsure: Arc<AtomicUsize>,
    /// What its plan rests on.
    pub lease: Arc<Lease>,
    /// Why it is not decided but given up; `None` for all but a few.
    pub dead: Option<DeadWhy>,
    /// The dead letter whose answer has it tried again, by its sequence in our stream, where it was given up before.
    pub retry: Option<u64>,
    /// That it is in hand.
    pub hand: Hand,
}

impl Arrived {
    /// What matters about it before it is decided. Its age is by the broker's clock, of when the lease was stored: whatever our
    /// own clocks show.
    pub fn arrival(&self) -> Arrival {
        let age_ns = u64::try_from(self.lease.stored_at_ns().saturating_sub(self.delivery.stored_at_ns)).unwrap_or(0);
        let is_unsure = self.unsure.load(Ordering::Relaxed) > 0;
        Arrival { age: Duration::from_nanos(age_ns), deliveries: self.deliveries, is_unsure }
    }

    /// What was found of a first delivery says how far its consumer is to be believed.
    pub(super) fn learn(&self, found: Found, sure_after: usize) {
        match found {
            Found::Committed if self.deliveries == 1 => self.unsure.store(sure_after, Ordering::Relaxed),
            Found::Nothing if self.deliveries == 1 => {
                let less = |unsure: usize| Some(unsure.saturating_sub(1));
                let _ = self.unsure.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
            }
            Found::Committed | Found::Nothing | Found::Unknown => {}
        }
    }
}

/// Where messages go.
#[derive(Clone, Debug)]
pub struct Route {
    /// To be decided.
    pub decide: mpsc::Sender<Vec<Arrived>>,
    /// Those that may have been decided before, and how to tell; `None` where nothing is looked up.
    pub look_up: Option<(Bounds, mpsc::Sender<Vec<Arrived>>)>,
}

/// Told how intake goes.
pub trait Intake: Send + Sync {
    /// Messages arrived, so many of them not for the first time.
    fn arrived(&self, messages: usize, again: usize);
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
/// How long a message waits that is given back because we stop: until we are gone.
const GIVE_BACK: Duration = Duration::from_millis(100);
/// How long the client may take to hand over an ack.
const ACK_MAX: Duration = Duration::from_millis(100);
const BACKOFF_MIN: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(10);
/// Messages that go from stage to stage at once: a task that is woken for each alone does little else.
pub const TOGETHER_MAX: usize = 64;
/// Pulls until `stop`, into a bounded queue. Never ends by itself: every error is waited out.
pub async fn pull(
    connection: Connection,
    source: SourceSetup,
    route: Route,
    flow: watch::Receiver<Flow>,
    unseen_max: Duration,
    intake: Arc<dyn Intake>,
    stop: CancellationToken,
) {
    let mut backoff = backoff();
    let remembered_max = usize::try_from(source.consumer.max_ack_pending).unwrap_or(usize::MAX);
    let hands = Arc::new(Mutex::new(Hands::new(remembered_max, unseen_max)));
    let mut puller = Puller { connection, source, route, flow, unseen_max, hands, intake, stop };
    while !puller.stop.is_cancelled() {
        let ended = puller.attach_and_pull().await;
        puller.intake.attached(&puller.source.stream.name, false);
        match ended {
            Ok(Pulled::Stopped) => return,
            Ok(Pulled::Anew) => {
                backoff = self::backoff();
                continue;
            }
            Ok(Pulled::Something) => backoff = self::backoff(),
            Ok(Pulled::Nothing) => {}
            Err(trouble) => {
                tracing::warn!(stream = puller.source.stream.name, %trouble, "cannot attach; trying again");
            }
        }
        let wait = backoff.next().unwrap_or(BACKOFF_MAX);
        tokio::select! {
            () = puller.stop.cancelled() => return,
            () = beating(tokio::time::sleep(wait), || puller.intake.beat()) => {}
        }
    }
}

/// How a time of pulling ended.
enum Pulled {
    /// We were told to stop.
    Stopped,
    /// What the client holds may be old.
    Anew,
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

type Taken = Result<async_nats::jetstream::Message, async_nats::jetstream::consumer::pull::MessagesError>;

/// What the client had at once.
struct Together {
    arrived: Vec<Arrived>,
    /// Deliveries, those counted that are copies of what is in hand.
    count: usize,
    /// Those of them that were not the first of their messages.
    again: usize,
}

impl Together {
    /// Takes a delivery in hand. A copy of what is in hand is dropped: if that comes to nothing, there will be another.
    fn add(&mut self, arrived: Option<Arrived>, hands: &hand::Shared) {
        let Some(arrived) = arrived else { return };
        self.count += 1;
        self.again += usize::from(arrived.deliveries > 1);
        let is_first = arrived.deliveries == 1 && arrived.unsure.load(Ordering::Relaxed) == 0;
        let hand = Hand::take(hands, &arrived.delivery, is_first);
        self.arrived.extend(hand.map(|hand| Arrived { hand, ..arrived }));
    }
}

struct Puller {
    connection: Connection,
    source: SourceSetup,
    route: Route,
    flow: watch::Receiver<Flow>,
    /// How long deliveries may lie in the client's buffer without anybody looking.
    unseen_max: Duration,
    hands: hand::Shared,
    intake: Arc<dyn Intake>,
    stop: CancellationToken,
}

impl Puller {
    async fn attach_and_pull(&mut self) -> Result<Pulled, Trouble> {
        let Some(first) = self.open().await else { return Ok(Pulled::Stopped) };
        let attaching = self.connection.while_it_lasts(attach(&self.connection, &self.source));
        let mut messages = beating(attaching, || self.intake.beat()).await.unwrap_or_else(|| {
            let doing = format!("attach to `{}`", self.source.stream.name);
            Err(Trouble::Other { doing, why: "the connection was lost".to_owned() })
        })?;
        let stream: Arc<str> = Arc::from(self.source.stream.name.as_str());
        self.intake.attached(&stream, true);
        // What the consumer has forgotten comes first, in the order of the stream, but for what was in flight. As many that are
        // new, one after the other, and all that follow are.
        let unsure_max = usize::try_from(self.source.consumer.max_ack_pending).unwrap_or(usize::MAX);
        let unsure = Arc::new(AtomicUsize::new(unsure_max));
        let mut made = self.connection.made();
        let mut ended = Pulled::Nothing;
        let mut held = Held::new(first.epoch(), clock::now(), self.unseen_max);
        loop {
            // Taken before the client is asked: what it hands out was delivered under this lease or before.
            let Some(lease) = self.open().await else { return Ok(Pulled::Stopped) };
            if !held.look(lease.epoch(), clock::now()) {
                return Ok(Pulled::Anew);
            }
            let next = match self.at_once(&mut messages, &lease) {
                Some(next) => next,
                None => tokio::select! {
                    biased;
                    next = messages.next() => next,
                    () = self.stop.cancelled() => return Ok(Pulled::Stopped),
                    () = tokio::time::sleep(BEAT) => { self.intake.beat(); continue; }
                },
            };
            if self.stop.is_cancelled() {
                give_back(next, &mut messages).await;
                return Ok(Pulled::Stopped);
            }
            let mut together = Together { arrived: Vec::with_capacity(TOGETHER_MAX), count: 0, again: 0 };
            let at = Instant::now();
            let mut next = Some(next);
            let mut failed = None;
            while let Some(taken) = next.take() {
                // A server that was away may have forgotten, too.
                if made != self.connection.made() {
                    made = self.connection.made();
                    unsure.store(unsure_max, Ordering::Relaxed);
                }
                match taken {
                    Some(Ok(message)) => together.add(arrive(&stream, message, at, &lease, &unsure), &self.hands),
                    Some(Err(error)) => failed = Some(error.to_string()),
                    None => failed = Some("it ended".to_owned()),
                }
                if failed.is_none() && together.count < TOGETHER_MAX {
                    next = self.at_once(&mut messages, &lease);
                }
            }
            if together.count > 0 {
                ended = Pulled::Something;
                self.intake.arrived(together.count, together.again);
                if !self.hand_on(together.arrived).await {
                    return Ok(Pulled::Stopped);
                }
            }
            if let Some(error) = failed {
                tracing::warn!(stream = self.source.stream.name, %error, "the consumer failed; attaching again");
                return Ok(ended);
            }
        }
    }

    /// What the client has for us already. Nothing: all that had come by then has been looked at.
    fn at_once(&self, messages: &mut pull::Stream, lease: &Lease) -> Option<Option<Taken>> {
        // Unconstrained: a task that has done enough for now would be told that there is nothing.
        let next = tokio::task::unconstrained(messages.next()).now_or_never();
        if next.is_none() {
            hand::lock(&self.hands).emptied(lease.stored_at_ns());
        }
        next
    }

    /// Waits until messages may be taken; `None` where we are to stop. A closed flow is no sign of death.
    async fn open(&mut self) -> Option<Arc<Lease>> {
        loop {
            let open = self.flow.borrow_and_update().lease().cloned();
            if open.is_some() {
                return open;
            }
            tokio::select! {
                () = self.stop.cancelled() => return None,
                changed = self.flow.changed() => changed.ok()?,
                () = tokio::time::sleep(BEAT) => self.intake.beat(),
            }
        }
    }

    async fn hand_on(&self, mut together: Vec<Arrived>) -> bool {
        let Some((bounds, again)) = &self.route.look_up else {
            return together.is_empty() || self.enqueue(&self.route.decide, together).await;
        };
        let is_any = |arrived: &Arrived| arrived.deliveries > 1 || arrived.unsure.load(Ordering::Relaxed) > 0;
        if together.iter().any(is_any) {
            let is_wanted = |arrived: &mut Arrived| bounds.first(arrived.arrival()) == First::LookUp;
            let wanted: Vec<Arrived> = together.extract_if(.., is_wanted).collect();
            if !wanted.is_empty() && !self.enqueue(again, wanted).await {
                return false;
            }
        }
        together.is_empty() || self.enqueue(&self.route.decide, together).await
    }

    /// Waits for room in the queue: back-pressure, not loss. A full queue is no sign of death. What is not handed on
    /// because we are to stop goes back.
    async fn enqueue(&self, queue: &mpsc::Sender<Vec<Arrived>>, together: Vec<Arrived>) -> bool {
        loop {
            tokio::select! {
                biased;
                room = queue.reserve() => {
                    let Ok(room) = room else { return false };
                    room.send(together);
                    return true;
                }
                () = self.stop.cancelled() => break,
                () = tokio::time::sleep(BEAT) => self.intake.beat(),
            }
        }
        for arrived in together {
            let nak = AckKind::Nak(Some(GIVE_BACK)).into();
            let _ = tokio::time::timeout(ACK_MAX, self.connection.client.publish(arrived.reply, nak)).await;
        }
        false
    }
}

/// What the client still holds goes back. What the broker has sent and the client has not read comes again after its ack
/// wait.
async fn give_back(mut next: Option<Taken>, messages: &mut pull::Stream) {
    while let Some(Ok(message)) = next {
        let nak = message.ack_with(AckKind::Nak(Some(GIVE_BACK)));
        let _ = tokio::time::timeout(ACK_MAX, nak).await;
        next = messages.next().now_or_never().flatten();
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
fn arrive(
    stream: &Arc<str>,
    message: async_nats::jetstream::Message,
    at: Instant,
    lease: &Arc<Lease>,
    unsure: &Arc<AtomicUsize>,
) -> Option<Arrived> {
    let info = message.info().ok()?;
    let sequence = info.stream_sequence;
    let deliveries = u64::try_from(info.delivered).unwrap_or(1);
    let stored_at_ns = info.published.unix_timestamp_nanos();
    let message = message.message;
    let delivery = Delivery {
        stream: Arc::clone(stream),
        sequence,
        stored_at_ns,
        subject: message.subject.into_string(),
        headers: headers(message.headers.as_ref()),
        payload: message.payload,
    };
    let (lease, unsure) = (Arc::clone(lease), Arc::clone(unsure));
    let hand = Hand::unaccounted();
    Some(Arrived { delivery, reply: message.reply?, at, deliveries, unsure, lease, dead: None, retry: None, hand })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_as_old_as_the_broker_says_whatever_our_clocks_show() {
        // Both long ago, by any clock of ours.
        for (lease_ns, message_ns, age_ns) in [(61_000, 0, 61_000), (61_000, 60_999, 1), (60_000, 61_000, 0)] {
            let delivery = Delivery {
                stream: "IN".into(),
                sequence: 1,
                stored_at_ns: message_ns,
                subject: "in.main".to_owned(),
                headers: Vec::new(),
                payload: bytes::Bytes::new(),
            };
            let arrived = Arrived {
                delivery,
                reply: "$JS.ACK".into(),
                at: Instant::now(),
                deliveries: 1,
                unsure: Arc::default(),
                lease: Arc::new(Lease::stored_at(lease_ns)),
                dead: None,
                retry: None,
                hand: Hand::unaccounted(),
            };
            assert_eq!(arrived.arrival().age, Duration::from_nanos(age_ns));
        }
    }
}

//! Deliveries of a durable pull consumer to whatever carries them out: a few at a time, until told to stop. The
//! consumer is attached to again, with backoff, on any error.

use super::broker::Broker;
use crate::bus::setup::get_stream;
use crate::bus::{Trouble, check_consumer};
use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::{FromConsumer as _, PullConsumer, pull};
use async_nats::jetstream::context::ConsumerInfoErrorKind;
use async_nats::jetstream::message::{AckKind, Acker};
use backon::{BackoffBuilder as _, ExponentialBuilder};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long a request for a delivery stands. A broker that has forgotten it is noticed 5 s after that.
const EXPIRES: Duration = Duration::from_secs(5);
const BACKOFF_MIN: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(10);
/// How often an executor that is to end when nothing is left asks whether anything is.
const LOOK: Duration = Duration::from_millis(100);
/// How long a delivery waits that could not be settled now.
const REDELIVERY_DELAY: Duration = Duration::from_secs(1);
/// How long the client may take to hand over an ack.
const ACK_MAX: Duration = Duration::from_secs(1);

/// When to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// When told to.
    Stopped,
    /// After one delivery.
    One,
    /// When everything there is now is settled.
    Idle,
}

/// What to pull, and for how long.
#[derive(Clone, Debug)]
pub(super) struct Pulling {
    pub(super) broker: Broker,
    pub(super) consumer: pull::Config,
    /// Deliveries at a time.
    pub(super) inflight_max: usize,
    pub(super) until: Until,
}

/// How a time of pulling ended.
enum Pulled {
    Stopped,
    Something,
    Nothing,
}

/// What is to be done with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is settled.
    Ack,
    /// It is to come again, after so long.
    Again(Duration),
}

impl Pulling {
    /// Delivers until told to stop, and waits for what was begun.
    pub(super) async fn run<F: Future<Output = ()>>(
        &self,
        stop: &CancellationToken,
        carry: impl Fn(Message) -> F,
    ) -> Result<(), Trouble> {
        let mut inflight = FuturesUnordered::new();
        let mut backoff = backoff();
        let ended = loop {
            match self.attach_and_pull(&mut inflight, stop, &carry).await {
                Ok(Pulled::Stopped) => break Ok(()),
                Ok(Pulled::Something) => backoff = self::backoff(),
                Ok(Pulled::Nothing) => {}
                Err(trouble) if !trouble.is_passing() || self.until != Until::Stopped => break Err(trouble),
                Err(trouble) => tracing::warn!(%trouble, "cannot attach; trying again"),
            }
            let wait = tokio::time::sleep(backoff.next().unwrap_or(BACKOFF_MAX));
            tokio::pin!(wait);
            loop {
                tokio::select! {
                    () = &mut wait => break,
                    () = stop.cancelled() => break,
                    Some(()) = inflight.next(), if !inflight.is_empty() => {}
                }
            }
        };
        while inflight.next().await.is_some() {}
        ended
    }

    async fn attach_and_pull<F: Future<Output = ()>>(
        &self,
        inflight: &mut FuturesUnordered<F>,
        stop: &CancellationToken,
        carry: impl Fn(Message) -> F,
    ) -> Result<Pulled, Trouble> {
        if stop.is_cancelled() {
            return Ok(Pulled::Stopped);
        }
        let consumer = self.attach().await?;
        let (mut batch, mut ended) = (None, Pulled::Nothing);
        loop {
            // A request is open only while there is room: whatever it brings is carried out at once.
            if batch.is_none() && inflight.len() < self.inflight_max {
                batch = Some(self.ask(&consumer).await?);
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(Pulled::Stopped),
                Some(()) = inflight.next(), if !inflight.is_empty() => {}
                next = next_of(&mut batch) => {
                    batch = None;
                    match next {
                        Some(Ok(message)) => inflight.push(carry(message)),
                        Some(Err(error)) => {
                            tracing::warn!(%error, "the consumer failed; attaching again");
                            return Ok(ended);
                        }
                        None if self.is_idle(inflight.is_empty()).await? => return Ok(Pulled::Stopped),
                        None => continue,
                    }
                    ended = Pulled::Something;
                    if self.until == Until::One {
                        return Ok(Pulled::Stopped);
                    }
                }
            }
        }
    }

    async fn is_idle(&self, is_nothing_inflight: bool) -> Result<bool, Trouble> {
        Ok(self.until == Until::Idle && is_nothing_inflight && self.broker.now().await?.is_idle())
    }

    async fn ask(&self, consumer: &PullConsumer) -> Result<pull::Batch, Trouble> {
        let expires = if self.until == Until::Idle { LOOK } else { EXPIRES };
        let asked = consumer.batch().max_messages(1).expires(expires).messages().await;
        asked.map_err(|error| self.other("pull from", &error))
    }

    async fn attach(&self) -> Result<PullConsumer, Trouble> {
        let consumer = self.find_or_make().await?;
        let found = pull::Config::try_from_consumer_config(consumer.cached_info().config.clone()).unwrap_or_default();
        check_consumer(&self.broker.stream, &self.consumer, &found)?;
        Ok(consumer)
    }

    /// An executor may make its consumer where that is allowed; where the deployer has made it, it need not be.
    async fn find_or_make(&self) -> Result<PullConsumer, Trouble> {
        let stream = get_stream(&self.broker.connection, &self.broker.stream).await?;
        let made = match stream.consumer_info(&self.broker.consumer).await {
            Ok(_) => {
                return stream
                    .get_consumer(&self.broker.consumer)
                    .await
                    .map_err(|error| self.other("attach to", &error));
            }
            Err(error) if error.kind() == ConsumerInfoErrorKind::NotFound => {
                stream.create_consumer(self.consumer.clone()).await
            }
            Err(error) => return Err(self.other("ask about", &error)),
        };
        made.map_err(|error| self.other("make", &error))
    }

    fn other(&self, doing: &str, error: &dyn std::fmt::Display) -> Trouble {
        let Broker { connection, stream, consumer } = &self.broker;
        let doing = format!("{doing} the consumer `{consumer}` on `{stream}`");
        match connection.unanswered(doing.clone()) {
            denied @ Trouble::NotPermitted(_) => denied,
            _ => Trouble::Other { doing, why: error.to_string() },
        }
    }
}

/// The delivery that was asked for; never, where none was.
async fn next_of(batch: &mut Option<pull::Batch>) -> Option<Result<Message, async_nats::Error>> {
    match batch {
        Some(batch) => batch.next().await,
        None => std::future::pending().await,
    }
}

/// Tells the broker that a delivery is being worked on for as long as it is, and then what became of it.
pub(super) async fn answering(acker: &Acker, ack_wait: Duration, work: impl Future<Output = Answer>) {
    tokio::pin!(work);
    let answer = loop {
        tokio::select! {
            answer = &mut work => break answer,
            () = tokio::time::sleep(ack_wait / 3) => send(acker, AckKind::Progress).await,
        }
    };
    match answer {
        Answer::Ack => send(acker, AckKind::Ack).await,
        Answer::Again(delay) => send(acker, AckKind::Nak(Some(delay))).await,
    }
}

/// What is to be done with a delivery after trouble: it comes again.
pub(super) fn again(trouble: &Trouble) -> Answer {
    tracing::warn!(%trouble, "a delivery could not be settled; it comes again");
    Answer::Again(REDELIVERY_DELAY)
}

async fn send(acker: &Acker, kind: AckKind) {
    if !matches!(tokio::time::timeout(ACK_MAX, acker.ack_with(kind)).await, Ok(Ok(()))) {
        tracing::debug!("an ack was not sent; the delivery will come again");
    }
}

fn backoff() -> backon::ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(BACKOFF_MIN)
        .with_max_delay(BACKOFF_MAX)
        .with_jitter()
        .without_max_times()
        .build()
}

//! Records out: one ordered publisher. A record is published under its id and fenced on its lease, the broker's answer is
//! awaited, and only then is the source told. What comes next is [`crate::commit`]'s to say.

mod awaited;

use super::answer::answer;
use super::batch::{self, Acted};
use super::beating::{BEAT, beating};
use super::connect::Connection;
use super::hand::Hand;
use super::inbound::TOGETHER_MAX;
use super::lease::{Lease, Valve};
use crate::commit::{self, Answer, DeadWhy, Next};
use crate::decision::{Attached, DEAD_LETTER_VERSION, DeadLetter, Decision, Record};
use crate::permit::WritePermit;
use crate::subject::{Root, Subject};
use async_nats::header::{
    NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_EXPECTED_STREAM, NATS_MESSAGE_ID, NATS_MESSAGE_TTL,
};
use async_nats::jetstream::message::AckKind;
use async_nats::{Client, HeaderMap};
use awaited::{Awaited, Sent};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt as _};
use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

/// A record on its way out, and what to do afterwards.
#[derive(Debug)]
pub struct Outgoing<T> {
    /// The id under which the broker drops a second copy.
    pub id: String,
    /// Where it goes.
    pub subject: Subject,
    /// How long the broker keeps it.
    pub ttl: Duration,
    /// The record's bytes.
    pub bytes: Bytes,
    /// Where the source is told.
    pub reply: async_nats::Subject,
    /// What the source is told once the record is stored.
    pub ends: Ends,
    /// How often the message was delivered.
    pub deliveries: u64,
    /// The dead letter whose answer has it tried again, where it was given up before.
    pub retry: Option<u64>,
    /// When it arrived.
    pub arrived_at: Instant,
    /// What the plan rests on.
    pub lease: Arc<Lease>,
    /// That its message is in hand, until the source is told.
    pub hand: Hand,
    /// What the observer wants to know about it.
    pub note: T,
    /// An outward action, to be tried first; only if the broker refuses it, the record is published.
    pub act: Option<Box<Acting<T>>>,
    /// What a person looks at afterwards: published once it is handled, before the source is told.
    pub sample: Option<Box<Sampled>>,
}

/// A sample on its way out.
#[derive(Debug)]
pub struct Sampled {
    /// Where it goes.
    pub subject: Subject,
    /// How long the broker keeps it.
    pub ttl: Duration,
    /// Its bytes.
    pub bytes: Bytes,
}

/// What a source is told of a message whose record is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// It was decided.
    Decided,
    /// It was given up.
    GivenUp(DeadWhy),
    /// It was decided, and this is the sample of it.
    Sampled,
}

/// An outward action on its way out.
#[derive(Debug)]
pub struct Acting<T> {
    /// What permits it.
    pub permit: WritePermit,
    /// The decision that is committed with it.
    pub decision: Decision,
    /// What the observer wants to know about it.
    pub note: T,
}

/// Told what became of each record.
pub trait Observer<T>: Send + Sync {
    /// The broker has it. `is_duplicate`: it had it already, under the same id.
    fn committed(&self, note: &T, took: Duration, is_duplicate: bool);
    /// The broker refused it or did not answer; the message will be delivered again.
    fn refused(&self, note: &T, error: &str);
    /// A message was given up, and is written down.
    fn given_up(&self, why: DeadWhy);
    /// The sample of a decision is stored, or lost, and why: the decision stands all the same.
    fn sampled(&self, note: &T, lost: Option<&str>);
    /// The publisher is alive, with so many acks awaited.
    fn beat(&self, inflight: usize);
}

/// How long the client may take to hand over an ack. While it is disconnected its buffer can be full; the
/// message comes again then, and is deduplicated.
const ACK_MAX: Duration = Duration::from_secs(1);
/// How often it is looked whether an answer is overdue.
const LOOK: Duration = Duration::from_millis(50);
const EXPECTED_SUBJECT: &str = "Nats-Expected-Last-Subject-Sequence-Subject";

/// Where records go.
#[derive(Clone)]
pub struct Outlet {
    /// The connection.
    pub connection: Connection,
    /// Our stream.
    pub stream: String,
    /// The root of its subjects.
    pub root: Root,
    /// When a source delivers again what was not acknowledged.
    pub ack_wait: Duration,
}

/// The bounds of a publisher.
#[derive(Clone, Copy, Debug)]
pub struct OutBounds {
    /// Records whose answers are awaited at a time.
    pub inflight_max: usize,
    /// Batches of actions that are on their way at a time. The broker takes one after the other, some hundred a second: more
    /// of them would only wait there until their time is up, and be tried again.
    pub batches_max: usize,
    /// How long the broker may take to answer.
    pub timeout: Duration,
}

/// Publishes what comes out of the queue.
pub struct Publisher<T> {
    outlet: Outlet,
    /// By which sources are told: what waits there for the broker holds up no answers.
    sources: Client,
    bounds: OutBounds,
    valve: Arc<Valve>,
    observer: Arc<dyn Observer<T>>,
    /// Received, and not yet published.
    backlog: VecDeque<Outgoing<T>>,
    awaited: Awaited<T>,
    /// Lanes that nobody is on, where leases have several.
    free_lanes: Vec<usize>,
    lanes: usize,
}

type ActedOn<T> = (Outgoing<T>, T, Acted, Option<usize>);

impl<T: Send + 'static> Publisher<T> {
    /// A publisher.
    ///
    /// # Errors
    /// Where the connection is closed for good.
    pub async fn new(
        outlet: Outlet,
        sources: Client,
        bounds: OutBounds,
        valve: Arc<Valve>,
        observer: Arc<dyn Observer<T>>,
    ) -> Result<Self, async_nats::SubscribeError> {
        let awaited = Awaited::subscribe(&outlet.connection.client).await?;
        let (backlog, free_lanes) = (VecDeque::new(), Vec::new());
        Ok(Self { outlet, sources, bounds, valve, observer, backlog, awaited, free_lanes, lanes: 0 })
    }

    /// Publishes until the queue is closed and everything in flight is answered.
    pub async fn publish(mut self, mut queue: mpsc::Receiver<Vec<Outgoing<T>>>) {
        let batches = Arc::new(Semaphore::new(self.bounds.batches_max));
        let mut acting: FuturesUnordered<BoxFuture<'static, ActedOn<T>>> = FuturesUnordered::new();
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut is_open = true;
        while is_open || self.awaited.count() > 0 || !acting.is_empty() || !self.backlog.is_empty() {
            while self.has_room(acting.len())
                && let Some(outgoing) = self.backlog.pop_front()
            {
                self.start(outgoing, &batches, &mut acting).await;
            }
            tokio::select! {
                biased;
                Some(message) = self.awaited.next() => {
                    self.answered(&message).await;
                    for _ in 1..TOGETHER_MAX {
                        let Some(Some(message)) = self.awaited.next().now_or_never() else { break };
                        self.answered(&message).await;
                    }
                }
                Some(acted) = acting.next(), if !acting.is_empty() => self.acted(acted).await,
                together = queue.recv(), if is_open && self.backlog.is_empty() => match together {
                    Some(together) => self.backlog.extend(together),
                    None => is_open = false,
                },
                _ = look.tick() => self.overdue().await,
            }
            self.observer.beat(self.awaited.count() + acting.len());
        }
    }

    fn has_room(&self, acting: usize) -> bool {
        let is_lane_free = self.lanes == 0 || !self.free_lanes.is_empty();
        is_lane_free && self.awaited.count() + acting < self.bounds.inflight_max
    }

    /// A lane for a plan on this lease; all leases have as many.
    fn lane(&mut self, lease: &Lease) -> Option<usize> {
        let lanes = lease.lanes()?;
        if self.lanes == 0 {
            (self.lanes, self.free_lanes) = (lanes, (0..lanes).collect());
        }
        self.free_lanes.pop()
    }

    async fn start(
        &mut self,
        mut outgoing: Outgoing<T>,
        batches: &Arc<Semaphore>,
        acting: &mut FuturesUnordered<BoxFuture<'static, ActedOn<T>>>,
    ) {
        let lane = self.lane(&outgoing.lease);
        match outgoing.act.take() {
            None => self.send(outgoing, lane).await,
            Some(what) => {
                let (outlet, sources, batches) = (self.outlet.clone(), self.sources.clone(), Arc::clone(batches));
                acting.push(async move { act(&outlet, &sources, &batches, outgoing, what, lane).await }.boxed());
            }
        }
    }

    /// Publishes a record; its answer comes by itself, or is overdue one day.
    async fn send(&mut self, outgoing: Outgoing<T>, lane: Option<usize>) {
        let refused = match self.hand_over(&outgoing, lane).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some((refusal(error.kind()), error.to_string())),
            Err(_) => Some((Answer::Silent, "the client did not take it in time".to_owned())),
        };
        // It has a number in any case: what the client holds may still be sent, and answered.
        self.awaited.push(outgoing, lane);
        if let Some((answer, why)) = refused
            && let Some(sent) = self.awaited.take_last()
        {
            self.settle(sent, answer, &why, false).await;
        }
    }

    /// Gives a record to the client. One that is disconnected takes only so much; one that is connected takes it at once, and
    /// no timer is made for it.
    async fn hand_over(
        &self,
        outgoing: &Outgoing<T>,
        lane: Option<usize>,
    ) -> Result<Result<(), async_nats::PublishError>, Elapsed> {
        let client = &self.outlet.connection.client;
        let (reply, headers) = (self.awaited.reply(), headers(outgoing, &self.outlet.stream, lane));
        let (subject, bytes) = (outgoing.subject.as_str().to_owned(), outgoing.bytes.clone());
        let sending = pin!(client.publish_with_reply_and_headers(subject, reply, headers, bytes));
        let beat = || self.observer.beat(self.awaited.count());
        at_once(sending, |sending| beating(timeout(self.bounds.timeout, sending), beat)).await
    }

    async fn answered(&mut self, message: &async_nats::Message) {
        let Some(sent) = self.awaited.take(&message.subject) else { return };
        let (answer, is_duplicate, why) = answer(message);
        self.settle(sent, answer, &why, is_duplicate).await;
    }

    async fn overdue(&mut self) {
        while let Some(sent) = self.awaited.take_overdue(self.bounds.timeout) {
            self.settle(sent, Answer::Silent, "no answer in time", false).await;
        }
    }

    async fn settle(&mut self, sent: Sent<T>, answer: Answer, why: &str, is_duplicate: bool) {
        let Sent { mut outgoing, lane, .. } = sent;
        self.free_lanes.extend(lane);
        if matches!(answer, Answer::RefusesAll | Answer::Silent) {
            self.valve.close();
        }
        if is_duplicate {
            // What stands may be another decision, under other rules.
            outgoing.sample = None;
        }
        match (outgoing.ends, answer) {
            (Ends::Sampled, _) => self.observer.sampled(&outgoing.note, (answer != Answer::Stored).then_some(why)),
            (Ends::Decided, Answer::Stored) => {
                self.observer.committed(&outgoing.note, outgoing.arrived_at.elapsed(), is_duplicate);
            }
            (Ends::GivenUp(why), Answer::Stored) => self.observer.given_up(why),
            (Ends::Decided | Ends::GivenUp(_), _) => self.observer.refused(&outgoing.note, why),
        }
        let next = match outgoing.ends {
            // The decision stands, whatever becomes of its sample.
            Ends::Sampled => Next::Acknowledge,
            Ends::Decided | Ends::GivenUp(_) => commit::after(answer, outgoing.deliveries),
        };
        match next {
            Next::DeadLetter(why) if outgoing.ends == Ends::Decided => match self.letter(&outgoing, why) {
                Some(letter) => {
                    self.backlog.push_front(Outgoing { ends: Ends::GivenUp(why), ..letter.around(outgoing) })
                }
                None => self.tell(&outgoing, AckKind::Nak(None)).await,
            },
            Next::Acknowledge => match outgoing.ends {
                Ends::Decided | Ends::Sampled => self.stands(outgoing).await,
                Ends::GivenUp(why) => {
                    self.end(&outgoing, why).await;
                    outgoing.hand.done();
                }
            },
            Next::GiveBack(delay) => self.tell(&outgoing, AckKind::Nak(Some(delay))).await,
            // Nothing is decided here; the message comes again.
            Next::Decide | Next::DeadLetter(_) => self.tell(&outgoing, AckKind::Nak(Some(BEAT))).await,
        }
    }

    async fn acted(&mut self, (outgoing, note, acted, lane): ActedOn<T>) {
        let took = outgoing.arrived_at.elapsed();
        match acted {
            Acted::Committed | Acted::Before => {
                self.free_lanes.extend(lane);
                self.observer.committed(&note, took, acted == Acted::Before);
                let sample = outgoing.sample.filter(|_| acted == Acted::Committed);
                self.stands(Outgoing { note, sample, ..outgoing }).await;
            }
            // A person decides it now, and nobody need sample that.
            Acted::Refused => self.send(Outgoing { sample: None, ..outgoing }, lane).await,
            Acted::Unknown(why) => {
                self.settle(Sent { outgoing, at: Instant::now(), lane }, Answer::Silent, &why, false).await;
            }
        }
    }

    /// A decision stands: its sample goes out, where there is one, and then its source is told. Who dies in between decides
    /// again, and finds that it was decided: that sample is lost, and nothing else.
    async fn stands(&mut self, mut outgoing: Outgoing<T>) {
        match outgoing.sample.take() {
            Some(sample) => {
                let Sampled { subject, ttl, bytes } = *sample;
                let id = format!("review-{}", outgoing.id);
                self.backlog.push_front(Outgoing { id, subject, ttl, bytes, ends: Ends::Sampled, ..outgoing });
            }
            // A lost ack is redelivered and deduplicated: awaiting its confirmation would halve throughput.
            None => {
                self.tell(&outgoing, AckKind::Ack).await;
                outgoing.hand.done();
            }
        }
    }

    /// What is written down of a message whose record the broker refuses: where it lies.
    fn letter(&self, outgoing: &Outgoing<T>, why: DeadWhy) -> Option<Letter> {
        let record = Record::parse(&outgoing.bytes).ok()?;
        let decision = record.decision();
        let letter = DeadLetter {
            v: DEAD_LETTER_VERSION,
            id: decision.id.clone(),
            channel: decision.channel.clone(),
            source: decision.source.clone(),
            why,
            deliveries: outgoing.deliveries,
            at: decision.facts.now,
            payload: Attached::AtSource { wrong: why.meaning().to_owned(), bytes: decision.message.payload_bytes },
            subject: String::new(),
            after: outgoing.retry,
        };
        let subject = self.outlet.root.dead(&letter.channel);
        Some(Letter { subject, bytes: letter.encode().ok()?.into() })
    }

    async fn tell(&self, outgoing: &Outgoing<T>, kind: AckKind) {
        tell(&self.sources, &outgoing.reply, kind.into()).await;
    }

    /// Ends a message at its source. The client library has no reason to give.
    async fn end(&self, outgoing: &Outgoing<T>, why: DeadWhy) {
        tell(&self.sources, &outgoing.reply, Bytes::from(format!("+TERM {}", why.as_str()))).await;
    }
}

/// A dead letter on its way out.
struct Letter {
    subject: Subject,
    bytes: Bytes,
}

impl Letter {
    fn around<T>(self, outgoing: Outgoing<T>) -> Outgoing<T> {
        Outgoing { subject: self.subject, bytes: self.bytes, act: None, ..outgoing }
    }
}

fn headers<T>(outgoing: &Outgoing<T>, stream: &str, lane: Option<usize>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(NATS_MESSAGE_ID, outgoing.id.as_str());
    headers.insert(NATS_MESSAGE_TTL, outgoing.ttl.as_secs().max(1).to_string() + "s");
    match outgoing.lease.fence(lane.unwrap_or_default()) {
        // No other stream has the lease: it says which stream is meant, too.
        Some(fence) => {
            headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, fence.revision.to_string());
            headers.insert(EXPECTED_SUBJECT, fence.subject.as_str());
        }
        None => headers.insert(NATS_EXPECTED_STREAM, stream),
    }
    headers
}

fn refusal(kind: async_nats::PublishErrorKind) -> Answer {
    match kind {
        async_nats::PublishErrorKind::MaxPayloadExceeded => Answer::RefusesRecord,
        _ => Answer::Silent,
    }
}

/// Tries the action.
async fn act<T>(
    outlet: &Outlet,
    sources: &Client,
    batches: &Semaphore,
    outgoing: Outgoing<T>,
    what: Box<Acting<T>>,
    lane: Option<usize>,
) -> ActedOn<T> {
    let Acting { permit, decision, note } = *what;
    let turn = turn(outlet, sources, batches, &outgoing.reply).await;
    let fence = outgoing.lease.fence(lane.unwrap_or_default());
    let acted =
        batch::act(&outlet.connection, &outlet.stream, &outlet.root, permit, decision, fence, outgoing.retry).await;
    drop(turn);
    (outgoing, note, acted, lane)
}

/// Waits for a turn, and tells the source from time to time that its message is in hand: delivered again to others, it
/// would only lengthen the queue.
async fn turn<'s>(
    outlet: &Outlet,
    sources: &Client,
    batches: &'s Semaphore,
    reply: &async_nats::Subject,
) -> Option<SemaphorePermit<'s>> {
    let acquiring = batches.acquire();
    tokio::pin!(acquiring);
    loop {
        tokio::select! {
            turn = &mut acquiring => return turn.ok(),
            () = tokio::time::sleep(outlet.ack_wait / 3) => tell(sources, reply, AckKind::Progress.into()).await,
        }
    }
}

/// What is done at once is; only for the rest a bound is set up.
async fn at_once<'w, F: Future, B: Future<Output = Result<F::Output, Elapsed>>>(
    mut work: Pin<&'w mut F>,
    bounded: impl FnOnce(Pin<&'w mut F>) -> B,
) -> Result<F::Output, Elapsed> {
    match work.as_mut().now_or_never() {
        Some(done) => Ok(done),
        None => bounded(work).await,
    }
}

async fn tell(sources: &Client, reply: &async_nats::Subject, word: Bytes) {
    let telling = pin!(sources.publish(reply.clone(), word));
    if !matches!(at_once(telling, |telling| timeout(ACK_MAX, telling)).await, Ok(Ok(()))) {
        tracing::debug!("a source was not told; the message comes again after its ack wait");
    }
}

//! Looking for what was committed on messages that come again: our stream is read once, headers only, for all of them.
//!
//! A decision names its message in its id, not in its subject, so there is nothing to ask for directly. It cannot have been
//! committed before its message was stored, nor before its first delivery, where that came to us: reading begins there.

use super::connect::Connection;
use super::inbound::Arrived;
use super::lease::{Flow, Lease};
use super::records::find_first;
use super::setup::get_stream;
use super::trouble::Trouble;
use crate::commit::{Bounds, Found, Next};
use crate::config::filter::covers;
use crate::decision::{DecisionId, of_message_id};
use crate::subject::Root;
use async_nats::header::NATS_MESSAGE_ID;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use async_nats::jetstream::message::AckKind;
use futures::StreamExt as _;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Interval, MissedTickBehavior};

/// The server forgets a consumer that nobody pulls from.
const INACTIVE: Duration = Duration::from_secs(30);
const HEARTBEAT: Duration = Duration::from_secs(2);
const EXPIRES: Duration = Duration::from_secs(10);
const BATCH_MESSAGES_MAX: usize = 1_000;
/// How long the next may be awaited while the broker says that it is there.
const SILENT_MAX: Duration = Duration::from_secs(10);
/// How long a copy that is behind is left to itself.
const BEHIND: Duration = Duration::from_millis(100);
/// How often, until its messages are given back.
const BEHIND_MAX: u32 = 20;
/// How often it is read on under a newer lease.
const RENEWED_MAX: u32 = 3;
/// How far the clocks of a cluster's servers may be apart.
const CLOCKS_APART_MAX: Duration = Duration::from_secs(5);
/// Messages that are looked for at once.
const TOGETHER_MAX: usize = 4_096;

/// Looks for decisions.
#[derive(Debug)]
pub struct LookUp {
    /// The connection, and our stream on it.
    pub connection: Connection,
    /// Our stream.
    pub stream: String,
    /// The root of its subjects.
    pub root: Root,
    /// What is next for what is found, or is not.
    pub bounds: Bounds,
    /// How many messages of a source must turn out to be new until its consumer is believed: as many as may be in flight.
    pub sure_after: usize,
    /// When a source delivers again what was not acknowledged.
    pub ack_wait: Duration,
    /// What the plans rest on that come of it.
    pub flow: watch::Receiver<Flow>,
}

/// Told what was found.
pub trait Finder: Send + Sync {
    /// A message whose decision stands, or which has been given up.
    fn found(&self);
}

impl LookUp {
    /// Takes messages, and hands those on that are to be decided or given up, until the queue is closed.
    pub async fn look_up(
        self,
        wanted: mpsc::Receiver<Vec<Arrived>>,
        next: mpsc::Sender<Vec<Arrived>>,
        finder: Arc<dyn Finder>,
    ) {
        let mut waiting =
            Waiting { look_up: &self, wanted, messages: Vec::new(), is_open: true, telling: self.telling() };
        while let Some(together) = waiting.take().await {
            // What a person wants tried again is looked for by itself: the letter that they answered says something of a copy
            // that came from the source meanwhile.
            let (retried, others): (Vec<_>, Vec<_>) = together.into_iter().partition(|arrived| arrived.retry.is_some());
            for together in [others, retried].into_iter().filter(|together| !together.is_empty()) {
                let to_decide = self.settle(together, &mut waiting, finder.as_ref()).await;
                if !to_decide.is_empty() && waiting.meanwhile(&[], next.send(to_decide)).await.is_err() {
                    return;
                }
            }
        }
    }

    /// Looks for some, and tells the sources of what was found. What is to be decided or given up comes back.
    async fn settle(&self, together: Vec<Arrived>, waiting: &mut Waiting<'_>, finder: &dyn Finder) -> Vec<Arrived> {
        // Without a lease nothing is decided; they come again.
        let Some(lease) = self.lease() else { return Vec::new() };
        let finding = self.connection.while_it_lasts(self.find(&together, Arc::clone(&lease)));
        let found = waiting.meanwhile(&together, finding).await;
        let found = found.unwrap_or_else(|| Err(trouble(&"the connection was lost")));
        let (found, lease) = found.unwrap_or_else(|trouble| {
            tracing::warn!(%trouble, "decisions on messages that came again were not found out; they come again");
            (HashMap::new(), lease)
        });
        let mut to_decide = Vec::new();
        for arrived in together {
            let word = found.get(DecisionId::of(&arrived.delivery).as_str()).copied().unwrap_or(Found::Unknown);
            arrived.learn(word, self.sure_after);
            if word == Found::Nothing {
                arrived.hand.untouched(lease.stored_at_ns());
            }
            match self.bounds.looked_up(arrived.arrival(), word) {
                Next::Acknowledge => {
                    finder.found();
                    self.acknowledge(&arrived, AckKind::Ack).await;
                    arrived.hand.done();
                }
                Next::GiveBack(delay) => self.acknowledge(&arrived, AckKind::Nak(Some(delay))).await,
                Next::Decide => to_decide.push(Arrived { lease: Arc::clone(&lease), ..arrived }),
                Next::DeadLetter(why) => {
                    let dead = Some(arrived.dead.unwrap_or(why));
                    to_decide.push(Arrived { lease: Arc::clone(&lease), dead, ..arrived });
                }
            }
        }
        to_decide
    }

    fn lease(&self) -> Option<Arc<Lease>> {
        self.flow.borrow().lease().cloned()
    }

    /// Which of them have been committed, and the lease that stood before it was asked how far there is something to read: what
    /// others commit later is within the window of what rests on it. Where reading took long, what came meanwhile is read
    /// under the next, a few times: an old lease is refused at worst.
    async fn find(
        &self,
        together: &[Arrived],
        lease: Arc<Lease>,
    ) -> Result<(HashMap<String, Found>, Arc<Lease>), Trouble> {
        let mut wanted = Wanted::of(together);
        // Of several servers, each stores by a clock of its own.
        let since_ns = wanted.since_ns - i128::try_from(CLOCKS_APART_MAX.as_nanos()).unwrap_or_default();
        let start_time = async_nats::datetime::from_nanos(since_ns).map_err(|error| trouble(&error))?;
        let (mut start, mut lease, mut end) = (DeliverPolicy::ByStartTime { start_time }, lease, None);
        let (mut behind, mut renewed) = (0, 0);
        loop {
            let mut records = Ids::from(self, start).await?;
            let until = *end.get_or_insert(records.end);
            while wanted.left > 0
                && let Some((id, is_letter)) = records.next().await?
            {
                wanted.see(&id, is_letter);
            }
            if wanted.left == 0 {
                return Ok((wanted.found, lease));
            }
            if self.is_left(records.last, until).await? {
                behind += 1;
                if behind == BEHIND_MAX {
                    return Err(trouble(&"the copy of the stream that is read is far behind"));
                }
                tokio::time::sleep(BEHIND).await;
            } else {
                let is_good = lease.is_fresh() || renewed == RENEWED_MAX;
                let Some(next) = self.lease().filter(|next| !is_good && !Arc::ptr_eq(next, &lease)) else {
                    return Ok((wanted.found, lease));
                };
                renewed += 1;
                (lease, end) = (next, None);
            }
            start = DeliverPolicy::ByStartSequence { start_sequence: records.last.saturating_add(1) };
        }
    }

    /// Whether the stream's leader has something after `last` and up to `end`: the copy that was read may be behind it.
    async fn is_left(&self, last: u64, end: u64) -> Result<bool, Trouble> {
        if last >= end {
            return Ok(false);
        }
        let filters = self.root.committed();
        let first = |filter| find_first(&self.connection, &self.stream, filter, last.saturating_add(1));
        let first = futures::future::try_join_all(filters.iter().map(|filter| first(filter))).await?;
        Ok(first.iter().flatten().any(|record| record.sequence <= end))
    }

    /// When sources are told that their messages are in hand.
    fn telling(&self) -> Interval {
        let mut telling = tokio::time::interval((self.ack_wait / 3).max(Duration::from_millis(1)));
        telling.set_missed_tick_behavior(MissedTickBehavior::Delay);
        telling
    }

    async fn acknowledge(&self, arrived: &Arrived, kind: AckKind) {
        let sent = self.connection.client.publish(arrived.reply.clone(), kind.into());
        if !matches!(tokio::time::timeout(Duration::from_secs(1), sent).await, Ok(Ok(()))) {
            tracing::debug!("an ack was not sent; the message comes again");
        }
    }
}

/// What waits until it is looked for.
struct Waiting<'l> {
    look_up: &'l LookUp,
    wanted: mpsc::Receiver<Vec<Arrived>>,
    messages: Vec<Arrived>,
    is_open: bool,
    telling: Interval,
}

impl Waiting<'_> {
    /// All that waits, as soon as something does; `None` where nothing will.
    async fn take(&mut self) -> Option<Vec<Arrived>> {
        if self.messages.is_empty() {
            self.messages = self.wanted.recv().await?;
        }
        while self.messages.len() < TOGETHER_MAX
            && let Ok(more) = self.wanted.try_recv()
        {
            self.messages.extend(more);
        }
        Some(std::mem::take(&mut self.messages))
    }

    /// Does some work on messages. Sources are told from time to time that these are in hand, and so are those that wait;
    /// who brings more is not held up, for others of it need not wait.
    async fn meanwhile<T>(&mut self, worked_on: &[Arrived], work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                more = self.wanted.recv(), if self.is_open && self.messages.len() < TOGETHER_MAX => match more {
                    Some(more) => self.messages.extend(more),
                    None => self.is_open = false,
                },
                _ = self.telling.tick() => {
                    for arrived in worked_on.iter().chain(&self.messages) {
                        self.look_up.acknowledge(arrived, AckKind::Progress).await;
                    }
                }
            }
        }
    }
}

/// What is looked for.
struct Wanted {
    found: HashMap<String, Found>,
    /// The dead letters whose answers have messages tried again, by what would be committed.
    retried: HashMap<String, u64>,
    /// Before this, nothing can have been committed on any of them.
    since_ns: i128,
    left: usize,
}

impl Wanted {
    fn of(together: &[Arrived]) -> Self {
        let mut wanted = Self { found: HashMap::new(), retried: HashMap::new(), since_ns: i128::MAX, left: 0 };
        for arrived in together {
            let id = DecisionId::of(&arrived.delivery).to_string();
            wanted.retried.extend(arrived.retry.map(|letter| (id.clone(), letter)));
            wanted.found.insert(id, Found::Nothing);
            let untouched_until_ns = arrived.hand.untouched_until_ns().unwrap_or(i128::MIN);
            wanted.since_ns = wanted.since_ns.min(arrived.delivery.stored_at_ns.max(untouched_until_ns));
        }
        wanted.left = wanted.found.len();
        wanted
    }

    fn see(&mut self, id: &str, is_letter: bool) {
        let (id, after) = of_message_id(id);
        // The letter that is answered says nothing of the message; what came of this very answer does.
        let is_answered = is_letter && self.retried.get(id).is_some_and(|letter| after != Some(*letter));
        if !is_answered
            && let Some(found) = self.found.get_mut(id)
            && *found == Found::Nothing
        {
            *found = Found::Committed;
            self.left -= 1;
        }
    }
}

/// The ids of what is committed, in the order of the stream, to its present end.
struct Ids {
    messages: pull::Stream,
    pending: u64,
    /// All up to this has been read.
    last: u64,
    /// The last record of the leader, before reading began.
    end: u64,
    /// The filter of dead letters.
    letters: String,
}

impl Ids {
    async fn from(look_up: &LookUp, start: DeliverPolicy) -> Result<Self, Trouble> {
        let stream = get_stream(&look_up.connection, &look_up.stream).await?;
        let end = stream.cached_info().state.last_sequence;
        let config = pull::Config {
            deliver_policy: start,
            ack_policy: AckPolicy::None,
            filter_subjects: look_up.root.committed(),
            headers_only: true,
            inactive_threshold: INACTIVE,
            memory_storage: true,
            num_replicas: 1,
            ..Default::default()
        };
        let consumer: PullConsumer = stream.create_consumer(config).await.map_err(|error| trouble(&error))?;
        let (pending, last) = (consumer.cached_info().num_pending, consumer.cached_info().delivered.stream_sequence);
        let messages = consumer
            .stream()
            .max_messages_per_batch(BATCH_MESSAGES_MAX)
            .heartbeat(HEARTBEAT)
            .expires(EXPIRES)
            .messages()
            .await
            .map_err(|error| trouble(&error))?;
        Ok(Self { messages, pending, last, end, letters: look_up.root.filter("dlq.>") })
    }

    /// The next, and whether it is a dead letter's.
    async fn next(&mut self) -> Result<Option<(String, bool)>, Trouble> {
        while self.pending > 0 {
            let next = tokio::time::timeout(SILENT_MAX, self.messages.next()).await;
            let next = next.map_err(|_| trouble(&"the broker says that more is there, and does not send it"))?;
            let Some(message) = next else { return Err(trouble(&"the consumer ended")) };
            let message = message.map_err(|error| trouble(&error))?;
            let info = message.info().map_err(|error| trouble(&error))?;
            (self.pending, self.last) = (info.pending, info.stream_sequence);
            let id = message.headers.as_ref().and_then(|headers| headers.get(NATS_MESSAGE_ID));
            if let Some(id) = id {
                return Ok(Some((id.as_str().to_owned(), covers(&self.letters, &message.subject))));
            }
        }
        Ok(None)
    }
}

fn trouble(error: &dyn std::fmt::Display) -> Trouble {
    Trouble::Other { doing: "look for decisions".to_owned(), why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::hand::Hand;
    use crate::bus::lease::Lease;
    use crate::commit::Hands;
    use crate::message::Delivery;
    use std::sync::Mutex;
    use std::time::Instant;

    fn arrived(sequence: u64, stored_at_ns: i128, hand: Hand) -> Arrived {
        let delivery = Delivery {
            stream: "IN".into(),
            sequence,
            stored_at_ns,
            subject: "in.main".to_owned(),
            headers: Vec::new(),
            payload: bytes::Bytes::new(),
        };
        Arrived {
            delivery,
            reply: "$JS.ACK".into(),
            at: Instant::now(),
            deliveries: 2,
            unsure: Arc::default(),
            lease: Arc::new(Lease::stored_at(stored_at_ns)),
            dead: None,
            retry: None,
            hand,
        }
    }

    #[test]
    fn reading_begins_where_something_can_have_been_committed_on_any_of_them() {
        let hands = Arc::new(Mutex::new(Hands::new(10, Duration::from_nanos(50))));
        let arrived = |sequence, stored_at_ns, is_first: Option<bool>| {
            let arrived = arrived(sequence, stored_at_ns, Hand::unaccounted());
            let hand = is_first.and_then(|is_first| Hand::take(&hands, &arrived.delivery, is_first));
            Arrived { hand: hand.unwrap_or_else(Hand::unaccounted), ..arrived }
        };
        hands.lock().unwrap().emptied(1_000);
        let (came_to_us, stored_since) = (arrived(1, 100, Some(true)), arrived(2, 990, Some(true)));
        assert_eq!(Wanted::of(&[came_to_us, stored_since]).since_ns, 950, "others had neither");
        let looked_for = arrived(3, 100, Some(false));
        looked_for.hand.untouched(700);
        assert_eq!(Wanted::of(&[looked_for]).since_ns, 700, "there was nothing by then");
        let was_elsewhere = arrived(4, 100, Some(false));
        let by_another_way = arrived(5, 200, None);
        assert_eq!(Wanted::of(&[by_another_way, was_elsewhere]).since_ns, 100);
    }
}

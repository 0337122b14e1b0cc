//! An instance: the daemon's own pure parts, and around them what the shell does, one small step at a time.

use crate::broker::{Asked, PLAN_AGE, Record, Told, WINDOW};
use crate::packs::{Packs, TEXTS};
use decile::commit::{
    self, Answer, Arrival, Bounds, Chain, First, Found, Hands, Held, Lingering, MessageKey, Moment, Next, Renewed,
};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant, SystemTime};

const DELIVERIES_MAX: u64 = 12;
const COMMIT_TIMEOUT: u64 = 1_500;
const LEASE_TIMEOUT: u64 = 1_000;
const PULLED_MAX: usize = 4;
/// A connection that is silent for longer is given up.
const SILENT_MAX: u64 = 2_000;

/// The safeguard that is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Without {
    Nothing,
    Id,
    LookUp,
    Lease,
    /// What was sent to a chain that broke is decided all the same.
    Epoch,
    /// What was looked for may have been read from a copy that is behind, and rests on the lease that stands afterwards.
    Fresh,
    /// A connection that broke is made again at once.
    Clearance,
    AckAfterCommit,
    /// What others had before is believed to be untouched until it came here.
    First,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Lease {
    pub(crate) instance: u64,
    pub(crate) revision: u64,
    pub(crate) stored_at: u64,
}

/// A lease, and the chain that it is of.
type Standing = (Lease, u64);

#[derive(Clone, Copy, Debug)]
struct Arrived {
    message: u64,
    stored_at: u64,
    deliveries: u64,
    lease: Standing,
    is_dead: bool,
}

impl Arrived {
    fn arrival(&self, is_unsure: bool) -> Arrival {
        let age = Duration::from_millis(self.lease.0.stored_at.saturating_sub(self.stored_at));
        Arrival { age, deliveries: self.deliveries, is_unsure }
    }
}

/// One connection: what its client holds, what is on its way, and what comes back.
#[derive(Default)]
pub(crate) struct Link {
    /// It is to be made again.
    is_broken: bool,
    /// Nothing comes through until then, in either direction.
    pub(crate) stalled_until: u64,
    pub(crate) client: VecDeque<Asked>,
    pub(crate) up: VecDeque<Asked>,
    /// Each with the time since which it has been on its way.
    pub(crate) down: VecDeque<(u64, Told)>,
}

const CONSUME: usize = 0;
const PUBLISH: usize = 1;
const GOVERN: usize = 2;

pub(crate) struct Instance {
    pub(crate) links: [Link; 3],
    pub(crate) asleep_until: u64,
    /// Time of the broker's that our clock that only runs on has not seen.
    pub(crate) unseen: u64,
    /// And that of it which the one on the wall has not seen either.
    pub(crate) unseen_by_wall: u64,
    /// What that clock showed when it all began.
    running: Instant,
    pub(crate) world: usize,
    id: u64,
    /// The consumer may forget what it has delivered.
    is_unsure: bool,
    /// How far our clock is off.
    skew: i64,
    chain: Chain<Standing>,
    renewing: Option<(u64, Moment)>,
    lingering: Lingering<Lease>,
    /// When it was asked which leases are gone.
    clearing: Option<u64>,
    held: Option<Held>,
    inbox: u64,
    buffer: VecDeque<(u64, u64, u64)>,
    /// The lease that the next look into the buffer rests on.
    looking_under: Option<Standing>,
    /// Times are milliseconds in it.
    hands: Hands,
    queue: VecDeque<Arrived>,
    wanted: Vec<Arrived>,
    looking_for: Option<(Vec<Arrived>, Standing, u64)>,
    awaited: BTreeMap<u64, (Arrived, u64)>,
    numbers: u64,
    pub(crate) duplicates: u64,
    pub(crate) leases_over: u64,
    pub(crate) looked_up: u64,
    pub(crate) found: u64,
}

impl Instance {
    pub(crate) fn new(id: u64, world: usize, skew: i64, is_unsure: bool) -> Self {
        Self {
            links: Default::default(),
            asleep_until: 0,
            unseen: 0,
            unseen_by_wall: 0,
            running: Instant::now(),
            world,
            id,
            is_unsure,
            skew,
            chain: Chain::new(Duration::from_millis(PLAN_AGE)),
            renewing: None,
            lingering: Lingering::new(Duration::from_millis(PLAN_AGE)),
            clearing: None,
            held: None,
            // Nobody else is answered there.
            inbox: id << 32,
            buffer: VecDeque::new(),
            looking_under: None,
            hands: Hands::new(PULLED_MAX, Duration::from_nanos(PLAN_AGE)),
            queue: VecDeque::new(),
            wanted: Vec::new(),
            looking_for: None,
            awaited: BTreeMap::new(),
            numbers: id << 32,
            duplicates: 0,
            leases_over: 0,
            looked_up: 0,
            found: 0,
        }
    }

    /// One step of the shell, whichever the scheduler gives a turn to.
    pub(crate) fn step(
        &mut self,
        now: u64,
        rng: &mut fastrand::Rng,
        packs: &Packs,
        without: Without,
        ids: &dyn Fn(u64) -> String,
    ) {
        let clock = now - self.unseen;
        match rng.u32(..11) {
            10 => self.clear(now),
            0 => self.renew(now),
            1 => self.pull(now, without),
            2 => self.look(now, without),
            3 | 4 => self.decide(now, packs, without, ids, rng),
            5 => self.look_up(now, without),
            6 => self.overdue(clock),
            link => {
                let at = link as usize % 3;
                let link = &mut self.links[at];
                let Some((since, _)) = link.down.front().filter(|_| now >= link.stalled_until) else { return };
                // While nobody slept, what comes so late does not come: there was no answer to a ping before.
                if now > (*since).max(self.asleep_until) + SILENT_MAX {
                    self.cut(at);
                } else if let Some((_, told)) = link.down.pop_front() {
                    self.told(told, now, without);
                }
            }
        }
    }

    /// What both of our clocks show.
    fn moment(&self, now: u64) -> Moment {
        let wall = SystemTime::UNIX_EPOCH
            + Duration::from_millis((now - self.unseen_by_wall).saturating_add_signed(self.skew));
        Moment { running: self.running + Duration::from_millis(now - self.unseen), wall }
    }

    fn renew(&mut self, now: u64) {
        let (clock, moment) = (now - self.unseen, self.moment(now));
        if let Some((_, asked_at)) = self.renewing.take_if(|(asked, _)| clock > *asked + LEASE_TIMEOUT) {
            self.chain.renewed(asked_at, Renewed::Unknown);
        }
        if self.renewing.is_none() && self.chain.is_due(moment) {
            let before = self.chain.ask(moment).map(|(lease, _)| *lease);
            self.renewing = Some((clock, moment));
            self.links[GOVERN].client.push_back(Asked::Renew { instance: self.id, asked_at: clock, before });
        }
    }

    /// Finds out which leases that are over are gone.
    fn clear(&mut self, now: u64) {
        let mut lingering = self.lingering.clone();
        let mut over = Vec::new();
        while let Some(lease) = lingering.over(self.moment(now)) {
            over.push(*lease);
            lingering.gone();
        }
        if !over.is_empty() && self.clearing.is_none_or(|asked_at| now > asked_at + LEASE_TIMEOUT) {
            self.clearing = Some(now);
            self.links[GOVERN].client.push_back(Asked::AreThere(over));
        }
    }

    /// Hands what a client holds to the network, where there is a connection, or one may be made.
    pub(crate) fn send(&mut self, link: usize, now: u64, without: Without, rng: &mut fastrand::Rng) {
        let is_over = self.lingering.over(self.moment(now)).is_some();
        let is_held = link == PUBLISH && is_over && without != Without::Clearance;
        let link = &mut self.links[link];
        if link.is_broken && is_held {
            return;
        }
        link.is_broken = false;
        let many = rng.usize(..=link.client.len());
        link.up.extend(link.client.drain(..many));
    }

    /// Whether what the client holds still counts; else it is thrown away, and asked for under another inbox.
    fn is_held(&mut self, lease: Standing, now: u64, without: Without) -> bool {
        let now = self.moment(now);
        let is_held = self.held.as_mut().is_some_and(|held| held.look(lease.1, now) || without == Without::Epoch);
        if !is_held {
            self.held = Some(Held::new(lease.1, now, Duration::from_millis(PLAN_AGE)));
            self.inbox += 1;
            self.buffer.clear();
        }
        is_held
    }

    fn lease(&self, now: u64) -> Option<Standing> {
        self.chain.lease(self.moment(now)).copied()
    }

    fn pull(&mut self, now: u64, without: Without) {
        let Some(lease) = self.lease(now) else { return };
        if self.buffer.len() < PULLED_MAX {
            self.is_held(lease, now, without);
            self.links[CONSUME].client.push_back(Asked::Pull { inbox: self.inbox, messages: PULLED_MAX });
        }
    }

    /// The lease is taken first, and then, perhaps much later, a delivery from the buffer.
    fn look(&mut self, now: u64, without: Without) {
        let Some(lease) = self.looking_under.take() else {
            self.looking_under = self.lease(now).filter(|lease| self.is_held(*lease, now, without));
            return;
        };
        let Some((message, stored_at, deliveries)) = self.buffer.pop_front() else {
            self.hands.emptied(lease.0.stored_at.into());
            return;
        };
        let is_first = deliveries == 1 && !self.is_unsure;
        if !self.hands.take(key(message), is_first || without == Without::First) {
            return;
        }
        let arrived = Arrived { message, stored_at, deliveries, lease, is_dead: false };
        match bounds().first(arrived.arrival(self.is_unsure)) {
            First::LookUp if without != Without::LookUp => self.wanted.push(arrived),
            First::LookUp | First::Decide => self.queue.push_back(arrived),
        }
    }

    fn decide(
        &mut self,
        now: u64,
        packs: &Packs,
        without: Without,
        ids: &dyn Fn(u64) -> String,
        rng: &mut fastrand::Rng,
    ) {
        let Some(arrived) = self.queue.pop_front() else { return };
        let message = arrived.message;
        let text = usize::try_from(message).unwrap() % TEXTS.len();
        let record = if arrived.is_dead {
            Record::Dead
        } else {
            Record::Decision { outcome: packs.outcome(self.world, text).to_owned(), world: self.world }
        };
        let id = if without == Without::Id { rng.u64(..).to_string() } else { ids(message) };
        let lease = (without != Without::Lease).then_some(arrived.lease.0);
        self.numbers += 1;
        let number = self.numbers;
        self.links[PUBLISH].client.push_back(Asked::Publish { number, message, id, lease, record });
        self.awaited.insert(number, (arrived, now - self.unseen));
        if without == Without::AckAfterCommit {
            self.links[CONSUME].client.push_back(Asked::Ack(message));
        }
    }

    fn look_up(&mut self, now: u64, without: Without) {
        if self.looking_for.is_none()
            && !self.wanted.is_empty()
            && let Some(lease) = self.lease(now)
        {
            let wanted = std::mem::take(&mut self.wanted);
            self.looked_up += wanted.len() as u64;
            let since =
                |message| self.hands.untouched_until_ns(key(message)).map_or(0, |at| u64::try_from(at).unwrap_or(0));
            let messages = wanted.iter().map(|arrived| (arrived.message, since(arrived.message))).collect();
            self.numbers += 1;
            self.links[CONSUME].client.push_back(Asked::LookUp {
                number: self.numbers,
                messages,
                is_of_leader: without != Without::Fresh,
            });
            self.looking_for = Some((wanted, lease, self.numbers));
        }
    }

    fn overdue(&mut self, clock: u64) {
        let overdue: Vec<u64> =
            self.awaited.iter().filter(|(_, (_, at))| clock > at + COMMIT_TIMEOUT).map(|(number, _)| *number).collect();
        for number in overdue {
            self.answered(number, Answer::Silent);
        }
    }

    fn told(&mut self, told: Told, now: u64, without: Without) {
        match told {
            Told::Delivered { inbox, message, stored_at, deliveries } => {
                if inbox == self.inbox {
                    self.buffer.push_back((message, stored_at, deliveries));
                }
            }
            Told::Stored { number, is_duplicate } => {
                self.duplicates += u64::from(is_duplicate);
                self.answered(number, Answer::Stored);
            }
            Told::LeaseOver { number } => {
                self.leases_over += 1;
                self.answered(number, Answer::LeaseOver);
            }
            Told::Refused { number } => self.answered(number, Answer::RefusesAll),
            Told::Leased { lease: Some(lease), .. } if lease.instance != self.id => {}
            Told::Leased { asked_at, lease } => {
                let Some((_, asked_at)) = self.renewing.take_if(|(asked, _)| *asked == asked_at) else { return };
                if let Some(lease) = lease {
                    self.lingering.stored(lease, asked_at);
                }
                let renewed = lease.map_or(Renewed::Broken, |lease| Renewed::Stored((lease, self.chain.epoch())));
                self.chain.renewed(asked_at, renewed);
            }
            Told::NotLeased { asked_at } => {
                let Some((_, asked_at)) = self.renewing.take_if(|(asked, _)| *asked == asked_at) else { return };
                self.chain.renewed(asked_at, Renewed::Unknown);
            }
            Told::Gone(leases) => {
                self.clearing = None;
                while self.lingering.over(self.moment(now)).is_some_and(|it| leases.contains(it)) {
                    self.lingering.gone();
                }
            }
            Told::Found { number, messages } => self.looked(number, &messages, now, without),
        }
    }

    fn looked(&mut self, number: u64, found: &[(u64, bool)], now: u64, without: Without) {
        let Some((wanted, lease, _)) = self.looking_for.take_if(|(.., asked)| *asked == number) else { return };
        // It rests on what stood before it was asked whether that was all.
        let lease = if without == Without::Fresh { self.lease(now) } else { Some(lease) };
        let Some(lease) = lease else {
            wanted.iter().for_each(|arrived| self.hands.let_go(key(arrived.message), false));
            return;
        };
        for (arrived, (_, is_there)) in wanted.into_iter().zip(found) {
            let word = if *is_there { Found::Committed } else { Found::Nothing };
            if !is_there {
                self.hands.untouched(key(arrived.message), lease.0.stored_at.into());
            }
            let next = bounds().looked_up(arrived.arrival(self.is_unsure), word);
            let client = &mut self.links[CONSUME].client;
            match next {
                Next::Acknowledge => {
                    self.found += 1;
                    client.push_back(Asked::Ack(arrived.message));
                    self.hands.let_go(key(arrived.message), true);
                }
                Next::GiveBack(delay) => {
                    client.push_back(Asked::Nak(arrived.message, ms(delay)));
                    self.hands.let_go(key(arrived.message), false);
                }
                Next::Decide => self.queue.push_back(Arrived { lease, ..arrived }),
                Next::DeadLetter(_) => self.queue.push_back(Arrived { lease, is_dead: true, ..arrived }),
            }
        }
    }

    fn answered(&mut self, number: u64, answer: Answer) {
        let Some((arrived, _)) = self.awaited.remove(&number) else { return };
        self.hands.let_go(key(arrived.message), matches!(answer, Answer::Stored));
        let client = &mut self.links[CONSUME].client;
        match commit::after(answer, arrived.deliveries) {
            Next::Acknowledge if arrived.is_dead => client.push_back(Asked::Term(arrived.message)),
            Next::Acknowledge => client.push_back(Asked::Ack(arrived.message)),
            Next::GiveBack(delay) => client.push_back(Asked::Nak(arrived.message, ms(delay))),
            Next::Decide | Next::DeadLetter(_) => panic!("not after {answer:?}"),
        }
    }

    /// Whether nothing is on its way any more.
    pub(crate) fn is_at_rest(&self, now: u64) -> bool {
        let is_idle = |link: &Link| {
            let is_publish = |asked: &Asked| matches!(asked, Asked::Publish { .. });
            !link.client.iter().chain(&link.up).any(is_publish)
        };
        now >= self.asleep_until && self.queue.is_empty() && self.links.iter().all(is_idle)
    }

    /// What is on its way is lost, in both directions.
    pub(crate) fn cut(&mut self, link: usize) {
        self.links[link].is_broken = true;
        self.links[link].stalled_until = 0;
        self.links[link].up.clear();
        self.links[link].down.clear();
        if link == CONSUME {
            // The client subscribes anew to the same inbox; a look-up fails.
            for arrived in self.looking_for.take().map(|(wanted, ..)| wanted).unwrap_or_default() {
                self.hands.let_go(key(arrived.message), false);
            }
        }
    }
}

/// No message is stored twice here.
fn key(sequence: u64) -> MessageKey {
    MessageKey { sequence, stored_at_ns: 0 }
}

fn bounds() -> Bounds {
    Bounds { duplicate_window: Duration::from_millis(WINDOW), deliveries_max: DELIVERIES_MAX }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap()
}

//! A model of the broker, as far as a decision's way goes: a source with one durable consumer, our stream with its window of
//! ids, leases that end, and answers.

use crate::instance::Lease;
use crate::packs;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Times are in milliseconds of the broker's clock.
pub(crate) const ACK_WAIT: u64 = 3_000;
pub(crate) const WINDOW: u64 = 12_000;
pub(crate) const PLAN_AGE: u64 = 4_000;
/// For how long a broker that comes back keeps what ended while it was away, at least.
const LINGERS: u64 = 250;

/// What an instance sends.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    Pull {
        inbox: u64,
        messages: usize,
    },
    Publish {
        number: u64,
        message: u64,
        id: String,
        lease: Option<Lease>,
        record: Record,
    },
    Renew {
        instance: u64,
        asked_at: u64,
        before: Option<Lease>,
    },
    /// Messages, each with the time since when something can have been committed on it.
    LookUp {
        number: u64,
        messages: Vec<(u64, u64)>,
        is_of_leader: bool,
    },
    AreThere(Vec<Lease>),
    Ack(u64),
    Term(u64),
    Nak(u64, u64),
}

/// What it is answered, or delivered.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    Delivered { inbox: u64, message: u64, stored_at: u64, deliveries: u64 },
    Stored { number: u64, is_duplicate: bool },
    LeaseOver { number: u64 },
    Refused { number: u64 },
    Leased { asked_at: u64, lease: Option<Lease> },
    NotLeased { asked_at: u64 },
    Found { number: u64, messages: Vec<(u64, bool)> },
    Gone(Vec<Lease>),
}

/// What is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    Decision { outcome: String, world: usize },
    Dead,
}

struct Source {
    stored_at: u64,
    deliveries: u64,
    /// When it is delivered again; `None` before its first delivery.
    due_at: Option<u64>,
    is_settled: bool,
}

#[derive(Default)]
pub(crate) struct Broker {
    pub(crate) now: u64,
    source: BTreeMap<u64, Source>,
    /// What lies in our stream, by message.
    committed: BTreeMap<u64, Vec<Record>>,
    committed_at: HashMap<u64, u64>,
    /// How far its copies are behind.
    pub(crate) lag: u64,
    ids: HashMap<String, u64>,
    leases: HashMap<Lease, u64>,
    sequence: u64,
    /// It is away until then.
    back_at: u64,
    /// It refuses every write.
    pub(crate) is_full: bool,
    pub(crate) redelivered: u64,
    /// Another decision than the one that stands, under its id.
    pub(crate) decided_otherwise: u64,
    pub(crate) wrong: Option<String>,
}

impl Broker {
    pub(crate) fn receive(&mut self, message: u64) {
        let source = Source { stored_at: self.now, deliveries: 0, due_at: None, is_settled: false };
        self.source.insert(message, source);
    }

    pub(crate) fn is_done(&self) -> bool {
        self.source.values().all(|source| source.is_settled)
    }

    pub(crate) fn committed(&self) -> &BTreeMap<u64, Vec<Record>> {
        &self.committed
    }

    pub(crate) fn messages(&self) -> BTreeSet<u64> {
        self.source.keys().copied().collect()
    }

    pub(crate) fn asked(&mut self, asked: Asked) -> Vec<Told> {
        match asked {
            Asked::Pull { inbox, messages } => self.deliver(inbox, messages),
            Asked::Publish { number, message, id, lease, record } => {
                vec![self.publish(number, message, &id, lease, record)]
            }
            Asked::Renew { instance, asked_at, before } => vec![self.renew(instance, asked_at, before)],
            Asked::LookUp { number, messages, is_of_leader } => {
                let until = self.now - if is_of_leader { 0 } else { self.lag };
                let is_there =
                    |(it, since): (u64, u64)| self.committed_at.get(&it).is_some_and(|at| (since..=until).contains(at));
                let found = messages.into_iter().map(|it| (it.0, is_there(it))).collect();
                vec![Told::Found { number, messages: found }]
            }
            Asked::AreThere(leases) => {
                vec![Told::Gone(leases.into_iter().filter(|lease| !self.stands(*lease)).collect())]
            }
            Asked::Ack(message) | Asked::Term(message) => {
                if !self.committed.contains_key(&message) {
                    self.wrong.get_or_insert(format!("{message} is acknowledged before anything is committed"));
                }
                self.source.get_mut(&message).unwrap().is_settled = true;
                Vec::new()
            }
            Asked::Nak(message, delay) => {
                self.source.get_mut(&message).unwrap().due_at = Some(self.now + delay);
                Vec::new()
            }
        }
    }

    /// It is killed, and back after a while. It keeps all records, but not which messages were settled of late; and what ended
    /// meanwhile it forgets a little late.
    pub(crate) fn dies(&mut self, away: u64, rng: &mut fastrand::Rng) {
        // One that is away already comes back no sooner for it.
        self.back_at = self.back_at.max(self.now + away);
        let late = self.back_at + LINGERS + rng.u64(..PLAN_AGE);
        self.leases.values_mut().filter(|it| (self.now..late).contains(it)).for_each(|it| *it = late);
        for source in self.source.values_mut().filter(|_| rng.bool()) {
            *source = Source { deliveries: 0, due_at: None, is_settled: false, ..*source };
        }
    }

    pub(crate) fn is_away(&self) -> bool {
        self.now < self.back_at
    }

    fn deliver(&mut self, inbox: u64, messages: usize) -> Vec<Told> {
        let now = self.now;
        let mut told = Vec::new();
        for (message, source) in &mut self.source {
            let is_due = !source.is_settled && source.due_at.is_none_or(|due_at| due_at <= now);
            if !is_due || told.len() == messages {
                continue;
            }
            source.deliveries += 1;
            source.due_at = Some(now + ACK_WAIT);
            self.redelivered += u64::from(source.deliveries > 1);
            let (stored_at, deliveries) = (source.stored_at, source.deliveries);
            told.push(Told::Delivered { inbox, message: *message, stored_at, deliveries });
        }
        told
    }

    fn publish(&mut self, number: u64, message: u64, id: &str, lease: Option<Lease>, record: Record) -> Told {
        if self.is_full {
            return Told::Refused { number };
        }
        if self.ids.get(id).is_some_and(|at| self.now < at + WINDOW) {
            self.decided_otherwise += u64::from(self.committed[&message].first() != Some(&record));
            return Told::Stored { number, is_duplicate: true };
        }
        if lease.is_some_and(|lease| !self.stands(lease)) {
            return Told::LeaseOver { number };
        }
        self.sequence += 1;
        self.ids.insert(id.to_owned(), self.now);
        self.committed.entry(message).or_default().push(record);
        self.committed_at.entry(message).or_insert(self.now);
        Told::Stored { number, is_duplicate: false }
    }

    fn renew(&mut self, instance: u64, asked_at: u64, before: Option<Lease>) -> Told {
        if self.is_full {
            return Told::NotLeased { asked_at };
        }
        if before.is_some_and(|before| !self.stands(before)) {
            return Told::Leased { asked_at, lease: None };
        }
        self.sequence += 1;
        let lease = Lease { instance, revision: self.sequence, stored_at: self.now };
        // The broker forgets a little late.
        self.leases.insert(lease, self.now + PLAN_AGE + self.sequence % 1_000);
        Told::Leased { asked_at, lease: Some(lease) }
    }

    fn stands(&self, lease: Lease) -> bool {
        self.leases.get(&lease).is_some_and(|ends_at| self.now < *ends_at)
    }

    pub(crate) fn id_of(&self, message: u64) -> String {
        packs::id(message, self.source[&message].stored_at)
    }
}

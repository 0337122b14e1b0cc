//! What governs outward actions, as the broker has it: the halt, the grants, the slots that are taken. A fold over the
//! governing subjects; it answers what the facts of one decision are.
//!
//! What lies on a governing subject and is not signed as it must be tightens: on a grant's subject it is a revocation, on
//! the halt's a halt. So nobody who merely may publish there can loosen.

mod level;
mod place;
mod slots;
#[cfg(test)]
mod tests;

pub use slots::{Slot, SlotChoice};

use crate::authority::{Authority, Signed, Uses, VerifiedGrant, VerifiedResume};
use crate::channel::Channel;
use crate::class::{Class, is_name};
use crate::decision::{DecisionId, OutwardAction};
use crate::facts::{Cover, Facts, Halt, Leveled};
use crate::policy::Policy;
use crate::subject::{Root, Subject};
use jiff::{SignedDuration, Timestamp};
use place::{Beneath, Place, Standing};
use slots::Slots;
use std::collections::HashMap;
use std::sync::Arc;

/// How long what is known of grants counts without a word from the broker.
pub const SILENCE_MAX: SignedDuration = SignedDuration::from_secs(15);
/// How far our clock may be off the broker's.
pub const CLOCK_OFF_MAX: SignedDuration = SignedDuration::from_secs(5);

/// How much longer than its grant stands a use stays taken: the broker counts whole seconds, and by its own clock.
const USE_KEPT_BEYOND: SignedDuration = SignedDuration::from_secs(60);

/// A record on a governing subject, as the broker has it.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// Its subject.
    pub subject: &'a str,
    /// Its sequence in our stream: its revision.
    pub sequence: u64,
    /// When the broker stored it.
    pub stored_at: Timestamp,
    /// How long the broker keeps it; `None` for ever.
    pub kept: Option<SignedDuration>,
    /// Its bytes.
    pub payload: &'a [u8],
}

/// All that governs, as far as it has been heard.
#[derive(Debug)]
pub struct Governing {
    root: Root,
    authority: Arc<Authority>,
    halt: Halt,
    /// By the grant's subject.
    grants: HashMap<String, Place>,
    slots: Slots,
    /// By class and channel, as their tokens.
    levels: HashMap<String, HashMap<String, Leveled>>,
    freshness: Freshness,
}

/// Whether what is known can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Freshness {
    /// Nothing has been heard, or something has been missed.
    Unknown,
    /// All of it was heard, and the broker was last heard then.
    HeardAt(Timestamp),
    /// The same, but one of the clocks is wrong.
    ClockOff,
}

/// What is asked of a decision that would write.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The decision.
    pub decision: &'a DecisionId,
    /// The message's class.
    pub class: &'a Class,
    /// What would be done.
    pub action: &'a OutwardAction,
    /// The policy, with its caps.
    pub policy: &'a Policy,
    /// The time of the decision.
    pub now: Timestamp,
}

/// What covers an action: a word for the record, and what a permit is made of.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The word.
    pub cover: Cover,
    /// The grant and the slots, where the word is [`Cover::Granted`].
    pub covering: Option<Covering>,
}

/// A grant that covers an action, with free slots.
#[derive(Clone, Debug)]
pub struct Covering {
    /// The grant.
    pub grant: Arc<VerifiedGrant>,
    /// Its revision.
    pub revision: u64,
    /// A slot to take for each of its uses and caps.
    pub slots: Vec<SlotChoice>,
}

/// Where a decision's facts come from: the bus, a record, or nowhere.
pub trait Sight {
    /// The time.
    fn now(&self) -> Timestamp;
    /// The halt.
    fn halt(&self) -> Halt;
    /// What covers an action.
    fn cover(&self, ask: &Ask<'_>) -> Seen;
    /// What lies on the level of a class on a channel; `None` where nobody has looked.
    fn level(&self, class: &Class, channel: &Channel) -> Option<Leveled>;
}

/// Facts that are given: those of a record, or those of nobody who ever granted anything.
#[derive(Clone, Debug)]
pub struct Given {
    facts: Facts,
    grant: Option<Arc<VerifiedGrant>>,
}

impl Given {
    /// Where nothing was ever granted or halted.
    pub fn quiet(now: Timestamp) -> Self {
        Self { facts: Facts::quiet(now), grant: None }
    }

    /// Those of a record; the grant is the one in its proof, verified.
    pub fn recorded(facts: Facts, grant: Option<VerifiedGrant>) -> Self {
        Self { facts, grant: grant.map(Arc::new) }
    }
}

impl Sight for Given {
    fn now(&self) -> Timestamp {
        self.facts.now
    }

    fn halt(&self) -> Halt {
        self.facts.halt
    }

    fn cover(&self, _: &Ask<'_>) -> Seen {
        let covering = match (&self.facts.cover, &self.grant) {
            (Cover::Granted { revision, .. }, Some(grant)) => {
                Some(Covering { grant: Arc::clone(grant), revision: *revision, slots: Vec::new() })
            }
            _ => None,
        };
        Seen { cover: self.facts.cover.clone(), covering }
    }

    fn level(&self, _: &Class, _: &Channel) -> Option<Leveled> {
        self.facts.level
    }
}

/// What is known at a moment.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    /// What is known.
    pub governing: &'a Governing,
    /// The moment.
    pub now: Timestamp,
}

impl Sight for At<'_> {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn halt(&self) -> Halt {
        self.governing.halt
    }

    fn cover(&self, ask: &Ask<'_>) -> Seen {
        self.governing.cover(ask)
    }

    fn level(&self, class: &Class, channel: &Channel) -> Option<Leveled> {
        Some(self.governing.level(class, channel))
    }
}

impl Seen {
    fn without(cover: Cover) -> Self {
        Self { cover, covering: None }
    }
}

impl Governing {
    /// Of which nothing is known yet.
    pub fn new(root: Root, authority: Arc<Authority>) -> Self {
        Self {
            root,
            authority,
            halt: Halt::Off { revision: 0 },
            grants: HashMap::new(),
            slots: Slots::default(),
            levels: HashMap::new(),
            freshness: Freshness::Unknown,
        }
    }

    /// Takes a record in. Records come in the order of their sequences.
    pub fn apply(&mut self, record: &Record<'_>) {
        match self.root.governed(record.subject) {
            Some(Governed::Halt) => self.halt = self.halt_by(record),
            Some(Governed::Grant(kind, channel)) => {
                let beneath = self.grants.get(record.subject).map(|place| place.beneath(record.stored_at));
                let standing = self.standing_by(record, kind, channel, beneath.unwrap_or_default());
                self.grants.entry(record.subject.to_owned()).or_default().put(record, standing);
            }
            Some(Governed::Slot(slot)) => self.slots.take(slot, record.stored_at),
            Some(Governed::Level(class, channel)) => {
                let level = level::upon(self.level_of(class, channel), record, class, channel, &self.authority);
                self.levels.entry(class.to_owned()).or_default().insert(channel.to_owned(), level);
            }
            None => {}
        }
    }

    /// The operators whose signatures it counts. For others all must be read anew.
    pub fn authority(&self) -> &Arc<Authority> {
        &self.authority
    }

    /// Everything up to now was heard, and the broker's clock shows `broker_now` while ours shows `now`.
    pub fn heard(&mut self, now: Timestamp, broker_now: Timestamp) {
        let is_off = now.duration_since(broker_now).abs() > CLOCK_OFF_MAX;
        self.freshness = if is_off { Freshness::ClockOff } else { Freshness::HeardAt(now) };
    }

    /// The broker is alive, and nothing was missed.
    pub fn beat(&mut self, now: Timestamp) {
        if let Freshness::HeardAt(at) = &mut self.freshness {
            *at = now;
        }
    }

    /// Something may have been missed: nothing counts until all has been heard anew.
    pub fn missed(&mut self) {
        self.freshness = Freshness::Unknown;
    }

    /// Whether what is known counts at this moment.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        match self.freshness {
            Freshness::HeardAt(at) => now.duration_since(at).abs() <= SILENCE_MAX,
            Freshness::Unknown | Freshness::ClockOff => false,
        }
    }

    /// The halt, as last heard.
    pub fn halt(&self) -> Halt {
        self.halt
    }

    /// The grants that stand, with their revisions. What canaries are placed with is none.
    pub fn grants(&self) -> impl Iterator<Item = (&VerifiedGrant, u64)> {
        let standing = self.grants.values().filter_map(|place| match &place.standing {
            Standing::Grant(grant, revision) => Some((grant.as_ref(), *revision)),
            Standing::Nothing => None,
        });
        standing.filter(|(grant, _)| !grant.grant().channel.is_canary())
    }

    /// What lies on the level of a class on a channel.
    pub fn level(&self, class: &Class, channel: &Channel) -> Leveled {
        self.level_of(class.as_str(), channel.subject())
    }

    /// The same by their tokens. Asked for each message: nothing is put together for it.
    pub(crate) fn level_of(&self, class: &str, channel: &str) -> Leveled {
        self.levels.get(class).and_then(|channels| channels.get(channel)).copied().unwrap_or_default()
    }

    /// The channels on which the bus has a promotion of a class as the last word, of those that are named.
    pub fn promoted_on<'c>(&self, class: &Class, channels: impl Iterator<Item = &'c Channel>) -> Vec<&'c Channel> {
        channels
            .filter(|channel| {
                let Leveled { revision, demoted } = self.level(class, channel);
                revision > demoted
            })
            .collect()
    }

    /// The sequence of the last record on a grant's subject, as far as it was heard; 0 where there is none.
    pub fn last_on(&self, subject: &Subject) -> u64 {
        self.grants.get(subject.as_str()).map_or(0, Place::last)
    }

    /// The slots of a row that are taken.
    pub fn taken(&self, slot: &Slot) -> u32 {
        self.slots.taken(slot)
    }

    /// Whether anything covers the action, and what.
    fn cover(&self, ask: &Ask<'_>) -> Seen {
        if !self.is_fresh(ask.now) {
            return Seen::without(Cover::Stale);
        }
        let subject = self.root.grant(&ask.action.kind, &ask.action.channel);
        let Some(Place { standing: Standing::Grant(grant, revision), .. }) = self.grants.get(subject.as_str()) else {
            return Seen::without(Cover::NoGrant);
        };
        if grant.covers(ask.action, ask.class, ask.now).is_err() {
            return Seen::without(Cover::NoGrant);
        }
        let mut slots = Vec::new();
        if let Uses::Times(times) = grant.grant().uses {
            let row = Slot::Use(grant.grant().id.clone());
            let kept = grant.grant().expires_at.duration_since(ask.now).saturating_add(USE_KEPT_BEYOND);
            match self.slots.choose(row, times, ask.decision, kept) {
                Some(choice) => slots.push(choice),
                None => return Seen::without(Cover::NoGrant),
            }
        }
        for cap in ask.policy.caps_of(ask.class, &ask.action.channel, &ask.action.kind) {
            let row = Slot::cap(&cap.scope, cap.window, ask.now);
            let kept = SignedDuration::try_from(cap.window.length() * 2).unwrap_or(SignedDuration::MAX);
            match self.slots.choose(row, cap.actions_max, ask.decision, kept) {
                Some(choice) => slots.push(choice),
                None => return Seen::without(Cover::CapReached),
            }
        }
        let cover = Cover::Granted { grant: grant.grant().id.clone(), revision: *revision };
        Seen { cover, covering: Some(Covering { grant: Arc::clone(grant), revision: *revision, slots }) }
    }

    /// Only a signed end of this very halt ends it.
    fn halt_by(&self, record: &Record<'_>) -> Halt {
        let halted = Halt::On { revision: record.sequence };
        let Ok(signed) = Signed::parse(record.payload) else { return halted };
        let Ok(resume) = VerifiedResume::new(signed, &self.authority) else { return halted };
        let ends_it = matches!(self.halt, Halt::On { revision } if revision == resume.payload().halt);
        if ends_it && resume.operator().resume && resume.is_fresh(record.stored_at) {
            Halt::Off { revision: record.sequence }
        } else {
            halted
        }
    }

    /// Only a grant that is signed, stored in time and lies where it belongs stands: upon a revocation, and that directly
    /// upon what was there when it was signed. One that is put back after it was revoked does not: the revocation that it
    /// was first stored upon lies in between, for ever.
    fn standing_by(&self, record: &Record<'_>, kind: &str, channel: &str, beneath: Beneath) -> Standing {
        let stands = |grant: &VerifiedGrant| {
            let grant = grant.grant();
            let is_upon_its_own = beneath.before <= grant.after && grant.after < beneath.last;
            is_upon_its_own && grant.kind.as_str() == kind && grant.channel.subject() == channel
        };
        Signed::parse(record.payload)
            .ok()
            .and_then(|signed| VerifiedGrant::stored(signed, &self.authority, record.stored_at).ok())
            .filter(stands)
            .map_or(Standing::Nothing, |grant| Standing::Grant(Arc::new(grant), record.sequence))
    }
}

/// What a governing subject is about.
pub(crate) enum Governed<'a> {
    /// The halt.
    Halt,
    /// The grant of a type on a channel: their tokens.
    Grant(&'a str, &'a str),
    /// A slot.
    Slot(&'a str),
    /// The level of a class on a channel: their tokens.
    Level(&'a str, &'a str),
}

impl Root {
    /// The filters of all that governs.
    pub fn governing(&self) -> Vec<String> {
        ["grant", "control", "slot", "level"].map(|kind| format!("{self}.{kind}.>")).to_vec()
    }

    /// What a subject is about, where it governs.
    pub(crate) fn governed<'a>(&self, subject: &'a str) -> Option<Governed<'a>> {
        let below = subject.strip_prefix(self.as_str())?.strip_prefix('.')?;
        let (kind, rest) = below.split_once('.')?;
        match kind {
            // Whatever comes on control, halts.
            "control" => Some(Governed::Halt),
            "grant" => rest.split_once('.').map(|(kind, channel)| Governed::Grant(kind, channel)),
            "slot" => Some(Governed::Slot(rest)),
            "level" => {
                let (class, channel) = rest.split_once('.')?;
                let is_of_one = is_name(class) && channel.split('.').count() == 2;
                is_of_one.then_some(Governed::Level(class, channel))
            }
            _ => None,
        }
    }
}

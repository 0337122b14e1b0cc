//! The person's side of escalations: which wait, what answers them, what became of the answers.
//!
//! A functional core: [`Inbox`] is a fold over what was published, [`answer`] makes rulings, [`page`] says what a person
//! is shown, [`screen`] is the terminal as a machine of inputs and intents. Who reads the bus, the clock and the keyboard
//! is `cli::inbox`.

pub mod answer;
pub mod diff;
mod entry;
mod letter;
mod load;
pub mod page;
mod place;
mod proposal;
pub mod screen;
#[cfg(test)]
pub(crate) mod tests;

pub use entry::{Became, Entry, Given, Void};
pub use letter::{Letter, LetterGiven};
pub use load::{Load, Queue};
pub use proposal::{PROPOSAL_BYTES_MAX, PROPOSAL_VERSION, Proposal, ProposalError, ProposedAction, TEXT_BYTES_MAX};

use crate::authority::Authority;
use crate::decision::{DeadLetter, DecisionId, DemotedAlert, Outward, Receipt, Record};
use crate::policy::Desk;
use crate::rulings::RulingReceipt;
use crate::subject::Root;
use jiff::{SignedDuration, Timestamp};
use place::Place;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// The most escalations that an inbox holds; the oldest are kept, and the others counted.
pub const ENTRIES_MAX: usize = 10_000;
/// The most answered escalations that an inbox remembers.
pub const ANSWERED_MAX: usize = 200;
/// The most demotions that an inbox remembers.
pub const DEMOTED_MAX: usize = 100;
/// For how long a demotion is shown.
const DEMOTED_SHOWN: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The most proposals kept for one escalation.
pub const PROPOSALS_MAX: usize = 8;

/// A message of our own stream, as it lies there.
#[derive(Clone, Copy, Debug)]
pub struct Published<'a> {
    /// Its subject.
    pub subject: &'a str,
    /// Its sequence.
    pub sequence: u64,
    /// When the broker stored it.
    pub stored_at: Timestamp,
    /// Its bytes.
    pub payload: &'a [u8],
}

/// The escalations of a deployment, and what was said about them.
#[derive(Clone, Debug)]
pub struct Inbox {
    root: Root,
    authority: Arc<Authority>,
    deadlines: BTreeMap<Desk, Duration>,
    entries: BTreeMap<DecisionId, Entry>,
    letters: BTreeMap<DecisionId, Letter>,
    demoted: VecDeque<(Timestamp, DemotedAlert)>,
    left_out: u64,
    unread: u64,
    /// What was noted since answered ones were last forgotten.
    noted: usize,
}

/// What waits for a person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Waiting<'a> {
    /// A decision that a person must make.
    Escalation(&'a Entry),
    /// A message that could not be decided.
    Letter(&'a Letter),
}

impl Waiting<'_> {
    fn urgency(&self) -> (bool, Option<Timestamp>, Timestamp, u64) {
        let (deadline, stored_at, sequence) = match self {
            Self::Escalation(entry) => (entry.deadline, entry.stored_at, entry.sequence),
            Self::Letter(letter) => (letter.deadline, letter.stored_at, letter.sequence),
        };
        (deadline.is_none(), deadline, stored_at, sequence)
    }
}

/// Why an abbreviated id names nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// None begins so.
    #[error("no {0} has the id `{1}`")]
    None(&'static str, String),
    /// Several do.
    #[error("`{0}` is the beginning of several ids; give more of it")]
    Several(String),
}

impl Inbox {
    /// An empty one. A desk without a deadline has none.
    pub fn new(root: Root, authority: Arc<Authority>, deadlines: BTreeMap<Desk, Duration>) -> Self {
        let (entries, letters, demoted) = (BTreeMap::new(), BTreeMap::new(), VecDeque::new());
        Self { root, authority, deadlines, entries, letters, demoted, left_out: 0, unread: 0, noted: 0 }
    }

    /// Takes note of a message. What says nothing about escalations changes nothing; what cannot be read is counted.
    pub fn apply(&mut self, published: &Published<'_>) {
        let Some(place) = Place::of(&self.root, published.subject) else { return };
        match place {
            Place::Escalated => self.escalated(published),
            Place::Ruling(id) => self.ruling(&id, published),
            Place::Receipt(id) => self.receipt(&id, published),
            Place::RulingReceipt(id) => self.ruling_receipt(&id, published),
            Place::Proposal(id) => self.proposal(&id, published),
            Place::Approved(id) => self.approved(&id, published),
            Place::Dead => self.dead(published),
            Place::LetterRuling(id) => self.letter_ruling(&id, published),
            Place::LetterReceipt(id) => self.letter_receipt(&id, published),
            Place::Demoted => self.class_demoted(published),
        }
    }

    /// Everything that waits for a person, escalations and dead letters: nearest deadline first, those without one last,
    /// oldest first.
    pub fn waiting(&self) -> Vec<Waiting<'_>> {
        let letters = self.letters.values().filter(|letter| letter.is_open()).map(Waiting::Letter);
        let mut waiting: Vec<Waiting<'_>> = self.open().into_iter().map(Waiting::Escalation).chain(letters).collect();
        waiting.sort_by_key(Waiting::urgency);
        waiting
    }

    /// Dead letters, oldest first.
    pub fn letters(&self) -> Vec<&Letter> {
        let mut letters: Vec<&Letter> = self.letters.values().collect();
        letters.sort_by_key(|letter| letter.sequence);
        letters
    }

    /// The one dead letter whose id begins so.
    ///
    /// # Errors
    /// Where there is none, or more than one.
    pub fn find_letter(&self, beginning: &str) -> Result<&Letter, NotFound> {
        only(&self.letters, beginning, "dead letter")
    }

    /// The classes that the daemon has taken back to level 1 within the last week, the last first.
    pub fn demoted(&self, now: Timestamp) -> impl Iterator<Item = &DemotedAlert> {
        let lately = move |(at, _): &&(Timestamp, DemotedAlert)| now.duration_since(*at) < DEMOTED_SHOWN;
        self.demoted.iter().rev().filter(lately).map(|(_, alert)| alert)
    }

    /// The escalations that wait: nearest deadline first, those without one last, oldest first.
    pub fn open(&self) -> Vec<&Entry> {
        let mut open: Vec<&Entry> = self.entries.values().filter(|entry| entry.is_open()).collect();
        open.sort_by_key(|entry| (entry.deadline.is_none(), entry.deadline, entry.stored_at, entry.sequence));
        open
    }

    /// The escalations that were answered, or have expired: the last first.
    pub fn answered(&self) -> Vec<&Entry> {
        let mut answered: Vec<&Entry> = self.entries.values().filter(|entry| !entry.is_open()).collect();
        answered.sort_by_key(|entry| std::cmp::Reverse(entry.changed_at()));
        answered
    }

    /// An escalation by its id.
    pub fn get(&self, id: &DecisionId) -> Option<&Entry> {
        self.entries.get(id)
    }

    /// The one escalation whose id begins so.
    ///
    /// # Errors
    /// Where there is none, or more than one.
    pub fn find(&self, beginning: &str) -> Result<&Entry, NotFound> {
        only(&self.entries, beginning, "escalation")
    }

    /// How many escalations did not fit.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// How many records and proposals could not be read.
    pub fn unread(&self) -> u64 {
        self.unread
    }

    /// An escalation. One that is there already under this id is replaced by the later: it was given to another desk.
    fn escalated(&mut self, published: &Published<'_>) {
        let record = Record::parse(published.payload);
        let Ok(Record::Escalated(escalation)) = &record else { return self.unread += 1 };
        let is_at_home = record.as_ref().ok().and_then(|record| self.root.of_record(record));
        if is_at_home.is_none_or(|subject| subject != published.subject) {
            return self.unread += 1;
        }
        let id = escalation.decision.id.clone();
        let known = self.entries.len();
        let deadline = escalation.decision.desk.as_ref().and_then(|desk| self.deadlines.get(desk));
        let deadline = deadline.and_then(|after| published.stored_at.checked_add(*after).ok());
        match self.entries.get_mut(&id) {
            Some(entry) => entry.replace(escalation, published, deadline),
            None if known >= ENTRIES_MAX => self.left_out += 1,
            None => drop(self.entries.insert(id, Entry::new(escalation, published, deadline))),
        }
    }

    fn ruling(&mut self, id: &DecisionId, published: &Published<'_>) {
        let authority = Arc::clone(&self.authority);
        self.about(id, |entry| entry.note_ruling(published, &authority));
    }

    fn receipt(&mut self, id: &DecisionId, published: &Published<'_>) {
        match Receipt::parse(published.payload) {
            Ok(receipt) => self.about(id, |entry| entry.note_receipt(receipt, published.stored_at)),
            Err(_) => self.unread += 1,
        }
    }

    fn ruling_receipt(&mut self, id: &DecisionId, published: &Published<'_>) {
        match serde_json::from_slice::<RulingReceipt>(published.payload) {
            Ok(receipt) => self.about(id, |entry| entry.note_ruling_receipt(receipt, published.stored_at)),
            Err(_) => self.unread += 1,
        }
    }

    fn proposal(&mut self, id: &DecisionId, published: &Published<'_>) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        match Proposal::parse(published.payload) {
            Ok(proposal) if proposal.decision == *id => entry.note_proposal(proposal),
            Ok(_) | Err(_) => self.unread += 1,
        }
    }

    fn approved(&mut self, id: &DecisionId, published: &Published<'_>) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        match serde_json::from_slice::<Outward>(published.payload) {
            Ok(outward) => entry.note_approved(&outward.action, published),
            Err(_) => self.unread += 1,
        }
        self.forget();
    }

    fn about(&mut self, id: &DecisionId, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.entries.get_mut(id) {
            change(entry);
            self.forget();
        }
    }

    /// A dead letter. A later one of the same message stands in its place: it was tried again, and given up again.
    fn dead(&mut self, published: &Published<'_>) {
        let Ok(letter) = DeadLetter::parse(published.payload) else { return self.unread += 1 };
        if self.root.dead(&letter.channel).as_str() != published.subject {
            return self.unread += 1;
        }
        if self.letters.len() >= ENTRIES_MAX && !self.letters.contains_key(&letter.id) {
            return self.left_out += 1;
        }
        let deadline = self.deadlines.get(&Desk::human());
        let deadline = deadline.and_then(|after| published.stored_at.checked_add(*after).ok());
        self.letters.insert(letter.id.clone(), Letter::new(letter, published, deadline));
    }

    fn class_demoted(&mut self, published: &Published<'_>) {
        let Some(alert) = DemotedAlert::parse(published.payload) else { return self.unread += 1 };
        self.demoted.push_back((published.stored_at, alert));
        if self.demoted.len() > DEMOTED_MAX {
            self.demoted.pop_front();
        }
    }

    fn letter_ruling(&mut self, id: &DecisionId, published: &Published<'_>) {
        if let Some(letter) = self.letters.get_mut(id) {
            letter.note_answer(published, &self.authority);
        }
    }

    fn letter_receipt(&mut self, id: &DecisionId, published: &Published<'_>) {
        let Some(letter) = self.letters.get_mut(id) else { return };
        match serde_json::from_slice::<RulingReceipt>(published.payload) {
            Ok(receipt) => letter.note_receipt(receipt),
            Err(_) => self.unread += 1,
        }
    }

    /// Only so many answered ones are remembered; looked at now and then, for it takes a look at all of them.
    fn forget(&mut self) {
        self.noted += 1;
        if self.noted < ANSWERED_MAX && self.entries.len() < ENTRIES_MAX {
            return;
        }
        self.noted = 0;
        let forgotten: Vec<DecisionId> =
            self.answered().into_iter().skip(ANSWERED_MAX).map(|entry| entry.id().clone()).collect();
        for id in forgotten {
            self.entries.remove(&id);
        }
    }
}

/// The one whose id begins so.
fn only<'a, T>(all: &'a BTreeMap<DecisionId, T>, beginning: &str, what: &'static str) -> Result<&'a T, NotFound> {
    let mut found = all.iter().filter(|(id, _)| !beginning.is_empty() && id.as_str().starts_with(beginning));
    let shown = || crate::plain::one_line(beginning, 40);
    match (found.next(), found.next()) {
        (None, _) => Err(NotFound::None(what, shown())),
        (Some((_, one)), None) => Ok(one),
        (Some(_), Some(_)) => Err(NotFound::Several(shown())),
    }
}

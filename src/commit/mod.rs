//! What is next for a message between its arrival and its last acknowledgement. Pure: [`crate::bus`] carries it out on a
//! broker, the simulator of the tests on a model of one.
//!
//! ```text
//! arrived ─► first ─┬─► decide ──────────────► publish, fenced ─► answered ─► after ─┬─► acknowledge
//!                   └─► look up ─► looked_up ─┬─► decide                              ├─► give back
//!                                             ├─► acknowledge                         └─► dead letter ─► end it
//!                                             └─► dead letter
//! ```
//!
//! Why no message is decided twice, whatever sleeps, dies or is cut off (all times by the broker's clock):
//!
//! - Within the deduplication window, the broker drops the second record of an id.
//! - A plan is fenced on a lease, a record of its instance that the broker forgets after `plan_age_ms_max`. Leases are a
//!   chain: each is stored only while the one before stands. An instance that slept longer cannot take up its chain, and
//!   throws away all that was delivered to it under that chain.
//! - What an instance was sent it decides under the lease that stood when it looked, and it throws away what lay unseen for
//!   longer than the age of a plan: so all it can commit on a delivery comes within twice that age, under the window.
//! - A broker that comes back keeps leases that ended meanwhile for a moment: what a client held while it was away is not
//!   sent before they are gone.
//! - So whoever holds a message anew looks for what was committed on it before: what is not there by then will be stored
//!   within the age of a plan, or not at all; and that is less than half the window. The lease is taken before it is asked whether
//!   that was all: what others commit after it lies within the window of what rests on it. Nor does a delivery stay on its way
//!   for as long as a plan may wait: a connection that is silent is given up within seconds.
//! - It reads what was committed since the message was stored, or since later, where nobody can have had it before: its first
//!   delivery came to this instance, whose client had been empty a while ago; or this instance has looked before.
//! - Who looks is told by the age of the message when the lease was stored. Our own clocks are asked only what is over, and
//!   then both of them; where both stand still (a machine that is paused by another and not told), the chain breaks at the
//!   broker. Only such a pause and a broker that comes back in it, together, are more than this withstands.

mod chain;
mod hands;
mod lingering;
mod moment;
#[cfg(test)]
mod tests;

pub use chain::{Chain, Held, Renewed};
pub use hands::{Hands, MessageKey};
pub use lingering::Lingering;
pub use moment::Moment;

use std::time::Duration;

/// The bounds that this rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How long the broker remembers an id.
    pub duplicate_window: Duration,
    /// How often a message is delivered until it is given up.
    pub deliveries_max: u64,
}

/// What is known of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// How long the broker had stored the message when it stored the lease that the plan rests on; nothing where the message is
    /// younger.
    pub age: Duration,
    /// How often it has been delivered, this time included, as far as the source's consumer knows.
    pub deliveries: u64,
    /// The consumer may have forgotten what it had delivered: a server that was killed has not written all of it down, and one
    /// that was made anew knows nothing.
    pub is_unsure: bool,
}

/// What comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// Nobody can have decided it so long ago that the broker has forgotten the id.
    Decide,
    /// Somebody may have.
    LookUp,
}

/// What looking for a committed decision brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// There is one, or the message has been given up before.
    Committed,
    /// There is none.
    Nothing,
    /// The broker did not say.
    Unknown,
}

/// What is next for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is decided.
    Decide,
    /// Its decision stands: its source may forget it.
    Acknowledge,
    /// It is delivered again, after a while.
    GiveBack(Duration),
    /// It is written down as what could not be decided, and then ended at its source.
    DeadLetter(DeadWhy),
}

/// What the broker made of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is stored, or it was stored before under the same id.
    Stored,
    /// The lease that it was fenced on does not stand any more.
    LeaseOver,
    /// The broker refuses this record, and would refuse it again.
    RefusesRecord,
    /// The broker refuses records: it is full, or cannot write, or does not let us.
    RefusesAll,
    /// It did not say, or nothing that we know.
    Silent,
}

/// Why a message was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeadWhy {
    /// It was delivered too often without a decision: deciding it may end the daemon.
    Deliveries,
    /// The broker refuses its record for a reason of the record's own.
    Refused,
    /// The broker gave it up by itself: its consumer bounds deliveries.
    GivenUp,
}

impl DeadWhy {
    /// Each.
    pub const ALL: [Self; 3] = [Self::Deliveries, Self::Refused, Self::GivenUp];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deliveries => "deliveries",
            Self::Refused => "refused",
            Self::GivenUp => "given_up",
        }
    }
}

/// How long a message waits before its second delivery; each time twice as long.
const GIVE_BACK_MIN: Duration = Duration::from_secs(1);
/// The longest that it waits.
const GIVE_BACK_MAX: Duration = Duration::from_secs(60);

impl Bounds {
    /// What comes first. Half the window is left to whoever decides at the same time.
    pub fn first(&self, arrival: Arrival) -> First {
        let is_forgotten = arrival.age > self.duplicate_window / 2;
        let may_be_decided = arrival.deliveries > 1 || arrival.is_unsure;
        if arrival.deliveries > self.deliveries_max || (may_be_decided && is_forgotten) {
            First::LookUp
        } else {
            First::Decide
        }
    }

    /// What is next, once it has been looked for.
    pub fn looked_up(&self, arrival: Arrival, found: Found) -> Next {
        match found {
            Found::Committed => Next::Acknowledge,
            Found::Nothing if arrival.deliveries > self.deliveries_max => Next::DeadLetter(DeadWhy::Deliveries),
            Found::Nothing => Next::Decide,
            Found::Unknown => Next::GiveBack(give_back(arrival.deliveries)),
        }
    }
}

/// What is next for a message whose record the broker has answered. Nothing is acknowledged but what is stored.
pub fn after(answer: Answer, deliveries: u64) -> Next {
    match answer {
        Answer::Stored => Next::Acknowledge,
        Answer::RefusesRecord => Next::DeadLetter(DeadWhy::Refused),
        Answer::LeaseOver | Answer::RefusesAll | Answer::Silent => Next::GiveBack(give_back(deliveries)),
    }
}

fn give_back(deliveries: u64) -> Duration {
    let doublings = u32::try_from(deliveries.saturating_sub(1)).unwrap_or(u32::MAX).min(6);
    (GIVE_BACK_MIN * 2_u32.pow(doublings)).min(GIVE_BACK_MAX)
}

//! A delivery becomes a [`Plan`]: decode, views, classify, gate. Synchronous and pure; the shell only
//! carries plans out.

mod dead;
mod outward;
mod plan;
mod privacy;
mod record;
mod sample;
mod snapshot;
mod thread;

pub use dead::dead_letter;
pub use plan::{Act, Plan};
pub use privacy::SenderHasher;
pub use sample::{SamplePlan, is_handled, sample};
pub use snapshot::{Named, Snapshot};
pub use thread::{Thread, Threads};

use crate::classify::{self, Scratch};
use crate::config::ChannelSpec;
use crate::decision::DecisionId;
use crate::decode::{self, Malformed};
use crate::facts::{Facts, Leveled};
use crate::gate::{Case, gate};
use crate::governing::{Seen, Sight};
use crate::message::{Delivery, Message, Origin};
use crate::verdict::Verdict;
use jiff::Timestamp;
use record::Decided;

/// A delivery that has been read: the message, or why there is none.
#[derive(Debug)]
pub struct Reading<'a> {
    /// What the broker delivered.
    pub delivery: &'a Delivery,
    /// The channel that its subject belongs to.
    pub spec: &'a ChannelSpec,
    /// The message, or why there is none.
    pub message: Result<Message, Malformed>,
}

/// Reads a delivery by its channel's recipe.
pub fn read<'a>(snapshot: &'a Snapshot, delivery: &'a Delivery) -> Reading<'a> {
    let spec = snapshot.channel_of(delivery);
    let message = decode::decode(&spec.recipe, &spec.channel, &snapshot.limits.decode, delivery);
    Reading { delivery, spec, message }
}

/// Decides on a reading. The facts are looked up once the verdict is known: they are of its action.
pub fn decide(snapshot: &Snapshot, reading: &Reading<'_>, sight: &dyn Sight, scratch: &mut Scratch) -> Plan {
    let (verdict, named) = verdict(snapshot, reading, sight.now(), scratch);
    let id = DecisionId::of(reading.delivery);
    let channel = &reading.spec.channel;
    let level = verdict.class().map_or(Some(Leveled::default()), |class| sight.level(class, channel));
    let Seen { cover, covering } = outward::seen(snapshot, reading, &verdict, level, &id, sight);
    let facts = Facts { now: sight.now(), halt: sight.halt(), cover, level };
    let disposition = gate(&case(reading, &verdict, &named), &snapshot.policy, &facts);
    let decided = Decided { snapshot, reading, named, verdict, disposition, facts, id };
    let (act, decided) = match decided.permit(covering) {
        Ok(None) => (None, decided),
        Ok(Some(permit)) => decided.with_permit(permit),
        Err(_) => (None, decided.held_back()),
    };
    plan::plan(&decided, act)
}

/// The verdict on a reading, as of `now`, and what its evidence names: what could not be read, and what a person addresses
/// to the assistant, is not classified.
pub fn verdict<'a>(
    snapshot: &'a Snapshot,
    reading: &Reading<'_>,
    now: Timestamp,
    scratch: &mut Scratch,
) -> (Verdict, Named<'a>) {
    scratch.forget();
    match &reading.message {
        Err(malformed) => (Verdict::none(malformed.reason(), Vec::new()), Named::default()),
        Ok(_) if reading.spec.mode == crate::channel::Mode::Direct => {
            (Verdict::none(crate::reason::Reason::Direct, Vec::new()), Named::default())
        }
        Ok(message) => {
            let limits = snapshot.classify_limits();
            let found = classify::find(&snapshot.pack, message, now, &limits, scratch);
            (found.to_verdict(), Named::by(found.effects()))
        }
    }
}

/// What the gate needs to know of a reading.
pub fn case<'a>(reading: &'a Reading<'_>, verdict: &'a Verdict, named: &'a Named<'_>) -> Case<'a> {
    Case {
        verdict,
        channel: &reading.spec.channel,
        mode: reading.spec.mode,
        origin: reading.message.as_ref().map_or(Origin::Person, |message| message.origin),
        sent_at: sent_at(reading),
        restrictions: &named.restrictions,
        permitted: named.permitted,
    }
}

/// The earlier of what the source says and when the broker stored it: a date in the future makes nobody
/// younger.
fn sent_at(reading: &Reading<'_>) -> Timestamp {
    let stored_at = reading.delivery.stored_at();
    match &reading.message {
        Ok(Message { sent_at: Some(sent_at), .. }) => stored_at.min(*sent_at),
        _ => stored_at,
    }
}

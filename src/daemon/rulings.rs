//! People's answers: taken one after the other, carried out, acknowledged. What they do is [`crate::rulings`]' to say.

use super::again::Again;
use super::agreement::Watchful;
use super::samples::read_sample;
use super::workers::Snapshots;
use crate::bus::batch::{self, Acted, BatchEntry, Batched};
use crate::bus::follow::Known;
use crate::bus::inbound::{self, Arrived, Intake, Route};
use crate::bus::lease;
use crate::bus::outbound::Outlet;
use crate::bus::records::{find_last, find_one};
use crate::bus::setup::SourceSetup;
use crate::bus::{Trouble, publish_once};
use crate::decision::{DeadLetter, DecisionId, Escalation, Record, Sample};
use crate::metrics::Metrics;
use crate::policy::Desk;
use crate::rulings::{self, Asked, Effect, Going, LetterEffect, Place, Pointed, RulingReceipt, Today, Word};
use crate::subject::Subject;
use crate::triage::Snapshot;
use async_nats::jetstream::message::AckKind;
use jiff::Timestamp;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Answers that wait here; people are slow.
const QUEUE_MAX: usize = 1;
/// How long an answer waits that cannot be judged now.
const LATER: Duration = Duration::from_secs(2);

/// Takes answers until `stop`.
pub(super) async fn take(setup: SourceSetup, consume: crate::bus::Connection, judge: Judge, stop: CancellationToken) {
    let (arrived, mut queue) = mpsc::channel(QUEUE_MAX);
    let client = consume.client.clone();
    // An answer takes effect once by a slot of its own: it needs no lease, and no room for messages.
    let (route, flow) = (Route { decide: arrived, look_up: None }, lease::unbound());
    let pulling = tokio::spawn(inbound::pull(consume, setup, route, flow, Duration::MAX, Arc::new(Quiet), stop));
    while let Some(together) = queue.recv().await {
        for arrived in together {
            let settled = match judge.answer(&arrived).await {
                Ok(Settled::Done) => AckKind::Ack,
                Ok(Settled::Later) => AckKind::Nak(Some(LATER)),
                Ok(Settled::HandedOn) => continue,
                Err(trouble) => {
                    tracing::warn!(%trouble, "an answer was not carried out; it comes again");
                    AckKind::Nak(Some(LATER))
                }
            };
            if client.publish(arrived.reply, settled.into()).await.is_err() {
                tracing::debug!("an answer's ack was not sent; it comes again");
            }
        }
    }
    let _ = pulling.await;
}

/// What judging an answer takes.
pub(super) struct Judge {
    pub(super) outlet: Outlet,
    pub(super) snapshot: Snapshots,
    pub(super) known: Known,
    pub(super) metrics: Arc<Metrics>,
    /// Where messages are handed on that are tried again.
    pub(super) again: Again,
    pub(super) watchful: Watchful,
}

/// How an answer was dealt with.
enum Settled {
    /// For good.
    Done,
    /// It must wait, because what governs is not known well enough, or no messages are taken.
    Later,
    /// Its message is on the way of all messages, and acknowledges the answer when its decision stands.
    HandedOn,
}

/// A record of ours, as it lies there.
struct Found {
    sequence: u64,
    stored_at: Timestamp,
    record: Record,
}

/// How long an escalation waited at its desk for an answer.
struct Waited {
    desk: Desk,
    after: Duration,
}

impl Waited {
    /// None for a desk that the policy does not know any more: it names the metrics.
    fn of(escalation: &Escalation, stored_at: Timestamp, asked: &Asked<'_>, today: &Today<'_>) -> Option<Self> {
        let desk = escalation.decision.desk.clone().filter(|desk| today.policy.desks().contains(desk))?;
        let after = asked.stored_at.duration_since(stored_at).try_into().unwrap_or_default();
        Some(Self { desk, after })
    }
}

impl Judge {
    /// Carries an answer out.
    async fn answer(&self, arrived: &Arrived) -> Result<Settled, Trouble> {
        let Some(place) = Place::of(&self.outlet.root, &arrived.delivery.subject) else { return Ok(Settled::Done) };
        let snapshot = self.snapshot.load_full();
        let now = Timestamp::now();
        let halt = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            if !known.is_fresh(now) {
                return Ok(Settled::Later);
            }
            known.halt()
        };
        let today = Today {
            authority: &snapshot.authority,
            policy: &snapshot.policy,
            halt,
            now,
            age_max: snapshot.limits.ruling_age_max,
            kept: snapshot.retention.handled,
        };
        if let Place::Letter(id) = &place {
            return self.answer_letter(id, arrived, &today, &snapshot).await;
        }
        let (effect, waited) = self.effect(&place, arrived, &today).await?;
        let outcome = self.carry_out(effect, arrived.delivery.sequence, &snapshot).await?;
        if let Some(Waited { desk, after }) = waited.filter(|_| outcome.is_effective()) {
            self.metrics.answered(&desk, after);
        }
        Ok(Settled::Done)
    }

    /// An answer to a dead letter.
    async fn answer_letter(
        &self,
        id: &DecisionId,
        arrived: &Arrived,
        today: &Today<'_>,
        snapshot: &Snapshot,
    ) -> Result<Settled, Trouble> {
        let asked = asked(id, arrived);
        let letter = match rulings::points_at(asked.payload, today.authority) {
            Some(sequence) => self.letter(sequence).await?,
            None => None,
        };
        let sequence = letter.as_ref().map_or(0, |letter| letter.sequence);
        let receipt = match rulings::letter_effect(&asked, letter, today) {
            LetterEffect::Refuse(receipt) | LetterEffect::Drop(receipt) => receipt,
            LetterEffect::Retry(letter, receipt) => match self.again.message(&letter).await? {
                None => rulings::nothing_to_retry(&asked, receipt, today),
                Some(delivery) => {
                    // The receipt first: the answer is acknowledged by its message, wherever that ends.
                    self.publish_letter_receipt(&receipt, snapshot).await?;
                    let handed = self.again.hand_on(delivery, arrived, None, Some(sequence)).await;
                    return Ok(if handed { Settled::HandedOn } else { Settled::Later });
                }
            },
        };
        self.publish_letter_receipt(&receipt, snapshot).await?;
        Ok(Settled::Done)
    }

    async fn publish_letter_receipt(&self, receipt: &RulingReceipt, snapshot: &Snapshot) -> Result<(), Trouble> {
        let subject = self.outlet.root.letter_receipt(&receipt.decision);
        self.publish(&subject, receipt, receipt.ruling, snapshot).await?;
        self.metrics.ruled(receipt.outcome);
        Ok(())
    }

    /// A dead letter, where it belongs; anything else is not there.
    async fn letter(&self, sequence: u64) -> Result<Option<Pointed<DeadLetter>>, Trouble> {
        let found = find_one(&self.outlet.connection, &self.outlet.stream, sequence).await?;
        Ok(found.and_then(|message| {
            let record = DeadLetter::parse(&message.payload).ok()?;
            let belongs = self.outlet.root.dead(&record.channel);
            let is_at_home = belongs.as_str() == message.subject.as_str();
            is_at_home.then_some(Pointed { sequence, record, is_expired: false })
        }))
    }

    /// Looks up what the answer points at, and asks what it does; with it, how long an escalation has waited.
    async fn effect(
        &self,
        place: &Place,
        arrived: &Arrived,
        today: &Today<'_>,
    ) -> Result<(Effect, Option<Waited>), Trouble> {
        let (Place::Ruling(id) | Place::Undo(id) | Place::Letter(id) | Place::Review(id)) = place;
        let asked = asked(id, arrived);
        if let Place::Review(id) = place {
            let sample = self.sample(id, rulings::points_at(asked.payload, today.authority)).await?;
            return Ok((rulings::review(&asked, sample, today), None));
        }
        let found = match rulings::points_at(asked.payload, today.authority) {
            Some(sequence) => self.record(sequence).await?,
            None => None,
        };
        let effect = match (place, found) {
            (Place::Ruling(_), Some(Found { sequence, stored_at, record: Record::Escalated(escalation) })) => {
                let is_expired = self.is_expired(&self.outlet.root.ruling_slot(id)).await?;
                let waited = Waited::of(&escalation, stored_at, &asked, today);
                let pointed = Pointed { sequence, record: *escalation, is_expired };
                return Ok((rulings::effect(&asked, Some(pointed), today), waited));
            }
            (Place::Ruling(_), _) => rulings::effect(&asked, None, today),
            (Place::Undo(_), Some(Found { sequence, record: Record::Outward(outward), .. })) => {
                rulings::undo(&asked, Some(Pointed { sequence, record: *outward, is_expired: false }), today)
            }
            (Place::Undo(_) | Place::Letter(_) | Place::Review(_), _) => rulings::undo(&asked, None, today),
        };
        Ok((effect, None))
    }

    /// The sample that a review points at.
    async fn sample(&self, id: &DecisionId, sequence: Option<u64>) -> Result<Option<Pointed<Sample>>, Trouble> {
        let Some(sequence) = sequence else { return Ok(None) };
        let Some(record) = read_sample(&self.outlet, sequence).await? else { return Ok(None) };
        let is_expired = self.is_expired(&self.outlet.root.review_slot(id)).await?;
        Ok(Some(Pointed { sequence, record, is_expired }))
    }

    /// A record of ours, where it belongs; anything else is not there.
    async fn record(&self, sequence: u64) -> Result<Option<Found>, Trouble> {
        let found = find_one(&self.outlet.connection, &self.outlet.stream, sequence).await?;
        Ok(found.and_then(|message| {
            let record = Record::parse(&message.payload).ok()?;
            let belongs = self.outlet.root.of_record(&record)?;
            let stored_at = Timestamp::from_nanosecond(message.time.unix_timestamp_nanos()).ok()?;
            (belongs == message.subject.as_str()).then_some(Found { sequence, stored_at, record })
        }))
    }

    /// Only for a better word: what was closed has taken the slot that an answer needs.
    async fn is_expired(&self, slot: &Subject) -> Result<bool, Trouble> {
        let taken = find_last(&self.outlet.connection, &self.outlet.stream, slot.as_str()).await?;
        Ok(taken.is_some_and(|slot| slot.payload.as_ref() == super::deadlines::EXPIRED))
    }

    async fn carry_out(&self, effect: Effect, revision: u64, snapshot: &Snapshot) -> Result<Word, Trouble> {
        let receipt = match effect {
            Effect::Refuse(receipt) => receipt,
            Effect::Settle(receipt) => self.settle(receipt, snapshot).await?,
            Effect::Act(going) => self.act(*going).await?,
        };
        self.watchful.severe(&receipt, snapshot).await?;
        let subject = self.outlet.root.ruling_receipt(&receipt.decision);
        self.publish(&subject, &receipt, revision, snapshot).await?;
        self.metrics.ruled(receipt.outcome);
        if let Some(basis) = &receipt.basis {
            self.watchful.look(basis, snapshot).await?;
        }
        Ok(receipt.outcome)
    }

    async fn act(&self, going: Going) -> Result<RulingReceipt, Trouble> {
        let Going { permit, decision, receipt } = going;
        let Outlet { connection, stream, root, .. } = &self.outlet;
        let subject = root.of_outward(&permit.record(decision.clone()));
        match batch::act(connection, stream, root, permit, decision, None, None).await {
            Acted::Committed => Ok(receipt),
            // This very answer, before a crash; or another one, which came first.
            Acted::Before => {
                let standing = find_last(connection, stream, &subject).await?;
                let revision = standing.and_then(|message| match Record::parse(&message.payload) {
                    Ok(Record::Outward(outward)) => Some(outward.proof.revision()),
                    _ => None,
                });
                Ok(if revision == Some(receipt.ruling) { receipt } else { receipt.overtaken() })
            }
            Acted::Refused => Ok(receipt.overtaken()),
            Acted::Unknown(why) => Err(unknown(why)),
        }
    }

    /// Takes the slot that only one answer can take.
    async fn settle(&self, receipt: RulingReceipt, snapshot: &Snapshot) -> Result<RulingReceipt, Trouble> {
        let Outlet { connection, stream, root, .. } = &self.outlet;
        let slot = match receipt.outcome {
            Word::Reviewed => root.review_slot(&receipt.decision),
            _ => root.ruling_slot(&receipt.decision),
        };
        let note = receipt.ruling.to_string();
        let entry = BatchEntry {
            subject: slot.clone(),
            bytes: note.clone().into(),
            kept: Some(snapshot.answers_kept()),
            expected: Some(0),
        };
        match batch::publish(connection, stream, &[entry]).await {
            Batched::Stored(_) => Ok(receipt),
            Batched::Refused => {
                let taken = find_last(connection, stream, slot.as_str()).await?;
                let is_ours = taken.is_some_and(|slot| slot.payload.as_ref() == note.as_bytes());
                Ok(if is_ours { receipt } else { receipt.overtaken() })
            }
            Batched::Unknown(why) => Err(unknown(why)),
        }
    }

    async fn publish(
        &self,
        subject: &Subject,
        receipt: &RulingReceipt,
        revision: u64,
        snapshot: &Snapshot,
    ) -> Result<(), Trouble> {
        let bytes = receipt.encode().map_err(|error| unknown(error.to_string()))?;
        // As long as the answer itself.
        let (id, kept) = (format!("ruled-{revision}"), snapshot.answers_kept());
        publish_once(&self.outlet.connection, &self.outlet.stream, subject, &id, kept, bytes).await
    }
}

fn asked<'a>(id: &'a DecisionId, arrived: &'a Arrived) -> Asked<'a> {
    let delivery = &arrived.delivery;
    Asked { id, revision: delivery.sequence, stored_at: delivery.stored_at(), payload: &delivery.payload }
}

fn unknown(why: String) -> Trouble {
    Trouble::Other { doing: "carry an answer out".to_owned(), why }
}

/// Nobody counts how answers come in.
pub(super) struct Quiet;

impl Intake for Quiet {
    fn arrived(&self, _: usize, _: usize) {}
    fn waiting(&self, _: &str, _: u64) {}
    fn attached(&self, stream: &str, is_attached: bool) {
        tracing::debug!(stream, is_attached, "answers");
    }
    fn beat(&self) {}
}

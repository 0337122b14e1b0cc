//! `decile execute --desk`: a command for each new escalation to a desk, and again for those that nobody answers.
//!
//! A delivery that is to be reminded of is given back to the broker, which delivers it again when the time has come:
//! nothing is remembered here, and a restart forgets no reminder.

use super::broker::Broker;
use super::command::{Ended, Exec};
use super::execute::place;
use super::pull::{Answer, Pulling, Until, again, answering};
use crate::authority::{Authority, Signed, VerifiedRuling};
use crate::bus::{self, Access, AckBounds, Purpose, Trouble, setup};
use crate::config::Limits;
use crate::decision::{Decision, DecisionId, Escalation, Record};
use crate::policy::Desk;
use crate::subject::Root;
use async_nats::jetstream::Message;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What nobody was told of within that time is for the inbox: a notifier that was away for a week says nothing of it.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(24);
/// How often a command that fails is tried again.
const FAILURES_MAX: u64 = 10;
const FAILED_AGAIN: Duration = Duration::from_secs(10);

/// Runs a command for each new escalation to a desk.
#[derive(Clone, Debug)]
pub struct Notifier {
    /// How to reach NATS.
    pub access: Access,
    /// Our stream.
    pub stream: String,
    /// The root of our subjects.
    pub root: Root,
    /// The desk.
    pub desk: Desk,
    /// Who may answer.
    pub authority: Authority,
    /// What tells somebody.
    pub exec: Exec,
    /// When to tell them again.
    pub remind: Option<Remind>,
    /// When the broker delivers again what was not acknowledged.
    pub limits: Limits,
    /// When to end.
    pub until: Until,
}

/// When to tell somebody again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remind {
    /// After so long without an answer.
    pub after: Duration,
    /// At most so often.
    pub times_max: u64,
}

/// What a command reads: the escalation as it was committed, with its id in front.
#[derive(serde::Serialize)]
struct Input<'a> {
    id: &'a DecisionId,
    /// How often somebody has been told before.
    reminder: u64,
    escalation: &'a Escalation,
}

impl Notifier {
    /// Runs the command until `stop`, or until nothing is left to tell.
    ///
    /// # Errors
    /// Where the bus cannot be used.
    pub async fn run(&self, stop: &CancellationToken) -> Result<(), Trouble> {
        let acks = AckBounds::for_commands(&self.access);
        let connection = bus::connect(&self.access, Purpose::Execute, acks, None).await?;
        bus::check_version(&connection)?;
        let broker = Broker { connection, stream: self.stream.clone(), consumer: setup::notifier_consumer(&self.desk) };
        tracing::info!(desk = self.desk.as_str(), "telling");
        let pulling = Pulling {
            broker: broker.clone(),
            consumer: setup::notifier(&self.root, &self.desk, &self.limits),
            inflight_max: 1,
            until: self.until,
        };
        let ended = pulling.run(stop, |message| self.carry(&broker, message)).await;
        let _ = tokio::time::timeout(self.access.request_timeout, broker.connection.client.flush()).await;
        ended
    }

    async fn carry(&self, broker: &Broker, message: Message) {
        let Ok((sequence, stored_at)) = place(&message) else { return };
        let deliveries = message.info().map_or(1, |info| u64::try_from(info.delivered).unwrap_or(1));
        let (message, acker) = message.split();
        let work = async {
            match Record::parse(&message.payload) {
                Ok(Record::Escalated(_)) if deliveries == 1 && Timestamp::now().duration_since(stored_at) > AGE_MAX => {
                    tracing::info!(sequence, "this is too old to tell anybody of; the inbox has it");
                    Answer::Ack
                }
                Ok(Record::Escalated(escalation)) => {
                    let told = self.tell(broker, &escalation, deliveries).await;
                    told.unwrap_or_else(|trouble| again(&trouble))
                }
                _ => {
                    tracing::warn!(sequence, "this is no escalation of this version; nobody is told of it");
                    Answer::Ack
                }
            }
        };
        answering(&acker, self.limits.ack_wait, work).await;
    }

    async fn tell(&self, broker: &Broker, escalation: &Escalation, deliveries: u64) -> Result<Answer, Trouble> {
        let decision = &escalation.decision;
        let id = decision.id.as_str();
        if self.is_answered(broker, decision).await? {
            return Ok(Answer::Ack);
        }
        let told_before = deliveries.saturating_sub(1);
        let input = Input { id: &decision.id, reminder: told_before, escalation };
        let input = serde_json::to_vec(&input)
            .map_err(|error| super::broker::other("write an escalation".to_owned(), &error))?;
        let reason = decision.reason.map_or("", |reason| reason.as_str());
        let variables = [
            ("DECILE_ID", id),
            ("DECILE_CHANNEL", decision.channel.as_str()),
            ("DECILE_DESK", self.desk.as_str()),
            ("DECILE_REASON", reason),
            ("DECILE_REMINDER", &told_before.to_string()),
        ];
        let ran = self.exec.run(&variables, input).await;
        let is_told = ran.ended == Ended::Exited(Some(0));
        if is_told {
            tracing::info!(id, reminder = told_before, "told");
        } else {
            tracing::error!(id, ended = ?ran.ended, "the command failed: nobody was told");
        }
        Ok(self.next(is_told, deliveries))
    }

    /// An attempt that failed counts as a reminder: the sum is what is bounded.
    fn next(&self, is_told: bool, deliveries: u64) -> Answer {
        let reminders = self.remind.map_or(0, |remind| remind.times_max);
        match self.remind {
            Some(remind) if is_told && deliveries <= remind.times_max => Answer::Again(remind.after),
            _ if is_told => Answer::Ack,
            _ if deliveries <= reminders.saturating_add(FAILURES_MAX) => Answer::Again(FAILED_AGAIN),
            _ => Answer::Ack,
        }
    }

    /// Whether somebody who may has answered. Anything else on the ruling's subject silences no reminder.
    async fn is_answered(&self, broker: &Broker, decision: &Decision) -> Result<bool, Trouble> {
        let Some(found) = broker.last(&self.root.ruling(&decision.id)).await? else { return Ok(false) };
        let ruling = Signed::parse(&found.bytes).and_then(|signed| VerifiedRuling::new(signed, &self.authority));
        Ok(ruling
            .is_ok_and(|ruling| ruling.payload().decision == decision.id && ruling.operator().rulings.has(&self.desk)))
    }
}

//! `decile execute --channel`: from a delivery to its receipts.

use super::broker::{Broker, ConsumerNow};
use super::claim::{Claim, Delivered};
use super::command::{Ended, Exec, Ran};
use super::ledger::{Alarm, Ledger, PutError, alert};
use super::pull::{Answer, Pulling, Until, again, answering};
use super::step::Step;
use super::verify::{Looked, Refusal, Terms, VerifiedAction, check, verify};
use crate::bus::{self, Access, AckBounds, Purpose, Trouble, setup};
use crate::channel::Channel;
use crate::config::Limits;
use crate::decision::{Decision, DecisionId, Outcome, OutwardAction, Phase, Proof, RefusedWhy, detail};
use crate::subject::Root;
use async_nats::jetstream::Message;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the broker is asked before an action whose intent is recorded is given up.
const LOOKS_MAX: u32 = 5;
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// The executor of a channel.
#[derive(Clone, Debug)]
pub struct Executor {
    /// How to reach NATS.
    pub access: Access,
    /// Our stream.
    pub stream: String,
    /// The root of our subjects.
    pub root: Root,
    /// The channel. Actions on another are never seen.
    pub channel: Channel,
    /// By what it judges.
    pub terms: Terms,
    /// What carries an action out.
    pub exec: Exec,
    /// How many at a time, and when the broker delivers again what was not acknowledged.
    pub limits: Limits,
    /// How long receipts are kept.
    pub receipts_kept: Duration,
    /// When to end.
    pub until: Until,
}

/// What a command reads: the action as it was committed, with its id in front.
#[derive(serde::Serialize)]
struct Input<'a> {
    id: &'a DecisionId,
    decision: &'a Decision,
    action: &'a OutwardAction,
    proof: &'a Proof,
}

/// An executor that is connected.
struct Running<'a> {
    executor: &'a Executor,
    broker: &'a Broker,
    /// The consumer's name, and which start of it this is.
    name: String,
    /// What is being carried out: a delivery that comes again meanwhile is not a crash.
    begun: Mutex<BTreeSet<u64>>,
}

impl Executor {
    /// Carries actions out until `stop`, or until it is to end, and then waits for what was begun.
    ///
    /// # Errors
    /// Where the bus cannot be used.
    pub async fn run(&self, stop: &CancellationToken) -> Result<(), Trouble> {
        let acks = AckBounds {
            inflight_max: self.limits.commands_max.saturating_mul(2),
            timeout: self.access.request_timeout,
        };
        let connection = bus::connect(&self.access, Purpose::Execute, acks, None).await?;
        bus::check_version(&connection)?;
        let consumer = setup::executor_consumer(&self.channel);
        let name = format!("{consumer}/{:016x}", fastrand::u64(..));
        let broker = Broker { connection, stream: self.stream.clone(), consumer };
        tracing::info!(executor = name, "executing");
        let running = Running { executor: self, broker: &broker, name, begun: Mutex::default() };
        let pulling = Pulling {
            broker: broker.clone(),
            consumer: setup::executor(&self.root, &self.channel, &self.limits),
            inflight_max: self.limits.commands_max,
            until: self.until,
        };
        let ended = pulling.run(stop, |message| running.carry(message)).await;
        let _ = tokio::time::timeout(self.access.request_timeout, broker.connection.client.flush()).await;
        ended
    }
}

impl Running<'_> {
    async fn carry(&self, message: Message) {
        let Ok((sequence, stored_at)) = place(&message) else { return };
        if !self.begun.lock().unwrap_or_else(PoisonError::into_inner).insert(sequence) {
            return;
        }
        let (message, acker) = message.split();
        let delivered = Delivered { subject: message.subject.as_str(), sequence, stored_at, bytes: &message.payload };
        let work = async { self.settle(delivered).await.map_or_else(|trouble| again(&trouble), |()| Answer::Ack) };
        answering(&acker, self.executor.limits.ack_wait, work).await;
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).remove(&sequence);
    }

    /// Sees to it that a delivery has its outcome.
    async fn settle(&self, delivered: Delivered<'_>) -> Result<(), Trouble> {
        let action = delivered.sequence;
        let Some(decision) = decision_of(delivered.subject) else {
            self.alarm(None, action, Outcome::Refused(RefusedWhy::Contradiction)).await;
            return Ok(());
        };
        let root = &self.executor.root;
        let claim = Claim::read(root, &self.executor.channel, delivered);
        let is_undo = claim.as_ref().is_ok_and(Claim::is_undo);
        let ledger = Ledger {
            broker: self.broker,
            subject: if is_undo { root.receipt_of_undo(&decision) } else { root.receipt(&decision) },
            decision,
            action,
            executor: &self.name,
            ttl: self.executor.receipts_kept,
        };
        match Step::after(&ledger.last().await?, action) {
            Step::Settled => Ok(()),
            Step::Begin { fence } => self.begin(&ledger, fence, claim).await,
            Step::Crashed { fence } => self.conclude(&ledger, fence, Outcome::Unknown, String::new()).await,
            Step::Wait => Err(super::broker::other(
                format!("carry out the action {action}"),
                &"another action under the same decision is being carried out",
            )),
            Step::Taken => {
                self.alarm(Some(&ledger.decision), action, Outcome::Refused(RefusedWhy::Second)).await;
                Ok(())
            }
        }
    }

    async fn begin(&self, ledger: &Ledger<'_>, fence: u64, claim: Result<Claim, Refusal>) -> Result<(), Trouble> {
        let claim = match claim.and_then(|claim| check(&claim, &self.executor.terms).map(|()| claim)) {
            Ok(claim) => claim,
            Err(refusal) => return self.conclude(ledger, fence, refusal.outcome, refusal.detail).await,
        };
        let intent = match ledger.put(fence, Phase::Intent, String::new()).await {
            Ok(intent) => intent,
            Err(PutError::Bus(trouble)) => return Err(trouble),
            Err(lost @ PutError::Lost) => return Err(super::broker::other("begin".to_owned(), &lost)),
        };
        // From here on nothing is looked at twice: what is stale now is not carried out.
        let looked = match self.look(&claim).await {
            Ok(looked) => looked,
            Err(trouble) => {
                let said = detail(&format!("not carried out: {trouble}"));
                return self.conclude(ledger, intent, Outcome::Failed { code: None }, said).await;
            }
        };
        let (outcome, said) = match verify(claim, &looked, &self.executor.terms) {
            Ok(verified) => self.carry_out(verified).await,
            Err(refusal) => (refusal.outcome, refusal.detail),
        };
        self.conclude(ledger, intent, outcome, said).await
    }

    async fn look(&self, claim: &Claim) -> Result<Looked, Trouble> {
        let mut looks = 1;
        loop {
            match self.try_look(claim).await {
                Err(trouble) if looks < LOOKS_MAX => {
                    tracing::warn!(%trouble, "the broker does not answer; asking again");
                    looks += 1;
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                looked => return looked,
            }
        }
    }

    async fn try_look(&self, claim: &Claim) -> Result<Looked, Trouble> {
        let root = &self.executor.root;
        let (halt, proof_subject) = (root.halt(), claim.proof_subject(root));
        let level = async {
            match claim.level_subject(root) {
                Some(subject) => self.broker.last(&subject).await,
                None => Ok(None),
            }
        };
        let (now, proof, halt, level) =
            tokio::try_join!(self.broker.now(), self.broker.last(&proof_subject), self.broker.last(&halt), level)?;
        let ConsumerNow { now, .. } = now;
        Ok(Looked { now, halt, proof, level: level.map_or(0, |found| found.sequence) })
    }

    /// The one place where an action is carried out.
    async fn carry_out(&self, action: VerifiedAction) -> (Outcome, String) {
        let outward = action.outward();
        let input = Input {
            id: &outward.decision.id,
            decision: &outward.decision,
            action: &outward.action,
            proof: &outward.proof,
        };
        let Ok(input) = serde_json::to_vec(&input) else { return (Outcome::Failed { code: None }, String::new()) };
        let variables = [
            ("DECILE_ID", outward.decision.id.as_str()),
            ("DECILE_TYPE", outward.action.kind.as_str()),
            ("DECILE_CHANNEL", outward.action.channel.as_str()),
        ];
        outcome(&self.executor.exec.run(&variables, input).await)
    }

    async fn conclude(&self, ledger: &Ledger<'_>, fence: u64, outcome: Outcome, said: String) -> Result<(), Trouble> {
        let (id, action) = (ledger.decision.as_str(), ledger.action);
        if outcome.is_alarm() {
            self.alarm(Some(&ledger.decision), action, outcome).await;
        }
        match ledger.put(fence, Phase::Outcome(outcome), said).await {
            Ok(_) => {
                tracing::info!(id, action, outcome = %outcome, "settled");
                Ok(())
            }
            Err(PutError::Bus(trouble)) => Err(trouble),
            Err(lost @ PutError::Lost) => {
                tracing::error!(id, action, outcome = %outcome, %lost, "the outcome was not recorded");
                Err(super::broker::other("record the outcome".to_owned(), &lost))
            }
        }
    }

    async fn alarm(&self, decision: Option<&DecisionId>, action: u64, outcome: Outcome) {
        tracing::error!(action, outcome = %outcome, "an alarm");
        let Executor { root, channel, receipts_kept, .. } = self.executor;
        let alarm = Alarm { channel, decision, action, outcome, executor: &self.name };
        alert(self.broker, root, *receipts_kept, alarm).await;
    }
}

/// What a command's end says of the action. One that was killed may have carried it out before.
fn outcome(ran: &Ran) -> (Outcome, String) {
    match ran.ended {
        Ended::Exited(Some(0)) => (Outcome::Done, detail(&ran.stdout)),
        Ended::Exited(Some(code)) => (Outcome::Failed { code: Some(code) }, detail(&ran.stderr)),
        Ended::Exited(None) => (Outcome::Unknown, "the command ended by a signal".to_owned()),
        Ended::Killed => (Outcome::Unknown, "the command was killed at its bound".to_owned()),
        Ended::NotStarted => (Outcome::Failed { code: None }, detail(&ran.stderr)),
    }
}

/// The decision that a subject names: its last token.
fn decision_of(subject: &str) -> Option<DecisionId> {
    DecisionId::try_from(subject.rsplit('.').next()?.to_owned()).ok()
}

/// Where a delivery lies, and since when.
pub(super) fn place(message: &Message) -> Result<(u64, Timestamp), Trouble> {
    let trouble = |error: &dyn std::fmt::Display| super::broker::other("read a delivery".to_owned(), error);
    let info = message.info().map_err(|error| trouble(&error))?;
    let stored_at = Timestamp::from_nanosecond(info.published.unix_timestamp_nanos());
    Ok((info.stream_sequence, stored_at.map_err(|error| trouble(&error))?))
}

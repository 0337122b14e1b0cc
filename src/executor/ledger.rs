//! The receipts of one action: read, and written one behind the other. The broker takes each only behind the one that
//! its writer has seen, so that of two executors one alone begins.

use super::broker::{Broker, other};
use super::step::LastReceipt;
use crate::bus::{Published, Trouble, publish_expecting, publish_once};
use crate::channel::Channel;
use crate::decision::{DecisionId, Outcome, Phase, RECEIPT_VERSION, Receipt, ReceiptAlert};
use crate::subject::{Root, Subject};
use bytes::Bytes;
use jiff::Timestamp;
use std::time::{Duration, Instant};

/// How long a receipt is tried again while the broker does not answer.
const PUT_MAX: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_millis(250);

/// The receipts of one action.
pub(super) struct Ledger<'a> {
    pub(super) broker: &'a Broker,
    pub(super) subject: Subject,
    pub(super) decision: DecisionId,
    /// The action's sequence.
    pub(super) action: u64,
    pub(super) executor: &'a str,
    /// How long the broker keeps receipts.
    pub(super) ttl: Duration,
}

/// Why a receipt was not written.
#[derive(Debug, thiserror::Error)]
pub(super) enum PutError {
    /// Another executor was first.
    #[error("another executor has written a receipt meanwhile")]
    Lost,
    /// The broker did not take it.
    #[error(transparent)]
    Bus(#[from] Trouble),
}

impl Ledger<'_> {
    /// The last receipt.
    pub(super) async fn last(&self) -> Result<LastReceipt, Trouble> {
        let Some(found) = self.broker.last(&self.subject).await? else { return Ok(LastReceipt::None) };
        Ok(match Receipt::parse(&found.bytes) {
            Ok(receipt) => LastReceipt::Receipt(found.sequence, Box::new(receipt)),
            Err(_) => LastReceipt::Unreadable,
        })
    }

    /// Writes a receipt behind the one with the sequence `fence`, and gives its own.
    pub(super) async fn put(&self, fence: u64, phase: Phase, detail: String) -> Result<u64, PutError> {
        let receipt = Receipt {
            v: RECEIPT_VERSION,
            decision: self.decision.clone(),
            action: self.action,
            phase,
            executor: self.executor.to_owned(),
            at: Timestamp::now(),
            detail,
        };
        let bytes = Bytes::from(receipt.encode().map_err(|error| other("write a receipt".to_owned(), &error))?);
        let since = Instant::now();
        loop {
            match self.try_put(fence, &bytes).await {
                Err(PutError::Bus(trouble)) if since.elapsed() < PUT_MAX && phase != Phase::Intent => {
                    tracing::warn!(%trouble, "a receipt was not written; trying again");
                    tokio::time::sleep(RETRY).await;
                }
                tried => return tried,
            }
        }
    }

    async fn try_put(&self, fence: u64, bytes: &Bytes) -> Result<u64, PutError> {
        let (connection, stream) = (&self.broker.connection, &self.broker.stream);
        let published = publish_expecting(connection, stream, &self.subject, fence, self.ttl, bytes.to_vec()).await;
        if let Ok(Published::Stored(sequence)) = published {
            return Ok(sequence);
        }
        // Refused, or taken and its answer lost: what lies there tells.
        match self.broker.last(&self.subject).await? {
            Some(found) if found.bytes == *bytes => Ok(found.sequence),
            found if found.as_ref().map_or(0, |found| found.sequence) != fence => Err(PutError::Lost),
            _ => match published {
                Ok(_) => Err(PutError::Lost),
                Err(trouble) => Err(trouble.into()),
            },
        }
    }
}

/// Raises an alarm. It is dropped where the broker does not take it: the receipt says the same.
pub(super) async fn alert(broker: &Broker, root: &Root, ttl: Duration, alarm: Alarm<'_>) {
    let record = ReceiptAlert {
        v: RECEIPT_VERSION,
        channel: alarm.channel.clone(),
        decision: alarm.decision.cloned(),
        action: alarm.action,
        outcome: alarm.outcome,
        executor: alarm.executor.to_owned(),
        at: Timestamp::now(),
    };
    let Ok(bytes) = serde_json::to_vec(&record) else { return };
    let subject = root.alert(alarm.outcome.as_str());
    let id = format!("alert {} {}", alarm.action, alarm.outcome.as_str());
    if let Err(trouble) = publish_once(&broker.connection, &broker.stream, &subject, &id, ttl, bytes).await {
        tracing::warn!(%trouble, action = alarm.action, "an alert was not published");
    }
}

/// What an alarm is about.
pub(super) struct Alarm<'a> {
    pub(super) channel: &'a Channel,
    pub(super) decision: Option<&'a DecisionId>,
    pub(super) action: u64,
    pub(super) outcome: Outcome,
    pub(super) executor: &'a str,
}

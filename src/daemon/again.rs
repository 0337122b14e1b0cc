//! Messages that come by another way than their consumer: given up before, and tried again by a person's answer, or given
//! up by the broker, which says so in an advisory. They go the way of all messages, beginning with the look whether they
//! were committed; what brought them here is acknowledged in the place of their own delivery.

use crate::bus::hand::Hand;
use crate::bus::inbound::Arrived;
use crate::bus::lease::Flow;
use crate::bus::{Connection, Trouble};
use crate::commit::DeadWhy;
use crate::decision::{DeadLetter, SourceRef};
use crate::message::Delivery;
use crate::store::fetch_delivery;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{mpsc, watch};

/// The way in.
#[derive(Clone)]
pub(super) struct Again {
    /// By which sources are read.
    pub(super) connection: Connection,
    /// What their plans rest on.
    pub(super) flow: watch::Receiver<Flow>,
    /// To be looked up.
    pub(super) look_up: mpsc::Sender<Vec<Arrived>>,
}

impl Again {
    /// The message of a dead letter: from its source, or as the letter holds it.
    pub(super) async fn message(&self, letter: &DeadLetter) -> Result<Option<Delivery>, Trouble> {
        Ok(self.at_source(&letter.source).await?.or_else(|| letter.delivery()))
    }

    /// A message where it lies; `None` where it is no longer there.
    pub(super) async fn at_source(&self, source: &SourceRef) -> Result<Option<Delivery>, Trouble> {
        match fetch_delivery(&self.connection, source).await {
            Err(Trouble::NoStream(_)) => Ok(None),
            found => found,
        }
    }

    /// Hands a message on, in the name of what brought it; `false` while no messages are taken.
    pub(super) async fn hand_on(
        &self,
        delivery: Delivery,
        by: &Arrived,
        dead: Option<DeadWhy>,
        retry: Option<u64>,
    ) -> bool {
        let Some(lease) = self.flow.borrow().lease().map(Arc::clone) else { return false };
        let (reply, deliveries) = (by.reply.clone(), by.deliveries);
        let (unsure, hand) = (Arc::clone(&by.unsure), Hand::unaccounted());
        let arrived = Arrived { delivery, reply, at: Instant::now(), deliveries, unsure, lease, dead, retry, hand };
        self.look_up.send(vec![arrived]).await.is_ok()
    }
}

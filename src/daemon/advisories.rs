//! The backstop: what the broker gave up by itself, or somebody else ended, becomes a dead letter, unless it has been
//! decided or given up. Our own consumers bound no deliveries; somebody may have made them anew.

use super::again::Again;
use super::rulings::Quiet;
use crate::bus::advisory::Advisory;
use crate::bus::inbound::{self, Arrived, Route};
use crate::bus::records::find_one;
use crate::bus::setup::SourceSetup;
use crate::bus::{Trouble, lease};
use crate::commit::DeadWhy;
use crate::decision::SourceRef;
use async_nats::jetstream::message::AckKind;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Advisories that wait here.
const QUEUE_MAX: usize = 1;
/// How long one waits that cannot be followed now.
const LATER: Duration = Duration::from_secs(2);

/// Follows advisories until `stop`.
pub(super) async fn follow(
    setup: SourceSetup,
    sources: Vec<String>,
    again: Again,
    plan_age_max: Duration,
    stop: CancellationToken,
) {
    let (arrived, mut queue) = mpsc::channel(QUEUE_MAX);
    let (route, flow) = (Route { decide: arrived, look_up: None }, lease::unbound());
    let pulling =
        tokio::spawn(inbound::pull(again.connection.clone(), setup, route, flow, Duration::MAX, Arc::new(Quiet), stop));
    let watch = Watch { again, sources, plan_age_max };
    while let Some(together) = queue.recv().await {
        for arrived in together {
            let told = match watch.look(&arrived).await {
                Ok(Looked::Settled) => AckKind::Ack,
                Ok(Looked::Later(delay)) => AckKind::Nak(Some(delay)),
                Ok(Looked::HandedOn) => continue,
                Err(trouble) => {
                    tracing::warn!(%trouble, "an advisory was not followed; it comes again");
                    AckKind::Nak(Some(LATER))
                }
            };
            let sent = watch.again.connection.client.publish(arrived.reply, told.into()).await;
            if sent.is_err() {
                tracing::debug!("an advisory's ack was not sent; it comes again");
            }
        }
    }
    let _ = pulling.await;
}

struct Watch {
    again: Again,
    /// Our source streams.
    sources: Vec<String>,
    plan_age_max: Duration,
}

enum Looked {
    /// There is nothing to do.
    Settled,
    /// Not yet.
    Later(Duration),
    /// Its message is on the way of all messages.
    HandedOn,
}

impl Watch {
    async fn look(&self, arrived: &Arrived) -> Result<Looked, Trouble> {
        let Some(advisory) = Advisory::parse(&arrived.delivery.payload) else { return Ok(Looked::Settled) };
        if advisory.is_ours() || !self.sources.contains(&advisory.stream) {
            return Ok(Looked::Settled);
        }
        // Whoever had it in hand commits it within the age of a plan, or not at all: then it can be known.
        let age = Timestamp::now().duration_since(arrived.delivery.stored_at());
        let age = Duration::try_from(age).unwrap_or_default();
        if let Some(left) = self.plan_age_max.checked_sub(age).filter(|left| !left.is_zero()) {
            return Ok(Looked::Later(left));
        }
        let Advisory { stream, stream_seq: sequence, .. } = advisory;
        let Some(message) = find_one(&self.again.connection, &stream, sequence).await? else {
            tracing::error!(
                stream,
                sequence,
                "the broker gave a message up that is no longer kept: nobody can decide it"
            );
            return Ok(Looked::Settled);
        };
        let stored_at_ns = message.time.unix_timestamp_nanos().to_string();
        let source = SourceRef { stream, sequence, stored_at_ns };
        let Some(delivery) = self.again.at_source(&source).await? else { return Ok(Looked::Settled) };
        let handed = self.again.hand_on(delivery, arrived, Some(DeadWhy::GivenUp), None).await;
        Ok(if handed { Looked::HandedOn } else { Looked::Later(LATER) })
    }
}

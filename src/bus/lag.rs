//! How many messages wait at the broker: asked, not concluded from what arrives, because nothing arrives
//! when it matters.

use super::connect::Connection;
use super::inbound::Intake;
use super::setup::SourceSetup;
use async_nats::jetstream::consumer::PullConsumer;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the broker is asked.
const ASK: Duration = Duration::from_secs(5);

/// Asks until `stop`. An answer that does not come changes nothing: the connection has its own metric.
pub async fn watch(connection: Connection, source: SourceSetup, intake: Arc<dyn Intake>, stop: CancellationToken) {
    let name = source.consumer.durable_name.clone().unwrap_or_default();
    loop {
        let asked: Result<PullConsumer, _> =
            connection.jetstream.get_consumer_from_stream(&name, &source.stream.name).await;
        if let Ok(consumer) = asked {
            intake.waiting(&source.stream.name, consumer.cached_info().num_pending);
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(ASK) => {}
        }
    }
}

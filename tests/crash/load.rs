//! Messages without end, and what the server has acknowledged of them.

use crate::scene::{Published, message, publish};
use crate::support::Broker;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Publishes until it is stopped.
pub(crate) struct Load {
    stop: CancellationToken,
    publishing: tokio::task::JoinHandle<()>,
}

const BURST: usize = 10;
/// Between two bursts: others run at the same time.
const PAUSE: Duration = Duration::from_millis(40);

impl Load {
    /// Of all kinds, with no more than so many that wait.
    pub(crate) fn on(urls: &[String], published: &Published, mut rng: fastrand::Rng, waiting_max: u64) -> Self {
        let (urls, published, stop) = (urls.to_vec(), published.clone(), CancellationToken::new());
        let until = stop.clone();
        let publishing = tokio::spawn(async move {
            let broker = Broker::with(async_nats::ConnectOptions::new(), &urls.join(",")).await;
            while !until.is_cancelled() {
                if waiting(&broker).await.is_none_or(|it| it > waiting_max) {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    continue;
                }
                publish(&broker, (0..BURST).map(|_| message(&mut rng)).collect(), &published).await;
                tokio::time::sleep(PAUSE).await;
            }
        });
        Self { stop, publishing }
    }

    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.publishing.await.unwrap();
    }
}

/// Messages that are not decided yet; `None` while nobody says.
async fn waiting(broker: &Broker) -> Option<u64> {
    let stream = broker.jetstream.get_stream_no_info("IN").await.ok()?;
    let info = stream.consumer_info("decile").await.ok()?;
    Some(info.num_pending + info.num_ack_pending as u64)
}

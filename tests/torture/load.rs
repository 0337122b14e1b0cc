//! Messages without end: enough that every instance always has some in hand.

use async_nats::jetstream;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Publishes until it is stopped.
pub(crate) struct Load {
    stop: CancellationToken,
    publishing: tokio::task::JoinHandle<()>,
}

/// So many wait at most.
const WAITING_MAX: u64 = 60;
const BURST: usize = 10;

impl Load {
    pub(crate) fn on(jetstream: &jetstream::Context) -> Self {
        let (jetstream, stop) = (jetstream.clone(), CancellationToken::new());
        let until = stop.clone();
        let publishing = tokio::spawn(async move {
            let mut number = 0;
            while !until.is_cancelled() {
                if waiting(&jetstream).await.is_none_or(|it| it > WAITING_MAX) {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    continue;
                }
                for _ in 0..BURST {
                    number += 1;
                    // One in seven is only labelled; whether the stream has taken it shows in what waits.
                    let text = if number % 7 == 0 { "Thursday works for me" } else { "this week's news" };
                    let subject = ["in.one", "in.two", "in.capped"][number % 3];
                    let _ = jetstream.publish(subject, format!("{{\"text\":\"{text}\"}}").into()).await;
                }
            }
        });
        Self { stop, publishing }
    }

    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.publishing.await.unwrap();
    }
}

/// Messages that are not decided yet.
pub(crate) async fn waiting(jetstream: &jetstream::Context) -> Option<u64> {
    let stream = jetstream.get_stream_no_info("IN").await.ok()?;
    let info = stream.consumer_info("decile").await.ok()?;
    Some(info.num_pending + u64::try_from(info.num_ack_pending).ok()?)
}

//! Waiting for the broker without falling silent: a stage that waits is not a stage that is stuck.

use std::pin::pin;
use std::time::Duration;

/// How often a waiting stage says that it is alive.
pub(crate) const BEAT: Duration = Duration::from_secs(1);

/// Awaits `work` and calls `beat` every second meanwhile. The work must have a bound of its own.
pub(crate) async fn beating<T>(work: impl Future<Output = T>, beat: impl Fn()) -> T {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(BEAT) => beat(),
        }
    }
}

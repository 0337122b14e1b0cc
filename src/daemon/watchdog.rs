//! systemd: ready, reloading, stopping, and a watchdog fed by the pipeline's progress and not by a timer.

use crate::health::Health;
use sd_notify::NotifyState;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Whether systemd has been told that we are ready: a reload must not say so first.
static IS_READY: AtomicBool = AtomicBool::new(false);
/// How often readiness is looked at: a start takes a tenth of a second.
const LOOK: Duration = Duration::from_millis(2);

/// Tells systemd as soon as the pipeline is ready.
pub(super) async fn ready_when(health: Arc<Health>, stop: CancellationToken) {
    while !health.is_ready() {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    tracing::info!("ready");
    IS_READY.store(true, Ordering::Relaxed);
    tell(&[NotifyState::Ready]);
}

/// Feeds the watchdog while every stage of the pipeline moves. A stage that is stuck starves it.
pub(super) async fn ping(health: Arc<Health>, stop: CancellationToken) {
    let Some(interval) = sd_notify::watchdog_enabled() else { return };
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(interval / 3) => {}
        }
        if health.is_alive() {
            tell(&[NotifyState::Watchdog]);
        } else {
            tracing::error!("a stage of the pipeline does not move; the watchdog is not fed");
        }
    }
}

pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// A reload begins. One before the daemon was ready is no state of its own.
pub(super) fn reloading() {
    if !IS_READY.load(Ordering::Relaxed) {
        return;
    }
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// A reload has ended; `status` says how.
pub(super) fn reloaded(status: &str) {
    if IS_READY.load(Ordering::Relaxed) {
        tell(&[NotifyState::Ready, NotifyState::Status(status)]);
    } else {
        tell(&[NotifyState::Status(status)]);
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "systemd was not told");
    }
}

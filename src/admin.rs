//! `/metrics`, `/healthz`, `/readyz`: for whoever watches the daemon. Loopback by default; read only.

use crate::health::Health;
use crate::metrics::Metrics;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// What the endpoints read.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// Health.
    pub health: Arc<Health>,
}

/// Binds the address, so that a mistake in it shows at the start.
///
/// # Errors
/// Where the address cannot be bound.
pub async fn bind(listen: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(listen).await
}

/// Serves until `stop`.
pub async fn serve(listener: TcpListener, admin: Admin, stop: CancellationToken) {
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(admin);
    let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
    if let Err(error) = served {
        tracing::error!(%error, "metrics and health are no longer served");
    }
}

async fn metrics(State(admin): State<Admin>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], admin.metrics.render()).into_response()
}

async fn healthz(State(admin): State<Admin>) -> Response {
    answer(admin.health.is_alive(), "alive", "a stage of the pipeline does not move")
}

async fn readyz(State(admin): State<Admin>) -> Response {
    answer(admin.health.is_ready(), "ready", &admin.health.why_not_ready())
}

fn answer(is_so: bool, yes: &str, no: &str) -> Response {
    if is_so {
        (StatusCode::OK, format!("{yes}\n")).into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, format!("{no}\n")).into_response()
    }
}

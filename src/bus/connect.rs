//! One connection for one purpose. Consuming and publishing have one each: publishes whose acks are
//! awaited without bound would starve consumers on the same connection.

use super::access::{Access, Credential};
use super::trouble::Trouble;
use crate::config::JetStreamApi;
use async_nats::jetstream::{self, context::ContextBuilder};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What a connection is for; its name at the server and in metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Messages in, and their acks.
    Consume,
    /// Records out.
    Publish,
    /// A command of a person.
    Command,
}

impl Purpose {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Consume => "consume",
            Self::Publish => "publish",
            Self::Command => "command",
        }
    }
}

/// A connection and JetStream on it.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The client.
    pub client: Client,
    /// JetStream.
    pub jetstream: jetstream::Context,
    /// Whether the server has said that something is not permitted: it says so apart from the answer that
    /// does not come.
    denied: Arc<AtomicBool>,
}

impl Connection {
    /// What a missing answer means: not permitted, if the server has said so.
    pub(super) fn unanswered(&self, doing: String) -> Trouble {
        if self.denied.load(Ordering::Relaxed) { Trouble::NotPermitted(doing) } else { Trouble::NoAnswer(doing) }
    }
}

/// Bounds on acknowledgements of publishes.
#[derive(Clone, Copy, Debug)]
pub struct AckBounds {
    /// How many may be awaited at a time.
    pub inflight_max: usize,
    /// How long one is awaited.
    pub timeout: Duration,
}

impl AckBounds {
    /// For commands of a person: few publishes, one after the other.
    pub fn for_commands(access: &Access) -> Self {
        Self { inflight_max: 16, timeout: access.timeout }
    }
}

/// Told of every change of a connection.
pub type Watcher = Arc<dyn Fn(Purpose, &Event) + Send + Sync>;

/// Connects.
///
/// # Errors
/// [`Trouble::NotThere`] where no server answers, [`Trouble::Refused`] where it refuses us,
/// [`Trouble::Login`] where a file cannot be used.
pub async fn connect(
    access: &Access,
    purpose: Purpose,
    acks: AckBounds,
    watcher: Option<Watcher>,
) -> Result<Connection, Trouble> {
    let denied = Arc::new(AtomicBool::new(false));
    let options = options(access, purpose, watcher, Arc::clone(&denied)).await?;
    let client = options.connect(access.servers.clone()).await.map_err(|error| trouble(access, &error))?;
    let jetstream = jetstream_on(&client, access, acks);
    Ok(Connection { client, jetstream, denied })
}

async fn options(
    access: &Access,
    purpose: Purpose,
    watcher: Option<Watcher>,
    denied: Arc<AtomicBool>,
) -> Result<ConnectOptions, Trouble> {
    let mut options = ConnectOptions::new()
        .name(format!("decile {}", purpose.as_str()))
        .connection_timeout(access.timeout)
        .request_timeout(Some(access.timeout))
        .require_tls(access.tls.required)
        .event_callback(move |event| {
            notice(purpose, &event);
            if is_denial(&event) {
                denied.store(true, Ordering::Relaxed);
            }
            if let Some(watcher) = &watcher {
                watcher(purpose, &event);
            }
            std::future::ready(())
        });
    if let Some(prefix) = &access.inbox_prefix {
        options = options.custom_inbox_prefix(prefix);
    }
    if let Some(ca) = &access.tls.ca_file {
        options = options.add_root_certificates(ca.clone());
    }
    if let Some((cert, key)) = &access.tls.identity {
        options = options.add_client_certificate(cert.clone(), key.clone());
    }
    match &access.credential {
        Credential::Anonymous => Ok(options),
        Credential::CredentialsFile(file) => options
            .credentials_file(file)
            .await
            .map_err(|error| Trouble::Login(format!("cannot use `{}`: {error}", file.display()))),
        Credential::NkeySeed(seed) => Ok(options.nkey(seed.clone())),
        Credential::UserPassword { user, password } => Ok(options.user_and_password(user.clone(), password.clone())),
        Credential::Token(token) => Ok(options.token(token.clone())),
    }
}

fn jetstream_on(client: &Client, access: &Access, acks: AckBounds) -> jetstream::Context {
    let builder = ContextBuilder::new()
        .timeout(acks.timeout)
        .ack_timeout(acks.timeout)
        .max_ack_inflight(acks.inflight_max)
        .backpressure_on_inflight(true);
    match &access.jetstream {
        JetStreamApi::Default => builder.build(client.clone()),
        JetStreamApi::Domain(domain) => builder.domain(domain).build(client.clone()),
        JetStreamApi::Prefix(prefix) => builder.api_prefix(prefix).build(client.clone()),
    }
}

/// A publish that permissions deny shows only here, and as a time-out of its ack: an alarm, not a retry.
fn notice(purpose: Purpose, event: &Event) {
    match event {
        Event::Connected => tracing::info!(connection = purpose.as_str(), "connected"),
        Event::Disconnected => tracing::warn!(connection = purpose.as_str(), "disconnected"),
        Event::SlowConsumer(_) => tracing::error!(connection = purpose.as_str(), "a subscription's buffer is full"),
        Event::ServerError(ServerError::Other(error)) => {
            tracing::error!(connection = purpose.as_str(), error = %error.escape_debug(), "the server refuses");
        }
        other => tracing::debug!(connection = purpose.as_str(), event = ?other, "connection"),
    }
}

fn is_denial(event: &Event) -> bool {
    match event {
        Event::ServerError(ServerError::AuthorizationViolation) => true,
        Event::ServerError(ServerError::Other(error)) => error.to_ascii_lowercase().contains("permissions violation"),
        _ => false,
    }
}

fn trouble(access: &Access, error: &async_nats::ConnectError) -> Trouble {
    match error.kind() {
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            Trouble::Refused(error.to_string())
        }
        ConnectErrorKind::ServerParse => Trouble::Login(format!("a server address is not readable: {error}")),
        _ => Trouble::NotThere { servers: access.servers.join(", "), why: error.to_string() },
    }
}

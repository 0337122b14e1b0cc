//! One connection for one purpose. Consuming and publishing have one each: publishes whose acks are
//! awaited without bound would starve consumers on the same connection.

use super::access::{Access, Credential};
use super::clearance::Clearance;
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
    /// What governs, and nothing else.
    Govern,
    /// A command of a person.
    Command,
    /// An executor: actions in, receipts out, one after the other.
    Execute,
}

impl Purpose {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Consume => "consume",
            Self::Publish => "publish",
            Self::Govern => "govern",
            Self::Command => "command",
            Self::Execute => "execute",
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
    /// The prefix of its API.
    api: String,
    /// Whether the server has said that something is not permitted: it says so apart from the answer that
    /// does not come.
    denied: Arc<AtomicBool>,
}

impl Connection {
    /// The prefix of JetStream's API, for requests that the client library does not know.
    pub(super) fn api(&self) -> &str {
        &self.api
    }

    /// How often it was made, the first time included.
    pub(super) fn made(&self) -> u64 {
        self.client.statistics().connects.load(Ordering::Relaxed)
    }

    /// Awaits what is asked on this connection, for as long as it lasts: what was asked on one that is gone is not answered
    /// on the next. `None` where it was made again meanwhile.
    pub(super) async fn while_it_lasts<T>(&self, asking: impl Future<Output = T>) -> Option<T> {
        let before = self.made();
        let made_again = async {
            while self.made() == before {
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::select! {
            biased;
            answered = asking => Some(answered),
            () = made_again => None,
        }
    }

    /// What a missing answer means: not permitted, if the server has said so.
    pub(crate) fn unanswered(&self, doing: String) -> Trouble {
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
        Self { inflight_max: 16, timeout: access.request_timeout }
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
    connect_by(access, acks, options(access, purpose, watcher).await?).await
}

/// Connects, and each time that it is to connect again, waits for clearance first: what the client took while there was no
/// connection is sent as soon as there is one.
///
/// # Errors
/// As [`connect`].
pub async fn connect_cleared(
    access: &Access,
    purpose: Purpose,
    acks: AckBounds,
    watcher: Option<Watcher>,
    clearance: Clearance,
) -> Result<Connection, Trouble> {
    let (options, denied) = options(access, purpose, watcher).await?;
    let options = options.reconnect_to_server_callback(move |_, _| {
        let clearance = clearance.clone();
        async move {
            clearance.given().await;
            // Any server will do.
            None
        }
    });
    connect_by(access, acks, (options, denied)).await
}

async fn connect_by(
    access: &Access,
    acks: AckBounds,
    (options, denied): (ConnectOptions, Arc<AtomicBool>),
) -> Result<Connection, Trouble> {
    let client = options.connect(access.servers.clone()).await.map_err(|error| trouble(access, &error))?;
    let jetstream = jetstream_on(&client, access, acks);
    Ok(Connection { client, jetstream, api: access.jetstream.prefix(), denied })
}

/// How often a silent server is asked whether it is there. A connection whose other end is gone without a word is given
/// up after the third.
const PING_EVERY: Duration = Duration::from_millis(500);
/// The longest wait between two attempts to connect again: what the broker is back for must not wait for us.
const RECONNECT_MAX: Duration = Duration::from_secs(1);
/// How often it is looked whether a connection was made again.
const LOOK: Duration = Duration::from_millis(50);

/// Twice as long each time, from 2 ms on.
fn reconnect_delay(attempts: usize) -> Duration {
    let doublings = u32::try_from(attempts).unwrap_or(u32::MAX).min(10);
    Duration::from_millis(1 << doublings).min(RECONNECT_MAX)
}

/// The options, and where it shows that something was denied.
async fn options(
    access: &Access,
    purpose: Purpose,
    watcher: Option<Watcher>,
) -> Result<(ConnectOptions, Arc<AtomicBool>), Trouble> {
    let denied = Arc::new(AtomicBool::new(false));
    let is_denied = Arc::clone(&denied);
    let mut options = ConnectOptions::new()
        .name(format!("decile {}", purpose.as_str()))
        .connection_timeout(access.connect_timeout)
        .request_timeout(Some(access.request_timeout))
        .require_tls(access.tls.required)
        .ping_interval(PING_EVERY)
        .reconnect_delay_callback(reconnect_delay)
        .event_callback(move |event| {
            notice(purpose, &event);
            if is_denial(&event) {
                is_denied.store(true, Ordering::Relaxed);
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
    let options = match &access.credential {
        Credential::Anonymous => options,
        Credential::CredentialsFile(file) => options
            .credentials_file(file)
            .await
            .map_err(|error| Trouble::Login(format!("cannot use `{}`: {error}", file.display())))?,
        Credential::NkeySeed(seed) => options.nkey(seed.clone()),
        Credential::UserPassword { user, password } => options.user_and_password(user.clone(), password.clone()),
        Credential::Token(token) => options.token(token.clone()),
    };
    Ok((options, denied))
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

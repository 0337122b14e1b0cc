//! What the server must be, and whether a consumer is what was asked for: the server echoes the
//! configuration that it understood, and older ones leave out what they do not know.

use super::connect::Connection;
use super::trouble::Trouble;
use crate::subject::Root;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::context::{AccountError, AccountErrorKind, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;

/// The oldest server that keeps the promises: filters, TTLs, atomic batches.
pub const SERVER_REQUIRED: &str = "2.12.1";
/// The server that was measured.
pub const SERVER_RECOMMENDED: &str = "2.15.1";

/// Checks version and JetStream.
///
/// # Errors
/// [`Trouble::TooOld`], [`Trouble::NoJetStream`].
pub async fn check_server(connection: &Connection) -> Result<(), Trouble> {
    check_version(connection)?;
    connection.jetstream.query_account().await.map_err(|error| account_trouble(connection, &error))?;
    Ok(())
}

/// Checks the version alone: it takes no right to ask.
///
/// # Errors
/// [`Trouble::TooOld`].
pub fn check_version(connection: &Connection) -> Result<(), Trouble> {
    let version = connection.client.server_info().version;
    if !is_at_least(&version, SERVER_REQUIRED) {
        return Err(Trouble::TooOld { found: plain(&version), required: SERVER_REQUIRED });
    }
    Ok(())
}

/// Checks that records may be published. Each probe is one that the stream must refuse, because it expects
/// to be in another: nothing is stored, and an answer at all says that the publish is permitted. One that
/// permissions deny is never answered.
///
/// # Errors
/// [`Trouble::NotPermitted`], or [`Trouble::NoAnswer`] where the server did not say so.
pub async fn check_publish(connection: &Connection, root: &Root) -> Result<(), Trouble> {
    for filter in root.decisions() {
        let subject = filter.replace('>', "probe.probe.probe");
        let probe = PublishMessage::build().expected_stream("no-stream-is-named-so");
        let answered = match connection.jetstream.send_publish(subject, probe).await {
            Ok(answer) => answer.await.map(drop),
            Err(error) => Err(error),
        };
        if answered.is_err_and(|error| error.kind() == PublishErrorKind::TimedOut) {
            return Err(connection.unanswered(format!("publish on `{filter}`")));
        }
    }
    Ok(())
}

/// Where a consumer, as the server echoes it, deviates from what is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// What of it.
    pub what: &'static str,
    /// As it is.
    pub found: String,
    /// As it must be.
    pub wanted: String,
}

impl Deviation {
    /// The bound on deliveries: beyond it the server gives a message up.
    pub const DELIVERIES: &'static str = "deliveries";
}

impl std::fmt::Display for Deviation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is `{}`, must be `{}`", self.what, self.found, self.wanted)
    }
}

/// Every deviation of a consumer.
pub fn deviations(wanted: &pull::Config, found: &pull::Config) -> Vec<Deviation> {
    let mut wanted_filters = filters(wanted);
    let mut found_filters = filters(found);
    wanted_filters.sort_unstable();
    found_filters.sort_unstable();
    let compared = [
        ("filter subjects", found_filters.join(" "), wanted_filters.join(" ")),
        ("ack policy", format!("{:?}", found.ack_policy), format!("{:?}", AckPolicy::Explicit)),
        ("ack wait", format!("{:?}", found.ack_wait), format!("{:?}", wanted.ack_wait)),
        (Deviation::DELIVERIES, found.max_deliver.to_string(), wanted.max_deliver.to_string()),
        ("unacknowledged messages", found.max_ack_pending.to_string(), wanted.max_ack_pending.to_string()),
        ("headers only", found.headers_only.to_string(), "false".to_owned()),
    ];
    let deviations = compared.into_iter().map(|(what, found, wanted)| Deviation { what, found, wanted });
    deviations.filter(|it| it.found != it.wanted).collect()
}

/// Compares a consumer, as the server echoes it, with what is needed.
///
/// # Errors
/// [`Trouble::Differs`], naming every deviation.
pub fn check_consumer(stream: &str, wanted: &pull::Config, found: &pull::Config) -> Result<(), Trouble> {
    let deviations: Vec<String> = deviations(wanted, found).iter().map(ToString::to_string).collect();
    if deviations.is_empty() {
        return Ok(());
    }
    let name = wanted.durable_name.as_deref().unwrap_or_default();
    Err(Trouble::Differs { what: format!("the consumer `{name}` on `{stream}`"), differences: deviations.join("; ") })
}

fn filters(config: &pull::Config) -> Vec<&str> {
    if config.filter_subject.is_empty() {
        config.filter_subjects.iter().map(String::as_str).collect()
    } else {
        vec![&config.filter_subject]
    }
}

fn account_trouble(connection: &Connection, error: &AccountError) -> Trouble {
    let doing = "ask JetStream about the account";
    match error.kind() {
        AccountErrorKind::JetStreamUnavailable => Trouble::NoJetStream("nothing answers on its API".to_owned()),
        AccountErrorKind::TimedOut => connection.unanswered(doing.to_owned()),
        AccountErrorKind::JetStream(answer) if is_off(answer.error_code()) => Trouble::NoJetStream(error.to_string()),
        AccountErrorKind::JetStream(_) | AccountErrorKind::Other => {
            Trouble::Other { doing: doing.to_owned(), why: error.to_string() }
        }
    }
}

/// JetStream is off, for the server or the account: waiting does not help.
fn is_off(code: ErrorCode) -> bool {
    code == ErrorCode::JETSTREAM_NOT_ENABLED || code == ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT
}

/// Whether a version, `2.15.1` or `2.15.1-rc.1`, is `least` or newer. What is no version is not.
pub(crate) fn is_at_least(version: &str, least: &str) -> bool {
    let parts = |version: &str| -> Vec<u64> {
        let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>();
        version.trim_start_matches('v').split('.').take(3).map(|part| digits(part).parse().unwrap_or(0)).collect()
    };
    parts(version) >= parts(least)
}

/// A text of the server, as far as it is a name.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic()).take(64).collect()
}

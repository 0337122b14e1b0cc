//! The streams and consumers that a configuration needs: to print, to make, to check.

mod differences;

pub use differences::{Difference, differences};

use super::advisory;
use super::connect::Connection;
use super::examine::Beside;
use super::server::check_consumer;
use super::trouble::Trouble;
use crate::channel::Channel;
use crate::config::{Config, Limits, SourceStream, Storage};
use crate::policy::Desk;
use crate::subject::Root;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, FromConsumer as _, pull};
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{self, DiscardPolicy, StorageType};
use std::time::Duration;

/// Escalations of a desk that wait for a reminder, or for a command that failed.
const REMINDED_MAX: i64 = 10_000;

/// Everything that must exist.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Our stream.
    pub decisions: stream::Config,
    /// Our consumer of people's answers on it.
    pub rulings: SourceSetup,
    /// The streams that messages come from, and our consumers on them.
    pub sources: Vec<SourceSetup>,
    /// What the broker says of messages that it gives up, beside the sources, and our consumer on it.
    pub advisories: SourceSetup,
    /// The executors' consumers on our stream, one for each channel that something may be granted on. An executor that
    /// may make consumers makes its own; one that may not finds it here.
    pub executors: Vec<pull::Config>,
    /// The consumers of those who tell people of a desk's escalations, likewise.
    pub notifiers: Vec<pull::Config>,
    /// What else is looked at, to judge whether all this keeps what is promised.
    pub beside: Beside,
}

/// Answers that are being carried out at a time.
const RULINGS_PENDING_MAX: i64 = 64;
/// The consumer of people's answers.
pub const RULINGS: &str = "rulings";
/// The consumer of what the broker gave up.
pub const ADVISORIES: &str = "advisories";
/// Advisories that are being followed at a time.
const ADVISORIES_PENDING_MAX: i64 = 256;
/// The most that is kept of them: some 40,000.
const ADVISORIES_BYTES_MAX: i64 = 16_777_216;

/// One source stream. It belongs to who fills it: it is made where it is missing, never changed.
#[derive(Clone, Debug)]
pub struct SourceSetup {
    /// The stream, as it is made where it is missing.
    pub stream: stream::Config,
    /// Our consumer.
    pub consumer: pull::Config,
}

/// What became of one stream or consumer.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Made {
    /// Which.
    pub what: String,
    /// `made`, `brought up to date`, `left as it is` or `placed`.
    pub outcome: &'static str,
}

impl Setup {
    /// What a configuration needs.
    pub fn of(config: &Config, root: &Root) -> Self {
        let decisions = decisions(config, root);
        Self {
            rulings: rulings(config, root, &decisions),
            decisions,
            sources: config.channels.sources.iter().map(|it| source(config, it)).collect(),
            advisories: advisories(config),
            executors: config.channels.monitored().map(|channel| executor(root, channel, &config.limits)).collect(),
            notifiers: config.policy.desks().into_iter().map(|desk| notifier(root, desk, &config.limits)).collect(),
            beside: Beside::of(config),
        }
    }

    /// Makes what is missing, brings what is ours up to date.
    ///
    /// # Errors
    /// The first thing that the server refuses.
    pub async fn apply(&self, connection: &Connection) -> Result<Vec<Made>, Trouble> {
        let mut made = vec![apply_decisions(connection, &self.decisions).await?];
        made.push(apply_consumer(connection, &self.rulings.stream.name, &self.rulings.consumer).await?);
        for source in &self.sources {
            made.push(apply_source(connection, &source.stream).await?);
            made.push(apply_consumer(connection, &source.stream.name, &source.consumer).await?);
        }
        made.push(apply_advisories(connection, &self.advisories.stream).await?);
        made.push(apply_consumer(connection, &self.advisories.stream.name, &self.advisories.consumer).await?);
        for consumer in self.executors.iter().chain(&self.notifiers) {
            made.push(apply_consumer(connection, &self.decisions.name, consumer).await?);
        }
        Ok(made)
    }
}

fn decisions(config: &Config, root: &Root) -> stream::Config {
    stream::Config {
        name: config.bus.stream.clone(),
        description: Some("what Decile decided, and what governs it".to_owned()),
        subjects: vec![root.all()],
        storage: match config.retention.storage {
            Storage::File => StorageType::File,
            Storage::Memory => StorageType::Memory,
        },
        discard: DiscardPolicy::New,
        max_bytes: i64::try_from(config.retention.stream_bytes_max).unwrap_or(i64::MAX),
        num_replicas: config.retention.replicas,
        duplicate_window: config.retention.duplicate_window,
        allow_rollup: false,
        deny_delete: true,
        deny_purge: true,
        allow_direct: true,
        allow_message_ttl: true,
        allow_atomic_publish: true,
        ..Default::default()
    }
}

fn rulings(config: &Config, root: &Root, decisions: &stream::Config) -> SourceSetup {
    SourceSetup {
        stream: decisions.clone(),
        consumer: pull::Config {
            durable_name: Some(RULINGS.to_owned()),
            description: Some("answers of people, for Decile to carry out".to_owned()),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: config.limits.ack_wait,
            max_deliver: -1,
            max_ack_pending: RULINGS_PENDING_MAX,
            filter_subjects: vec![root.rulings()],
            ..Default::default()
        },
    }
}

fn source(config: &Config, source: &SourceStream) -> SourceSetup {
    let filters: Vec<String> = source.channels.iter().map(|spec| spec.subject.clone()).collect();
    SourceSetup {
        stream: stream::Config {
            name: source.stream.clone(),
            subjects: filters.clone(),
            storage: StorageType::File,
            num_replicas: config.retention.replicas,
            ..Default::default()
        },
        consumer: pull::Config {
            durable_name: Some(source.consumer.clone()),
            description: Some("messages for Decile to decide on".to_owned()),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: config.limits.ack_wait,
            // A message is delivered until it is decided. What poisons every attempt is another part's.
            max_deliver: -1,
            max_ack_pending: i64::try_from(config.limits.inflight_messages_max).unwrap_or(i64::MAX),
            filter_subjects: filters,
            ..Default::default()
        },
    }
}

/// The stream that keeps what the broker says of messages of ours that it gives up. It is with the sources, whose
/// account the broker says it in.
pub fn advisories_stream(config: &Config) -> String {
    format!("{}_ADVISORIES", config.bus.stream)
}

fn advisories(config: &Config) -> SourceSetup {
    let sources = config.channels.sources.iter();
    let subjects = sources.flat_map(|source| advisory::subjects(&source.stream, &source.consumer)).collect();
    SourceSetup {
        stream: stream::Config {
            name: advisories_stream(config),
            description: Some("messages for Decile that the broker gave up".to_owned()),
            subjects,
            storage: StorageType::File,
            discard: DiscardPolicy::Old,
            max_bytes: ADVISORIES_BYTES_MAX,
            max_age: config.retention.escalated,
            num_replicas: config.retention.replicas,
            allow_direct: true,
            ..Default::default()
        },
        consumer: pull::Config {
            durable_name: Some(ADVISORIES.to_owned()),
            description: Some("messages for Decile that the broker gave up".to_owned()),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: config.limits.ack_wait,
            max_deliver: -1,
            max_ack_pending: ADVISORIES_PENDING_MAX,
            ..Default::default()
        },
    }
}

/// The durable consumer on our stream that the executor of a channel pulls from.
pub fn executor_consumer(channel: &Channel) -> String {
    // The name of a consumer is one token, and a channel is two: its dot is escaped like any other byte.
    format!("execute-{}", channel.subject().replace('.', "=2E"))
}

/// The same, as it is made.
pub fn executor(root: &Root, channel: &Channel, limits: &Limits) -> pull::Config {
    pull::Config {
        durable_name: Some(executor_consumer(channel)),
        description: Some("actions for Decile to carry out".to_owned()),
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::Explicit,
        ack_wait: limits.ack_wait,
        max_deliver: -1,
        max_ack_pending: i64::try_from(limits.commands_max).unwrap_or(i64::MAX),
        filter_subjects: root.to_execute_on(channel).to_vec(),
        ..Default::default()
    }
}

/// The durable consumer on our stream that tells people of a desk's escalations.
pub fn notifier_consumer(desk: &Desk) -> String {
    format!("notify-{}", desk.as_str())
}

/// The same, as it is made. What was escalated before is in the inbox, and nobody is told of it.
pub fn notifier(root: &Root, desk: &Desk, limits: &Limits) -> pull::Config {
    pull::Config {
        durable_name: Some(notifier_consumer(desk)),
        description: Some("escalations that somebody is to hear of".to_owned()),
        deliver_policy: DeliverPolicy::New,
        ack_policy: AckPolicy::Explicit,
        ack_wait: limits.ack_wait,
        max_deliver: -1,
        // Those that wait for a reminder count among them. Beyond, new ones wait, too.
        max_ack_pending: REMINDED_MAX,
        filter_subjects: vec![root.escalated_to(desk)],
        ..Default::default()
    }
}

/// Makes our stream, or corrects in an existing one what would make a promise void. What else its owner
/// set (its size, more subjects, a longer window) stays.
async fn apply_decisions(connection: &Connection, wanted: &stream::Config) -> Result<Made, Trouble> {
    let what = format!("stream `{}`", wanted.name);
    let trouble = |error: &dyn std::fmt::Display| other(&format!("make the {what}"), error);
    let found = match get_stream(connection, &wanted.name).await {
        Ok(stream) => stream.cached_info().config.clone(),
        Err(Trouble::NoStream(_)) => {
            connection.jetstream.create_stream(wanted.clone()).await.map_err(|error| trouble(&error))?;
            return Ok(Made { what, outcome: "made" });
        }
        Err(trouble) => return Err(trouble),
    };
    if differences(wanted, &found).is_empty() && !is_open_to_deletion(&found) {
        return Ok(Made { what, outcome: "left as it is" });
    }
    connection.jetstream.update_stream(corrected(wanted, found)).await.map_err(|error| trouble(&error))?;
    Ok(Made { what, outcome: "brought up to date" })
}

fn corrected(wanted: &stream::Config, mut found: stream::Config) -> stream::Config {
    let missing: Vec<String> =
        wanted.subjects.iter().filter(|subject| !found.subjects.contains(subject)).cloned().collect();
    found.subjects.extend(missing);
    found.discard = wanted.discard;
    found.allow_message_ttl = true;
    found.allow_atomic_publish = true;
    found.allow_direct = true;
    found.allow_rollup = false;
    found.deny_delete = true;
    found.deny_purge = true;
    found.no_ack = false;
    found.max_age = Duration::ZERO;
    found.max_messages_per_subject = -1;
    found.duplicate_window = found.duplicate_window.max(wanted.duplicate_window);
    found
}

async fn apply_source(connection: &Connection, wanted: &stream::Config) -> Result<Made, Trouble> {
    let what = format!("stream `{}`", wanted.name);
    match get_stream(connection, &wanted.name).await {
        Ok(_) => Ok(Made { what, outcome: "left as it is" }),
        Err(Trouble::NoStream(_)) => {
            connection
                .jetstream
                .create_stream(wanted.clone())
                .await
                .map_err(|error| other(&format!("make the {what}"), &error))?;
            Ok(Made { what, outcome: "made" })
        }
        Err(trouble) => Err(trouble),
    }
}

/// It is ours: its subjects are those of our sources.
async fn apply_advisories(connection: &Connection, wanted: &stream::Config) -> Result<Made, Trouble> {
    let what = format!("stream `{}`", wanted.name);
    let trouble = |error: &dyn std::fmt::Display| other(&format!("make the {what}"), error);
    let found = match get_stream(connection, &wanted.name).await {
        Ok(stream) => stream.cached_info().config.clone(),
        Err(Trouble::NoStream(_)) => return apply_source(connection, wanted).await,
        Err(trouble) => return Err(trouble),
    };
    if found.subjects == wanted.subjects {
        return Ok(Made { what, outcome: "left as it is" });
    }
    let corrected = stream::Config { subjects: wanted.subjects.clone(), ..found };
    connection.jetstream.update_stream(corrected).await.map_err(|error| trouble(&error))?;
    Ok(Made { what, outcome: "brought up to date" })
}

async fn apply_consumer(connection: &Connection, stream: &str, wanted: &pull::Config) -> Result<Made, Trouble> {
    let handle = get_stream(connection, stream).await?;
    let name = wanted.durable_name.clone().unwrap_or_default();
    let what = format!("consumer `{name}` on `{stream}`");
    let existed = handle.consumer_info(&name).await.is_ok();
    let consumer =
        handle.create_consumer(wanted.clone()).await.map_err(|error| other(&format!("make the {what}"), &error))?;
    let found = pull::Config::try_from_consumer_config(consumer.cached_info().config.clone())
        .map_err(|error| differs(stream, &name, &error))?;
    check_consumer(stream, wanted, &found)?;
    Ok(Made { what, outcome: if existed { "brought up to date" } else { "made" } })
}

/// Whether records can be taken away by who may publish or delete: no promise is void, and `setup` corrects it.
fn is_open_to_deletion(found: &stream::Config) -> bool {
    found.allow_rollup || !found.deny_delete || !found.deny_purge
}

/// A stream by name.
///
/// # Errors
/// [`Trouble::NoStream`], [`Trouble::NotPermitted`], [`Trouble::NoAnswer`].
pub async fn get_stream(connection: &Connection, name: &str) -> Result<stream::Stream, Trouble> {
    connection.jetstream.get_stream(name).await.map_err(|error| match error.kind() {
        GetStreamErrorKind::JetStream(answer)
            if answer.error_code() == async_nats::jetstream::ErrorCode::STREAM_NOT_FOUND =>
        {
            Trouble::NoStream(name.to_owned())
        }
        GetStreamErrorKind::Request => connection.unanswered(format!("ask about the stream `{name}`")),
        _ => other(&format!("ask about the stream `{name}`"), &error),
    })
}

fn differs(stream: &str, consumer: &str, error: &dyn std::fmt::Display) -> Trouble {
    Trouble::Differs { what: format!("the consumer `{consumer}` on `{stream}`"), differences: error.to_string() }
}

fn other(doing: &str, error: &dyn std::fmt::Display) -> Trouble {
    Trouble::Other { doing: doing.to_owned(), why: error.to_string() }
}

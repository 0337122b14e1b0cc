//! The streams and consumers that a configuration needs: to print, to make, to check.

use super::connect::Connection;
use super::server::check_consumer;
use super::trouble::Trouble;
use crate::config::{Config, SourceStream};
use crate::subject::Root;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, FromConsumer as _, pull};
use async_nats::jetstream::context::{ConsumerInfoError, ConsumerInfoErrorKind, GetStreamErrorKind};
use async_nats::jetstream::stream::{self, DiscardPolicy, RetentionPolicy, StorageType};
use std::time::Duration;

/// How long the broker remembers the ids of published records.
pub const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);

/// Everything that must exist.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Our stream.
    pub decisions: stream::Config,
    /// The streams that messages come from, and our consumers on them.
    pub sources: Vec<SourceSetup>,
}

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
    /// `made`, `brought up to date` or `left as it is`.
    pub outcome: &'static str,
}

impl Setup {
    /// What a configuration needs.
    pub fn of(config: &Config, root: &Root) -> Self {
        Self {
            decisions: decisions(config, root),
            sources: config.channels.sources.iter().map(|it| source(config, it)).collect(),
        }
    }

    /// Makes what is missing, brings what is ours up to date.
    ///
    /// # Errors
    /// The first thing that the server refuses.
    pub async fn apply(&self, connection: &Connection) -> Result<Vec<Made>, Trouble> {
        let mut made = vec![apply_decisions(connection, &self.decisions).await?];
        for source in &self.sources {
            made.push(apply_source(connection, &source.stream).await?);
            made.push(apply_consumer(connection, source).await?);
        }
        Ok(made)
    }

    /// Checks that all of it is there, and as it must be.
    ///
    /// # Errors
    /// The first thing that is missing or differs.
    pub async fn check(&self, connection: &Connection) -> Result<(), Trouble> {
        check_decisions(connection, &self.decisions).await?;
        for source in &self.sources {
            let stream = get_stream(connection, &source.stream.name).await?;
            let name = source.consumer.durable_name.clone().unwrap_or_default();
            let info = stream
                .consumer_info(&name)
                .await
                .map_err(|error| consumer_trouble(connection, &source.stream.name, &name, &error))?;
            let found = pull::Config::try_from_consumer_config(info.config)
                .map_err(|error| differs(&source.stream.name, &name, &error))?;
            check_consumer(&source.stream.name, &source.consumer, &found)?;
        }
        Ok(())
    }
}

fn decisions(config: &Config, root: &Root) -> stream::Config {
    stream::Config {
        name: config.bus.stream.clone(),
        description: Some("what Decile decided, and what governs it".to_owned()),
        subjects: vec![root.all()],
        storage: StorageType::File,
        discard: DiscardPolicy::New,
        max_bytes: i64::try_from(config.retention.stream_bytes_max).unwrap_or(i64::MAX),
        num_replicas: config.retention.replicas,
        duplicate_window: DUPLICATE_WINDOW,
        allow_rollup: false,
        deny_delete: true,
        deny_purge: true,
        allow_direct: true,
        allow_message_ttl: true,
        allow_atomic_publish: true,
        ..Default::default()
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
    if differences(wanted, &found).is_empty() {
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

async fn apply_consumer(connection: &Connection, source: &SourceSetup) -> Result<Made, Trouble> {
    let stream = get_stream(connection, &source.stream.name).await?;
    let name = source.consumer.durable_name.clone().unwrap_or_default();
    let what = format!("consumer `{name}` on `{}`", source.stream.name);
    let existed = stream.consumer_info(&name).await.is_ok();
    let consumer = stream
        .create_consumer(source.consumer.clone())
        .await
        .map_err(|error| other(&format!("make the {what}"), &error))?;
    let found = pull::Config::try_from_consumer_config(consumer.cached_info().config.clone())
        .map_err(|error| differs(&source.stream.name, &name, &error))?;
    check_consumer(&source.stream.name, &source.consumer, &found)?;
    Ok(Made { what, outcome: if existed { "brought up to date" } else { "made" } })
}

/// What makes a promise void if it is not so: nothing is thrown away silently, records expire by
/// themselves, our subjects end up here.
async fn check_decisions(connection: &Connection, wanted: &stream::Config) -> Result<(), Trouble> {
    let stream = get_stream(connection, &wanted.name).await?;
    let differences = differences(wanted, &stream.cached_info().config);
    if differences.is_empty() {
        Ok(())
    } else {
        Err(Trouble::Differs { what: format!("the stream `{}`", wanted.name), differences: differences.join("; ") })
    }
}

fn differences(wanted: &stream::Config, found: &stream::Config) -> Vec<String> {
    let has_subjects = wanted.subjects.iter().all(|subject| found.subjects.contains(subject));
    let findings = [
        (found.discard != DiscardPolicy::New, "`discard` must be `new`: `old` throws records away when it is full"),
        (!found.allow_message_ttl, "`allow_msg_ttl` must be on: records would never expire"),
        (!has_subjects, "its subjects must include all under our root"),
        (found.no_ack, "`no_ack` must be off: nothing would confirm a decision"),
        (
            found.retention != RetentionPolicy::Limits,
            "`retention` must be `limits`: others drop what was read or that nobody reads",
        ),
        (!found.max_age.is_zero(), "`max_age` must be 0: records have a time to live each"),
        (
            found.max_messages_per_subject > 0,
            "`max_msgs_per_subject` must be off: it drops the older records of a channel",
        ),
        (found.duplicate_window < wanted.duplicate_window, "`duplicate_window` must be 2 minutes or more"),
        (found.sealed, "it must not be sealed"),
        (found.mirror.is_some(), "it must not be a mirror"),
        (found.subject_transform.is_some(), "it must not transform subjects"),
    ];
    findings.into_iter().filter(|(is_found, _)| *is_found).map(|(_, finding)| finding.to_owned()).collect()
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

fn consumer_trouble(connection: &Connection, stream: &str, consumer: &str, error: &ConsumerInfoError) -> Trouble {
    let doing = format!("ask about the consumer `{consumer}` on `{stream}`");
    match error.kind() {
        ConsumerInfoErrorKind::NotFound => {
            Trouble::NoConsumer { stream: stream.to_owned(), consumer: consumer.to_owned() }
        }
        ConsumerInfoErrorKind::TimedOut | ConsumerInfoErrorKind::Request => connection.unanswered(doing),
        _ => Trouble::Other { doing, why: error.to_string() },
    }
}

fn differs(stream: &str, consumer: &str, error: &dyn std::fmt::Display) -> Trouble {
    Trouble::Differs { what: format!("the consumer `{consumer}` on `{stream}`"), differences: error.to_string() }
}

fn other(doing: &str, error: &dyn std::fmt::Display) -> Trouble {
    Trouble::Other { doing: doing.to_owned(), why: error.to_string() }
}

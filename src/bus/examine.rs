//! Looks at servers and streams, and judges nothing: [`crate::doctor`] does.

use super::connect::Connection;
use super::follow::broker_now;
use super::monitor;
use super::server::plain;
use super::setup::{Setup, get_stream};
use super::trouble::Trouble;
use crate::config::{Config, SyncInterval};
use crate::doctor::{
    Commits, ConsumerFacts, Examined, FoundStream, Peer, ServerFacts, Silent, StreamFacts, Terms, commits,
};
use async_nats::jetstream::consumer::{FromConsumer as _, pull};
use async_nats::jetstream::context::ConsumerInfoErrorKind;
use async_nats::jetstream::stream;
use jiff::Timestamp;
use std::time::Duration;

/// Where else to look than at the server that we are connected to.
#[derive(Clone, Debug)]
pub struct Beside {
    /// The servers' monitoring endpoints: `http://host:port` each.
    pub monitors: Vec<String>,
    /// Where a daemon serves its metrics: `http://host:port`, where anybody is to be asked.
    pub metrics: Option<String>,
    /// What we ask of all that.
    pub terms: Terms,
}

impl Beside {
    /// As the configuration says, without a daemon to ask.
    pub fn of(config: &Config) -> Self {
        let terms = Terms { limits: config.limits, storage: config.retention.storage, sync_told: config.bus.sync_told };
        Self { monitors: config.bus.monitors.clone(), metrics: None, terms }
    }
}

/// Looks at everything. What is not there is a fact like others.
///
/// # Errors
/// Where the server does not answer, or does not permit it.
pub async fn examine(connection: &Connection, setup: &Setup) -> Result<Examined, Trouble> {
    let beside = &setup.beside;
    let (monitored, commits) = tokio::join!(servers(&beside.monitors), daemon(beside.metrics.as_deref()));
    let (mut servers, silent) = monitored;
    let info = connection.client.server_info();
    if !servers.iter().any(|server| server.name == info.server_name) {
        servers.insert(0, ServerFacts { name: info.server_name.clone(), version: plain(&info.version), sync: None });
    }
    let decisions = look_at(connection, &setup.decisions).await?;
    let clock_offset = match &decisions.found {
        Some(_) => {
            broker_now(connection, &setup.decisions.name).await.ok().map(|it| Timestamp::now().duration_since(it))
        }
        None => None,
    };
    let (mut sources, mut consumers) = (Vec::new(), Vec::new());
    for source in &setup.sources {
        let facts = look_at(connection, &source.stream).await?;
        if facts.found.is_some() {
            consumers.push(look_at_consumer(connection, &source.stream.name, &source.consumer).await?);
        }
        sources.push(facts);
    }
    if decisions.found.is_some() {
        let rulings = &setup.rulings;
        consumers.push(look_at_consumer(connection, &rulings.stream.name, &rulings.consumer).await?);
    }
    let has_advisories = has_advisories(connection, setup).await;
    let (max_payload, terms) = (info.max_payload, beside.terms);
    Ok(Examined {
        servers,
        silent,
        decisions,
        sources,
        has_advisories,
        consumers,
        max_payload,
        clock_offset,
        commits,
        terms,
    })
}

/// A backstop, and nothing rests on it: where it cannot be asked, it is not there.
async fn has_advisories(connection: &Connection, setup: &Setup) -> bool {
    let wanted = &setup.advisories;
    let Ok(stream) = get_stream(connection, &wanted.stream.name).await else { return false };
    let takes = &stream.cached_info().config.subjects;
    let name = wanted.consumer.durable_name.clone().unwrap_or_default();
    wanted.stream.subjects.iter().all(|subject| takes.contains(subject)) && stream.consumer_info(&name).await.is_ok()
}

async fn look_at(connection: &Connection, wanted: &stream::Config) -> Result<StreamFacts, Trouble> {
    let found = match get_stream(connection, &wanted.name).await {
        Ok(stream) => Some(found(stream.cached_info())),
        Err(Trouble::NoStream(_)) => None,
        Err(trouble) => return Err(trouble),
    };
    Ok(StreamFacts { wanted: wanted.clone(), found })
}

fn found(info: &stream::Info) -> FoundStream {
    let cluster = info.cluster.iter();
    let peers = cluster.flat_map(|cluster| {
        let leader = cluster.leader.iter().map(|name| Peer { name: name.clone(), is_current: true });
        let others = cluster.replicas.iter();
        leader.chain(others.map(|it| Peer { name: it.name.clone(), is_current: it.current && !it.offline }))
    });
    FoundStream { config: info.config.clone(), bytes: info.state.bytes, peers: peers.collect() }
}

async fn look_at_consumer(
    connection: &Connection,
    stream: &str,
    wanted: &pull::Config,
) -> Result<ConsumerFacts, Trouble> {
    let name = wanted.durable_name.clone().unwrap_or_default();
    let doing = || format!("ask about the consumer `{name}` on `{stream}`");
    let handle = get_stream(connection, stream).await?;
    let found = match handle.consumer_info(&name).await {
        // A push consumer under our name is none of ours.
        Ok(info) => Some(pull::Config::try_from_consumer_config(info.config).map_err(|error| Trouble::Differs {
            what: format!("the consumer `{name}` on `{stream}`"),
            differences: error.to_string(),
        })?),
        Err(error) => match error.kind() {
            ConsumerInfoErrorKind::NotFound => None,
            ConsumerInfoErrorKind::TimedOut | ConsumerInfoErrorKind::Request => {
                return Err(connection.unanswered(doing()));
            }
            _ => return Err(Trouble::Other { doing: doing(), why: error.to_string() }),
        },
    };
    Ok(ConsumerFacts { stream: stream.to_owned(), wanted: wanted.clone(), found })
}

/// What a server says of itself at `/varz`, as far as it matters here.
#[derive(serde::Deserialize)]
struct Varz {
    server_name: String,
    version: String,
    #[serde(default)]
    jetstream: JetStreamVarz,
}

#[derive(Default, serde::Deserialize)]
struct JetStreamVarz {
    config: Option<JetStreamConfig>,
}

#[derive(serde::Deserialize)]
struct JetStreamConfig {
    /// In nanoseconds.
    #[serde(default)]
    sync_interval: u64,
    #[serde(default)]
    sync_always: bool,
}

async fn servers(monitors: &[String]) -> (Vec<ServerFacts>, Vec<Silent>) {
    let (mut servers, mut silent) = (Vec::new(), Vec::new());
    let asking = monitors.iter().map(|url| async move { (url, varz(url).await) });
    for (url, answer) in futures::future::join_all(asking).await {
        match answer {
            Ok(varz) => servers.push(server(&varz)),
            Err(why) => silent.push(Silent { url: url.clone(), why }),
        }
    }
    (servers, silent)
}

async fn varz(url: &str) -> Result<Varz, String> {
    let page = monitor::get(&format!("{}/varz", url.trim_end_matches('/'))).await?;
    serde_json::from_str(&page).map_err(|error| format!("its `/varz` cannot be read: {error}"))
}

fn server(varz: &Varz) -> ServerFacts {
    let interval = |config: &JetStreamConfig| match config.sync_interval {
        _ if config.sync_always => Some(SyncInterval::Always),
        0 => None,
        ns => Some(SyncInterval::Every(Duration::from_nanos(ns))),
    };
    ServerFacts {
        name: plain(&varz.server_name),
        version: plain(&varz.version),
        sync: varz.jetstream.config.as_ref().and_then(interval),
    }
}

async fn daemon(metrics: Option<&str>) -> Result<Commits, String> {
    let Some(url) = metrics else { return Err("no daemon was asked".to_owned()) };
    let page = monitor::get(&format!("{}/metrics", url.trim_end_matches('/'))).await;
    let page = page.map_err(|why| format!("no daemon answers at `{url}`: {why}"))?;
    commits(&page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_of_itself() {
        let varz = |config: &str| {
            let text =
                format!("{{\"server_name\":\"a\",\"version\":\"2.15.1\",\"more\":1,\"jetstream\":{{{config}}}}}");
            server(&serde_json::from_str(&text).unwrap()).sync
        };
        assert_eq!(
            varz(r#""config":{"sync_interval":120000000000}"#),
            Some(SyncInterval::Every(Duration::from_secs(120)))
        );
        let always = r#""config":{"sync_interval":120000000000,"sync_always":true}"#;
        assert_eq!(varz(always), Some(SyncInterval::Always));
        assert_eq!(varz(""), None, "a server without JetStream");
    }
}

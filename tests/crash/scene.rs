//! A world that is to be broken: server, proxy, files, somebody who publishes, and the verdict at the end.

use crate::checker::finding::summary;
use crate::checker::{Acks, Checker, Law, Raw, content};
use crate::proxy::Proxy;
use crate::reader::read;
use crate::support::operator::Person;
use crate::support::{Broker, DEADLINE, Daemon, World, run};
use bytes::Bytes;
use decile::bus::private::PrivateServer;
use futures::stream::{FuturesUnordered, StreamExt as _};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::future::IntoFuture as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Small steps, so that what breaks comes in the middle; and what was not acknowledged comes again soon.
pub(crate) const LIMITS: &str = "[limits]\nqueue_messages_max = 16\ninflight_messages_max = 32\nmax_ack_inflight = 8\n\
    commit_timeout_ms = 900\nack_wait_ms = 1000\n";

/// Something of each kind: handled inside, an action under a grant, an escalation, a restriction.
pub(crate) const POLICY: &str = r#"
[[desk]]
name = "counsel"

[[restriction]]
name = "legal"
desk = "counsel"

[[class]]
name = "scheduling_confirm"
level = 2
action = { type = "label", label = "scheduled" }

[[class]]
name = "info_request"
level = 1
action = { type = "reply", template = "Dear {sender} ." }

[[class]]
name = "newsletter"
level = 2
action = { type = "archive" }

[[cap]]
per_day = 100000

[[cap]]
class = "newsletter"
per_day = 100000

[[cap]]
class = "info_request"
per_day = 100000
"#;
/// Cap slots of an action under that policy.
const SLOTS: usize = 2;

/// What the server has acknowledged to whoever published: sequence and content.
pub(crate) type Published = Arc<Mutex<BTreeMap<u64, u64>>>;

/// A world.
pub(crate) struct Scene {
    pub(crate) proxy: Proxy,
    /// Behind the proxy.
    pub(crate) world: World,
    /// The same, for an instance that is connected by itself.
    pub(crate) near: World,
    pub(crate) ada: Person,
    pub(crate) broker: Broker,
    pub(crate) published: Published,
    /// The packs that were in force.
    pub(crate) packs: BTreeSet<String>,
    /// Last, so that it ends last.
    pub(crate) server: PrivateServer,
}

impl Scene {
    /// With its streams, and a grant for newsletters on one channel.
    pub(crate) async fn new(sections: &str) -> Self {
        Self::on(PrivateServer::start().unwrap(), sections).await
    }

    /// The same, on a server of a special kind.
    pub(crate) async fn on(server: PrivateServer, sections: &str) -> Self {
        let scene = Self::ungoverned(server, sections).await;
        scene.grant();
        scene
    }

    /// With its streams, and nothing that governs.
    pub(crate) async fn ungoverned(server: PrivateServer, sections: &str) -> Self {
        let proxy = Proxy::before(server.url()).await;
        let (world, ada) = Person::of(World::at(&proxy.url()).policy(POLICY).more(sections));
        let operators = std::fs::read_to_string(world.path("operators.toml")).unwrap();
        let near = World::on(&server).policy(POLICY).operators(&operators).more(sections);
        run(&["setup", "--apply", "--config", &world.config()]).exits(0);
        let packs = [pack(&world)].into();
        let broker = Broker::on(&server).await;
        Self { proxy, world, near, ada, broker, published: Published::default(), packs, server }
    }

    /// Grants newsletters on one channel.
    pub(crate) fn grant(&self) {
        let asked = ["--channel", "test.main", "--type", "archive", "--for", "12h", "--reason", "a test", "--replace"];
        self.ada.runs("grant", &asked).exits(0);
    }

    /// An instance; the streams are there.
    pub(crate) fn daemon(&self) -> Daemon {
        Daemon::start(&self.world, &[])
    }

    /// Publishes so many messages of all kinds, and remembers what was acknowledged.
    pub(crate) async fn publish(&self, count: usize, rng: &mut fastrand::Rng) {
        let messages: Vec<(&str, String)> = (0..count).map(|_| message(rng)).collect();
        publish(&self.broker, messages, &self.published).await;
    }

    /// Waits until everything is acknowledged, as long as it goes on.
    pub(crate) async fn settled(&self) {
        settled(&self.broker).await;
    }

    /// Whether a message of `in.raw`, the last one there, is decided on.
    pub(crate) async fn is_escalated_raw(&self, sequence: u64) -> bool {
        let Ok(stream) = self.broker.jetstream.get_stream_no_info("DECILE").await else { return false };
        let last = stream.get_last_raw_message_by_subject("decile.escalated.human.test.raw").await;
        last.is_ok_and(|last| {
            let record: serde_json::Value = serde_json::from_slice(&last.payload).expect("a record");
            record["decision"]["source"]["sequence"] == sequence
        })
    }

    /// What the checker says of all that lies in the streams, and how much there is of each kind.
    pub(crate) async fn verdict(&self) -> BTreeMap<String, usize> {
        self.verdict_seeing(|_| ()).await
    }

    /// The same, and somebody else looks at each record.
    pub(crate) async fn verdict_seeing(&self, see: impl FnMut(&Raw)) -> BTreeMap<String, usize> {
        let published = self.published.lock().unwrap().clone();
        verdict(&self.broker, &self.packs, &published, see).await
    }
}

/// The longest time in which the oldest message that is not acknowledged stays the same one, whatever goes on.
const SETTLES_MAX: Duration = Duration::from_secs(120);

/// Waits until everything is acknowledged, as long as it goes on.
pub(crate) async fn settled(broker: &Broker) {
    let (mut last, mut floor) = ((0, Instant::now()), (0, Instant::now()));
    loop {
        let info = consumer(broker).await;
        if let Some(info) = &info {
            if info.num_pending == 0 && info.num_ack_pending == 0 {
                return;
            }
            // Where one message waits, others may still go on.
            let done = info.delivered.consumer_sequence + info.ack_floor.stream_sequence;
            if done > last.0 {
                last = (done, Instant::now());
            }
            if info.ack_floor.stream_sequence > floor.0 {
                floor = (info.ack_floor.stream_sequence, Instant::now());
            }
        }
        assert!(last.1.elapsed() < DEADLINE, "nothing is acknowledged any more: {info:?}");
        assert!(floor.1.elapsed() < SETTLES_MAX, "some messages come again and again: {info:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The daemon's consumer, where a server says.
pub(crate) async fn consumer(broker: &Broker) -> Option<async_nats::jetstream::consumer::Info> {
    broker.jetstream.get_stream_no_info("IN").await.ok()?.consumer_info("decile").await.ok()
}

/// Judges what lies in the streams.
pub(crate) async fn verdict(
    broker: &Broker,
    packs: &BTreeSet<String>,
    published: &BTreeMap<u64, u64>,
    mut see: impl FnMut(&Raw),
) -> BTreeMap<String, usize> {
    let mut checker = Checker::new(Law { stream: "IN".to_owned(), packs: packs.clone(), slots: SLOTS });
    let mut counts = BTreeMap::new();
    let info = broker.consumer("IN").await;
    let acks = Acks {
        floor: info.ack_floor.stream_sequence,
        delivered: info.delivered.stream_sequence,
        pending: info.num_ack_pending as u64,
    };
    read(&broker.jetstream, "DECILE", |raw| {
        let kind = raw.subject.split('.').nth(1).unwrap_or_default().to_owned();
        *counts.entry(kind).or_default() += 1;
        checker.record(&raw);
        see(&raw);
    })
    .await;
    read(&broker.jetstream, "IN", |raw| checker.message(&raw)).await;
    let findings = checker.findings(published, acks);
    assert!(findings.is_empty(), "{}\n{counts:?}", summary(&findings));
    counts
}

/// The digest of the pack that a world's rules make.
pub(crate) fn pack(world: &World) -> String {
    let file = world.path("rules.pack").to_string_lossy().into_owned();
    let ran = run(&["compile", "--rules", &world.rules_dir(), "-o", &file, "--format", "json"]).exits(0);
    ran.json()["digest"].as_str().expect("a digest").to_owned()
}

/// A message of some kind, and where it goes.
pub(crate) fn message(rng: &mut fastrand::Rng) -> (&'static str, String) {
    let number = rng.u32(..);
    let (subject, text) = match rng.u32(..10) {
        0..4 => ("in.main.x", "Thursday works for me"),
        4..7 => ("in.main.x", "this week's news"),
        7 => ("in.main.x", "my lawyer says"),
        8 => ("in.direct", "hello"),
        _ => ("in.main.x", "whatever"),
    };
    (subject, json!({ "text": text, "attributes": { "number": number.to_string() } }).to_string())
}

/// How long the server may take to acknowledge a message; one that was killed never does.
const ACK_MAX: Duration = Duration::from_secs(3);

/// Publishes, all at once, and remembers what was acknowledged. What was not may be there or not.
pub(crate) async fn publish(broker: &Broker, messages: Vec<(&str, impl Into<Bytes>)>, published: &Published) {
    let mut acks = FuturesUnordered::new();
    for (subject, payload) in messages {
        let payload = payload.into();
        let content = content(&payload);
        if let Ok(ack) = broker.jetstream.publish(subject.to_owned(), payload).await {
            acks.push(async move { (content, tokio::time::timeout(ACK_MAX, ack.into_future()).await) });
        }
    }
    while let Some((content, ack)) = acks.next().await {
        if let Ok(Ok(ack)) = ack {
            published.lock().unwrap().insert(ack.sequence, content);
        }
    }
}

//! What is counted and timed. Prefix `decile_`, base units, labels from the configuration and closed lists
//! only: never a sender, never a raw channel.
//!
//! Handles are made once and kept: counting is an atomic addition.

use crate::class::Class;
use crate::decision::{Decision, Digests, Disposed};
use crate::reason::Reason;
use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

/// Bounds of `decile_decision_seconds`: 5 µs to 10 ms.
const DECISION_SECONDS: [f64; 11] =
    [0.000_005, 0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01];
/// Bounds of `decile_commit_seconds`: 100 µs to 1 s, with the promise of 200 ms as an edge.
const COMMIT_SECONDS: [f64; 12] = [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 1.0];

const METADATA: Metadata<'static> = Metadata::new("decile", Level::INFO, None);

/// Every metric of the daemon.
pub struct Metrics {
    recorder: PrometheusRecorder,
    decisions: Mutex<HashMap<Outcome, Counter>>,
    refused_actions: Mutex<HashMap<(String, Reason), Counter>>,
    lag: Mutex<HashMap<String, (Gauge, Gauge)>>,
    /// `decile_messages_received_total`.
    pub received: Counter,
    /// `decile_redeliveries_total`.
    pub redelivered: Counter,
    /// `decile_duplicates_total`: decisions that the broker had already.
    pub duplicates: Counter,
    /// `decile_commit_failures_total`.
    pub commit_failures: Counter,
    /// `decile_commit_inflight`.
    pub inflight: Gauge,
    /// `decile_decision_seconds`.
    pub decision_seconds: Histogram,
    /// `decile_commit_seconds`: receipt to commit.
    pub commit_seconds: Histogram,
    /// `decile_last_reload_successful`: 1, or 0 while the files on disk are not what is in force.
    pub last_reload_successful: Gauge,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Outcome {
    disposition: Disposed,
    class: Option<Class>,
    reason: Option<Reason>,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// A registry of its own; nothing global.
    ///
    /// # Errors
    /// Never: the buckets above are not empty.
    pub fn new() -> Result<Self, BuildError> {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full("decile_decision_seconds".to_owned()), &DECISION_SECONDS)?
            .set_buckets_for_metric(Matcher::Full("decile_commit_seconds".to_owned()), &COMMIT_SECONDS)?
            .build_recorder();
        describe(&recorder);
        let counter = |name| recorder.register_counter(&Key::from_static_name(name), &METADATA);
        let gauge = |name| recorder.register_gauge(&Key::from_static_name(name), &METADATA);
        let histogram = |name| recorder.register_histogram(&Key::from_static_name(name), &METADATA);
        Ok(Self {
            decisions: Mutex::default(),
            refused_actions: Mutex::default(),
            lag: Mutex::default(),
            received: counter("decile_messages_received_total"),
            redelivered: counter("decile_redeliveries_total"),
            duplicates: counter("decile_duplicates_total"),
            commit_failures: counter("decile_commit_failures_total"),
            inflight: gauge("decile_commit_inflight"),
            decision_seconds: histogram("decile_decision_seconds"),
            commit_seconds: histogram("decile_commit_seconds"),
            last_reload_successful: gauge("decile_last_reload_successful"),
            recorder,
        })
    }

    /// The text of `/metrics`.
    pub fn render(&self) -> String {
        self.handle().render()
    }

    /// For the upkeep of histograms, and for rendering elsewhere.
    pub fn handle(&self) -> PrometheusHandle {
        self.recorder.handle()
    }

    /// Counts a committed decision.
    pub fn decided(&self, counted: &Counted) {
        let outcome =
            Outcome { disposition: counted.disposition, class: counted.class.clone(), reason: counted.reason };
        cached(&self.decisions, outcome, |outcome| {
            let class = outcome.class.as_ref().map_or("none", Class::as_str).to_owned();
            let labels = vec![
                Label::new("disposition", outcome.disposition.as_str()),
                Label::new("class", class),
                Label::new("reason", outcome.reason.map_or("none", Reason::as_str)),
            ];
            self.recorder.register_counter(&Key::from_parts("decile_decisions_total", labels), &METADATA)
        })
        .increment(1);
        self.count_refused_action(counted);
    }

    fn count_refused_action(&self, counted: &Counted) {
        let (Some(action), Some(reason)) = (&counted.refused_action, counted.reason) else { return };
        cached(&self.refused_actions, (action.clone(), reason), |(action, reason)| {
            let labels = vec![Label::new("action", action.clone()), Label::new("reason", reason.as_str())];
            self.recorder.register_counter(&Key::from_parts("decile_refused_actions_total", labels), &METADATA)
        })
        .increment(1);
    }

    /// Whether a connection stands.
    pub fn connected(&self, purpose: &'static str, is_connected: bool) {
        let key = Key::from_parts("decile_connected", vec![Label::new("connection", purpose)]);
        self.recorder.register_gauge(&key, &METADATA).set(f64::from(u8::from(is_connected)));
    }

    /// How many messages of a stream wait at the broker.
    pub fn lag(&self, stream: &str, pending: u64) {
        self.stream_gauges(stream).0.set(to_f64(pending));
    }

    /// Whether the consumer on a stream is attached.
    pub fn attached(&self, stream: &str, is_attached: bool) {
        self.stream_gauges(stream).1.set(f64::from(u8::from(is_attached)));
    }

    fn stream_gauges(&self, stream: &str) -> (Gauge, Gauge) {
        cached(&self.lag, stream.to_owned(), |stream| {
            let label = || vec![Label::new("stream", stream.clone())];
            (
                self.recorder.register_gauge(&Key::from_parts("decile_lag_messages", label()), &METADATA),
                self.recorder.register_gauge(&Key::from_parts("decile_consumer_attached", label()), &METADATA),
            )
        })
    }

    /// How a reload ended.
    pub fn reloaded(&self, is_ok: bool) {
        let outcome = if is_ok { "ok" } else { "failed" };
        let key = Key::from_parts("decile_reloads_total", vec![Label::new("outcome", outcome)]);
        self.recorder.register_counter(&key, &METADATA).increment(1);
        self.last_reload_successful.set(f64::from(u8::from(is_ok)));
    }

    /// Names the pack and policy in force; the ones before are set to 0.
    pub fn in_force(&self, digests: &Digests, before: Option<&Digests>) {
        if let Some(before) = before {
            self.info(before).set(0.0);
        }
        self.info(digests).set(1.0);
    }

    fn info(&self, digests: &Digests) -> Gauge {
        let labels = vec![
            Label::new("pack", digests.pack.short()),
            Label::new("policy", digests.policy.short()),
            Label::new("channels", digests.channels.short()),
        ];
        self.recorder.register_gauge(&Key::from_parts("decile_pack_info", labels), &METADATA)
    }
}

/// What is counted of a decision; taken from it before it is encoded.
#[derive(Clone, Debug)]
pub struct Counted {
    disposition: Disposed,
    class: Option<Class>,
    reason: Option<Reason>,
    refused_action: Option<String>,
    /// How long the decision took.
    pub decided_in: Duration,
}

impl Counted {
    /// Of a decision that took so long. An action counts as refused where the policy names one that is
    /// outward and the decision did not let it out.
    pub fn of(decision: &Decision, decided_in: Duration) -> Self {
        let outward = |action: &&crate::decision::ActionRecord| action.reach == crate::policy::action::Reach::Outward;
        let action = decision.policy.as_ref().map(|policy| &policy.action).filter(outward);
        Self {
            disposition: decision.disposition,
            class: decision.verdict.class.clone(),
            reason: decision.reason,
            refused_action: action.filter(|_| decision.disposition == Disposed::Escalate).map(|it| it.kind.clone()),
            decided_in,
        }
    }
}

fn cached<K: Clone + Eq + std::hash::Hash, V: Clone>(
    cache: &Mutex<HashMap<K, V>>,
    key: K,
    make: impl FnOnce(&K) -> V,
) -> V {
    let mut cache = cache.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(known) = cache.get(&key) {
        return known.clone();
    }
    let made = make(&key);
    cache.insert(key, made.clone());
    made
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; counts above 2^53 are beyond any stream")]
fn to_f64(count: u64) -> f64 {
    count as f64
}

fn describe(recorder: &PrometheusRecorder) {
    let counters = [
        ("decile_messages_received_total", "messages delivered, redeliveries included"),
        ("decile_redeliveries_total", "messages delivered more than once"),
        ("decile_duplicates_total", "decisions that the broker had already, under the same id"),
        ("decile_commit_failures_total", "decisions that the broker refused or did not acknowledge"),
        ("decile_decisions_total", "committed decisions by disposition, class and reason"),
        ("decile_refused_actions_total", "outward actions that were held back, by type and reason"),
        ("decile_reloads_total", "reloads by outcome"),
    ];
    for (name, help) in counters {
        recorder.describe_counter(name.into(), None, help.into());
    }
    let gauges = [
        ("decile_commit_inflight", "records whose acknowledgement is awaited"),
        ("decile_connected", "whether a connection stands"),
        ("decile_consumer_attached", "whether the consumer of a stream is attached"),
        ("decile_lag_messages", "messages of a stream that wait at the broker"),
        ("decile_last_reload_successful", "1, or 0 while the files on disk are not what is in force"),
        ("decile_pack_info", "digests of what is in force"),
    ];
    for (name, help) in gauges {
        recorder.describe_gauge(name.into(), None, help.into());
    }
    recorder.describe_histogram("decile_decision_seconds".into(), None, "decode, views, rules and gate".into());
    recorder.describe_histogram("decile_commit_seconds".into(), None, "receipt to acknowledged commit".into());
}

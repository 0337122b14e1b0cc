//! What is counted and timed. Prefix `decile_`, base units, labels from the configuration and closed lists
//! only: never a sender, never a raw channel.
//!
//! Handles are made once and kept: counting is an atomic addition.

use crate::bus::lease::ClosedWhy;
use crate::canary::{Tried, Wall};
use crate::class::Class;
use crate::commit::DeadWhy;
use crate::decision::{Decision, Digests, Disposed};
use crate::doctor::{Finding, Kind, Severity};
use crate::drift::Detector;
use crate::inbox::Queue;
use crate::policy::Desk;
use crate::policy::level::Level as TrustLevel;
use crate::reason::Reason;
use crate::rulings::Word;
use crate::trust::{Cause, Overview};
use jiff::Timestamp;
use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

/// Bounds of `decile_decision_seconds`: 5 µs to 200 ms, with the decision's own share of 50 ms as an edge.
const DECISION_SECONDS: [f64; 15] = [
    0.000_005, 0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05,
    0.1, 0.2,
];
/// Bounds of `decile_commit_seconds`: 100 µs to a minute, with the promise of 200 ms as an edge.
const COMMIT_SECONDS: [f64; 15] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 1.0, 5.0, 15.0, 60.0];

/// Bounds of `decile_answer_seconds`: ten seconds to a week.
const ANSWER_SECONDS: [f64; 12] =
    [10.0, 30.0, 60.0, 300.0, 900.0, 1_800.0, 3_600.0, 14_400.0, 28_800.0, 86_400.0, 259_200.0, 604_800.0];

const METADATA: Metadata<'static> = Metadata::new("decile", Level::INFO, None);

/// Every metric of the daemon.
pub struct Metrics {
    recorder: PrometheusRecorder,
    decisions: Mutex<HashMap<Outcome, Counter>>,
    refused_actions: Mutex<HashMap<(String, Reason), Counter>>,
    actions: Mutex<HashMap<String, Counter>>,
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
    /// `decile_grants_fresh`: 1, or 0 while what is known of grants does not count.
    pub grants_fresh: Gauge,
    /// `decile_grants`: how many stand.
    pub grants: Gauge,
    /// `decile_halted`: 1 while the halt is on.
    pub halted: Gauge,
    /// `decile_levels_refused`: levels above 1 of the policy's file that do not count.
    pub levels_refused: Gauge,
    /// `decile_last_reload_successful`: 1, or 0 while the files on disk are not what is in force.
    pub last_reload_successful: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
            .set_buckets_for_metric(Matcher::Full("decile_answer_seconds".to_owned()), &ANSWER_SECONDS)?
            .build_recorder();
        describe(&recorder);
        let counter = |name| recorder.register_counter(&Key::from_static_name(name), &METADATA);
        let gauge = |name| recorder.register_gauge(&Key::from_static_name(name), &METADATA);
        let histogram = |name| recorder.register_histogram(&Key::from_static_name(name), &METADATA);
        let metrics = Self {
            decisions: Mutex::default(),
            refused_actions: Mutex::default(),
            actions: Mutex::default(),
            lag: Mutex::default(),
            received: counter("decile_messages_received_total"),
            redelivered: counter("decile_redeliveries_total"),
            duplicates: counter("decile_duplicates_total"),
            commit_failures: counter("decile_commit_failures_total"),
            inflight: gauge("decile_commit_inflight"),
            decision_seconds: histogram("decile_decision_seconds"),
            commit_seconds: histogram("decile_commit_seconds"),
            grants_fresh: gauge("decile_grants_fresh"),
            grants: gauge("decile_grants"),
            halted: gauge("decile_halted"),
            levels_refused: gauge("decile_levels_refused"),
            last_reload_successful: gauge("decile_last_reload_successful"),
            recorder,
        };
        metrics.begin();
        Ok(metrics)
    }

    /// What is alerted on when it rises begins with 0: nobody sees a counter rise that appears with its first message.
    fn begin(&self) {
        DeadWhy::ALL.into_iter().for_each(|why| self.dead_letters(why).increment(0));
        Word::ALL.into_iter().for_each(|outcome| self.rulings(outcome).increment(0));
        Cause::ALL.into_iter().for_each(|cause| self.demoted(cause, 0));
        Detector::KINDS.into_iter().for_each(|detector| self.drifted(detector, None, 0));
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
        cached(&self.decisions, &counted.outcome, |outcome| {
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
        if let Some(action) = &counted.outward_action {
            cached(&self.actions, action, |action| {
                let labels = vec![Label::new("action", action.clone())];
                self.recorder.register_counter(&Key::from_parts("decile_actions_total", labels), &METADATA)
            })
            .increment(1);
        }
    }

    fn count_refused_action(&self, counted: &Counted) {
        let Some(refused) = &counted.refused_action else { return };
        cached(&self.refused_actions, refused, |(action, reason)| {
            let labels = vec![Label::new("action", action.clone()), Label::new("reason", reason.as_str())];
            self.recorder.register_counter(&Key::from_parts("decile_refused_actions_total", labels), &METADATA)
        })
        .increment(1);
    }

    /// Counts a message that was given up.
    pub fn given_up(&self, why: DeadWhy) {
        self.dead_letters(why).increment(1);
    }

    fn dead_letters(&self, why: DeadWhy) -> Counter {
        let key = Key::from_parts("decile_dead_letters_total", vec![Label::new("why", why.as_str())]);
        self.recorder.register_counter(&key, &METADATA)
    }

    /// Whether messages are taken, and if not, why.
    pub fn flowing(&self, closed: Option<ClosedWhy>) {
        for why in ClosedWhy::ALL {
            let key = Key::from_parts("decile_intake_closed", vec![Label::new("why", why.as_str())]);
            let gauge = self.recorder.register_gauge(&key, &METADATA);
            gauge.set(f64::from(u8::from(closed == Some(why))));
        }
    }

    /// Counts an escalation that a desk did not answer in time. Desks are named by the policy.
    pub fn overdue(&self, desk: &Desk) {
        self.overdues(desk).increment(1);
    }

    /// The desks that have deadlines, before any has passed.
    pub fn watched<'a>(&self, desks: impl IntoIterator<Item = &'a Desk>) {
        desks.into_iter().for_each(|desk| self.overdues(desk).increment(0));
    }

    fn overdues(&self, desk: &Desk) -> Counter {
        let key = Key::from_parts("decile_overdue_total", vec![desk_label(desk)]);
        self.recorder.register_counter(&key, &METADATA)
    }

    /// What waits at a desk. Desks are named by the policy.
    pub fn waits(&self, desk: &Desk, queue: Queue, now: Timestamp) {
        let gauge = |name| self.recorder.register_gauge(&Key::from_parts(name, vec![desk_label(desk)]), &METADATA);
        gauge("decile_escalations_waiting").set(to_f64(queue.waiting as u64));
        let age = queue.since.map_or(0.0, |since| now.duration_since(since).as_secs_f64().max(0.0));
        gauge("decile_escalations_oldest_seconds").set(age);
    }

    /// Times an answer, from when its desk was asked. Desks are named by the policy.
    pub fn answered(&self, desk: &Desk, after: Duration) {
        let key = Key::from_parts("decile_answer_seconds", vec![desk_label(desk)]);
        self.recorder.register_histogram(&key, &METADATA).record(after.as_secs_f64());
    }

    /// Counts a person's answer.
    pub fn ruled(&self, outcome: Word) {
        self.rulings(outcome).increment(1);
    }

    fn rulings(&self, outcome: Word) -> Counter {
        let key = Key::from_parts("decile_rulings_total", vec![Label::new("outcome", outcome.as_str())]);
        self.recorder.register_counter(&key, &METADATA)
    }

    /// Counts a sample of a decision.
    pub fn sampled(&self, counted: &Counted, is_stored: bool) {
        let class = counted.outcome.class.as_ref().map_or("none", Class::as_str).to_owned();
        let outcome = if is_stored { "stored" } else { "lost" };
        let labels = vec![Label::new("class", class), Label::new("outcome", outcome)];
        self.recorder.register_counter(&Key::from_parts("decile_samples_total", labels), &METADATA).increment(1);
    }

    /// Counts an alarm about drift; with 0 it only shows that there is such a detector.
    pub fn drifted(&self, detector: &'static str, class: Option<&Class>, count: u64) {
        let class = class.map_or("all", Class::as_str).to_owned();
        let labels = vec![Label::new("detector", detector), Label::new("class", class)];
        let key = Key::from_parts("decile_drift_alarms_total", labels);
        self.recorder.register_counter(&key, &METADATA).increment(count);
    }

    /// Counts a level that was taken back; with 0 it only shows that there is such a cause.
    pub fn demoted(&self, cause: Cause, count: u64) {
        let key = Key::from_parts("decile_demotions_total", vec![Label::new("cause", cause.as_str())]);
        self.recorder.register_counter(&key, &METADATA).increment(count);
    }

    /// Where a class stands. One that the policy does not know any more stands nowhere: nothing can be taken out of the registry.
    pub fn stands(&self, class: &Class, overview: &Overview) {
        let label = || Label::new("class", class.as_str().to_owned());
        let gauge = |name, labels| self.recorder.register_gauge(&Key::from_parts(name, labels), &METADATA);
        for (level, channels) in TrustLevel::ALL.into_iter().zip(overview.at_level) {
            let labels = vec![label(), Label::new("level", (level as u8).to_string())];
            gauge("decile_class_channels", labels).set(to_f64(channels));
        }
        // Where nothing was said, nothing is sure; what its levels need is unknown then.
        let (bound, answers) = overview.least.map_or((0.0, 0), |sure| (sure.bound, sure.answers));
        gauge("decile_agreement_bound_ratio", vec![label()]).set(bound);
        gauge("decile_agreement_answers", vec![label()]).set(to_f64(answers));
        if let Some(sure) = overview.least {
            gauge("decile_agreement_needed_ratio", vec![label()]).set(sure.needed);
        }
    }

    /// Counts a canary's attempts at a wall; with 0 it only shows that there are any.
    pub fn canary(&self, wall: Wall, tried: Tried, count: u64) {
        let labels = vec![Label::new("wall", wall.as_str()), Label::new("outcome", tried.as_str())];
        self.recorder.register_counter(&Key::from_parts("decile_canary_total", labels), &METADATA).increment(count);
    }

    /// What was found of servers and streams: 1 for what costs something, 0 for the rest of the closed list.
    pub fn doctor(&self, findings: &[Finding]) {
        for kind in Kind::ALL {
            let costs = findings.iter().any(|it| it.kind == kind && it.severity <= Severity::Costs);
            let key = Key::from_parts("decile_doctor_finding", vec![Label::new("finding", kind.as_str())]);
            self.recorder.register_gauge(&key, &METADATA).set(f64::from(u8::from(costs)));
        }
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
        cached(&self.lag, stream, |stream| {
            let label = || vec![Label::new("stream", stream.to_owned())];
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
    outcome: Outcome,
    refused_action: Option<(String, Reason)>,
    outward_action: Option<String>,
    /// How long its message was on the bus, in bytes.
    pub payload_bytes: usize,
    /// The share of its words that no rule knows; none where it has none, or was not read.
    pub unknown_words: Option<f64>,
    /// How long the decision took.
    pub decided_in: Duration,
}

impl Counted {
    /// Of a decision that took so long. An action counts as refused where the policy names one that is
    /// outward and the decision did not let it out.
    pub fn of(decision: &Decision, decided_in: Duration) -> Self {
        let outward = |action: &&crate::decision::ActionRecord| action.reach == crate::policy::action::Reach::Outward;
        let action =
            decision.policy.as_ref().map(|policy| &policy.action).filter(outward).map(|it| it.kind.to_string());
        let (refused_action, outward_action) = match decision.disposition {
            Disposed::Escalate => (action.zip(decision.reason), None),
            Disposed::Handle => (None, action),
            Disposed::Pass => (None, None),
        };
        Self {
            outcome: Outcome {
                disposition: decision.disposition,
                class: decision.verdict.class.clone(),
                reason: decision.reason,
            },
            refused_action,
            outward_action,
            payload_bytes: decision.message.payload_bytes,
            unknown_words: None,
            decided_in,
        }
    }

    /// The same with the share of words that no rule knows.
    #[must_use]
    pub fn with_unknown_words(self, unknown_words: Option<f64>) -> Self {
        Self { unknown_words, ..self }
    }

    /// What was decided.
    pub fn disposition(&self) -> Disposed {
        self.outcome.disposition
    }

    /// The verdict's class.
    pub fn class(&self) -> Option<&Class> {
        self.outcome.class.as_ref()
    }

    /// Why it was not handled.
    pub fn reason(&self) -> Option<Reason> {
        self.outcome.reason
    }
}

fn desk_label(desk: &Desk) -> Label {
    Label::new("desk", desk.as_str().to_owned())
}

fn cached<K, Q, V>(cache: &Mutex<HashMap<K, V>>, key: &Q, make: impl FnOnce(&Q) -> V) -> V
where
    K: Eq + std::hash::Hash + std::borrow::Borrow<Q>,
    Q: Eq + std::hash::Hash + ToOwned<Owned = K> + ?Sized,
    V: Clone,
{
    let mut cache = cache.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(known) = cache.get(key) {
        return known.clone();
    }
    let made = make(key);
    cache.insert(key.to_owned(), made.clone());
    made
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; counts above 2^53 are beyond any stream")]
fn to_f64(count: u64) -> f64 {
    count as f64
}

/// Counters, and what they count.
const COUNTERS: [(&str, &str); 15] = [
    ("decile_messages_received_total", "messages delivered, redeliveries included"),
    ("decile_redeliveries_total", "messages delivered more than once"),
    ("decile_duplicates_total", "decisions that the broker had already, under the same id"),
    ("decile_commit_failures_total", "decisions that the broker refused or did not acknowledge"),
    ("decile_decisions_total", "committed decisions by disposition, class and reason"),
    ("decile_actions_total", "outward actions that went out, by type"),
    ("decile_refused_actions_total", "outward actions that were held back, by type and reason"),
    ("decile_samples_total", "handled decisions that a person is to review, by class and by whether they are stored"),
    ("decile_demotions_total", "levels that the daemon took back to 1, by cause"),
    ("decile_drift_alarms_total", "alarms that something is not as it used to be, by detector and class"),
    ("decile_rulings_total", "answers of people by what became of them"),
    ("decile_overdue_total", "escalations that a desk did not answer by its deadline"),
    ("decile_canary_total", "attempts that must be refused, by wall and by whether they were"),
    ("decile_reloads_total", "reloads by outcome"),
    ("decile_dead_letters_total", "messages that were given up, by why"),
];
/// Gauges, and what they show.
const GAUGES: [(&str, &str); 18] = [
    ("decile_agreement_answers", "people's answers that count for a class, where we are least sure of it"),
    ("decile_agreement_bound_ratio", "share of agreement that is certain enough, where we are least sure of the class"),
    ("decile_agreement_needed_ratio", "share of agreement that the class's next level needs there, or its own"),
    ("decile_class_channels", "channels on which a class is at a trust level"),
    ("decile_commit_inflight", "records whose acknowledgement is awaited"),
    ("decile_connected", "whether a connection stands"),
    ("decile_doctor_finding", "1 where a server or stream was found to cost something at the start: `decile doctor`"),
    ("decile_consumer_attached", "whether the consumer of a stream is attached"),
    ("decile_escalations_oldest_seconds", "how long the oldest escalation of the last week waits for a desk"),
    ("decile_escalations_waiting", "escalations of the last week that nobody has answered, by desk"),
    ("decile_grants", "grants that stand"),
    ("decile_grants_fresh", "1, or 0 while what is known of grants does not count"),
    ("decile_halted", "1 while the halt is on"),
    ("decile_intake_closed", "1 while no messages are taken, by why"),
    ("decile_lag_messages", "messages of a stream that wait at the broker"),
    ("decile_last_reload_successful", "1, or 0 while the files on disk are not what is in force"),
    ("decile_levels_refused", "levels above 1 in the policy's file that do not count: nobody has signed them"),
    ("decile_pack_info", "digests of what is in force"),
];
/// Histograms, and what they time, in seconds.
const HISTOGRAMS: [(&str, &str); 3] = [
    ("decile_decision_seconds", "decode, views, rules and gate"),
    ("decile_commit_seconds", "receipt to acknowledged commit"),
    ("decile_answer_seconds", "from asking a desk to a person's answer that took effect"),
];

fn describe(recorder: &PrometheusRecorder) {
    for (name, help) in COUNTERS {
        recorder.describe_counter(name.into(), None, help.into());
    }
    for (name, help) in GAUGES {
        recorder.describe_gauge(name.into(), None, help.into());
    }
    for (name, help) in HISTOGRAMS {
        recorder.describe_histogram(name.into(), None, help.into());
    }
}

#[cfg(test)]
mod tests;

//! The daemon's life: it drains, reloads, and says how it is.

use crate::support::{Broker, Daemon, World, http, run, until};
use decile::bus::private::PrivateServer;
use decile::doctor::Kind;
use decile::drift::Detector;
use decile::rulings::Word;
use serde_json::json;
use std::collections::BTreeSet;

const LIMITS: &str = "[limits]\nqueue_messages_max = 16\ninflight_messages_max = 64\nmax_ack_inflight = 8\n\
    commit_timeout_ms = 900\nack_wait_ms = 1000\n";

#[tokio::test]
async fn a_drain_commits_and_acknowledges_what_was_taken() {
    let count = 1_500;
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server).more(LIMITS);
    run(&["setup", "--apply", "--config", &world.config()]).exits(0);
    let broker = Broker::on(&server).await;
    let payloads = (0..count).map(|number| json!({ "text": format!("{number} works for me") }).to_string());
    broker.publish_all("in.main.x", payloads).await;

    for signal in ["TERM", "INT"] {
        let before = broker.last_sequence("DECILE").await;
        let mut daemon = Daemon::start(&world, &[]);
        until("decisions", || async { (broker.last_sequence("DECILE").await > before + 50).then_some(()) }).await;
        daemon.signal(signal);
        assert_eq!(daemon.wait_exit().await.code(), Some(0), "{signal}: {}", daemon.log());
        assert!(daemon.log().contains("draining"), "{}", daemon.log());
    }
    let drained_at = broker.last_sequence("DECILE").await;
    assert!(drained_at < count, "the drains came in the middle, at {drained_at}");

    let daemon = Daemon::start(&world, &[]);
    daemon.wait_ready().await;
    broker.all_acknowledged("IN").await;
    let all = broker.all("DECILE").await;
    let decided: BTreeSet<u64> = all.iter().filter(|it| it.is_decision()).map(|record| record.sequence()).collect();
    assert_eq!(decided, (1..=count).collect(), "nothing was lost");
    daemon.wait_metric("decile_duplicates_total 0").await;
}

#[tokio::test]
async fn a_reload_puts_new_rules_in_force() {
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server);
    let daemon = Daemon::ready(&world).await;
    let broker = Broker::on(&server).await;
    let before = broker.decide("see you on thursday").await;
    assert_eq!(before.outcome(), "unmatched");

    let more = "\n[[rule]]\nid = \"see-you\"\nclass = \"scheduling_confirm\"\nany = [\"see you on\"]\n";
    let world = world.rules(&format!("{}{more}", crate::support::world::RULES));
    daemon.signal("HUP");
    daemon.wait_metric("decile_reloads_total{outcome=\"ok\"} 1").await;
    let after = broker.decide("see you on thursday").await;
    assert_eq!(after.outcome(), "handle", "the new rule decides");
    let digest = |record: &crate::support::broker::Committed, of: &str| record.decision()["digests"][of].clone();
    assert_ne!(digest(&before, "pack"), digest(&after, "pack"), "and the decision says which rules it rests on");
    assert_eq!(digest(&before, "policy"), digest(&after, "policy"));
    let policy = crate::support::world::POLICY
        .replace("level = 2\naction = { type = \"label\"", "level = 1\naction = { type = \"label\"");
    let _world = world.policy(&policy);
    daemon.signal("HUP");
    daemon.wait_metric("decile_reloads_total{outcome=\"ok\"} 2").await;
    let lowered = broker.decide("see you on thursday").await;
    assert_eq!(lowered.outcome(), "level", "the new policy decides");
    assert_ne!(digest(&after, "policy"), digest(&lowered, "policy"));
    let metrics = daemon.metrics().await;
    let in_force: Vec<&str> =
        metrics.lines().filter(|line| line.starts_with("decile_pack_info{") && line.ends_with(" 1")).collect();
    let short = digest(&lowered, "policy").as_str().unwrap()[..8].to_owned();
    assert!(in_force.len() == 1 && in_force[0].contains(&short), "one world is in force: {in_force:?}");
}

#[tokio::test]
async fn the_daemon_starts_from_a_pack_and_reloads_it() {
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server);
    let pack = world.path("rules.pack").to_string_lossy().into_owned();
    let compile = || run(&["compile", "--rules", &world.rules_dir(), "-o", &pack, "--format", "json"]).exits(0).json();
    let first = compile()["digest"].clone();
    let main = std::fs::read_to_string(world.config()).unwrap();
    world.write("decile.toml", main.replace("rules = \"rules\"", "rules = \"rules.pack\""));
    let daemon = Daemon::ready(&world).await;
    let broker = Broker::on(&server).await;
    let record = broker.decide("Thursday works for me").await;
    assert_eq!((record.outcome(), &record.decision()["digests"]["pack"]), ("handle", &first));

    let more = "\n[[rule]]\nid = \"see-you\"\nclass = \"scheduling_confirm\"\nany = [\"see you on\"]\n";
    world.write("rules/rules.toml", format!("{}{more}", crate::support::world::RULES));
    let second = compile()["digest"].clone();
    assert_ne!(first, second);
    assert_eq!(broker.decide("see you on thursday").await.outcome(), "unmatched", "until it is told");
    daemon.signal("HUP");
    daemon.wait_metric("decile_reloads_total{outcome=\"ok\"} 1").await;
    let record = broker.decide("see you on thursday").await;
    assert_eq!((record.outcome(), &record.decision()["digests"]["pack"]), ("handle", &second));

    world.write("rules.pack", &std::fs::read(&pack).unwrap()[..500]);
    daemon.signal("HUP");
    daemon.wait_log("the pack is cut off").await;
    let record = broker.decide("see you on friday").await;
    assert_eq!(record.decision()["digests"]["pack"], second, "what was in force stays in force");
}

#[tokio::test]
async fn a_broken_reload_changes_nothing_and_shows() {
    let server = PrivateServer::start().unwrap();
    let mut world = World::on(&server);
    let daemon = Daemon::ready(&world).await;
    let broker = Broker::on(&server).await;
    let before = broker.decide("Thursday works for me").await;
    daemon.wait_metric("decile_last_reload_successful 1").await;

    let subjects = crate::support::world::CHANNELS.replace("in.main.>", "in.other.>");
    for (number, broken) in ["rules", "policy", "channels"].into_iter().enumerate() {
        world = match broken {
            "rules" => world.rules("[[rule]]\nid = \"x\"\n"),
            "policy" => world.rules(crate::support::world::RULES).policy("[defaults]\nlevel = 4\n"),
            _ => world.policy(crate::support::world::POLICY).channels(&subjects),
        };
        daemon.signal("HUP");
        daemon.wait_metric(&format!("decile_reloads_total{{outcome=\"failed\"}} {}", number + 1)).await;
        daemon.wait_metric("decile_last_reload_successful 0").await;
        daemon.wait_log("not reloaded; what was in force stays in force").await;
        let after = broker.decide("Thursday works for me").await;
        assert_eq!(after.outcome(), "handle", "after broken {broken}");
        assert_eq!(after.decision()["digests"], before.decision()["digests"], "after broken {broken}");
    }
    assert!(daemon.log().contains("there is no level 4"), "the log says what is wrong: {}", daemon.log());
    assert!(daemon.log().contains("restart to apply that"), "{}", daemon.log());

    world = world.channels(crate::support::world::CHANNELS).bus("connect_timeout_ms = 4321\n");
    daemon.signal("HUP");
    daemon.wait_log("`[bus]` changed: restart to apply that").await;
    let _world = world.plain_bus();
    daemon.signal("HUP");
    daemon.wait_metric("decile_last_reload_successful 1").await;
}

/// The metrics that are there once a message of each kind was decided.
const NAMES: [&str; 29] = [
    "decile_agreement_answers",
    "decile_agreement_bound_ratio",
    "decile_class_channels",
    "decile_commit_failures_total",
    "decile_commit_inflight",
    "decile_commit_seconds",
    "decile_connected",
    "decile_consumer_attached",
    "decile_dead_letters_total",
    "decile_decision_seconds",
    "decile_decisions_total",
    "decile_demotions_total",
    "decile_doctor_finding",
    "decile_drift_alarms_total",
    "decile_duplicates_total",
    "decile_escalations_oldest_seconds",
    "decile_escalations_waiting",
    "decile_grants",
    "decile_grants_fresh",
    "decile_halted",
    "decile_intake_closed",
    "decile_lag_messages",
    "decile_levels_refused",
    "decile_last_reload_successful",
    "decile_messages_received_total",
    "decile_pack_info",
    "decile_redeliveries_total",
    "decile_refused_actions_total",
    "decile_rulings_total",
];
const FINDINGS: [&str; Kind::ALL.len()] = {
    let mut words = [""; Kind::ALL.len()];
    let mut at = 0;
    while at < words.len() {
        words[at] = Kind::ALL[at].as_str();
        at += 1;
    }
    words
};
const WORDS: [&str; Word::ALL.len()] = {
    let mut words = [""; Word::ALL.len()];
    let mut at = 0;
    while at < words.len() {
        words[at] = Word::ALL[at].as_str();
        at += 1;
    }
    words
};
/// Labels, with the values that they may have; an empty list for digests and numbers.
const LABELS: [(&str, &[&str]); 17] = [
    ("desk", &["human", "counsel"]),
    ("level", &["0", "1", "2", "3"]),
    ("detector", &Detector::KINDS),
    ("disposition", &["handle", "escalate", "pass"]),
    ("class", &["all", "none", "scheduling_confirm", "newsletter", "info_request"]),
    ("reason", &["none", "no_grant", "unmatched", "restricted", "direct", "malformed"]),
    ("action", &["archive", "reply"]),
    ("connection", &["consume", "publish", "govern"]),
    ("stream", &["IN"]),
    ("finding", &FINDINGS),
    ("pack", &[]),
    ("policy", &[]),
    ("channels", &[]),
    ("why", &["no_lease", "refused", "full", "deliveries", "given_up"]),
    ("outcome", &WORDS),
    ("cause", &["severe_error", "disagreement", "drift"]),
    ("le", &[]),
];

#[tokio::test]
async fn lag_is_asked_and_not_concluded_from_what_arrives() {
    let server = PrivateServer::start().unwrap();
    let daemon = Daemon::ready(&World::on(&server)).await;
    daemon.wait_metric("decile_lag_messages{stream=\"IN\"} 0").await;
}

#[tokio::test]
async fn metrics_have_documented_names_and_closed_labels() {
    let server = PrivateServer::start().unwrap();
    let daemon = Daemon::ready(&World::on(&server)).await;
    let broker = Broker::on(&server).await;
    for text in ["Thursday works for me", "this week's news", "opening hours", "my lawyer", "quokka"] {
        let message = json!({ "text": text, "sender": "lovelace", "subject": "zanzibar", "id": "xylophone" });
        broker.publish("in.main.marimba", message.to_string()).await;
    }
    broker.publish("in.direct", "{\"text\":\"quokka\"}").await;
    broker.publish("in.raw", b"\xff".to_vec()).await;
    broker.committed(7).await;
    daemon.wait_metric("decile_messages_received_total 7").await;
    let committed = "decile_decisions_total{disposition=\"handle\",class=\"scheduling_confirm\",reason=\"none\"} 1";
    daemon.wait_metric(committed).await;
    daemon.wait_metric("decile_commit_seconds_count 7").await;
    daemon.wait_metric("decile_refused_actions_total{action=\"archive\",reason=\"no_grant\"} 1").await;

    let answer = http::get(daemon.http().await, "/metrics").unwrap();
    assert!(answer.head.to_lowercase().contains("content-type: text/plain; version=0.0.4"), "{}", answer.head);
    let samples: Vec<&str> = answer.body.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let names: BTreeSet<&str> = samples.iter().map(|sample| base(sample)).collect();
    assert_eq!(names, BTreeSet::from(NAMES));
    for name in NAMES {
        assert!(answer.body.contains(&format!("# HELP {name} ")), "{name} says what it is");
    }
    for (label, value) in samples.iter().flat_map(|sample| labels(sample)) {
        let known = LABELS.iter().find(|(name, _)| *name == label);
        let (_, values) = known.unwrap_or_else(|| panic!("`{label}` is no label of ours"));
        assert!(values.is_empty() || values.contains(&value), "`{value}` of `{label}` is not from a closed list");
    }
    for outside in ["lovelace", "zanzibar", "xylophone", "marimba", "quokka", "test.main", "test=2Emain"] {
        assert!(!answer.body.contains(outside), "`{outside}` in the metrics");
    }
}

/// A sample's metric, without what a histogram adds.
fn base(sample: &str) -> &str {
    let name = sample.split(['{', ' ']).next().unwrap();
    ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

fn labels(sample: &str) -> Vec<(&str, &str)> {
    let Some((inside, _)) = sample.split_once('{').and_then(|(_, rest)| rest.split_once('}')) else {
        return Vec::new();
    };
    let pairs = inside.split("\",").filter_map(|pair| pair.split_once("=\""));
    pairs.map(|(name, value)| (name, value.trim_end_matches('"'))).collect()
}

#[tokio::test]
async fn health_and_readiness_are_served_and_nothing_else() {
    let server = PrivateServer::start().unwrap();
    let daemon = Daemon::ready(&World::on(&server)).await;
    let http = daemon.http().await;
    assert!(http.ip().is_loopback());
    for (path, status, body) in [("/healthz", 200, "alive\n"), ("/readyz", 200, "ready\n"), ("/", 404, "")] {
        let answer = http::get(http, path).unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (status, body), "{path}");
    }
}

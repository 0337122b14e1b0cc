//! Drift over the bus: what instances count and tell, what comes of it on each of them, and once over all.

use crate::support::broker::Committed;
use crate::support::operator::Person;
use crate::support::world::POLICY;
use crate::support::{Broker, Daemon, World, run, until};
use decile::bus::private::PrivateServer;
use decile::drift::{Tally, TallyRecord, WINDOW_S};
use jiff::Timestamp;
use serde_json::Value;

const DAY_S: i64 = 86_400;
const CONFIRM: &str = "Thursday works for me";

/// Six weeks, told by two instances, until now: of what one class is, a tenth is escalated, and in the last half day so
/// much. Told under the subjects of those windows, or under others.
async fn history(broker: &Broker, lately: u64) {
    let now_s = Timestamp::now().as_second();
    let last_s = now_s - now_s.rem_euclid(WINDOW_S) - WINDOW_S;
    let client = broker.jetstream.client();
    let before = broker.last_sequence("DECILE").await;
    let (mut start_s, mut told) = (last_s - 42 * DAY_S, 0);
    while start_s <= last_s {
        let percent = if start_s > last_s - DAY_S / 2 { lately } else { 10 };
        for instance in ["a", "b"] {
            let mut tally = Tally::at(start_s);
            for message in 0..20 {
                let is_escalated = message * 5 < percent;
                tally.add(Some("scheduling_confirm"), is_escalated.then_some("novel"), 100, None);
            }
            let bytes = TallyRecord::new(tally).encode().unwrap();
            client.publish(format!("decile.tally.{start_s}.{instance}"), bytes.into()).await.unwrap();
            told += 1;
        }
        start_s += WINDOW_S;
    }
    client.flush().await.unwrap();
    until("the history", || async { (broker.last_sequence("DECILE").await >= before + told).then_some(()) }).await;
}

async fn under(broker: &Broker, subject: &str) -> Vec<Committed> {
    broker.all("DECILE").await.into_iter().filter(|record| record.subject.starts_with(subject)).collect()
}

fn readings(world: &World, code: i32) -> Value {
    run(&["drift", "--format", "json", "--config", &world.config()]).exits(code).json()
}

#[tokio::test]
async fn an_alarm_is_given_once_over_all_instances_and_demotes_where_the_policy_says_so() {
    let server = PrivateServer::start().unwrap();
    let policy = POLICY.replacen("level = 2\n", "level = 2\ndrift_demotes = true\n", 1);
    let (world, _) = Person::of(World::on(&server).policy(&policy));
    run(&["setup", "--apply", "--config", &world.config()]).exits(0);
    let broker = Broker::on(&server).await;
    history(&broker, 60).await;
    let first = Daemon::ready(&world).await;
    let second = Daemon::ready(&world).await;
    let alert = until("an alert", || async {
        let alerts = under(&broker, "decile.alert.drift").await;
        alerts.into_iter().find(|alert| alert.record["detector"].as_str().unwrap().contains("scheduling_confirm"))
    })
    .await
    .record;
    assert!(alert["now"].as_f64().unwrap() > 0.3 && (alert["usual"].as_f64().unwrap() - 0.1).abs() < 0.03, "{alert}");
    let held = until("it is held back", || async {
        let record = broker.decide(CONFIRM).await;
        (record.outcome() != "handle").then_some(record)
    });
    assert_eq!(held.await.outcome(), "level");
    until("the cause", || async {
        let metrics = first.metrics().await + &second.metrics().await;
        let of_drift = metrics.lines().filter_map(|line| line.strip_prefix("decile_demotions_total{cause=\"drift\"} "));
        of_drift.filter_map(|count| count.parse::<u64>().ok()).any(|count| count > 0).then_some(())
    })
    .await;
    // A third one folds the same, and raises nothing anew; a person sees what it sees.
    let shown = readings(&world, 3);
    let third = Daemon::ready(&world).await;
    third.wait_log("drift: all that was told is read").await;
    let all = under(&broker, "decile.alert.drift").await;
    let detectors: Vec<&str> = all.iter().map(|alert| alert.record["detector"].as_str().unwrap()).collect();
    let mut once = detectors.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), detectors.len(), "each alarm once: {detectors:?}");
    broker.decide(CONFIRM).await;
    assert_eq!(under(&broker, "decile.alert.drift").await.len(), all.len());
    let fired = shown.as_array().unwrap().iter().filter(|reading| !reading["last"].is_null()).count();
    assert!(fired >= all.len(), "{shown}");
    let text = run(&["drift", "--config", &world.config()]).exits(3).out;
    assert!(text.contains("escalated, scheduling_confirm, up") && text.contains('█'), "{text}");
    drop(third);
}

#[tokio::test]
async fn what_goes_on_as_it_used_to_raises_nothing() {
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server);
    run(&["setup", "--apply", "--config", &world.config()]).exits(0);
    let broker = Broker::on(&server).await;
    history(&broker, 10).await;
    // What begins in the future, and what lies under another window's subject, is nobody's word.
    let ahead_s = (Timestamp::now().as_second() + 2 * DAY_S) / WINDOW_S * WINDOW_S;
    let odd = TallyRecord::new(Tally::at(ahead_s)).encode().unwrap();
    for start_s in [ahead_s, 300] {
        broker.publish(&format!("decile.tally.{start_s}.c"), odd.clone()).await;
    }
    broker.publish("decile.tally.300.d", "{}").await;
    let daemon = Daemon::ready(&world).await;
    broker.decide(CONFIRM).await;
    let shown = readings(&world, 0);
    let total = &shown[0];
    assert!((total["now"].as_f64().unwrap() - 0.1).abs() < 0.02, "{total}");
    assert_eq!((&total["last"], &total["silent"]), (&Value::Null, &Value::Null), "{total}");
    daemon.wait_log("drift: all that was told is read").await;
    daemon.wait_metric("decile_drift_alarms_total{detector=\"rate_up\",class=\"all\"} 0").await;
    assert_eq!(under(&broker, "decile.alert.drift").await.len(), 0);
}

#[tokio::test]
async fn what_an_instance_decided_is_told_when_it_stops() {
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server);
    let mut daemon = Daemon::ready(&world).await;
    let broker = Broker::on(&server).await;
    for text in [CONFIRM, "nobody knows this", "nobody knows that"] {
        broker.decide(text).await;
    }
    // What cannot be read says nothing of its words.
    broker.publish_all("in.main.x", std::iter::repeat_n("{".to_owned(), 20)).await;
    broker.publish("in.direct", serde_json::json!({ "text": "hello" }).to_string()).await;
    broker.all_acknowledged("IN").await;
    daemon.signal("TERM");
    assert!(daemon.wait_exit().await.success());
    let told = under(&broker, "decile.tally.").await;
    let count = |of: fn(&Tally) -> u64| -> u64 {
        told.iter().map(|record| of(&TallyRecord::parse(&record.bytes).unwrap().tally)).sum()
    };
    assert_eq!(
        (count(Tally::decisions), count(Tally::escalated)),
        (23, 22),
        "what is passed on is not triaged: {told:?}"
    );
    assert_eq!(count(|tally| tally.reasons.get("unmatched").copied().unwrap_or(0)), 2);
    assert_eq!(count(|tally| tally.unknown.values().sum()), 3);
    let unknown = |bucket: u8| -> u64 {
        let of = |it: &Committed| TallyRecord::parse(&it.bytes).unwrap().tally.unknown.get(&bucket).copied();
        told.iter().filter_map(of).sum()
    };
    assert_eq!([2, 6, 10].map(unknown), [1, 1, 1], "one word in four, two in three, and all of them: {told:?}");
    assert_eq!(told[0].header("nats-ttl"), Some("8553600"), "as long as it says something");
}

//! How much waits for people, and how sure their answers make us, as the metrics show it.

use super::levels::{AT_1, CONFIRM, PILOT, Scene};
use crate::support::world::POLICY;
use crate::support::{Broker, Daemon, World, operator::Person, until};
use decile::bus::private::PrivateServer;

/// The text that `question` knows, whose action is `reply`.
const QUESTION: &str = "opening hours?";
/// Whoever does not answer in time gives what waits to somebody else.
const DESK: &str = "[[desk]]\nname = \"human\"\ndeadline_s = 20\noverdue = \"reroute\"\nreroute_to = \"counsel\"\n";

fn waiting(desk: &str, count: u64) -> String {
    format!("decile_escalations_waiting{{desk=\"{desk}\"}} {count}")
}

fn value(metrics: &str, series: &str) -> Option<f64> {
    let of = |line: &str| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok();
    metrics.lines().find_map(of)
}

#[tokio::test]
async fn what_waits_for_people_is_seen_by_every_instance_and_by_one_that_starts_anew() {
    let server = PrivateServer::start().unwrap();
    let (world, ada) = Person::of(World::on(&server).policy(&format!("{POLICY}{DESK}")));
    let instances = [Daemon::ready(&world).await, Daemon::ready(&world).await];
    let broker = Broker::on(&server).await;
    for daemon in &instances {
        daemon.wait_metric("decile_grants_fresh 1").await;
        daemon.wait_metric(&waiting("human", 0)).await;
    }
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(broker.decide(QUESTION).await.decision()["id"].as_str().unwrap().to_owned());
    }
    for daemon in &instances {
        daemon.wait_metric(&waiting("human", 3)).await;
        let oldest = value(&daemon.metrics().await, "decile_escalations_oldest_seconds{desk=\"human\"}");
        assert!(oldest.is_some_and(|age| age > 0.0 && age < 600.0), "{oldest:?}");
    }
    ada.runs("reject", &[&ids[0]]).exits(0);
    until("one answer that was timed", || async {
        let series = "decile_answer_seconds_count{desk=\"human\"}";
        let mut timed = 0.0;
        for daemon in &instances {
            timed += value(&daemon.metrics().await, series).unwrap_or(0.0);
        }
        assert!(timed <= 1.0, "by whoever carried it out, and nobody else");
        (timed > 0.0).then_some(())
    })
    .await;
    for daemon in &instances {
        daemon.wait_metric(&waiting("human", 2)).await;
    }
    let third = Daemon::ready(&world).await;
    third.wait_metric(&waiting("human", 2)).await;
    // Nobody has answered these in time.
    for daemon in instances.iter().chain([&third]) {
        daemon.wait_metric(&waiting("counsel", 2)).await;
        daemon.wait_metric(&waiting("human", 0)).await;
    }
}

#[tokio::test]
async fn levels_and_how_sure_answers_make_us_are_shown() {
    let scene = Scene::of(AT_1).await;
    let channels = |level: u64, count: u64| {
        format!("decile_class_channels{{class=\"scheduling_confirm\",level=\"{level}\"}} {count}")
    };
    scene.daemon.wait_metric("decile_agreement_answers{class=\"scheduling_confirm\"} 0").await;
    scene.daemon.wait_metric(&channels(2, 0)).await;
    let metrics = scene.daemon.metrics().await;
    let all = value(&metrics, "decile_class_channels{class=\"scheduling_confirm\",level=\"1\"}").unwrap();
    assert!(all > 1.0, "{all}");
    let id = scene.broker.decide(CONFIRM).await.decision()["id"].as_str().unwrap().to_owned();
    scene.ada.runs("approve", &[&id]).exits(0);
    scene.daemon.wait_metric("decile_agreement_answers{class=\"scheduling_confirm\"} 1").await;
    let metrics = scene.daemon.metrics().await;
    let of = |name: &str| value(&metrics, &format!("decile_agreement_{name}_ratio{{class=\"scheduling_confirm\"}}"));
    assert_eq!(of("needed"), Some(0.9));
    assert!(of("bound").is_some_and(|bound| bound > 0.0 && bound < 0.1), "{:?}", of("bound"));
    scene.promote("scheduling_confirm", "2", &PILOT).exits(0);
    scene.reload().await;
    scene.daemon.wait_metric(&channels(2, 1)).await;
    scene.ada.runs("demote", &["scheduling_confirm"]).exits(0);
    scene.daemon.wait_metric(&channels(2, 0)).await;
    scene.daemon.wait_metric(&format!("decile_class_channels{{class=\"scheduling_confirm\",level=\"1\"}} {all}")).await;
}

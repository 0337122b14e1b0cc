//! Grants that end by themselves while actions are on their way, from instances that are awake and some that are not.

use crate::load::Load;
use crate::scene::{Scene, world};
use crate::{choices, many};
use decile::bus::private::PrivateServer;
use jiff::Timestamp;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acts_after_its_grant_expired() {
    let rounds = many(3, 60);
    let mut rng = choices("expiry");
    let server = PrivateServer::start().unwrap();
    let scene = Scene::of(world(server.url(), ""), vec![server.url().to_owned()], 3).await;
    let load = Load::on(&scene.connection.jetstream);
    let mut acted = 0;
    for _ in 0..rounds {
        let span = format!("{}ms", rng.u64(4_000..6_000));
        let asked = ["--channel", "torture.one", "--type", "archive", "--for", &span, "--reason", "x", "--replace"];
        let said = scene.ada.runs("grant", &asked).exits(0).out;
        let ends = said.split("until ").nth(1).and_then(|it| it.split(" UTC").next()).expect("its end");
        let ends: Timestamp = format!("{}Z", ends.replace(' ', "T")).parse().unwrap();
        let revision = said.rsplit("revision ").next().unwrap().trim_end().trim_end_matches(')').parse().unwrap();
        let used_within = Duration::try_from(ends.duration_since(Timestamp::now())).unwrap_or_default() / 2;
        acted += usize::from(scene.acts_under("torture.one", revision, used_within).await);
        // Two fall asleep shortly before the end, one after the other, and wake up around it.
        let left = Duration::try_from(ends.duration_since(Timestamp::now())).unwrap_or_default();
        tokio::time::sleep(left + Duration::from_millis(rng.u64(..500))).await;
        for daemon in &scene.daemons[..2] {
            daemon.signal("STOP");
            tokio::time::sleep(Duration::from_millis(rng.u64(..300))).await;
        }
        tokio::time::sleep(Duration::from_millis(rng.u64(..1_000))).await;
        for daemon in &scene.daemons[..2] {
            daemon.signal("CONT");
        }
        tokio::time::sleep(Duration::from_millis(rng.u64(..1_500))).await;
    }
    load.end().await;
    let seen = scene.judged().await;
    eprintln!("{rounds} grants expired: {}", seen.summary());
    assert!(acted * 2 > rounds && seen.actions > 0, "under load, {acted} of them were used: {}", seen.summary());
}

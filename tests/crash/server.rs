//! The server is killed under load, and comes back.

use crate::load::Load;
use crate::scene::{LIMITS, Scene};
use crate::support::until;
use crate::{choices, many};

/// Decisions between two kills, at least.
const BETWEEN_MAX: u64 = 100;

/// Worlds side by side: most of the time a server is only about to come back.
const WORLDS: usize = 2;

/// A kill leaves to the system what the server has written: whether it syncs is not asked here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_that_it_had_acknowledged() {
    let kills = many(10, 200) / WORLDS;
    let mut rng = choices("server");
    let worlds: Vec<_> = (0..WORLDS).map(|_| kill_servers(kills, rng.fork())).collect();
    futures::future::join_all(worlds).await;
}

async fn kill_servers(kills: usize, mut rng: fastrand::Rng) {
    let mut scene = Scene::new(LIMITS).await;
    let mut daemon = scene.daemon();
    daemon.wait_ready().await;
    let load = Load::on(&[scene.server.url().to_owned()], &scene.published, rng.fork(), 60);
    for kill in 0..kills {
        let wanted = scene.broker.last_sequence("DECILE").await + rng.u64(1..BETWEEN_MAX);
        until(&format!("{wanted} records, at kill {kill}: {}", daemon.log()), || async {
            (scene.broker.last_sequence("DECILE").await >= wanted).then_some(())
        })
        .await;
        scene.server.kill();
        scene.server.restart(&[]).unwrap();
    }
    load.end().await;
    scene.settled().await;
    assert!(daemon.is_running(), "{}", daemon.log());
    let counts = scene.verdict().await;
    let published = scene.published.lock().unwrap().len();
    eprintln!("{kills} kills, {published} messages acknowledged; {counts:?}");
    assert!(published > kills, "it was under load: {counts:?}");
}

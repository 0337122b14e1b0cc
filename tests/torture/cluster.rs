//! Three servers, three replicas, and the leader of our stream dies while grants change.

use crate::load::Load;
use crate::replicas::{Cluster, leader};
use crate::scene::{Scene, world};
use crate::{choices, many};
use decile::authority::Uses;
use std::time::{Duration, Instant};

/// How long it may take from the death of a leader until somebody acts again.
const RESUMES_MAX: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_escapes_when_the_leader_dies() {
    let deaths = many(2, 25);
    let mut rng = choices("cluster");
    let mut cluster = Cluster::ready().await;
    let world = world(&cluster.urls().join("\", \""), "[retention]\nreplicas = 3\n");
    let mut scene = Scene::of(world, cluster.urls(), 3).await;
    let load = Load::on(&scene.connection.jetstream);
    let (mut slowest, mut changes) = (Duration::ZERO, 0);
    for _ in 0..deaths {
        let revision = scene.granted("torture.one").await;
        assert!(scene.acts_under("torture.one", revision, RESUMES_MAX).await, "nobody acts: {}", scene.lately().await);
        let dies = leader(&scene.connection.jetstream).await;
        // Changes on all sides of the death.
        let mut died = Instant::now();
        for at in 0..6 {
            if at == 2 {
                cluster.servers[dies].kill();
                died = Instant::now();
            }
            match rng.u32(..3) {
                0 => drop(scene.revoke("torture.one").await),
                1 => drop(scene.grant("torture.one", Uses::Standing).await),
                _ => {
                    let halt = scene.halt().await;
                    scene.resume(halt).await;
                }
            }
            changes += 1;
            tokio::time::sleep(Duration::from_millis(rng.u64(..200))).await;
        }
        scene.open().await;
        let revision = scene.granted("torture.one").await;
        assert!(scene.acts_under("torture.one", revision, RESUMES_MAX).await, "nobody acts: {}", scene.lately().await);
        slowest = slowest.max(died.elapsed());
        cluster.restart(dies);
    }
    load.end().await;
    let seen = scene.judged().await;
    eprintln!("{deaths} deaths, {changes} changes, acting again within {slowest:.1?}: {}", seen.summary());
}

/// With three replicas the broker looks at what is on its way, too: instances that act at the same time must not stand in
/// each other's way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_replicas_carry_out_what_is_granted() {
    let messages = many(200, 2_000);
    let cluster = Cluster::ready().await;
    let world = world(&cluster.urls().join("\", \""), "[retention]\nreplicas = 3\n");
    let mut scene = Scene::of(world, cluster.urls(), 2).await;
    scene.granted("torture.one").await;
    for daemon in &scene.daemons {
        daemon.wait_metric("decile_grants 1").await;
    }
    let started = Instant::now();
    scene.broker.publish_all("in.one", (0..messages).map(|_| "{\"text\":\"this week's news\"}".to_owned())).await;
    scene.broker.all_acknowledged("IN").await;
    let took = started.elapsed();
    let seen = scene.judged().await;
    eprintln!("{messages} in {took:.1?}: {}", seen.summary());
    assert_eq!(seen.actions, messages, "{}", seen.summary());
}

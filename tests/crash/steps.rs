//! The daemon is killed at each step of a message's way.

use crate::proxy::Step;
use crate::scene::{LIMITS, Scene};
use crate::{choices, many};
use std::collections::BTreeMap;
use std::time::Duration;

/// Longer than a daemon takes to start and to reach a step, on a machine that has much else to do.
pub(crate) const SPRINGS_MAX: Duration = Duration::from_secs(60);
/// Messages that must wait before a daemon starts, so that it comes to any step often enough.
const WAITING_MIN: u64 = 120;
/// The step is taken so often at most before the kill.
const TIMES_MAX: usize = 20;

/// Worlds side by side: each of them mostly waits for what a killed daemon had in hand.
const WORLDS: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_step_loses_nothing_and_decides_nothing_twice() {
    let kills = many(42, 2_100) / WORLDS;
    let mut rng = choices("steps");
    let worlds: Vec<_> = (0..WORLDS).map(|_| kill_at_steps(kills, rng.fork())).collect();
    futures::future::join_all(worlds).await;
}

async fn kill_at_steps(kills: usize, mut rng: fastrand::Rng) {
    let scene = Scene::new(LIMITS).await;
    let mut killed: BTreeMap<String, usize> = BTreeMap::new();
    for kill in 0..kills {
        if scene.broker.consumer("IN").await.num_pending < WAITING_MIN {
            scene.publish(300, &mut rng).await;
        }
        let step = Step::ALL[kill % Step::ALL.len()];
        kill_at(&scene, step, rng.usize(1..=TIMES_MAX)).await;
        *killed.entry(format!("{step:?}")).or_default() += 1;
    }
    let daemon = scene.daemon();
    daemon.wait_ready().await;
    scene.settled().await;
    let counts = scene.verdict().await;
    eprintln!("killed {killed:?}; {counts:?}");
    assert!(["handled", "action", "escalated", "passed"].iter().all(|it| counts.contains_key(*it)), "{counts:?}");
}

/// Starts a daemon, and kills it when it takes a step for the so-manieth time.
pub(crate) async fn kill_at(scene: &Scene, step: Step, times: usize) {
    scene.proxy.trap(step, times);
    let mut daemon = scene.daemon();
    assert!(scene.proxy.has_sprung(SPRINGS_MAX).await, "{step:?} was not taken {times} times:\n{}", daemon.log());
    daemon.kill();
    scene.proxy.reset();
}

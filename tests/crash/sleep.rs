//! One of two instances sleeps, or what it sent lies in the network, for longer than the broker waits for its acks, and for
//! longer than it remembers the ids of what it stored. And what comes again after that.

use crate::load::Load;
use crate::proxy::{Step, Weather};
use crate::scene::{LIMITS, Scene};
use crate::steps::{SPRINGS_MAX, kill_at};
use crate::support::{Daemon, until};
use crate::{choices, many};
use std::time::{Duration, Instant};

/// How long the broker remembers an id in these worlds.
const WINDOW: Duration = Duration::from_secs(6);
/// How long it waits for an ack.
const ACK_WAIT: Duration = Duration::from_secs(1);
/// Worlds side by side: they sleep.
const WORLDS: usize = 5;
/// How often a slow machine may try.
const TRIES_MAX: usize = 5;
/// Records that are on their way at a time, by [`LIMITS`].
const IN_FLIGHT: usize = 8;

fn forgetful() -> String {
    after(WINDOW, Duration::from_secs(2))
}

/// A world in which ids are remembered for so long, and plans wait for so long.
fn after(window: Duration, plan_age: Duration) -> String {
    let (window_s, age_ms) = (window.as_secs(), plan_age.as_millis());
    format!("{LIMITS}plan_age_ms_max = {age_ms}\n[retention]\nduplicate_window_s = {window_s}\n")
}

/// Where a plan waits.
#[derive(Clone, Copy, Debug)]
enum Waits {
    InHand,
    OnTheWay,
    Everywhere,
}

/// Three kinds of worlds side by side: all of them wait for the window to be over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_longer_than_ids_are_remembered_is_not_decided_twice() {
    let times = many(1, 40);
    let mut rng = choices("sleep");
    let sleeping: Vec<_> = (0..WORLDS).map(|world| sleep(world, times, rng.fork())).collect();
    let late = [Step::Sent, Step::Answered, Step::Committed, Step::Acking];
    let late = late.map(|step| restart_late(step, times, rng.fork()));
    let away: Vec<_> = (0..2).map(|_| server_away(times, rng.fork())).collect();
    let (late, away) = (futures::future::join_all(late), futures::future::join_all(away));
    tokio::join!(futures::future::join_all(sleeping), late, away);
}

async fn sleep(world: usize, times: usize, mut rng: fastrand::Rng) {
    let scene = Scene::new(&forgetful()).await;
    let (near, far) = (Daemon::start(&scene.near, &[]), scene.daemon());
    near.wait_ready().await;
    far.wait_ready().await;
    let load = Load::on(&[scene.server.url().to_owned()], &scene.published, rng.fork(), 40);
    for time in 0..times {
        let waits = [Waits::InHand, Waits::OnTheWay, Waits::Everywhere][(world + time) % 3];
        // Beyond the ack wait or the window, by a little or by much.
        let beyond = if (world + time).is_multiple_of(2) { WINDOW } else { ACK_WAIT };
        tokio::time::sleep(Duration::from_millis(rng.u64(50..400))).await;
        fall_asleep(&scene, &far, waits).await;
        tokio::time::sleep(beyond + Duration::from_millis(rng.u64(100..1_500))).await;
        far.signal("CONT");
        scene.proxy.weather(Weather::Fair);
        tokio::time::sleep(Duration::from_millis(rng.u64(200..800))).await;
    }
    load.end().await;
    scene.settled().await;
    let counts = scene.verdict().await;
    eprintln!("world {world}: asleep {times} times; {counts:?}");
}

async fn fall_asleep(scene: &Scene, far: &Daemon, waits: Waits) {
    if matches!(waits, Waits::OnTheWay | Waits::Everywhere) {
        scene.proxy.weather(Weather::Held);
    }
    if matches!(waits, Waits::Everywhere) {
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    if matches!(waits, Waits::InHand | Waits::Everywhere) {
        far.signal("STOP");
    }
}

/// Killed after the broker had the decision and before the source was acknowledged: the message comes again when no id is
/// remembered any more.
async fn restart_late(step: Step, times: usize, mut rng: fastrand::Rng) {
    let scene = Scene::new(&forgetful()).await;
    for _ in 0..times {
        scene.publish(150, &mut rng).await;
        kill_at(&scene, step, rng.usize(10..40)).await;
        tokio::time::sleep(WINDOW + Duration::from_millis(rng.u64(300..1_000))).await;
        let daemon = scene.daemon();
        daemon.wait_ready().await;
        scene.settled().await;
    }
    let counts = scene.verdict().await;
    eprintln!("{step:?}: killed {times} times, back after the window; {counts:?}");
}

/// A server that is killed may have forgotten which acks it had; if it is away for long, it has forgotten the ids, too.
async fn server_away(times: usize, mut rng: fastrand::Rng) {
    let mut scene = Scene::new(&forgetful()).await;
    let daemon = scene.daemon();
    daemon.wait_ready().await;
    for _ in 0..times {
        let load = Load::on(&[scene.server.url().to_owned()], &scene.published, rng.fork(), 40);
        let wanted = scene.broker.last_sequence("DECILE").await + rng.u64(50..150);
        until("records", || async { (scene.broker.last_sequence("DECILE").await >= wanted).then_some(()) }).await;
        scene.server.kill();
        load.end().await;
        tokio::time::sleep(WINDOW + Duration::from_millis(300)).await;
        scene.server.restart(&[]).unwrap();
        scene.settled().await;
    }
    let counts = scene.verdict().await;
    eprintln!("away {times} times; {counts:?}");
}

/// What a client holds while it has no connection is sent as soon as it has one. A server that was away keeps for a moment the
/// leases that ended meanwhile, and has forgotten the ids: then it must not have that connection yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_client_held_is_not_stored_when_its_server_is_back() {
    let mut rng = choices("held");
    for _ in 0..TRIES_MAX {
        if hold(rng.fork()).await {
            return;
        }
    }
    panic!("the lease of the plans ended each time before the server did: this shows nothing");
}

/// Whether the server died in time.
async fn hold(mut rng: fastrand::Rng) -> bool {
    let (window, plan_age) = (Duration::from_secs(20), Duration::from_secs(9));
    let mut scene = Scene::new(&after(window, plan_age)).await;
    scene.publish(100, &mut rng).await;
    scene.proxy.trap(Step::Fetched, 30);
    let far = scene.daemon();
    assert!(scene.proxy.has_sprung(SPRINGS_MAX).await, "{}", far.log());
    let cut_at = Instant::now();
    scene.proxy.weather(Weather::Cut);
    scene.proxy.reset();
    let near = Daemon::start(&scene.near, &[]);
    near.wait_ready().await;
    scene.settled().await;
    // The first were on their way when the connection was cut. Those after them the client has.
    let handed_over = || async { (far.log().matches("no answer in time").count() > IN_FLIGHT).then_some(()) };
    until("plans in the hands of the client", handed_over).await;
    drop(near);
    scene.server.kill();
    // A third of its time is the longest that a lease had stood when the connection was cut.
    if cut_at.elapsed() >= plan_age.mul_f64(0.6) {
        return false;
    }
    scene.proxy.weather(Weather::Fair);
    tokio::time::sleep(window + Duration::from_millis(300)).await;
    scene.server.restart(&[]).unwrap();
    far.wait_metric("decile_connected{connection=\"publish\"} 1").await;
    scene.settled().await;
    let counts = scene.verdict().await;
    eprintln!("held for {:.1?}: {counts:?}", cut_at.elapsed());
    true
}

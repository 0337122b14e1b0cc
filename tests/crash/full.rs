//! The broker cannot write: our stream is nearly full or quite full, the disk is full, or takes nothing. The daemon stops
//! and says so; what governs still goes in where the broker takes anything; afterwards it goes on.

mod disk;

use crate::scene::{LIMITS, Scene};
use crate::support::{DEADLINE, Daemon, http, until};
use crate::{choices, many};
use async_nats::jetstream::stream;
use disk::Disk;
use std::time::{Duration, Instant};

/// Messages that come in meanwhile.
const MEANWHILE: usize = 40;
/// How long nothing may happen then.
const QUIET: Duration = Duration::from_millis(1_500);

const FILLERS: usize = 8;
const FILLER_BYTES: usize = 512 << 10;

/// How much the stream takes.
#[derive(Clone, Copy, Debug)]
enum Room {
    /// 95 % are full: what governs fits.
    Little,
    /// Not even that fits.
    None,
    /// As much as it likes.
    Plenty,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_stream_stops_intake_and_what_governs_still_goes_in() {
    let times = many(1, 20);
    let mut rng = choices("full");
    let scene = Scene::new(LIMITS).await;
    // So that the few percent that are left are enough for what governs.
    for _ in 0..FILLERS {
        scene.broker.publish("decile.review.filler", vec![b'x'; FILLER_BYTES]).await;
    }
    let daemon = scene.daemon();
    daemon.wait_ready().await;
    for time in 0..times {
        for room in [Room::Little, Room::None] {
            scene.publish(40, &mut rng).await;
            scene.settled().await;
            make_room(&scene, room).await;
            // What is on its way when it becomes full is not lost either.
            scene.publish(MEANWHILE, &mut rng).await;
            stops_and_says_so(&scene, &daemon, &mut rng).await;
            if matches!(room, Room::Little) {
                tightens(&scene, &daemon).await;
            }
            make_room(&scene, Room::Plenty).await;
            goes_on(&scene, &daemon).await;
        }
        eprintln!("{time}: {:?}", scene.verdict().await);
    }
}

/// As its owner may: our stream's size is theirs to set.
async fn make_room(scene: &Scene, room: Room) {
    let mut stream = scene.broker.jetstream.get_stream("DECILE").await.unwrap();
    let used = i64::try_from(stream.info().await.unwrap().state.bytes).unwrap();
    let max_bytes = match room {
        Room::Little => used * 100 / 95,
        Room::None => used + 1,
        Room::Plenty => 1 << 30,
    };
    let config = stream.cached_info().config.clone();
    scene.broker.jetstream.update_stream(stream::Config { max_bytes, ..config }).await.expect("the stream is changed");
}

/// Not ready, with a reason; a metric says it, too; and nothing is decided or acknowledged.
async fn stops_and_says_so(scene: &Scene, daemon: &Daemon, rng: &mut fastrand::Rng) {
    let address = daemon.http().await;
    let answer = until(&format!("not ready; {}", daemon.log()), || async {
        http::get(address, "/readyz").filter(|answer| answer.status == 503)
    })
    .await;
    assert!(answer.body.contains("no messages are taken"), "it says why: {}", answer.body);
    assert_eq!(http::get(address, "/healthz").unwrap().status, 200, "waiting for the broker is no death");
    let says = |it: &str| it.starts_with("decile_intake_closed{") && it.ends_with(" 1");
    until("a metric that says why", || async { daemon.metrics().await.lines().any(says).then_some(()) }).await;
    scene.publish(MEANWHILE, rng).await;
    // What was in flight when it stopped may still be answered; after that nothing is acknowledged.
    let (deadline, mut floor) = (Instant::now() + DEADLINE, None);
    let info = loop {
        let info = scene.broker.consumer("IN").await;
        let before = floor.replace(info.ack_floor.stream_sequence);
        if before == floor {
            break info;
        }
        assert!(Instant::now() < deadline, "messages are still acknowledged: {info:?}");
        tokio::time::sleep(QUIET).await;
    };
    assert!(info.num_pending > 0 || info.num_ack_pending > 0, "something waits: {info:?}");
}

/// A halt and its end, a revocation and a grant.
async fn tightens(scene: &Scene, daemon: &Daemon) {
    scene.ada.runs("halt", &["--reason", "full"]).exits(0);
    daemon.wait_metric("decile_halted 1").await;
    scene.ada.runs("revoke", &["--channel", "test.main", "--type", "archive"]).exits(0);
    daemon.wait_metric("decile_grants 0").await;
    scene.ada.runs("resume", &["--reason", "over"]).exits(0);
    daemon.wait_metric("decile_halted 0").await;
    scene.grant();
}

async fn goes_on(scene: &Scene, daemon: &Daemon) {
    daemon.wait_ready().await;
    scene.settled().await;
}

/// Our stream fits on a small disk.
const STREAM_BYTES: usize = 16 << 20;

/// What becomes of a disk.
#[derive(Clone, Copy, Debug)]
enum Ill {
    Full,
    TakesNothing,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full_or_takes_nothing_loses_nothing() {
    let times = many(1, 20);
    let mut rng = choices("disk");
    let worlds = [Ill::Full, Ill::TakesNothing].map(|ill| fall_ill(ill, times, rng.fork()));
    futures::future::join_all(worlds).await;
}

async fn fall_ill(ill: Ill, times: usize, mut rng: fastrand::Rng) {
    let disk = Disk::new();
    let sections = format!("{LIMITS}[retention]\nstream_bytes_max = {STREAM_BYTES}\n");
    let mut scene = Scene::on(disk.server(), &sections).await;
    let daemon = scene.daemon();
    daemon.wait_ready().await;
    for time in 0..times {
        scene.publish(100, &mut rng).await;
        scene.settled().await;
        match ill {
            Ill::Full => disk.fill(),
            Ill::TakesNothing => disk.forbid(),
        }
        // Until the daemon notices: what the server does not acknowledge is not remembered.
        let address = daemon.http().await;
        until(&format!("{ill:?}: not ready; {}", daemon.log()), || async {
            scene.publish(5, &mut fastrand::Rng::with_seed(1)).await;
            http::get(address, "/readyz").filter(|answer| answer.status == 503)
        })
        .await;
        disk.heal();
        // A server that could not write wants to be started again.
        scene.server.restart(&[]).unwrap();
        goes_on(&scene, &daemon).await;
        scene.publish(50, &mut rng).await;
        scene.settled().await;
        eprintln!("{time}: {ill:?} on {}: {:?}", disk.kind(), scene.verdict().await);
    }
}

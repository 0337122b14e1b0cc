//! Revocations, grants in each other's place, halts and their ends, while three instances act and some of them sleep.

use crate::load::Load;
use crate::scene::{CHANNELS, Scene, world};
use crate::{choices, many};
use decile::authority::Uses;
use decile::bus::private::PrivateServer;
use std::time::{Duration, Instant};

/// The longest that a grant may go unused under load.
const IDLE_MAX: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acts_after_what_was_taken_back() {
    let changes = many(60, 1_000);
    let mut rng = choices("changes");
    let server = PrivateServer::start().unwrap();
    let mut scene = Scene::of(world(server.url(), ""), vec![server.url().to_owned()], 3).await;
    let load = Load::on(&scene.connection.jetstream);
    let mut asleep = [false; 3];
    let (mut taken_back, mut slept, mut judged) = (0, 0, 0);
    while taken_back < changes {
        let channel = CHANNELS[rng.usize(..CHANNELS.len())];
        let uses = if rng.u32(..4) == 0 { Uses::Times(rng.u32(1..8)) } else { Uses::Standing };
        let revision = scene.grant(channel, uses).await.expect("a grant is taken");
        // Mostly it is in use before it is taken back. A channel at its cap waits for the next minute.
        if channel != "torture.capped" && rng.u32(..4) > 0 && asleep.iter().any(|it| !it) {
            let acts = scene.acts_under(channel, revision, IDLE_MAX).await;
            assert!(acts, "nobody acts under {revision}, {asleep:?}: {}", scene.lately().await);
        }
        // Some fall asleep with plans in hand, or wake up.
        for (daemon, asleep) in scene.daemons.iter().zip(&mut asleep) {
            if rng.u32(..4) == 0 {
                daemon.signal(if *asleep { "CONT" } else { "STOP" });
                *asleep = !*asleep;
                slept += usize::from(*asleep);
            }
        }
        pause(&mut rng, 10).await;
        match rng.u32(..6) {
            // Another takes its place.
            0 => {
                scene.granted(channel).await;
            }
            1 => {
                scene.tighten(scene.subject(channel).as_str(), "who knows").await;
                taken_back += 1;
            }
            2 | 3 => {
                let halt = scene.halt().await;
                taken_back += 1;
                wake(&scene, &mut asleep);
                pause(&mut rng, 40).await;
                scene.resume(halt).await;
            }
            _ => {
                scene.revoke(channel).await;
                taken_back += 1;
            }
        }
        // They wake up when it is over.
        if rng.bool() {
            wake(&scene, &mut asleep);
        }
        pause(&mut rng, 20).await;
        if taken_back >= judged + 200 {
            judged = taken_back;
            eprintln!("{taken_back} so far: {}", scene.judge().summary());
        }
    }
    wake(&scene, &mut asleep);
    load.end().await;
    let seen = scene.judged().await;
    eprintln!("{taken_back} revocations and halts, {slept} times asleep: {}", seen.summary());
    assert!(seen.actions > changes, "it was under load: {}", seen.summary());
    assert!(seen.decisions.contains_key("grants_stale"), "nothing was refused at the broker: {}", seen.summary());
}

fn wake(scene: &Scene, asleep: &mut [bool; 3]) {
    for (daemon, asleep) in scene.daemons.iter().zip(asleep) {
        if *asleep {
            daemon.signal("CONT");
            *asleep = false;
        }
    }
}

/// Whatever an instance has decided and not yet committed when the demotion is stored must not be stored after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acts_after_a_demotion() {
    for _ in 0..many(1, 20) {
        let mut rng = choices("demotions");
        let server = PrivateServer::start().unwrap();
        let mut scene = Scene::of(world(server.url(), ""), vec![server.url().to_owned()], 3).await;
        let load = Load::on(&scene.connection.jetstream);
        for channel in CHANNELS {
            let revision = scene.grant(channel, Uses::Standing).await.expect("a grant is taken");
            assert!(scene.acts_under(channel, revision, IDLE_MAX).await, "{}", scene.lately().await);
        }
        for channel in CHANNELS {
            pause(&mut rng, 40).await;
            let subject = format!("decile.level.newsletter.{channel}");
            scene.tighten(&subject, "{\"v\":1,\"tighten\":\"demote\"}").await;
        }
        scene.escalated("\"reason\":\"level\"").await;
        load.end().await;
        let seen = scene.judged().await;
        assert!(seen.decisions.contains_key("level"), "it took effect: {}", seen.summary());
    }
}

/// So long that the next change meets something else in flight.
async fn pause(rng: &mut fastrand::Rng, ms_max: u64) {
    tokio::time::sleep(Duration::from_millis(rng.u64(..=ms_max))).await;
}

/// What the broker takes one after the other must not wait there until its time is up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_of_actions_is_carried_out_once_and_without_a_time_out() {
    let messages = many(300, 3_000);
    let server = PrivateServer::start().unwrap();
    let mut scene = Scene::of(world(server.url(), ""), vec![server.url().to_owned()], 2).await;
    scene.grant("torture.one", Uses::Standing).await.expect("a grant is taken");
    for daemon in &scene.daemons {
        daemon.wait_metric("decile_grants 1").await;
    }
    let started = Instant::now();
    scene.broker.publish_all("in.one", (0..messages).map(|_| "{\"text\":\"this week's news\"}".to_owned())).await;
    scene.acted(messages).await;
    eprintln!("{messages} actions in {:.1?}", started.elapsed());
    for daemon in &scene.daemons {
        assert!(!daemon.log().contains("was not committed"), "{}", daemon.log());
    }
    assert_eq!(scene.judged().await.actions, messages);
}

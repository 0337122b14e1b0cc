//! Payloads by which somebody wants to end the daemon, or to be handled, over the bus. Plain messages among them show that it
//! goes on.

mod kinds;

use crate::checker::content;
use crate::scene::Scene;
use crate::{choices, many};
use kinds::{KINDS, PLAIN};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// Messages of one world; a longer run has more worlds.
const A_WORLD: usize = 20_000;
/// Published at once.
const A_BURST: usize = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_payload_ends_the_daemon_or_gets_what_it_should_not() {
    let messages = many(20_000, 10_000_000);
    let mut rng = choices("hostile");
    for world in 0..messages.div_ceil(A_WORLD) {
        let outcomes = attack(A_WORLD.min(messages), &mut rng).await;
        if world % 20 == 0 {
            eprintln!("world {world}: {outcomes:?}");
        }
    }
}

/// How each kind ended, by outcome.
async fn attack(messages: usize, rng: &mut fastrand::Rng) -> BTreeMap<&'static str, BTreeMap<String, usize>> {
    let scene = Scene::new("").await;
    let mut daemon = scene.daemon();
    daemon.wait_ready().await;
    let mut kinds: HashMap<u64, &str> = HashMap::new();
    for _ in 0..messages / A_BURST {
        let mut burst = Vec::new();
        for _ in 0..A_BURST {
            let (kind, subject, payload) = kinds::draw(rng);
            kinds.insert(content(&payload), kind);
            burst.push((subject, payload));
        }
        crate::scene::publish(&scene.broker, burst, &scene.published).await;
    }
    scene.settled().await;
    let mut outcomes: BTreeMap<&str, BTreeMap<String, usize>> = BTreeMap::new();
    let published = scene.published.lock().unwrap().clone();
    scene
        .verdict_seeing(|raw| {
            let Ok(body) = serde_json::from_slice::<Value>(&raw.bytes) else { return };
            let decision = body.get("decision").unwrap_or(&body);
            let Some(kind) = decision["source"]["sequence"].as_u64().and_then(|it| kinds.get(&published[&it])) else {
                return;
            };
            let outcome = decision["reason"].as_str().or(decision["disposition"].as_str()).unwrap_or("given up");
            assert!(outcome != "handle" || *kind == PLAIN, "handled, though {kind}: {decision}");
            assert!(outcome != "given up", "given up, {kind}: {body}");
            assert_ne!(decision["verdict"]["malformed"], "unforeseen", "{kind}: {decision}");
            *outcomes.entry(kind).or_default().entry(outcome.to_owned()).or_default() += 1;
        })
        .await;
    assert!(daemon.is_running() && !daemon.log().contains("panicked"), "{}", daemon.log());
    assert_eq!(outcomes.len(), KINDS.len() + 1, "each kind was tried: {outcomes:?}");
    assert!(outcomes[PLAIN].keys().eq(["handle"]), "plain messages are handled all the same: {outcomes:?}");
    outcomes
}

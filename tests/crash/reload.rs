//! Rules and policy change ten times a second under load, and one in three of them is broken.

use crate::load::Load;
use crate::scene::{LIMITS, POLICY, Scene, pack};
use crate::support::{World, until};
use crate::{choices, many};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Worlds that are in force in turn.
const VARIANTS: usize = 5;
const EVERY: Duration = Duration::from_millis(100);

/// The usual rules, named after their variant.
fn rules(variant: usize) -> String {
    format!(
        "[[rule]]\nid = \"confirm-{variant}\"\nclass = \"scheduling_confirm\"\nany = [\"works for me\"]\n\
         [[rule]]\nid = \"question-{variant}\"\nclass = \"info_request\"\nany = [\"opening hours\"]\n\
         [[rule]]\nid = \"lawyer-{variant}\"\nrestrict = \"legal\"\nany = [\"lawyer\"]\n\
         [[rule]]\nid = \"news-{variant}\"\nclass = \"newsletter\"\nany = [\"this week's news\"]\n"
    )
}

/// The usual policy, with a label of its own.
fn policy(variant: usize) -> String {
    POLICY.replace("label = \"scheduled\"", &format!("label = \"label-{variant}\""))
}

/// What cannot be used, each for another reason.
const BROKEN: [(&str, &str); 6] = [
    ("rules/rules.toml", "[[rule]\nid = "),
    ("rules/rules.toml", "[[rule]]\nid = \"r\"\nclass = \"newsletter\"\nany = [{ re = '(' }]\n"),
    ("rules/rules.toml", "[[rule]]\nid = \"r\"\nclass = \"newsletter\"\nany = []\nwhat = 1\n"),
    ("policy.toml", "[[class]]\nname = \"newsletter\"\nlevel = 4\naction = { type = \"archive\" }\n"),
    ("policy.toml", "[[class]]\nname = \"newsletter\"\nlevel = 2\naction = { type = \"shred\" }\n"),
    ("policy.toml", "\u{0}"),
];

/// As a whole: half a file could be a world of its own.
fn replace(world: &World, name: &str, text: &str) {
    world.write("being-written", text);
    std::fs::rename(world.path("being-written"), world.path(name)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_decision_is_made_under_one_world_that_was_valid() {
    let lasts = Duration::from_secs(many(5, 600) as u64);
    let mut rng = choices("reload");
    let mut scene = Scene::new(LIMITS).await;
    let mut variants = BTreeMap::new();
    for variant in 0..VARIANTS {
        replace(&scene.world, "rules/rules.toml", &rules(variant));
        variants.insert(pack(&scene.world), variant);
    }
    scene.packs.extend(variants.keys().cloned());
    let daemon = scene.daemon();
    daemon.wait_ready().await;
    let load = Load::on(&[scene.server.url().to_owned()], &scene.published, rng.fork(), 40);
    let started = Instant::now();
    let mut reloads = 0;
    while started.elapsed() < lasts {
        if rng.u32(..3) == 0 {
            let (name, text) = BROKEN[rng.usize(..BROKEN.len())];
            replace(&scene.world, name, text);
        } else {
            replace(&scene.world, "rules/rules.toml", &rules(rng.usize(..VARIANTS)));
            replace(&scene.world, "policy.toml", &policy(rng.usize(..VARIANTS)));
        }
        daemon.signal("HUP");
        reloads += 1;
        tokio::time::sleep(EVERY).await;
    }
    load.end().await;
    scene.settled().await;
    let (under, counts) = worlds_of(&scene, &variants).await;
    eprintln!("{reloads} reloads, decisions under {under:?}; {counts:?}");
    assert!(under.len() >= 3, "it was reloaded under load: {under:?}");
    let outcomes = daemon.metrics().await;
    for outcome in ["ok", "failed"] {
        let line = format!("decile_reloads_total{{outcome=\"{outcome}\"}}");
        assert!(outcomes.lines().any(|it| it.starts_with(&line)), "no {line}:\n{outcomes}");
    }
    is_in_force_at_last(&scene, &daemon).await;
}

/// Decisions by the variant of their rules: which each of them names in all its parts.
async fn worlds_of(
    scene: &Scene,
    variants: &BTreeMap<String, usize>,
) -> (BTreeMap<usize, usize>, BTreeMap<String, usize>) {
    let mut under: BTreeMap<usize, usize> = BTreeMap::new();
    let mut labels: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let counts = scene
        .verdict_seeing(|raw| {
            let Ok(body) = serde_json::from_slice::<Value>(&raw.bytes) else { return };
            let decision = body.get("decision").unwrap_or(&body);
            let Some(variant) = decision["digests"]["pack"].as_str().and_then(|it| variants.get(it)) else { return };
            for span in decision["verdict"]["evidence"].as_array().into_iter().flatten() {
                let rule = span["rule"].as_str().unwrap();
                assert!(rule.ends_with(&format!("-{variant}")), "`{rule}` is not of pack {variant}: {decision}");
            }
            if let Some(label) = decision["policy"]["action"]["arguments"]["label"].as_str() {
                let digest = decision["digests"]["policy"].as_str().unwrap().to_owned();
                labels.entry(digest).or_default().insert(label.to_owned());
            }
            *under.entry(*variant).or_default() += 1;
        })
        .await;
    assert!(labels.values().all(|it| it.len() == 1), "a policy has one label: {labels:?}");
    (under, counts)
}

/// What is valid in the end is in force, whatever was broken before.
async fn is_in_force_at_last(scene: &Scene, daemon: &crate::support::Daemon) {
    replace(&scene.world, "rules/rules.toml", &rules(0));
    replace(&scene.world, "policy.toml", &policy(0));
    daemon.signal("HUP");
    daemon.wait_metric("decile_last_reload_successful 1").await;
    until("the last rules in force", || async {
        let decided = scene.broker.decide("Thursday works for me").await;
        (decided.decision()["verdict"]["evidence"][0]["rule"] == "confirm-0").then_some(())
    })
    .await;
}

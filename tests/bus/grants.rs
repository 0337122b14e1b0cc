//! Nothing leaves without a grant, and with one exactly what it says.

use crate::support::broker::Committed;
use crate::support::operator::{Person, grant_of};
use crate::support::{Broker, Daemon, World, until};
use decile::authority::{Deployment, Grant, Seed, Signed};
use decile::bus::private::PrivateServer;
use decile::decision::{Outward, Proof};
use jiff::{SignedDuration, Timestamp};

/// The text that `news` knows, whose action is `archive` at level 2.
const NEWS: &str = "this week's news";
/// The text that `scheduling-confirm` knows, whose action is internal.
const INTERNAL: &str = "Thursday works for me";

/// A daemon, a broker and a person who may grant.
struct Scene {
    _server: PrivateServer,
    world: World,
    daemon: Daemon,
    broker: Broker,
    ada: Person,
}

impl Scene {
    async fn new() -> Self {
        Self::with(|world| world).await
    }

    async fn with(change: impl FnOnce(World) -> World) -> Self {
        let server = PrivateServer::start().unwrap();
        let (world, ada) = Person::of(change(World::on(&server)));
        let daemon = Daemon::ready(&world).await;
        let broker = Broker::on(&server).await;
        daemon.wait_metric("decile_grants_fresh 1").await;
        Self { _server: server, world, daemon, broker, ada }
    }

    async fn grant(&self, more: &[&str]) {
        let ran = self.ada.grants("archive", "test.main", more);
        assert!(ran.out.starts_with("granted: `archive` on `test.main`"), "{}{}", ran.out, ran.err);
        self.daemon.wait_metric("decile_grants 1").await;
    }

    async fn actions(&self) -> Vec<Committed> {
        let records = self.broker.all("DECILE").await;
        records.into_iter().filter(|record| record.subject.starts_with("decile.action.")).collect()
    }
}

#[tokio::test]
async fn a_grant_lets_out_what_it_names_and_a_revocation_ends_it() {
    let scene = Scene::new().await;
    assert_eq!(scene.broker.decide(NEWS).await.outcome(), "no_grant");
    scene.grant(&[]).await;
    let record = scene.broker.decide(NEWS).await;
    assert_eq!(record.outcome(), "handle");
    let id = record.decision()["id"].as_str().unwrap().to_owned();
    assert_eq!(record.subject, format!("decile.action.archive.test.main.{id}"));
    let outward: Outward = serde_json::from_slice(&record.bytes).unwrap();
    assert_eq!((outward.action.kind.as_str(), outward.action.channel.as_str()), ("archive", "test.main"));
    assert!(matches!(outward.proof, Proof::Grant { halt: 0, .. }));
    scene.daemon.wait_metric("decile_actions_total{action=\"archive\"} 1").await;
    // The decision names the grant that it rests on.
    assert!(record.decision()["facts"]["cover"]["granted"]["revision"].as_u64().unwrap() > 0);

    scene.ada.revokes("archive", "test.main");
    scene.daemon.wait_metric("decile_grants 0").await;
    assert_eq!(scene.broker.decide(NEWS).await.outcome(), "no_grant");
    assert_eq!(scene.actions().await.len(), 1);
}

#[tokio::test]
async fn a_grant_for_one_channel_or_type_is_none_for_another() {
    let scene = Scene::new().await;
    scene.grant(&[]).await;
    assert_eq!(scene.broker.decide("opening hours?").await.outcome(), "no_grant", "a reply");
    let elsewhere = scene.broker.publish("in.raw", NEWS).await;
    assert_eq!(scene.broker.record_on(elsewhere).await.outcome(), "no_grant", "on another channel");
}

#[tokio::test]
async fn a_single_use_is_spent_once_over_two_instances() {
    let scene = Scene::new().await;
    let second = Daemon::ready(&scene.world).await;
    second.wait_metric("decile_grants_fresh 1").await;
    scene.ada.grants("archive", "test.main", &["--uses", "1"]);
    scene.daemon.wait_metric("decile_grants 1").await;
    second.wait_metric("decile_grants 1").await;
    scene.broker.publish_all("in.main.x", (0..40).map(|_| format!("{{\"text\":\"{NEWS}\"}}"))).await;
    scene.broker.all_acknowledged("IN").await;
    assert_eq!(scene.actions().await.len(), 1);
    let escalated =
        scene.broker.all("DECILE").await.into_iter().filter(|it| it.subject.starts_with("decile.escalated."));
    let outcomes: std::collections::BTreeSet<String> = escalated.map(|it| it.outcome().to_owned()).collect();
    assert!(outcomes.iter().all(|it| it == "no_grant" || it == "grants_stale"), "{outcomes:?}");
}

#[tokio::test]
async fn a_cap_holds_over_two_instances_and_a_restart() {
    let caps = "[[cap]]\nper_day = 1000\n[[cap]]\nclass = \"newsletter\"\nper_day = 5\n";
    let policy = format!(
        "[review]\npercent = 0\n[[class]]\nname = \"newsletter\"\nlevel = 2\naction = {{ type = \"archive\" }}\n{caps}"
    );
    let scene = Scene::with(|world| world.policy(&policy)).await;
    let second = Daemon::ready(&scene.world).await;
    scene.grant(&[]).await;
    second.wait_metric("decile_grants 1").await;
    let many = || (0..30).map(|_| format!("{{\"text\":\"{NEWS}\"}}"));
    scene.broker.publish_all("in.main.x", many()).await;
    scene.broker.all_acknowledged("IN").await;
    drop((second, scene.daemon));
    let third = Daemon::ready(&scene.world).await;
    third.wait_metric("decile_grants_fresh 1").await;
    scene.broker.publish_all("in.main.x", many()).await;
    scene.broker.all_acknowledged("IN").await;
    let records = scene.broker.all("DECILE").await;
    let actions = records.iter().filter(|it| it.subject.starts_with("decile.action.")).count();
    assert_eq!(actions, 5, "a day has five slots, over all instances");
    let last = records.iter().rfind(|it| it.subject.starts_with("decile.escalated.")).unwrap();
    assert_eq!(last.outcome(), "cap_reached");
    assert_eq!(last.record["held"]["action"]["type"], "archive", "with its draft");
}

#[tokio::test]
async fn a_halt_stops_internal_and_outward_until_it_is_resumed() {
    let scene = Scene::new().await;
    scene.grant(&[]).await;
    scene.ada.runs("halt", &["--reason", "a test"]).exits(0);
    scene.daemon.wait_metric("decile_halted 1").await;
    assert_eq!(scene.broker.decide(NEWS).await.outcome(), "halted");
    assert_eq!(scene.broker.decide(INTERNAL).await.outcome(), "halted");
    scene.ada.runs("resume", &["--reason", "over"]).exits(0);
    scene.daemon.wait_metric("decile_halted 0").await;
    assert_eq!(scene.broker.decide(INTERNAL).await.outcome(), "handle");
    let record = scene.broker.decide(NEWS).await;
    assert_eq!(record.outcome(), "handle");
    let outward: Outward = serde_json::from_slice(&record.bytes).unwrap();
    assert!(outward.proof.halt() > 0, "it rests on the end of the halt");
}

#[tokio::test]
async fn what_governs_is_read_before_the_first_decision() {
    let scene = Scene::new().await;
    scene.grant(&[]).await;
    drop(scene.daemon);
    scene.ada.runs("halt", &[]).exits(0);
    let sequence = scene.broker.say(INTERNAL).await;
    let _again = Daemon::ready(&scene.world).await;
    assert_eq!(scene.broker.record_on(sequence).await.outcome(), "halted");
}

#[tokio::test]
async fn anything_on_a_governing_subject_tightens() {
    let scene = Scene::new().await;
    for forged in ["", "{}", "{\"v\":1,\"kind\":\"grant\"}", "\u{0}"] {
        scene.grant(&[]).await;
        scene.broker.publish("decile.grant.archive.test.main", forged.to_owned()).await;
        scene.daemon.wait_metric("decile_grants 0").await;
        assert_eq!(scene.broker.decide(NEWS).await.outcome(), "no_grant", "{forged:?}");
    }
    scene.broker.publish("decile.control.halt", "who knows").await;
    scene.daemon.wait_metric("decile_halted 1").await;
    assert_eq!(scene.broker.decide(INTERNAL).await.outcome(), "halted");
}

#[tokio::test]
async fn a_grant_of_another_key_deployment_or_time_does_not_stand() {
    let scene = Scene::new().await;
    let now = Timestamp::now();
    let grant =
        |issued_at, after| Grant { after, issued_at, not_before: issued_at, ..grant_of("archive", "test.main") };
    let [test, staging] = ["test", "staging"].map(|name| Deployment::parse(name).unwrap());
    let late = now - SignedDuration::from_secs(90);
    type Forge<'f> = &'f dyn Fn(u64) -> Signed;
    let forged: [(&str, Forge<'_>); 4] = [
        ("another key", &|after| grant(now, after).sign(&test, &Seed::generate()).unwrap()),
        ("another deployment", &|after| grant(now, after).sign(&staging, &scene.ada.seed).unwrap()),
        ("a copy of an old one", &|after| grant(late, after).sign(&test, &scene.ada.seed).unwrap()),
        ("one that is put back", &|after| grant(now, after - 3).sign(&test, &scene.ada.seed).unwrap()),
    ];
    // As the command does: upon a revocation.
    let place = async |sign: Forge<'_>| {
        scene.broker.publish("decile.grant.archive.test.main", "{}").await;
        let signed = sign(scene.broker.last_sequence("DECILE").await - 1);
        scene.broker.publish("decile.grant.archive.test.main", signed.encode().unwrap()).await;
    };
    scene.broker.publish("decile.grant.archive.test.main", "{}").await;
    for (what, sign) in forged {
        scene.broker.publish("decile.grant.archive.test.main", "{}").await;
        place(sign).await;
        // What is granted afterwards shows that this was read.
        scene.ada.grants("reply", "test.main", &[]);
        scene.daemon.wait_metric("decile_grants 1").await;
        assert_eq!(scene.broker.decide(NEWS).await.outcome(), "no_grant", "{what}");
        scene.ada.revokes("reply", "test.main");
        scene.daemon.wait_metric("decile_grants 0").await;
    }
    // The same, signed as it must be, stands.
    place(&|after| grant(Timestamp::now(), after).sign(&test, &scene.ada.seed).unwrap()).await;
    scene.daemon.wait_metric("decile_grants 1").await;
    assert_eq!(scene.broker.decide(NEWS).await.outcome(), "handle");
}

#[tokio::test]
async fn a_grant_expires_by_itself_at_the_broker_too() {
    let scene = Scene::new().await;
    scene
        .ada
        .runs("grant", &["--channel", "test.main", "--type", "archive", "--for", "2s", "--reason", "short"])
        .exits(0);
    scene.daemon.wait_metric("decile_grants 1").await;
    assert_eq!(scene.broker.decide(NEWS).await.outcome(), "handle");
    // What lies there afterwards is the revocation beneath it.
    until("the grant has expired at the broker", || async {
        let last = scene.broker.last("DECILE", "decile.grant.archive.test.main").await?;
        last.record.get("tighten").map(|_| ())
    })
    .await;
    // The broker drops it a little before it ends: until then it refuses what the daemon tries.
    until("the daemon sees that it has ended", || async {
        let outcome = scene.broker.decide(NEWS).await.outcome().to_owned();
        assert!(outcome == "no_grant" || outcome == "grants_stale", "{outcome}");
        (outcome == "no_grant").then_some(())
    })
    .await;
    // What comes next on its subject is a grant like the first.
    let again = ["--channel", "test.main", "--type", "archive", "--for", "1h", "--reason", "again", "--replace"];
    scene.ada.runs("grant", &again).exits(0);
    scene.daemon.wait_metric("decile_grants 1").await;
    assert_eq!(scene.broker.decide(NEWS).await.outcome(), "handle");
}

#[tokio::test]
async fn grants_lists_what_stands_and_what_it_has_done() {
    let scene = Scene::new().await;
    assert!(scene.ada.runs("grants", &[]).exits(0).out.contains("no grant stands"));
    scene.grant(&["--uses", "3", "--class", "newsletter"]).await;
    for _ in 0..2 {
        assert_eq!(scene.broker.decide(NEWS).await.outcome(), "handle");
    }
    let listed = scene.ada.runs("grants", &["--format", "json"]).exits(0).json();
    let grant = &listed[0];
    assert_eq!((grant["channel"].as_str(), grant["type"].as_str()), (Some("test.main"), Some("archive")));
    assert_eq!(
        (grant["uses"].as_u64(), grant["uses_max"].as_u64(), grant["actions"].as_u64()),
        (Some(2), Some(3), Some(2))
    );
    assert_eq!(grant["ends_soon"], true, "within the hour");
    let text = scene.ada.runs("grants", &[]).exits(0).out;
    assert!(text.contains("2 of 3") && text.contains("ends in 59 min"), "{text}");
}

#[tokio::test]
async fn a_preview_shows_what_a_grant_would_have_let_out() {
    let scene = Scene::new().await;
    for text in [NEWS, INTERNAL, NEWS, "opening hours?"] {
        scene.broker.decide(text).await;
    }
    let asked = ["--channel", "test.main", "--type", "archive", "--for", "1h", "--reason", "x", "--preview"];
    let shown = scene.ada.runs("grant", &asked).exits(0).out;
    assert!(shown.contains("would have let out 2 action(s), and 0 more"), "{shown}");
    let once = scene.ada.runs("grant", &[&asked[..], &["--uses", "1"]].concat()).exits(0).out;
    assert!(once.contains("would have let out 1 action(s), and 1 more"), "{once}");
    assert!(scene.ada.runs("grants", &[]).exits(0).out.contains("no grant stands"), "a preview grants nothing");
}

#[tokio::test]
async fn a_file_of_grants_is_signed_and_published_and_its_mistakes_are_named() {
    let scene = Scene::new().await;
    let grant = "[[grant]]\nchannel = \"test.main\"\ntype = \"archive\"\nfor = \"1h\"\nreason = \"kept in git\"\n";
    scene.world.write("grants.toml", grant);
    let file = scene.world.path("grants.toml");
    scene.ada.runs("grant", &["--file", file.to_str().unwrap()]).exits(0);
    scene.daemon.wait_metric("decile_grants 1").await;
    assert_eq!(scene.broker.decide(NEWS).await.outcome(), "handle");
    scene.world.write("grants.toml", format!("{grant}chanel = 1\n[[grant]]\ntype = \"archive\"\n"));
    let ran = scene.ada.runs("grant", &["--file", file.to_str().unwrap()]).exits(78);
    for wrong in ["unknown key `chanel`", "`channel` is missing", "`for` is missing", "`reason` is missing"] {
        assert!(ran.err.contains(wrong), "{wrong}: {}", ran.err);
    }
}

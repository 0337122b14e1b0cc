//! Levels above 1: earned with evidence, signed by a person, taken back by anybody. Whatever else raises one in a file or
//! on the bus has no effect, and says why.

use crate::support::operator::Person;
use crate::support::world::{POLICY, RULES};
use crate::support::{Broker, Daemon, Ran, World, run, until};
use decile::bus::private::PrivateServer;
use serde_json::{Value, json};

pub(super) const CONFIRM: &str = "Thursday works for me";
pub(super) const PILOT: [&str; 5] = ["--without-evidence", "a pilot", "--for", "7d", "--yes"];

/// Everything at level 1, with comments that must stay.
pub(super) const AT_1: &str = r#"# who wrote this knew why
[[class]]
name = "scheduling_confirm" # meetings
level = 1                   # for now
action = { type = "label", label = "scheduled" }

[[class]]
name = "newsletter"
action = { type = "archive" }

[[cap]]
per_hour = 1000

[[cap]]
class = "newsletter"
per_hour = 500
"#;

pub(super) struct Scene {
    pub(super) world: World,
    pub(super) daemon: Daemon,
    pub(super) broker: Broker,
    pub(super) ada: Person,
    server: PrivateServer,
}

impl Scene {
    pub(super) async fn of(policy: &str) -> Self {
        let server = PrivateServer::start().unwrap();
        let (world, ada) = Person::of(World::on(&server).unpromoted().policy(policy));
        let daemon = Daemon::ready(&world).await;
        daemon.wait_metric("decile_grants_fresh 1").await;
        let broker = Broker::on(&server).await;
        Self { world, daemon, broker, ada, server }
    }

    /// Promotes a class on `test.main`.
    pub(super) fn promote(&self, class: &str, to: &str, more: &[&str]) -> Ran {
        self.ada.runs("promote", &[&[class, "--to", to, "--channel", "test.main"], more].concat())
    }

    /// Has the daemon read its files again.
    pub(super) async fn reload(&self) {
        let of = |metrics: String| {
            metrics.lines().find(|it| it.starts_with("decile_reloads_total{outcome=\"ok\"}")).map(str::to_owned)
        };
        let before = of(self.daemon.metrics().await);
        self.daemon.signal("HUP");
        until("another reload", || async {
            of(self.daemon.metrics().await).filter(|now| Some(now) != before.as_ref())
        })
        .await;
    }

    /// Whether a text is handled, and at which level it was decided; else why it was not.
    pub(super) async fn decide(&self, text: &str) -> (String, u64) {
        let record = self.broker.decide(text).await;
        let decision = record.decision();
        let outcome = decision["reason"].as_str().unwrap_or("handle").to_owned();
        (outcome, decision["policy"]["level"].as_u64().unwrap())
    }

    pub(super) fn policy(&self) -> String {
        std::fs::read_to_string(self.world.path("policy.toml")).unwrap()
    }

    pub(super) fn changes(&self) -> Vec<Value> {
        let ran = run(&["policy", "log", "--format", "json", "--config", &self.world.config()]);
        serde_json::from_str(&ran.out).unwrap()
    }
}

pub(super) fn handled(level: u64) -> (String, u64) {
    ("handle".to_owned(), level)
}

pub(super) fn held() -> (String, u64) {
    ("level".to_owned(), 1)
}

#[tokio::test]
async fn a_class_is_promoted_by_evidence_and_a_signature_and_taken_back_at_once() {
    let scene = Scene::of(AT_1).await;
    assert_eq!(scene.decide(CONFIRM).await, held());
    // One answer is not enough, and nothing is written.
    let id = scene.broker.all("DECILE").await.iter().find(|it| it.is_decision()).unwrap().decision()["id"].clone();
    scene.ada.runs("approve", &[id.as_str().unwrap()]).exits(0);
    let short = scene.promote("scheduling_confirm", "2", &["--yes"]).exits(3);
    assert!(short.out.contains("1 of 1 agreed") && short.out.contains("54 more are missing"), "{}", short.out);
    assert!(short.out.contains("1 message(s) would newly be handled"), "{}", short.out);
    assert_eq!((scene.policy(), scene.changes()), (AT_1.to_owned(), vec![]));

    for _ in 0..54 {
        let id = scene.broker.decide(CONFIRM).await.decision()["id"].clone();
        scene.ada.runs("approve", &[id.as_str().unwrap()]).exits(0);
    }
    let shown = scene.promote("scheduling_confirm", "2", &["--preview"]).exits(0);
    assert!(shown.out.contains("55 of 55 agreed") && shown.out.contains("55 message(s)"), "{}", shown.out);
    assert_eq!(scene.policy(), AT_1, "looking changes nothing");
    scene.promote("scheduling_confirm", "2", &["--yes", "--note", "a good month"]).exits(0);
    let promoted = scene.policy();
    assert!(promoted.contains("[[class.channel]]\nname = \"test.main\"\nlevel = 2\n"), "{promoted}");
    for comment in ["# who wrote this knew why", "# meetings", "# for now", "# by ada: `scheduling_confirm` to level 2"]
    {
        assert!(promoted.contains(comment), "`{comment}` in {promoted}");
    }
    assert_eq!(scene.decide(CONFIRM).await, held(), "it counts once the file has been read");
    scene.reload().await;
    assert_eq!(scene.decide(CONFIRM).await, handled(2));
    scene.daemon.wait_metric("decile_levels_refused 0").await;

    // Anybody takes it back, and the file that says otherwise does not help.
    let demoted = run(&["demote", "scheduling_confirm", "--reason", "it misread", "--config", &scene.world.config()]);
    assert!(demoted.exits(0).out.contains("to level 1"));
    until("the demotion", || async { Some(scene.decide(CONFIRM).await).filter(|it| *it == held()) }).await;
    scene.reload().await;
    assert_eq!(scene.decide(CONFIRM).await, held(), "a promotion from before does not count any more");
    let changes = scene.changes();
    let [up, down] = changes.as_slice() else { panic!("{changes:?}") };
    let wanted = json!({ "change": "promotion", "by": "ada", "level": 2, "agreed": 55, "disagreed": 0,
        "without_evidence": null, "note": "a good month" });
    assert_eq!(
        (&up["class"], &up["channel"], &up["what"]),
        (&json!("scheduling_confirm"), &json!("test.main"), &wanted)
    );
    assert_eq!((&down["what"]["change"], &down["what"]["reason"]), (&json!("demotion"), &json!("it misread")));

    // Whoever stole a login puts what was signed on its subject again: that is a demotion like any other.
    let first =
        scene.broker.all("DECILE").await.into_iter().find(|it| it.subject.starts_with("decile.level.")).unwrap();
    let stream = &scene.broker.jetstream;
    stream.publish(first.subject.clone(), first.bytes.clone()).await.unwrap().await.unwrap();
    assert_eq!(scene.changes()[2]["what"]["change"], "unreadable");
    // Where no level lies, it is no change of one.
    stream.publish("decile.level.\u{1b}[2J.test.main", first.bytes.clone()).await.unwrap().await.unwrap();
    stream.publish("decile.level.scheduling_confirm.test.main.x", first.bytes.clone()).await.unwrap().await.unwrap();
    assert_eq!(scene.changes().len(), 3);
    assert_eq!(scene.decide(CONFIRM).await, held());

    // A person raises it again, from what they have said.
    scene.promote("scheduling_confirm", "2", &["--yes"]).exits(0);
    scene.reload().await;
    assert_eq!(scene.decide(CONFIRM).await, handled(2));
}

#[tokio::test]
async fn a_level_in_the_file_alone_is_none_and_is_said_loudly() {
    let scene = Scene::of(POLICY).await;
    assert_eq!(scene.decide(CONFIRM).await, held());
    scene.daemon.wait_metric("decile_levels_refused 3").await;
    scene
        .daemon
        .wait_log("`scheduling_confirm` at level 2 (policy.toml:9) loads as level 1: no promotion is signed")
        .await;
    let checked = run(&["check", "--config", &scene.world.config()]).exits(0);
    assert!(checked.out.contains("not-promoted") && checked.out.contains("`newsletter` at level 2"), "{}", checked.out);
    let explained = run(&["explain", "--config", &scene.world.config(), CONFIRM]).exits(0);
    assert!(explained.out.contains("loads as level 1: no promotion is signed for it"), "{}", explained.out);
}

#[tokio::test]
async fn a_promotion_is_of_one_class_one_action_and_the_rules_of_its_day() {
    let scene = Scene::of(AT_1).await;
    scene.promote("scheduling_confirm", "2", &PILOT).exits(0);
    scene.reload().await;
    assert_eq!(scene.decide(CONFIRM).await, handled(2));
    let policy = scene.policy();
    for (what, rules, changed, why) in [
        (
            "a restricting rule is gone",
            RULES.replace("restrict = \"legal\"\nany = [\"lawyer\"]", "restrict = \"legal\"\nany = [\"attorney\"]"),
            policy.clone(),
            "have changed since it was promoted",
        ),
        (
            "another class takes its name",
            RULES
                .replace("class = \"scheduling_confirm\"", "class = \"other\"")
                .replace("info_request", "scheduling_confirm"),
            policy.clone(),
            "have changed since it was promoted",
        ),
        (
            "it takes another name",
            RULES.replace("class = \"scheduling_confirm\"", "class = \"renamed\""),
            policy.replace("name = \"scheduling_confirm\"", "name = \"renamed\""),
            "no promotion is signed for it",
        ),
        (
            "another action",
            RULES.to_owned(),
            policy.replace("\"scheduled\"", "\"done\""),
            "promoted for another action",
        ),
        ("a higher level", RULES.to_owned(), policy.replace("level = 2", "level = 3"), "no promotion is signed for it"),
        (
            "a letter of what was signed",
            RULES.to_owned(),
            policy.replace("a pilot", "a Pilot"),
            "the signature is wrong, or of another deployment",
        ),
    ] {
        scene.world.write("rules/rules.toml", rules);
        scene.world.write("policy.toml", changed);
        scene.reload().await;
        if what == "a higher level" {
            assert_eq!(scene.decide(CONFIRM).await, handled(2), "what was signed for 2 is 2");
        } else {
            let (outcome, _) = scene.decide(CONFIRM).await;
            assert!(["level", "unmatched", "conflict"].contains(&outcome.as_str()), "{what}: {outcome}");
        }
        scene.daemon.wait_metric("decile_levels_refused 1").await;
        let checked = run(&["check", "--config", &scene.world.config()]);
        assert!(checked.out.contains(why), "{what}: {}", checked.out);
    }
    scene.world.write("rules/rules.toml", RULES);
    scene.world.write("policy.toml", policy);
    scene.reload().await;
    assert_eq!(scene.decide(CONFIRM).await, handled(2), "as it was");
}

/// What a channel's name stands for is part of what was promoted.
#[tokio::test]
async fn a_promotion_is_of_where_messages_come_from_and_how_they_are_read() {
    let scene = Scene::of(AT_1).await;
    scene.promote("scheduling_confirm", "2", &PILOT).exits(0);
    let why = |channels: &str| {
        scene.world.write("channels.toml", channels);
        run(&["explain", "--config", &scene.world.config(), "--channel", "test.main", CONFIRM]).exits(0).out
    };
    let channels = crate::support::world::CHANNELS;
    assert!(why(channels).contains("level 2, action `label`"));
    for changed in [
        channels.replace("in.main.>", "in.more.>"),
        channels.replace("self = [\"decile-itself\"]", "self = [\"decile-itself\"]\nmap = { text = \"/subject\" }"),
        channels.replace("test.main", "test.x").replace("test.raw", "test.main"),
    ] {
        let said = why(&changed);
        assert!(said.contains("loads as level 1: its channel takes other messages"), "{said}");
    }
    assert!(why(channels).contains("level 2, action `label`"));
}

/// The file that somebody promotes in is not to become one that nothing loads any more.
#[tokio::test]
async fn a_promotion_that_would_not_load_is_taken_back() {
    let uncapped = "[[class]]\nname = \"newsletter\"\naction = { type = \"archive\" }\n";
    let scene = Scene::of(uncapped).await;
    let refused = scene.promote("newsletter", "2", &PILOT);
    assert!(refused.code != 0 && refused.err.contains("no-cap"), "{}", refused.err);
    assert_eq!((scene.policy(), scene.changes()), (uncapped.to_owned(), vec![]));
}

/// Whoever takes it back may have another file than whoever promoted.
#[tokio::test]
async fn whoever_demotes_needs_neither_the_promotion_nor_rules_that_compile() {
    let scene = Scene::of(AT_1).await;
    scene.promote("scheduling_confirm", "2", &PILOT).exits(0);
    scene.reload().await;
    assert_eq!(scene.decide(CONFIRM).await, handled(2));
    scene.world.write("policy.toml", AT_1);
    scene.world.write("rules/rules.toml", "this is none");
    let demoted = run(&["demote", "scheduling_confirm", "--config", &scene.world.config()]).exits(0);
    assert!(demoted.out.contains("on `test.main`"), "{}", demoted.out);
    until("the demotion", || async { Some(scene.decide(CONFIRM).await).filter(|it| *it == held()) }).await;
    let nothing = run(&["demote", "newsletter", "--config", &scene.world.config()]).exits(3);
    assert!(nothing.err.contains("name one with `--channel`"), "{}", nothing.err);
}

/// On a new stream nobody knows what was demoted on the old one.
#[tokio::test]
async fn a_promotion_upon_something_counts_on_no_stream_that_does_not_have_it() {
    let scene = Scene::of(AT_1).await;
    let config = scene.world.config();
    run(&["demote", "scheduling_confirm", "--channel", "test.main", "--config", &config]).exits(0);
    scene.promote("scheduling_confirm", "2", &PILOT).exits(0);
    scene.reload().await;
    let record = scene.broker.decide(CONFIRM).await;
    assert_eq!(record.outcome(), "handle");
    let level = &record.decision()["facts"]["level"];
    assert!(level["demoted"].as_u64() > Some(0) && level["revision"].as_u64() > level["demoted"].as_u64(), "{level}");
    run(&["replay", record.decision()["id"].as_str().unwrap(), "--config", &config]).exits(0);
    let server = PrivateServer::start().unwrap();
    let broker = Broker::on(&server).await;
    let main = std::fs::read_to_string(&config).unwrap();
    scene.world.write("decile.toml", main.replace(scene.server.url(), server.url()));
    let _other = Daemon::ready(&scene.world).await;
    let decision = broker.decide(CONFIRM).await;
    assert_eq!((&decision.decision()["reason"], &decision.decision()["policy"]["level"]), (&json!("level"), &json!(1)));
}

#[tokio::test]
async fn one_severe_error_takes_a_class_back_by_itself() {
    let scene = Scene::of(AT_1).await;
    for class in ["newsletter", "scheduling_confirm"] {
        scene.promote(class, "2", &PILOT).exits(0);
    }
    scene.reload().await;
    let ordinary = scene.broker.decide("this week's news").await;
    assert_eq!(ordinary.decision()["reason"], "no_grant", "only the grant is missing");
    let id = |record: &crate::support::broker::Committed| record.decision()["id"].as_str().unwrap().to_owned();
    scene.ada.runs("reject", &[&id(&ordinary)]).exits(0);
    let severe = scene.broker.decide("this week's news").await;
    assert_eq!(severe.decision()["reason"], "no_grant", "an ordinary error takes nothing back");
    scene.ada.runs("reject", &[&id(&severe), "--severe"]).exits(0);
    scene.daemon.wait_metric("decile_demotions_total{cause=\"severe_error\"} 1").await;
    until("the demotion", || async { Some(scene.decide("this week's news").await).filter(|it| *it == held()) }).await;
    assert_eq!(scene.decide(CONFIRM).await, handled(2), "another class stays");
    let last = scene.changes().pop().unwrap();
    let (by, reason) = (&last["what"]["by"], last["what"]["reason"].as_str().unwrap());
    assert_eq!((&last["class"], by), (&json!("newsletter"), &json!("decile")));
    assert!(
        reason.contains("a severe error") && reason.contains("by ada") && reason.contains(&id(&severe)),
        "{reason}"
    );
    let alert = scene.broker.last("DECILE", "decile.alert.demoted").await.unwrap().record;
    assert_eq!((&alert["class"], &alert["channel"]), (&json!("newsletter"), &json!("test.main")));
    // Somebody who may not rule there cannot take it back by that.
    let operators = std::fs::read_to_string(scene.world.path("operators.toml")).unwrap();
    scene.world.write("operators.toml", operators.replace("rulings = [\"*\"]", "rulings = [\"counsel\"]"));
    let other = scene.broker.decide(CONFIRM).await;
    assert_eq!(scene.ada.runs("undo", &[&id(&other), "--reason", "x", "--severe"]).code, 3);
    assert_eq!(scene.decide(CONFIRM).await, handled(2));
}

#[tokio::test]
async fn where_people_stop_agreeing_a_class_is_taken_back_by_itself() {
    let scene = Scene::of(AT_1).await;
    // What they said before it was promoted does not count against it again.
    for _ in 0..3 {
        let id = scene.broker.decide("this week's news").await.decision()["id"].clone();
        scene.ada.runs("reject", &[id.as_str().unwrap()]).exits(0);
    }
    scene.promote("newsletter", "2", &PILOT).exits(0);
    scene.reload().await;
    for answers in 1..=7 {
        let record = scene.broker.decide("this week's news").await;
        assert_eq!(record.decision()["reason"], "no_grant", "after {} answers", answers - 1);
        scene.ada.runs("reject", &[record.decision()["id"].as_str().unwrap()]).exits(0);
    }
    scene.daemon.wait_metric("decile_demotions_total{cause=\"disagreement\"} 1").await;
    until("the demotion", || async { Some(scene.decide("this week's news").await).filter(|it| *it == held()) }).await;
    let last = scene.changes().pop().unwrap();
    let reason = last["what"]["reason"].as_str().unwrap();
    assert!(reason.contains("people disagreed with 7 of 7 since it was promoted"), "{reason}");
    // It is taken back once: another answer finds nothing to take back.
    let before = scene.changes().len();
    let record = scene.broker.decide("this week's news").await;
    scene.ada.runs("reject", &[record.decision()["id"].as_str().unwrap()]).exits(0);
    assert_eq!(scene.changes().len(), before);
}

#[tokio::test]
async fn every_instance_has_the_same_levels_also_one_that_was_killed_and_one_that_is_new() {
    let scene = Scene::of(AT_1).await;
    scene.promote("scheduling_confirm", "2", &PILOT).exits(0);
    scene.reload().await;
    let second = Daemon::ready(&scene.world).await;
    let mut third = Daemon::ready(&scene.world).await;
    let outcomes = async || {
        let mut outcomes = std::collections::BTreeMap::new();
        let first = scene.broker.last_sequence("IN").await + 1;
        scene.broker.publish_all("in.main.x", (0..60).map(|_| json!({ "text": CONFIRM }).to_string())).await;
        for sequence in first..first + 60 {
            let record = scene.broker.record_on(sequence).await;
            let outcome = record.decision()["reason"].as_str().unwrap_or("handle").to_owned();
            *outcomes.entry(outcome).or_insert(0) += 1;
        }
        outcomes
    };
    assert_eq!(outcomes().await, [("handle".to_owned(), 60)].into());
    third.signal("KILL");
    let _ = third.wait_exit().await;
    run(&["demote", "scheduling_confirm", "--config", &scene.world.config()]).exits(0);
    // It was away when that was said, and this one has never heard anything.
    let third = Daemon::ready(&scene.world).await;
    let fourth = Daemon::ready(&scene.world).await;
    assert_eq!(outcomes().await, [("level".to_owned(), 60)].into());
    for daemon in [&scene.daemon, &second, &third, &fourth] {
        daemon.wait_metric("decile_levels_refused 0").await;
    }
}

#[tokio::test]
async fn who_may_not_promote_does_not() {
    let scene = Scene::of(AT_1).await;
    let operators = std::fs::read_to_string(scene.world.path("operators.toml")).unwrap();
    scene.world.write("operators.toml", operators.replace("promotions = true", "promotions = false"));
    let refused = scene.promote("scheduling_confirm", "2", &PILOT).exits(3);
    assert!(refused.err.contains("may not promote"), "{}", refused.err);
    scene.world.write("operators.toml", &operators);
    for (class, to, more, why) in [
        ("scheduling_confirm", "3", &PILOT[..], "level 3 is reached from level 2 only"),
        ("nothing", "2", &PILOT, "no rule names the class"),
        ("scheduling_confirm", "2", &["--channel", "test.direct", "--yes"], "no monitored channel"),
        ("scheduling_confirm", "2", &["--without-evidence", "why not", "--for", "31d", "--yes"], "at most 30 days"),
    ] {
        let refused = scene.promote(class, to, more);
        assert!(refused.code != 0 && refused.err.contains(why), "{why}: {}", refused.err);
    }
    assert_eq!(scene.policy(), AT_1);
    // What was promoted while somebody might, falls with them.
    scene.promote("newsletter", "2", &PILOT).exits(0);
    let refused = scene.promote("newsletter", "2", &PILOT).exits(3);
    assert!(refused.err.contains("is at level 2 already"), "{}", refused.err);
    scene.world.write("operators.toml", operators.replace("promotions = true", "promotions = false"));
    let checked = run(&["check", "--config", &scene.world.config()]);
    assert!(checked.out.contains("its signer may not promote"), "{}", checked.out);
}

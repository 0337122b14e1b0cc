//! Samples of what was handled: drawn, asked about blind, counted once; and what comes of answers, and of none.

use crate::support::broker::Committed;
use crate::support::operator::Person;
use crate::support::world::POLICY;
use crate::support::{Broker, Daemon, Ran, World, run, until};
use decile::authority::{Deployment, Review, Seed};
use decile::bus::private::PrivateServer;
use decile::class::Class;
use decile::decision::DecisionId;
use jiff::Timestamp;
use serde_json::{Value, json};

const CONFIRM: &str = "Thursday works for me";
const SCHEDULING: &str = "scheduling_confirm";
const ALL: &str = "[review]\npercent = 100\nper_hour_max = 1000\n";

struct Scene {
    world: World,
    daemon: Daemon,
    broker: Broker,
    ada: Person,
    server: PrivateServer,
}

impl Scene {
    /// Levels as the usual world has them, and a policy for samples.
    async fn new(review: &str) -> Self {
        Self::with(review, "").await
    }

    /// The same with more sections in the main file.
    async fn with(review: &str, more: &str) -> Self {
        let server = PrivateServer::start().unwrap();
        let (world, ada) =
            Person::of(World::on(&server).more(more).policy(&POLICY.replace("[review]\npercent = 0\n", review)));
        let daemon = Daemon::ready(&world).await;
        daemon.wait_metric("decile_grants_fresh 1").await;
        let broker = Broker::on(&server).await;
        Self { world, daemon, broker, ada, server }
    }

    async fn all_under(&self, subject: &str) -> Vec<Committed> {
        self.broker.all("DECILE").await.into_iter().filter(|record| record.subject.starts_with(subject)).collect()
    }

    /// The sample of a message that is decided on now.
    async fn sample(&self, text: &str) -> Committed {
        let id = id(&self.broker.decide(text).await);
        until("a sample", || async {
            let all = self.all_under("decile.review.").await;
            all.into_iter().find(|sample| sample.record["decision"]["id"] == id.as_str())
        })
        .await
    }

    fn review(&self, id: &str, more: &[&str]) -> Ran {
        let (config, key) = (self.world.config(), self.world.path("ada.key"));
        let usual = ["review", "answer", id, "--config", &config, "--key", key.to_str().unwrap()];
        run(&[&usual, more].concat())
    }

    /// What is said of a class: agreed and disagreed.
    fn counts(&self, class: &str) -> (u64, u64) {
        let all: Vec<Value> =
            serde_json::from_str(&self.ada.runs("evidence", &[class, "--format", "json"]).out).unwrap();
        let count = |of: &str| all.first().map_or(0, |it| it["answers"][of].as_u64().unwrap());
        (count("agreed"), count("disagreed"))
    }

    async fn receipt(&self, id: &str) -> Committed {
        let subject = format!("decile.receipt.{id}.ruling");
        until(&subject, || self.broker.last("DECILE", &subject)).await
    }
}

fn id(record: &Committed) -> String {
    record.decision()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_handled_is_sampled_with_its_text_and_nothing_else_is() {
    let scene = Scene::new(ALL).await;
    let sample = scene.sample(CONFIRM).await;
    assert_eq!(sample.subject, "decile.review.scheduling_confirm");
    let handled = scene.broker.record_on(sample.record["decision"]["source"]["sequence"].as_u64().unwrap()).await;
    assert_eq!(handled.outcome(), "handle");
    assert_eq!(sample.record["message"]["text"], CONFIRM);
    let without_times = |decision: &Value| {
        let mut decision = decision.clone();
        decision["timings"] = Value::Null;
        decision
    };
    assert_eq!(without_times(&sample.record["decision"]), without_times(handled.decision()));
    // Two weeks to answer, and a week for whoever was away.
    assert_eq!(sample.header("nats-ttl"), Some("1814400s"));
    // Nobody granted an archive, nobody knows this, and counsel reads that: people decide it anyway.
    for text in ["this week's news", "nobody knows this", "my lawyer says"] {
        let record = scene.broker.decide(text).await;
        assert_ne!(record.outcome(), "handle", "{text}");
    }
    // Once it is granted, an outward action is sampled, too.
    scene.ada.grants("archive", "test.main", &[]);
    scene.daemon.wait_metric("decile_grants 1").await;
    let archived = scene.sample("this week's news").await;
    assert_eq!(archived.subject, "decile.review.newsletter");
    assert_eq!(archived.record["decision"]["disposition"], "handle");
    assert_eq!(scene.all_under("decile.review.").await.len(), 2);
    scene.daemon.wait_metric("decile_samples_total{class=\"newsletter\",outcome=\"stored\"} 1").await;
    scene.broker.all_acknowledged("IN").await;
}

#[tokio::test]
async fn nought_percent_is_none() {
    let scene = Scene::new("[review]\npercent = 0\n").await;
    for _ in 0..20 {
        assert_eq!(scene.broker.decide(CONFIRM).await.outcome(), "handle");
    }
    assert_eq!(scene.all_under("decile.review.").await.len(), 0);
    let listed = scene.ada.runs("review", &["--plain"]);
    assert_eq!(listed.exits(3).out, "");
}

#[tokio::test]
async fn a_review_is_asked_blind_and_counts_once() {
    let scene = Scene::new(ALL).await;
    let (right, wrong, none) = (scene.sample(CONFIRM).await, scene.sample(CONFIRM).await, scene.sample(CONFIRM).await);
    let listed = scene.ada.runs("review", &["--plain"]).exits(0).out;
    assert_eq!(listed.lines().count(), 3);
    let as_json = scene.ada.runs("review", &["--format", "json"]).exits(0).out;
    for text in [&listed, &as_json] {
        assert!(text.contains(CONFIRM) && !text.contains(SCHEDULING) && !text.contains("label"), "not blind: {text}");
    }
    let said = scene.review(&id(&right), &["--class", SCHEDULING]).exits(0).out;
    assert!(said.contains("it was decided as scheduling_confirm: you agree") && said.contains("reviewed"), "{said}");
    let receipt = scene.receipt(&id(&right)).await.record;
    assert_eq!((&receipt["outcome"], &receipt["operator"]), (&json!("reviewed"), &json!("ada")));
    assert_eq!(receipt["basis"]["rules"], right.record["decision"]["verdict"]["rules"]);
    assert_eq!(scene.counts(SCHEDULING), (1, 0));
    scene.review(&id(&wrong), &["--class", "newsletter"]).exits(0);
    assert_eq!(scene.counts(SCHEDULING), (1, 1));
    scene.review(&id(&none), &["--none"]).exits(0);
    assert_eq!(scene.counts(SCHEDULING), (1, 2));
    assert_eq!(scene.counts("newsletter"), (0, 0), "what a message was said to be says nothing of that class");
    // Again: there is nothing to review any more, and whoever signs all the same is too late.
    scene.review(&id(&right), &["--none"]).exits(3);
    assert_eq!(scene.publish(&right, None, &scene.ada.seed).await, "refused");
    assert_eq!(scene.counts(SCHEDULING), (1, 2));
    scene.ada.runs("review", &["--plain"]).exits(3);
    let slip = scene.sample(CONFIRM).await;
    let refused = scene.review(&id(&slip), &["--class", "sheduling_confirm"]).exits(2);
    assert!(refused.err.contains("no rule names a class `sheduling_confirm`"), "{}", refused.err);
}

impl Scene {
    fn signed(&self, sample: &Committed, class: Option<&str>, seed: &Seed) -> Vec<u8> {
        let review = Review {
            decision: DecisionId::try_from(id(sample)).unwrap(),
            sample: sample.stored,
            issued_at: Timestamp::now(),
            class: class.map(|class| Class::parse(class).unwrap()),
            severe: false,
            note: String::new(),
        };
        review.sign(&Deployment::parse("test").unwrap(), seed).unwrap().encode().unwrap()
    }

    /// Publishes a review past the command, signed by whoever; what became of it.
    async fn publish(&self, sample: &Committed, class: Option<&str>, seed: &Seed) -> String {
        let signed = self.signed(sample, class, seed);
        let (subject, id) = (format!("decile.ruling.{}.review", id(sample)), id(sample));
        let ruling = self.broker.publish(&subject, signed).await;
        let receipt = until("a word on it", || async {
            let all = self.all_under(&format!("decile.receipt.{id}.ruling")).await;
            all.into_iter().find(|receipt| receipt.record["ruling"] == ruling)
        });
        receipt.await.record["outcome"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn what_nobody_signed_or_that_is_of_another_sample_is_no_review() {
    let scene = Scene::new(ALL).await;
    let (sample, other) = (scene.sample(CONFIRM).await, scene.sample(CONFIRM).await);
    assert_eq!(scene.publish(&sample, None, &Seed::generate()).await, "refused");
    let mut mixed = other.clone();
    mixed.stored = sample.stored;
    assert_eq!(scene.publish(&mixed, None, &scene.ada.seed).await, "refused");
    let mut handled = sample.clone();
    handled.stored =
        scene.broker.record_on(sample.record["decision"]["source"]["sequence"].as_u64().unwrap()).await.stored;
    assert_eq!(scene.publish(&handled, None, &scene.ada.seed).await, "refused", "a decision is no sample");
    assert_eq!(scene.counts(SCHEDULING), (0, 0));
    assert_eq!(scene.publish(&sample, Some(SCHEDULING), &scene.ada.seed).await, "reviewed");
    assert_eq!(scene.counts(SCHEDULING), (1, 0));
}

#[tokio::test]
async fn a_sample_that_nobody_reviews_counts_against_its_class_once_over_all_instances() {
    let scene = Scene::new(&format!("{ALL}deadline_s = 3\n")).await;
    let second = Daemon::ready(&scene.world).await;
    let sample = scene.sample(CONFIRM).await;
    assert_eq!(scene.counts(SCHEDULING), (0, 0));
    let receipt = scene.receipt(&id(&sample)).await.record;
    assert_eq!((&receipt["outcome"], &receipt["ruling"]), (&json!("unreviewed"), &json!(0)));
    assert_eq!(scene.counts(SCHEDULING), (0, 1));
    assert_eq!(scene.publish(&sample, Some(SCHEDULING), &scene.ada.seed).await, "refused", "too late");
    // The next one comes and goes, so both instances have looked: there is one word on the first.
    scene.receipt(&id(&scene.sample(CONFIRM).await)).await;
    let words = scene.all_under(&format!("decile.receipt.{}.ruling", id(&sample))).await;
    let unreviewed = words.iter().filter(|word| word.record["outcome"] == "unreviewed").count();
    assert_eq!(unreviewed, 1, "{words:?}");
    assert_eq!(scene.counts(SCHEDULING), (0, 2));
    drop(second);
}

#[tokio::test]
async fn reviews_take_a_class_back() {
    let scene = Scene::new(ALL).await;
    let severe = scene.sample(CONFIRM).await;
    scene.review(&id(&severe), &["--class", SCHEDULING, "--severe-if-wrong"]).exits(0);
    assert_eq!(scene.broker.decide(CONFIRM).await.outcome(), "handle", "it was right");
    let severe = scene.sample(CONFIRM).await;
    scene.review(&id(&severe), &["--none", "--severe-if-wrong"]).exits(0);
    scene.daemon.wait_metric("decile_demotions_total{cause=\"severe_error\"} 1").await;
    let held = until("it is held back", || async {
        let record = scene.broker.decide(CONFIRM).await;
        (record.outcome() != "handle").then_some(record)
    });
    assert_eq!(held.await.outcome(), "level");
}

/// Silence is a reason to take a class back: seven at level 2, in a row.
#[tokio::test]
async fn silent_reviewers_take_a_class_back() {
    let scene = Scene::new(&format!("{ALL}deadline_s = 1\n")).await;
    for _ in 0..7 {
        scene.sample(CONFIRM).await;
    }
    scene.daemon.wait_metric("decile_demotions_total{cause=\"disagreement\"} 1").await;
    let alert = until("an alert", || scene.broker.last("DECILE", "decile.alert.demoted")).await;
    assert!(alert.record["reason"].as_str().unwrap().contains("disagreed"), "{}", alert.record);
    drop(scene.server);
}

/// The daemon is away from before the deadline until after it: what was signed meanwhile counts, and not that nobody came.
#[tokio::test]
async fn a_review_that_was_signed_in_time_counts_however_late_it_is_carried_out() {
    // An answer that lets something go out would be too old after ten seconds.
    let mut scene = Scene::with(&format!("{ALL}deadline_s = 13\n"), "[limits]\nruling_age_s_max = 10\n").await;
    let sample = scene.sample(CONFIRM).await;
    scene.daemon.kill();
    let subject = format!("decile.ruling.{}.review", id(&sample));
    scene.broker.publish(&subject, scene.signed(&sample, Some(SCHEDULING), &scene.ada.seed)).await;
    let answer_by: Timestamp = sample.record["answer_by"].as_str().unwrap().parse().unwrap();
    until("the deadline", || async { (Timestamp::now() > answer_by).then_some(()) }).await;
    scene.daemon = Daemon::ready(&scene.world).await;
    assert_eq!(scene.receipt(&id(&sample)).await.record["outcome"], "reviewed");
    // One that comes too late is no review; by then the first has been looked at, too.
    scene.receipt(&id(&scene.sample(CONFIRM).await)).await;
    assert_eq!(scene.counts(SCHEDULING), (1, 1));
}

#[tokio::test]
async fn who_undoes_an_action_knows_more_than_who_reviews_it() {
    let scene = Scene::new(ALL).await;
    scene.ada.grants("archive", "test.main", &[]);
    scene.daemon.wait_metric("decile_grants 1").await;
    let sample = scene.sample("this week's news").await;
    scene.ada.runs("undo", &[&id(&sample), "--reason", "it was mine"]).exits(0);
    assert_eq!(scene.counts("newsletter"), (0, 1));
    scene.review(&id(&sample), &["--class", "newsletter"]).exits(0);
    assert_eq!(scene.counts("newsletter"), (0, 1));
}

//! A person's answer has one effect, and what is wrong with it has none.

use crate::support::broker::Committed;
use crate::support::operator::Person;
use crate::support::{Broker, Daemon, World, until};
use decile::authority::{Answer, Deployment, Ruling, Seed, Signed, Undo};
use decile::bus::private::PrivateServer;
use decile::decision::{DecisionId, Escalation, Outward, OutwardAction, Proof};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// The text that `question` knows, whose action is `reply`.
const QUESTION: &str = "opening hours?";
/// The text that `news` knows, whose action is `archive`.
const NEWS: &str = "this week's news";

struct Scene {
    server: PrivateServer,
    world: World,
    daemon: Daemon,
    broker: Broker,
    ada: Person,
}

/// An escalation, and where it lies.
struct Open {
    id: DecisionId,
    sequence: u64,
    escalation: Escalation,
}

impl Scene {
    async fn new() -> Self {
        Self::with("").await
    }

    async fn with(policy: &str) -> Self {
        let server = PrivateServer::start().unwrap();
        let policy = format!("{}{policy}", crate::support::world::POLICY);
        let (world, ada) = Person::of(World::on(&server).policy(&policy));
        let daemon = Daemon::ready(&world).await;
        let broker = Broker::on(&server).await;
        daemon.wait_metric("decile_grants_fresh 1").await;
        Self { server, world, daemon, broker, ada }
    }

    /// The daemon started anew.
    async fn again(self) -> Self {
        let Self { server, world, daemon, broker, ada } = self;
        drop(daemon);
        let daemon = Daemon::ready(&world).await;
        daemon.wait_metric("decile_grants_fresh 1").await;
        Self { server, world, daemon, broker, ada }
    }

    async fn open(&self, text: &str) -> Open {
        let record = self.broker.decide(text).await;
        let escalation: Escalation = serde_json::from_slice(&record.bytes).unwrap();
        Open { id: escalation.decision.id.clone(), sequence: record.stored, escalation }
    }

    /// Publishes what was signed, as whoever may publish there could.
    async fn publish(&self, open: &Open, signed: &Signed) {
        self.broker.publish(&format!("decile.ruling.{}", open.id), signed.encode().unwrap()).await;
    }

    /// What became of the last answer, once there are so many.
    async fn receipt(&self, open: &Open, count: usize) -> Value {
        let subject = format!("decile.receipt.{}.ruling", open.id);
        until(&format!("{count} receipts on {subject}; {}", self.daemon.log()), || async {
            let receipts: Vec<Committed> =
                self.broker.all("DECILE").await.into_iter().filter(|it| it.subject == subject).collect();
            (receipts.len() >= count).then(|| receipts[count - 1].record.clone())
        })
        .await
    }

    async fn approved(&self) -> Vec<Committed> {
        let records = self.broker.all("DECILE").await;
        records.into_iter().filter(|record| record.subject.starts_with("decile.approved.")).collect()
    }
}

fn approve(open: &Open) -> Ruling {
    let action = open.escalation.draft().unwrap().digest(&open.id);
    ruling(open, Answer::Approve { action, irreversible: false })
}

fn ruling(open: &Open, answer: Answer) -> Ruling {
    let (decision, escalation) = (open.id.clone(), open.sequence);
    Ruling { decision, escalation, issued_at: Timestamp::now(), answer, severe: false, note: String::new() }
}

fn test() -> Deployment {
    Deployment::parse("test").unwrap()
}

#[tokio::test]
async fn an_approved_draft_goes_out_once_under_the_ruling() {
    let scene = Scene::new().await;
    let open = scene.open(QUESTION).await;
    scene.ada.runs("approve", &[open.id.as_str(), "--note", "fine"]).exits(0);
    assert_eq!(scene.receipt(&open, 1).await["outcome"], "approved");
    let approved = scene.approved().await;
    assert_eq!(approved.len(), 1);
    assert_eq!(approved[0].subject, format!("decile.approved.reply.test.main.{}", open.id));
    let outward: Outward = serde_json::from_slice(&approved[0].bytes).unwrap();
    assert_eq!(outward.action, open.escalation.draft().unwrap());
    assert!(matches!(outward.proof, Proof::Ruling { .. }));
    // No grant came of it: the next message waits again.
    assert_eq!(scene.broker.decide(QUESTION).await.outcome(), "no_grant");
    // A second answer of the person is refused, visibly.
    let second = scene.ada.runs("reject", &[open.id.as_str()]).exits(3);
    assert!(second.err.contains("ada") || second.err.contains("answered"), "{}", second.err);
}

#[tokio::test]
async fn a_second_answer_and_a_copy_have_no_effect_and_are_recorded() {
    let scene = Scene::new().await;
    let open = scene.open(QUESTION).await;
    let signed = approve(&open).sign(&test(), &scene.ada.seed).unwrap();
    scene.publish(&open, &signed).await;
    assert_eq!(scene.receipt(&open, 1).await["outcome"], "approved");
    scene.publish(&open, &signed).await;
    let copy = scene.receipt(&open, 2).await;
    assert_eq!((&copy["outcome"], &copy["refusal"]), (&"refused".into(), &"overtaken".into()));
    let other = ruling(&open, Answer::Reject).sign(&test(), &scene.ada.seed).unwrap();
    scene.publish(&open, &other).await;
    assert_eq!(scene.receipt(&open, 3).await["refusal"], "overtaken");
    assert_eq!(scene.approved().await.len(), 1);
    scene.daemon.wait_metric("decile_answer_seconds_count{desk=\"human\"} 1").await;
}

#[tokio::test]
async fn what_is_wrong_with_a_ruling_is_named_and_nothing_goes_out() {
    let scene = Scene::new().await;
    let draft = |open: &Open| open.escalation.draft().unwrap();
    let late = |ruling: Ruling| Ruling { issued_at: Timestamp::now() - SignedDuration::from_secs(90), ..ruling };
    type Wrong<'w> = &'w dyn Fn(&Open, &Open) -> Signed;
    let ada = &scene.ada.seed;
    let staging = Deployment::parse("staging").unwrap();
    let elsewhere =
        |open: &Open| OutwardAction { channel: decile::channel::Channel::parse("test.raw").unwrap(), ..draft(open) };
    let another_target = |open: &Open| {
        let mut action = draft(open);
        action.target.message = Some("another".to_owned());
        action
    };
    let amend = |open: &Open, instead| ruling(open, Answer::Amend { instead: Box::new(instead), irreversible: false });
    let cases: [(&str, Wrong<'_>); 8] = [
        ("signature", &|open, _| approve(open).sign(&test(), &Seed::generate()).unwrap()),
        ("signature", &|open, _| approve(open).sign(&staging, ada).unwrap()),
        ("copy", &|open, _| late(approve(open)).sign(&test(), ada).unwrap()),
        ("another", &|_, other| approve(other).sign(&test(), ada).unwrap()),
        ("another", &|open, other| Ruling { escalation: other.sequence, ..approve(open) }.sign(&test(), ada).unwrap()),
        ("altered", &|open, other| {
            let action = draft(other).digest(&other.id);
            ruling(open, Answer::Approve { action, irreversible: false }).sign(&test(), ada).unwrap()
        }),
        ("altered", &|open, _| amend(open, elsewhere(open)).sign(&test(), ada).unwrap()),
        ("altered", &|open, _| amend(open, another_target(open)).sign(&test(), ada).unwrap()),
    ];
    for (refusal, wrong) in cases {
        let (open, other) = (scene.open(QUESTION).await, scene.open(QUESTION).await);
        scene.publish(&open, &wrong(&open, &other)).await;
        let receipt = scene.receipt(&open, 1).await;
        assert_eq!((&receipt["outcome"], &receipt["refusal"]), (&"refused".into(), &refusal.into()), "{receipt}");
        // A right answer afterwards takes effect: what is wrong takes nothing away from the person.
        scene.publish(&open, &approve(&open).sign(&test(), ada).unwrap()).await;
        assert_eq!(scene.receipt(&open, 2).await["outcome"], "approved");
    }
    for junk in ["", "{}", "\u{0}"] {
        let open = scene.open(QUESTION).await;
        scene.broker.publish(&format!("decile.ruling.{}", open.id), junk.to_owned()).await;
        assert_eq!(scene.receipt(&open, 1).await["refusal"], "form");
    }
    assert_eq!(scene.approved().await.len(), 8, "those that were right");
}

#[tokio::test]
async fn an_operator_rules_on_their_desks_only_and_on_what_they_may() {
    let policy = "[[desk]]\nname = \"night\"\n[[class]]\nname = \"scheduling_confirm\"\nlevel = 1\ndesk = \"night\"\n\
                  action = { type = \"wire_money\" }\n";
    let server = PrivateServer::start().unwrap();
    let seed = Seed::generate();
    let operators = format!(
        "deployment = \"test\"\n[[operator]]\nname = \"bo\"\nkey = \"{}\"\nrulings = [\"human\", \"night\"]\n\
         [[operator]]\nname = \"cy\"\nkey = \"{}\"\nrulings = [\"human\"]\nirreversible = true\n",
        seed.public(),
        Seed::generate().public()
    );
    let world = World::on(&server).policy(policy).operators(&operators);
    let daemon = Daemon::ready(&world).await;
    let broker = Broker::on(&server).await;
    daemon.wait_metric("decile_grants_fresh 1").await;
    let ada = Person::of(World::offline()).1;
    let scene = Scene { server, world, daemon, broker, ada };
    let open = scene.open("Thursday works for me").await;
    scene.publish(&open, &approve(&open).sign(&test(), &seed).unwrap()).await;
    assert_eq!(scene.receipt(&open, 1).await["refusal"], "irreversible", "bo may not let out what cannot be undone");
    let told = Answer::Approve { action: open.escalation.draft().unwrap().digest(&open.id), irreversible: true };
    scene.publish(&open, &ruling(&open, told).sign(&test(), &seed).unwrap()).await;
    assert_eq!(scene.receipt(&open, 2).await["refusal"], "irreversible", "saying so is not enough");
    let rights = operators.replace("rulings = [\"human\", \"night\"]", "rulings = [\"human\"]\nirreversible = true");
    scene.world.write("operators.toml", rights);
    let scene = scene.again().await;
    scene.publish(&open, &approve(&open).sign(&test(), &seed).unwrap()).await;
    assert_eq!(scene.receipt(&open, 3).await["refusal"], "right", "not on this desk");
    assert_eq!(scene.approved().await.len(), 0);
    drop(scene.server);
}

#[tokio::test]
async fn todays_halt_counts_when_a_ruling_takes_effect() {
    let scene = Scene::new().await;
    let open = scene.open(QUESTION).await;
    scene.ada.runs("halt", &[]).exits(0);
    scene.daemon.wait_metric("decile_halted 1").await;
    scene.publish(&open, &approve(&open).sign(&test(), &scene.ada.seed).unwrap()).await;
    assert_eq!(scene.receipt(&open, 1).await["refusal"], "halted");
    scene.ada.runs("resume", &["--reason", "over"]).exits(0);
    scene.daemon.wait_metric("decile_halted 0").await;
    // A refused answer is none: the person answers again by the same command.
    scene.ada.runs("approve", &[open.id.as_str()]).exits(0);
    assert_eq!(scene.receipt(&open, 2).await["outcome"], "approved");
}

#[tokio::test]
async fn a_rejection_and_a_class_are_recorded_and_let_nothing_out() {
    let scene = Scene::new().await;
    let open = scene.open(QUESTION).await;
    scene.ada.runs("reject", &[open.id.as_str()]).exits(0);
    assert_eq!(scene.receipt(&open, 1).await["outcome"], "rejected");
    scene.publish(&open, &approve(&open).sign(&test(), &scene.ada.seed).unwrap()).await;
    assert_eq!(scene.receipt(&open, 2).await["refusal"], "overtaken", "what was rejected stays so");
    let open = scene.open("nobody knows what this is").await;
    scene.ada.runs("reclassify", &[open.id.as_str(), "--class", "newsletter"]).exits(0);
    let receipt = scene.receipt(&open, 1).await;
    assert_eq!((&receipt["outcome"], &receipt["class"]), (&"reclassified".into(), &"newsletter".into()));
    assert_eq!(scene.approved().await.len(), 0);
}

#[tokio::test]
async fn an_amended_draft_goes_out_as_amended() {
    let scene = Scene::new().await;
    let open = scene.open(QUESTION).await;
    scene.ada.runs("amend", &[open.id.as_str(), "--text", "We open at nine.", "--yes"]).exits(0);
    assert_eq!(scene.receipt(&open, 1).await["outcome"], "amended");
    let outward: Outward = serde_json::from_slice(&scene.approved().await[0].bytes).unwrap();
    assert_eq!(outward.action.text.as_deref(), Some("We open at nine."));
    assert_eq!(outward.action.target, open.escalation.draft().unwrap().target);
}

#[tokio::test]
async fn a_ruling_that_waited_too_long_lets_nothing_out() {
    let server = PrivateServer::start().unwrap();
    let (world, ada) = Person::of(World::on(&server).more("[limits]\nruling_age_s_max = 10\n"));
    let daemon = Daemon::ready(&world).await;
    let broker = Broker::on(&server).await;
    let scene = Scene { server, world, daemon, broker, ada };
    let open = scene.open(QUESTION).await;
    let Scene { server, world, daemon, broker, ada } = scene;
    drop(daemon);
    let signed = approve(&open).sign(&test(), &ada.seed).unwrap();
    broker.publish(&format!("decile.ruling.{}", open.id), signed.encode().unwrap()).await;
    let stored = Timestamp::now();
    until("ten seconds have passed", || async {
        (Timestamp::now().duration_since(stored) > SignedDuration::from_secs(11)).then_some(())
    })
    .await;
    let daemon = Daemon::ready(&world).await;
    let scene = Scene { server, world, daemon, broker, ada };
    assert_eq!(scene.receipt(&open, 1).await["refusal"], "late");
    assert_eq!(scene.approved().await.len(), 0);
}

#[tokio::test]
async fn an_action_is_undone_by_its_inverse_and_once() {
    let scene = Scene::new().await;
    scene.ada.grants("archive", "test.main", &[]);
    scene.daemon.wait_metric("decile_grants 1").await;
    let record = scene.broker.decide(NEWS).await;
    let outward: Outward = serde_json::from_slice(&record.bytes).unwrap();
    let (decision, action) = (outward.decision.id.clone(), record.stored);
    let undo = Undo {
        decision: decision.clone(),
        action,
        issued_at: Timestamp::now(),
        reason: "wrong".to_owned(),
        severe: false,
    };
    let signed = undo.sign(&test(), &scene.ada.seed).unwrap().encode().unwrap();
    let subject = format!("decile.ruling.{decision}.undo");
    scene.broker.publish(&subject, signed.clone()).await;
    let open = |record: &Committed| Open {
        id: decision.clone(),
        sequence: record.stored,
        escalation: Escalation {
            decision: outward.decision.clone(),
            why: String::new(),
            message: None,
            payload: None,
            would_have: None,
            held: None,
            thread: Vec::new(),
        },
    };
    let open = open(&record);
    assert_eq!(scene.receipt(&open, 1).await["outcome"], "undone");
    let approved = scene.approved().await;
    assert_eq!(approved[0].subject, format!("decile.approved.unarchive.test.main.{decision}"));
    scene.broker.publish(&subject, signed).await;
    assert_eq!(scene.receipt(&open, 2).await["refusal"], "overtaken");
    assert_eq!(scene.approved().await.len(), 1);
}

#[tokio::test]
async fn what_nobody_answers_in_time_is_told_again_rerouted_or_closed_and_never_done() {
    for (overdue, outcome) in [
        ("overdue = \"remind\"", "reminded"),
        ("overdue = \"reroute\"\nreroute_to = \"counsel\"", "rerouted"),
        ("overdue = \"expire\"", "expired"),
    ] {
        let desk = format!("[[desk]]\nname = \"human\"\ndeadline_s = 2\n{overdue}\n");
        let scene = Scene::with(&desk).await;
        let second = Daemon::ready(&scene.world).await;
        let open = scene.open(QUESTION).await;
        assert_eq!(scene.receipt(&open, 1).await["outcome"], outcome);
        let records = scene.broker.all("DECILE").await;
        let rerouted = records.iter().filter(|it| it.subject.starts_with("decile.escalated.counsel.")).count();
        let alerts = records.iter().filter(|it| it.subject == "decile.alert.overdue").count();
        assert_eq!((rerouted, alerts), (usize::from(outcome == "rerouted"), usize::from(outcome == "reminded")));
        let counts = |metrics: &str| metrics.contains("decile_overdue_total{desk=\"human\"} 1");
        until("a count of it by whoever did it", || async {
            let counted = [scene.daemon.metrics().await, second.metrics().await].map(|it| counts(&it));
            assert_ne!(counted, [true, true], "one of the two did it");
            counted.contains(&true).then_some(())
        })
        .await;
        assert_eq!(scene.approved().await.len(), 0, "there is no acting anyway");
        scene.publish(&open, &approve(&open).sign(&test(), &scene.ada.seed).unwrap()).await;
        let answered = scene.receipt(&open, 2).await;
        match outcome {
            "expired" => assert_eq!(answered["refusal"], "expired"),
            _ => assert_eq!(answered["outcome"], "approved", "late is not too late"),
        }
        drop(second);
    }
}

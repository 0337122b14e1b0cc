//! `decile execute --channel`: an action becomes exactly one effect, or none and a receipt that says why.

mod scene;

use crate::support::operator::Person;
use crate::support::{Broker, Daemon, Ran, World, decile, until};
use async_nats::jetstream::consumer;
use decile::authority::{Answer, Deployment, GrantId, Resume, Ruling, Seed, Signed, Undo};
use decile::bus::private::PrivateServer;
use decile::channel::Channel;
use decile::class::ActionType;
use decile::decision::{Outward, OutwardAction, Phase, Proof, Receipt};
use jiff::{SignedDuration, Timestamp};
use scene::{CHANNEL, LIMITS, Scene, done, id};
pub(crate) use scene::{grant, outward};
use serde_json::{Value, json};

#[tokio::test]
async fn a_message_under_a_grant_becomes_one_effect_and_none_while_halted() {
    let server = PrivateServer::start().unwrap();
    let (world, ada) = Person::of(World::on(&server));
    let daemon = Daemon::ready(&world).await;
    let broker = Broker::on(&server).await;
    daemon.wait_metric("decile_grants_fresh 1").await;
    ada.grants("archive", "test.main", &[]);
    daemon.wait_metric("decile_grants 1").await;
    let execute = || {
        let mut command = decile();
        command.args(["execute", "--config", &world.config(), "--channel", CHANNEL, "--until-idle", "--exec"]);
        Ran::from(command.arg(format!("cat >> {0}; echo >> {0}", world.path("effects").display())).output().unwrap())
            .exits(0)
    };
    let effects = || std::fs::read_to_string(world.path("effects")).unwrap_or_default().lines().count();
    let last = async |id: &str| {
        let last = broker.last("DECILE", &format!("decile.receipt.{id}")).await;
        last.expect("a receipt").record["phase"]["outcome"].clone()
    };
    let act = async || {
        let record = broker.decide("this week's news").await;
        assert_eq!(record.outcome(), "handle");
        record.decision()["id"].as_str().unwrap().to_owned()
    };
    let id = act().await;
    execute();
    assert_eq!((effects(), last(&id).await), (1, json!("done")));

    let id = act().await;
    ada.runs("halt", &[]).exits(0);
    execute();
    assert_eq!((effects(), last(&id).await), (1, json!({ "stale": "halted" })));
    ada.runs("resume", &["--reason", "over"]).exits(0);
    until("the daemon acts again", || async {
        (broker.decide("this week's news").await.outcome() == "handle").then_some(())
    })
    .await;
    execute();
    assert_eq!(effects(), 2, "what was committed after the end of the halt is carried out");

    let id = act().await;
    ada.revokes("archive", CHANNEL);
    execute();
    assert_eq!((effects(), last(&id).await), (2, json!({ "stale": "revoked" })));

    ada.grants("archive", CHANNEL, &[]);
    until("the daemon acts again", || async {
        (broker.decide("this week's news").await.outcome() == "handle").then_some(())
    })
    .await;
    execute();
    assert_eq!(effects(), 3);
    let id = act().await;
    ada.runs("demote", &["newsletter"]).exits(0);
    execute();
    assert_eq!((effects(), last(&id).await), (3, json!({ "stale": "demoted" })));
}

#[tokio::test]
async fn an_action_becomes_exactly_one_effect() {
    let scene = Scene::new().await;
    let proof = scene.grant(|_| {}).await;
    scene.commit(1, &proof).await;
    scene.execute(&[]);
    let effects = scene.effects();
    let [effect] = &effects[..] else { panic!("one effect: {effects:?}") };
    let effect: Value = serde_json::from_str(effect).unwrap();
    assert_eq!(effect["id"], id(1).as_str());
    assert_eq!(effect["action"]["arguments"]["emoji"], "eyes");
    assert_eq!(effect["proof"]["grant"]["halt"], 0);
    assert_eq!(scene.receipts(1).await, done());

    // All of it is delivered anew, as after a consumer that was lost.
    let stream = scene.broker.jetstream.get_stream("DECILE").await.unwrap();
    stream.delete_consumer("execute-test=2Emain").await.unwrap();
    scene.execute(&[]);
    // And once more by whoever may publish there, under the same decision.
    let second = scene.commit(1, &proof).await;
    scene.execute(&[]);
    assert_eq!((scene.effects().len(), scene.receipts(1).await), (1, done()));
    let alerts = scene.alerts("refused").await;
    assert_eq!(alerts.len(), 1);
    assert_eq!((&alerts[0]["action"], &alerts[0]["outcome"]), (&json!(second), &json!({ "refused": "second" })));
}

#[tokio::test]
async fn several_executors_share_the_work_and_do_none_of_it_twice() {
    let scene = Scene::new().await;
    let proof = scene.grant(|_| {}).await;
    for number in 1..=20 {
        scene.commit(number, &proof).await;
    }
    let executors: Vec<_> = (0..3).map(|_| Daemon::spawn(scene.executor(&scene.append(), &[]))).collect();
    until("20 effects", || async { (scene.effects().len() >= 20).then_some(()) }).await;
    until("20 outcomes", || async {
        let done = scene.broker.all("DECILE").await;
        (done.iter().filter(|it| it.record["phase"]["outcome"] == "done").count() == 20).then_some(())
    })
    .await;
    drop(executors);
    let mut ids: Vec<String> = scene
        .effects()
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    assert_eq!(ids, (1..=20).map(|number| id(number).to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_intent_without_an_outcome_is_unknown_and_never_run_again() {
    let scene = Scene::new().await;
    let proof = scene.grant(|_| {}).await;
    scene.commit(1, &proof).await;
    let began = format!("echo began >> {}; exec sleep 20", scene.effects_file().display());
    let mut executor = Daemon::spawn(scene.executor(&began, &[]));
    until("the command runs", || async { (!scene.effects().is_empty()).then_some(()) }).await;
    assert_eq!(scene.receipts(1).await, [json!("intent")]);
    executor.signal("KILL");
    executor.wait_exit().await;

    scene.execute(&[]);
    assert_eq!(scene.effects(), ["began"], "it was not run again");
    assert_eq!(scene.receipts(1).await, [json!("intent"), json!({ "outcome": "unknown" })]);
    let alerts = scene.alerts("unknown").await;
    assert_eq!(alerts.len(), 1);
    assert_eq!((&alerts[0]["decision"], &alerts[0]["outcome"]), (&json!(id(1).as_str()), &json!("unknown")));
}

#[tokio::test]
async fn what_a_forged_proof_carries_is_refused() {
    let scene = Scene::new().await;
    let staging = grant().sign(&Deployment::parse("staging").unwrap(), &scene.seed).unwrap();
    let elsewhere = scene.granted(&staging).await;
    assert_eq!(scene.refused(1, &elsewhere).await, json!({ "refused": "signature" }), "another deployment's");
    let stranger = grant().sign(&Deployment::parse("production").unwrap(), &Seed::generate()).unwrap();
    let by_stranger = scene.granted(&stranger).await;
    assert_eq!(scene.refused(2, &by_stranger).await, json!({ "refused": "signature" }), "nobody's");

    let good = scene.grant(|_| {}).await;
    let longer = serde_json::to_string(&outward(3, &good)).unwrap().replace("a test", "a text");
    let longer: Outward = serde_json::from_str(&longer).unwrap();
    assert_ne!(longer, outward(3, &good));
    assert_eq!(scene.refused_record(&longer).await, json!({ "refused": "signature" }), "altered");
    let mut other = outward(4, &good);
    other.action.kind = ActionType::parse("archive").unwrap();
    assert_eq!(scene.refused_record(&other).await, json!({ "refused": "not_covered" }), "another type");
    let mut other = outward(5, &good);
    other.action.target.source.sequence += 1;
    assert_eq!(scene.refused_record(&other).await, json!({ "refused": "contradiction" }), "another message");
    assert_eq!(scene.alerts("refused").await.len(), 5, "each raises an alarm");
    assert_eq!(scene.receipts(1).await.len(), 1, "nothing of it was begun");

    // A forged action does not stand in the way of the true one under the same decision.
    scene.commit(1, &good).await;
    scene.execute(&[]);
    assert_eq!((scene.effects().len(), scene.receipts(1).await.last()), (1, Some(&json!({ "outcome": "done" }))));
}

#[tokio::test]
async fn what_no_longer_holds_is_stale() {
    let scene = Scene::with(&format!("{LIMITS}action_age_ms_max = 1000\n")).await;
    let proof = scene.grant(|_| {}).await;
    scene.broker.publish("decile.grant.react.test.main", "{}").await;
    assert_eq!(scene.refused(1, &proof).await, json!({ "stale": "revoked" }));

    let (first, _second) = (scene.grant(|_| {}).await, scene.grant(|grant| grant.id = GrantId::of([8; 16])).await);
    assert_eq!(scene.refused(2, &first).await, json!({ "stale": "replaced" }));

    let soon = scene.grant(|grant| grant.expires_at = grant.issued_at + SignedDuration::from_millis(1)).await;
    assert_eq!(scene.refused(3, &soon).await, json!({ "stale": "expired" }));

    let proof = scene.grant(|_| {}).await;
    scene.commit(4, &proof).await;
    let committed = Timestamp::now();
    let second = SignedDuration::from_millis(1_100);
    until("a second later", || async { (Timestamp::now().duration_since(committed) > second).then_some(()) }).await;
    scene.execute(&[]);
    assert_eq!(scene.receipts(4).await, [json!("intent"), json!({ "outcome": { "stale": "too_old" } })]);

    let halt = scene.broker.publish("decile.control.halt", "{}").await;
    let proof = scene.grant(|_| {}).await;
    assert_eq!(scene.refused(5, &proof).await, json!({ "stale": "halted" }));
    let Proof::Grant { signed, revision, .. } = &proof else { panic!("a grant") };
    let under = |halt| Proof::Grant { signed: signed.clone(), revision: *revision, halt };
    assert_eq!(scene.refused(6, &under(halt)).await, json!({ "stale": "halted" }), "committed in the halt");
    assert!(scene.effects().is_empty());

    // The end of the halt, behind the halt and nothing else.
    let resume = Resume { halt, issued_at: Timestamp::now(), reason: "over".to_owned() };
    let signed_resume = resume.sign(&Deployment::parse("production").unwrap(), &scene.seed).unwrap();
    let behind = [("Nats-Expected-Last-Subject-Sequence", &*halt.to_string())];
    let resumed = scene.broker.publish_with("decile.control.halt", &behind, signed_resume.encode().unwrap()).await;
    assert_eq!(scene.refused(7, &proof).await, json!({ "stale": "halted" }), "halted and resumed since");
    scene.commit(8, &under(resumed)).await;
    scene.execute(&[]);
    assert_eq!((scene.effects().len(), scene.receipts(8).await), (1, done()));
    assert!(scene.alerts("stale").await.is_empty(), "what is stale is no alarm");
}

#[tokio::test]
async fn a_ruling_lets_out_what_was_approved_and_no_other_text() {
    let scene = Scene::new().await;
    let rule = async |number: u64, instead: &OutwardAction| {
        let answer = Answer::Amend { instead: Box::new(instead.clone()), irreversible: false };
        let ruling = Ruling {
            decision: id(number),
            escalation: 1,
            issued_at: Timestamp::now(),
            answer,
            severe: false,
            note: String::new(),
        };
        let signed = ruling.sign(&Deployment::parse("production").unwrap(), &scene.seed).unwrap();
        let subject = format!("decile.ruling.{}", id(number));
        let revision = scene.broker.publish(&subject, signed.encode().unwrap()).await;
        Proof::Ruling { signed, revision, halt: 0 }
    };
    let reply = |number: u64, text: &str| {
        let mut reply = outward(number, &Proof::Grant { signed: any_signed(), revision: 0, halt: 0 }).action;
        reply.kind = ActionType::parse("reply").unwrap();
        reply.text = Some(text.to_owned());
        reply
    };
    let record =
        |number: u64, text: &str, proof: &Proof| Outward { action: reply(number, text), ..outward(number, proof) };
    let proof = rule(1, &reply(1, "we open at nine")).await;
    let altered = record(1, "we open at ten", &proof);
    assert_eq!(scene.refused_record(&altered).await, json!({ "refused": "altered" }));
    let elsewhere = record(2, "we open at nine", &proof);
    assert_eq!(scene.refused_record(&elsewhere).await, json!({ "refused": "not_covered" }), "another message");

    scene.publish(&record(1, "we open at nine", &proof)).await;
    scene.execute(&[]);
    let effect: Value = serde_json::from_str(&scene.effects()[0]).unwrap();
    assert_eq!(effect["action"]["text"], "we open at nine");
    assert_eq!(scene.receipts(1).await.last(), Some(&json!({ "outcome": "done" })));

    // Whoever rules after that ends what was approved and not yet carried out.
    let first = rule(3, &reply(3, "yes")).await;
    rule(3, &reply(3, "no")).await;
    scene.publish(&record(3, "yes", &first)).await;
    scene.execute(&[]);
    assert_eq!(scene.receipts(3).await.last(), Some(&json!({ "outcome": { "stale": "overruled" } })));
    assert_eq!(scene.effects().len(), 1);
}

fn any_signed() -> Signed {
    grant().sign(&Deployment::parse("production").unwrap(), &Seed::generate()).unwrap()
}

#[tokio::test]
async fn an_undo_has_receipts_of_its_own() {
    let scene = Scene::new().await;
    let proof = scene.grant(|_| {}).await;
    scene.commit(1, &proof).await;
    scene.execute(&[]);
    let undo =
        Undo { decision: id(1), action: 1, issued_at: Timestamp::now(), reason: "wrong".to_owned(), severe: false };
    let signed = undo.sign(&Deployment::parse("production").unwrap(), &scene.seed).unwrap();
    let revision = scene.broker.publish(&format!("decile.ruling.{}.undo", id(1)), signed.encode().unwrap()).await;
    let mut undo = outward(1, &Proof::Undo { signed, revision, halt: 0 });
    undo.action.kind = ActionType::parse("unreact").unwrap();
    scene.publish(&undo).await;
    scene.execute(&[]);
    let effect: Value = serde_json::from_str(&scene.effects()[1]).unwrap();
    assert_eq!(effect["action"]["type"], "unreact");
    assert_eq!(scene.receipts_on(&format!("decile.receipt.{}.undo", id(1))).await, done());
    assert_eq!(scene.receipts(1).await, done(), "the action's own receipts stay");
}

#[tokio::test]
async fn an_executor_sees_its_channel_alone() {
    let scene = Scene::new().await;
    let proof = scene.grant(|_| {}).await;
    let mut other = outward(1, &proof);
    other.action.channel = Channel::parse("test.raw").unwrap();
    other.decision.channel = other.action.channel.clone();
    scene.publish(&other).await;
    scene.commit(2, &proof).await;
    scene.execute(&[]);
    assert_eq!(scene.effects().len(), 1);
    assert!(scene.receipts(1).await.is_empty(), "it was never delivered");
    assert_eq!(scene.receipts(2).await, done());

    // A consumer that somebody made with other filters is not used.
    let stream = scene.broker.jetstream.get_stream("DECILE").await.unwrap();
    let mut config = stream.consumer_info("execute-test=2Emain").await.unwrap().config;
    config.filter_subjects = vec!["decile.action.>".to_owned()];
    let config = <consumer::pull::Config as consumer::FromConsumer>::try_from_consumer_config(config).unwrap();
    stream.create_consumer(config).await.unwrap();
    let ran = Ran::from(scene.executor("true", &["--until-idle"]).output().unwrap()).exits(78);
    assert!(ran.err.contains("filter subjects"), "{}", ran.err);
}

#[tokio::test]
async fn the_reserved_channel_has_no_executor() {
    let scene = Scene::new().await;
    let mut command = decile();
    command.args(["execute", "--config", &scene.world.config(), "--channel", "decile.canary", "--exec", "true"]);
    let ran = Ran::from(command.output().unwrap()).exits(2);
    assert!(ran.err.contains("reserved"), "{}", ran.err);
}

#[tokio::test]
async fn a_command_says_how_it_went() {
    let scene = Scene::new().await;
    let proof = scene.grant(|_| {}).await;
    let last = async |number: u64, exec: &str, more: &[&str]| {
        scene.commit(number, &proof).await;
        scene.execute_by(exec, more);
        let subject = format!("decile.receipt.{}", id(number));
        let all = scene.broker.all("DECILE").await;
        let last = all.into_iter().rfind(|record| record.subject == subject).unwrap();
        Receipt::parse(&last.bytes).unwrap()
    };
    let phase = |receipt: &Receipt| serde_json::to_value(receipt.phase).unwrap()["outcome"].clone();
    let failed = last(1, "printf 'no\\033[2J way' >&2; exit 3", &[]).await;
    assert_eq!((phase(&failed), failed.detail.as_str()), (json!({ "failed": { "code": 3 } }), "no\u{FFFD}[2J way"));
    let done = last(2, "echo ts-17", &[]).await;
    assert_eq!((phase(&done), done.detail.as_str()), (json!("done"), "ts-17"));
    let signalled = last(3, "kill -9 $$", &[]).await;
    assert_eq!(phase(&signalled), json!("unknown"));

    let pid = scene.world.path("pid");
    let stuck = format!("sleep 300 & echo $! > {}; wait", pid.display());
    let killed = last(4, &stuck, &["--timeout-ms", "300"]).await;
    assert_eq!(phase(&killed), json!("unknown"));
    let pid = std::fs::read_to_string(pid).unwrap();
    until("all that it started is gone", || async {
        let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        (state.is_empty() || state.contains(") Z ")).then_some(())
    })
    .await;
    assert!(matches!(killed.phase, Phase::Outcome(_)));
}

#[tokio::test]
async fn a_command_gets_the_action_and_nothing_of_our_environment() {
    let scene = Scene::new().await;
    let proof = scene.grant(|_| {}).await;
    scene.commit(1, &proof).await;
    let exec = format!("env > {}", scene.effects_file().display());
    let mut command = scene.executor(&exec, &["--until-idle", "--server", scene.server.url()]);
    command.env("NATS_PASSWORD", "secret").env("AWS_SECRET", "secret").env("DECILE_LOG", "info");
    let ran = Ran::from(command.output().unwrap()).exits(0);
    let environment = scene.effects();
    let names: Vec<&str> = environment.iter().filter_map(|line| line.split('=').next()).collect();
    for name in ["DECILE_ID", "DECILE_TYPE", "DECILE_CHANNEL", "PATH"] {
        assert!(names.contains(&name), "{name}: {environment:?}");
    }
    let known = ["DECILE_ID", "DECILE_TYPE", "DECILE_CHANNEL", "PATH", "HOME", "LANG", "PWD", "SHLVL", "OLDPWD", "_"];
    assert!(names.iter().all(|name| known.contains(name)), "{environment:?}");
    assert!(environment.contains(&format!("DECILE_ID={}", id(1))));
    assert!(!ran.err.contains("eyes"), "no log has anything of the action: {}", ran.err);
}

#[tokio::test]
async fn a_stop_waits_for_what_was_begun() {
    let scene = Scene::new().await;
    let proof = scene.grant(|_| {}).await;
    scene.commit(1, &proof).await;
    scene.commit(2, &proof).await;
    let (effects, go) = (scene.effects_file(), scene.world.path("go"));
    let exec = format!(
        "echo began >> {0}; while [ ! -e {1} ]; do sleep 0.02; done; echo ended >> {0}",
        effects.display(),
        go.display()
    );
    let mut executor = Daemon::spawn(scene.executor(&exec, &[]));
    until("the command runs", || async { (!scene.effects().is_empty()).then_some(()) }).await;
    executor.signal("TERM");
    assert!(executor.is_running(), "it waits");
    std::fs::write(go, "").unwrap();
    assert_eq!(executor.wait_exit().await.code(), Some(0));
    assert_eq!(scene.effects(), ["began", "ended"], "nothing else was begun");
    assert_eq!(scene.receipts(1).await, done());
    assert!(scene.receipts(2).await.is_empty());
}

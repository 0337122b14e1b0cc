//! What `decile questions` asks the people who write the policy.

use crate::support::operator::Person;
use crate::support::world::POLICY;
use crate::support::{Broker, Daemon, World, until};
use decile::bus::private::PrivateServer;
use serde_json::{Value, json};

const NEWS: &str = "this week's news";

fn of_kind<'a>(questions: &'a [Value], kind: &str) -> Vec<&'a Value> {
    questions.iter().filter(|question| question["question"] == kind).collect()
}

#[tokio::test]
async fn a_week_asks_what_no_message_asks() {
    let server = PrivateServer::start().unwrap();
    let policy = POLICY.replace("class = \"newsletter\"\nper_hour = 500", "class = \"newsletter\"\nper_hour = 1");
    assert_ne!(policy, POLICY);
    let (world, ada) = Person::of(World::on(&server).policy(&policy));
    let daemon = Daemon::ready(&world).await;
    let broker = Broker::on(&server).await;
    daemon.wait_metric("decile_grants_fresh 1").await;
    let ask = |exit: i32| -> Vec<Value> {
        let ran = ada.runs("questions", &["--format", "json", "--cluster-messages-min", "3"]).exits(exit);
        serde_json::from_str(&ran.out).unwrap()
    };
    assert_eq!(ask(3), [] as [Value; 0], "nothing has been decided");
    assert!(ada.runs("questions", &[]).exits(3).out.contains("nothing to decide about the policy"));

    ada.grants("archive", "test.main", &[]);
    daemon.wait_metric("decile_grants 1").await;
    let mut last = Value::Null;
    for _ in 0..3 {
        last = broker.decide(NEWS).await.decision().clone();
    }
    assert_eq!(last["reason"], "cap_reached", "{last}");
    for badge in ["north", "south", "west", "east"] {
        broker.decide(&format!("my parking badge for the {badge} gate is gone")).await;
    }
    broker.decide("something else altogether").await;
    broker.decide("my lawyer says").await;

    let questions = ask(0);
    let [cluster] = of_kind(&questions, "class")[..] else { panic!("one cluster: {questions:?}") };
    assert_eq!(cluster["cluster"]["messages"], 4, "the other stands alone, and the restricted one is known: {cluster}");
    let capped = json!({
        "question": "cap", "class": "newsletter", "channel": "test.main", "type": "archive", "messages": 2,
    });
    assert_eq!(of_kind(&questions, "cap"), [&capped]);
    let [ending] = of_kind(&questions, "grant")[..] else { panic!("one grant: {questions:?}") };
    assert_eq!((&ending["channel"], &ending["type"]), (&"test.main".into(), &"archive".into()));
    // At level 2 nothing lies before what can be undone: nobody is asked.
    assert_eq!(of_kind(&questions, "evidence"), [] as [&Value; 0]);
    let text = ada.runs("questions", &["--cluster-messages-min", "3"]).exits(0).out;
    for wanted in ["9 messages since", "Do these deserve a class?", "2  archive of newsletter on test.main", "parking"]
    {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert!(ask_since(&ada, "1ms").is_empty(), "nothing was decided just now, and grants are asked about all the same");
}

/// But for grants.
fn ask_since(ada: &Person, since: &str) -> Vec<Value> {
    let ran = ada.runs("questions", &["--format", "json", "--since", since]);
    let questions: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
    questions.into_iter().filter(|question| question["question"] != "grant").collect()
}

#[tokio::test]
async fn a_class_is_asked_about_until_somebody_has_said_something() {
    let server = PrivateServer::start().unwrap();
    let (world, ada) = Person::of(World::on(&server).policy(&POLICY.replace("level = 2", "level = 1")));
    let daemon = Daemon::ready(&world).await;
    let broker = Broker::on(&server).await;
    daemon.wait_metric("decile_grants_fresh 1").await;
    let first = broker.decide(NEWS).await;
    broker.decide(NEWS).await;
    broker.decide("Thursday works for me").await;
    let silent = || {
        let ran = ada.runs("questions", &["--format", "json"]);
        let questions: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
        let asked = of_kind(&questions, "evidence").into_iter().map(|it| {
            (it["class"].as_str().unwrap().to_owned(), it["messages"].as_u64().unwrap(), it["level"].as_u64().unwrap())
        });
        asked.collect::<Vec<_>>()
    };
    let [news, confirm] = [("newsletter".to_owned(), 2, 1), ("scheduling_confirm".to_owned(), 1, 1)];
    assert_eq!(silent(), [news, confirm.clone()], "the most frequent first");
    let id = first.decision()["id"].as_str().unwrap().to_owned();
    ada.runs("reject", &[&id]).exits(0);
    let subject = format!("decile.receipt.{id}.ruling");
    until(&subject, || broker.last("DECILE", &subject)).await;
    assert_eq!(silent(), [confirm]);
}

//! Several streams, channels with odd names, and subjects that no channel names.

use crate::support::{Broker, Daemon, World};
use async_nats::jetstream::stream;
use decile::bus::private::PrivateServer;
use serde_json::json;

#[tokio::test]
async fn names_become_tokens_and_streams_stay_apart() {
    let channels =
        [("ONE", "slack.a b"), ("ONE", "slack.*"), ("TWO", "mail.>"), ("TWO", "o=dd.ünï.x"), ("TWO", "x.A_b-9")];
    let subjects = ["slack.a=20b", "slack.=2A", "mail.=3E", "o=3Ddd.=C3=BCn=C3=AF=2Ex", "x.A_b-9"];
    let mut toml = String::new();
    for (number, (stream, name)) in channels.iter().enumerate() {
        if number == 0 || channels[number - 1].0 != *stream {
            toml.push_str(&format!("[[source]]\nstream = \"{stream}\"\n"));
        }
        toml.push_str(&format!("[[source.channel]]\nname = \"{name}\"\nsubject = \"odd.{number}\"\n"));
    }
    let server = PrivateServer::start().unwrap();
    let _daemon = Daemon::ready(&World::on(&server).channels(&toml)).await;
    let broker = Broker::on(&server).await;
    for (number, ((stream, name), subject)) in channels.iter().zip(subjects).enumerate() {
        broker.publish(&format!("odd.{number}"), json!({ "text": "works for me" }).to_string()).await;
        let record = broker.committed(number as u64 + 1).await.pop().unwrap();
        assert_eq!(record.subject, format!("decile.handled.scheduling_confirm.{subject}"));
        assert_eq!(record.decision()["channel"], *name);
        assert_eq!(record.decision()["source"]["stream"], *stream);
    }
    for stream in ["ONE", "TWO"] {
        broker.all_acknowledged(stream).await;
    }
}

#[tokio::test]
async fn what_no_channel_names_is_not_even_delivered() {
    let server = PrivateServer::start().unwrap();
    let broker = Broker::on(&server).await;
    let stream = stream::Config { name: "IN".to_owned(), subjects: vec!["in.>".to_owned()], ..Default::default() };
    broker.make_stream(stream).await;
    let _daemon = Daemon::ready(&World::on(&server)).await;
    for subject in ["in.other", "in.main", "in.raw.deeper"] {
        broker.publish(subject, "{\"text\":\"works for me\"}").await;
    }
    let named = broker.decide("works for me").await;
    assert_eq!(named.decision()["channel"], "test.main");
    broker.all_acknowledged("IN").await;
    assert_eq!(broker.all("DECILE").await.len(), 1, "of four messages one is on a channel");
    assert_eq!(broker.consumer("IN").await.delivered.consumer_sequence, 1);
}

#[tokio::test]
async fn root_and_stream_are_the_operators_to_name() {
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server).bus("root = \"triage-2\"\nstream = \"AUDIT\"\n");
    let _daemon = Daemon::ready(&world).await;
    let broker = Broker::on(&server).await;
    broker.say("works for me").await;
    broker.all_acknowledged("IN").await;
    let records = broker.all("AUDIT").await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].subject, "triage-2.handled.scheduling_confirm.test.main");
}

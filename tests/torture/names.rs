//! Names that NATS would interpret, in whatever may become a channel, a thread or a class: refused, or a token of their own.

use crate::support::operator::{Person, grant_of};
use crate::support::{Broker, Daemon, World, run};
use decile::authority::{Deployment, Grant};
use decile::bus::private::PrivateServer;
use decile::channel::Channel;
use decile::class::ActionType;
use decile::subject::Root;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// Channels that a file may name, and what they are in a subject.
const CHANNELS: [(&str, &str); 8] = [
    ("test.main", "test.main"),
    ("test.*", "test.=2A"),
    ("test.>", "test.=3E"),
    ("test.a.b", "test.a=2Eb"),
    ("test.a b", "test.a=20b"),
    ("*.>", "=2A.=3E"),
    ("test.=2A", "test.=3D2A"),
    ("test.\u{e9}", "test.=C3=A9"),
];
const NEWS: &str = "{\"text\":\"this week's news\"}";

fn hostile(url: &str) -> World {
    let mut channels = "[[source]]\nstream = \"IN\"\n".to_owned();
    for (at, (name, _)) in CHANNELS.iter().enumerate() {
        channels += &format!("[[source.channel]]\nname = \"{name}\"\nsubject = \"in.c{at}.>\"\n");
    }
    World::at(url).channels(&channels)
}

#[tokio::test]
async fn a_grant_on_a_hostile_name_reaches_no_other_channel() {
    let server = PrivateServer::start().unwrap();
    let (world, ada) = Person::of(hostile(server.url()));
    let daemon = Daemon::ready(&world).await;
    let broker = Broker::on(&server).await;
    for (granted, tokens) in CHANNELS {
        ada.grants("archive", granted, &[]);
        daemon.wait_metric("decile_grants 1").await;
        for (at, (name, _)) in CHANNELS.iter().enumerate() {
            let sequence = broker.publish(&format!("in.c{at}.x"), NEWS).await;
            let record = broker.record_on(sequence).await;
            if *name == granted {
                let id = record.decision()["id"].as_str().unwrap();
                assert_eq!(record.subject, format!("decile.action.archive.{tokens}.{id}"), "{granted:?}");
            } else {
                assert_eq!(record.outcome(), "no_grant", "the grant on {granted:?} covers {name:?}");
            }
        }
        ada.revokes("archive", granted);
        daemon.wait_metric("decile_grants 0").await;
    }
}

/// Signed as it must be, and published by hand where it does not belong; or where NATS takes a wildcard for a name.
#[tokio::test]
async fn a_grant_on_anothers_subject_stands_nowhere() {
    let server = PrivateServer::start().unwrap();
    let (world, ada) = Person::of(hostile(server.url()));
    let daemon = Daemon::ready(&world).await;
    let broker = Broker::on(&server).await;
    let root = Root::new("decile").unwrap();
    let archive = ActionType::parse("archive").unwrap();
    let signed = |channel: &str, after: u64| {
        let grant = Grant { after, ..grant_of(archive.as_str(), channel) };
        grant.sign(&Deployment::parse("test").unwrap(), &ada.seed).unwrap().encode().unwrap()
    };
    let wild = ["decile.grant.archive.test.*", "decile.grant.archive.>", "decile.grant.*.test.main"];
    let places = CHANNELS.iter().map(|(name, _)| root.grant(&archive, &Channel::parse(name).unwrap()).to_string());
    let places: Vec<String> = places.chain(wild.map(str::to_owned)).collect();
    for (name, tokens) in CHANNELS {
        for place in places.iter().filter(|it| **it != format!("decile.grant.archive.{tokens}")) {
            // As the command does: a revocation, and the grant upon it.
            let after = broker.last_sequence("DECILE").await;
            for bytes in [b"{}".to_vec(), signed(name, after)] {
                let _ = broker.jetstream.publish(place.clone(), bytes.into()).await.unwrap().await;
            }
        }
    }
    // What is granted afterwards shows that all of it was read.
    ada.grants("reply", "test.main", &[]);
    daemon.wait_metric("decile_grants 1").await;
    for (at, channel) in CHANNELS.iter().enumerate() {
        let sequence = broker.publish(&format!("in.c{at}.x"), NEWS).await;
        assert_eq!(broker.record_on(sequence).await.outcome(), "no_grant", "{channel:?}");
    }
}

#[tokio::test]
async fn what_a_message_says_of_channel_and_thread_is_only_compared() {
    let server = PrivateServer::start().unwrap();
    let (world, ada) = Person::of(hostile(server.url()));
    let daemon = Daemon::ready(&world).await;
    let broker = Broker::on(&server).await;
    let long = "x".repeat(1_000);
    let names = ["*", ">", "t.1", "t 1", "t1", &long];
    for granted in names {
        ada.grants("archive", "test.main", &["--thread", granted]);
        daemon.wait_metric("decile_grants 1").await;
        for thread in names {
            // The channel is where the message came from, and not what it says.
            let says = serde_json::json!({ "text": "this week's news", "thread": thread, "channel": "test.*" });
            let sequence = broker.publish("in.c0.x", says.to_string()).await;
            let record = broker.record_on(sequence).await;
            let wanted = if thread == granted { "handle" } else { "no_grant" };
            assert_eq!(record.outcome(), wanted, "thread {thread:?} under a grant for {granted:?}");
            assert_eq!(record.decision()["channel"], "test.main");
        }
        ada.revokes("archive", "test.main");
        daemon.wait_metric("decile_grants 0").await;
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_are_malformed_and_their_subject_is_no_name() {
    let server = PrivateServer::start().unwrap();
    let (world, ada) = Person::of(hostile(server.url()));
    let daemon = Daemon::ready(&world).await;
    let broker = Broker::on(&server).await;
    ada.grants("archive", "test.main", &[]);
    daemon.wait_metric("decile_grants 1").await;
    for payload in [&b"{\"text\":\"this week's news\",\"thread\":\"\xff\"}"[..], b"\xff\xfe", b"{\"text\":\"\xc3\"}"] {
        let sequence = broker.publish("in.c0.x", payload.to_vec()).await;
        assert_eq!(broker.record_on(sequence).await.outcome(), "malformed");
    }
    let long = format!("in.c0.{}", "x".repeat(1_000));
    let sequence = broker.publish(&long, NEWS).await;
    assert_eq!(broker.record_on(sequence).await.outcome(), "handle", "a long subject is no name");
}

/// A subject that no client library would send, and ours cannot read: it loses its connection over each delivery, one in
/// each `ack_wait_ms`, and finds it again.
#[tokio::test]
async fn a_subject_that_is_no_text_lets_nothing_out_and_others_are_decided() {
    let server = PrivateServer::start().unwrap();
    let (world, ada) = Person::of(hostile(server.url()));
    let daemon = Daemon::ready(&world).await;
    let broker = Broker::on(&server).await;
    ada.grants("archive", "test.main", &[]);
    daemon.wait_metric("decile_grants 1").await;
    raw_publish(&server, b"in.c0.\xff\xfe", NEWS);
    daemon.wait_log("disconnected connection=\"consume\"").await;
    daemon.wait_metric("decile_connected{connection=\"consume\"} 1").await;
    for _ in 0..3 {
        let after = broker.publish("in.c0.x", NEWS).await;
        assert_eq!(broker.record_on(after).await.outcome(), "handle");
    }
    let records = broker.all("DECILE").await;
    assert_eq!(records.iter().filter(|it| it.subject.starts_with("decile.action.")).count(), 3);
}

/// Publishes on a subject of any bytes.
fn raw_publish(server: &PrivateServer, subject: &[u8], payload: &str) {
    let mut stream = TcpStream::connect(server.url().trim_start_matches("nats://")).unwrap();
    stream.write_all(b"CONNECT {\"verbose\":false}\r\nPUB ").unwrap();
    stream.write_all(subject).unwrap();
    stream.write_all(format!(" {}\r\n{payload}\r\nPING\r\n", payload.len()).as_bytes()).unwrap();
    let (mut read, mut answer) = ([0; 4_096], Vec::new());
    while !answer.windows(4).any(|it| it == b"PONG") {
        let count = stream.read(&mut read).unwrap();
        assert!(count > 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&read[..count]);
    }
}

#[test]
fn a_file_with_what_cannot_be_a_name_is_refused() {
    let long = "x".repeat(1_000);
    let channel = |name: &str| {
        format!("[[source]]\nstream = \"IN\"\n[[source.channel]]\nname = \"{name}\"\nsubject = \"in.x\"\n")
    };
    for name in ["*", ">", "a", "", "a.", ".a", &format!("a.{long}"), &format!("{long}.a")] {
        let world = World::offline().channels(&channel(name)).policy("").rules("");
        let ran = run(&["check", "--config", &world.config()]);
        assert_eq!(ran.code, 3, "channel {name:?}: {}{}", ran.out, ran.err);
    }
    for name in ["*", ">", "a.b", "a b", "", &long] {
        let rule = |class: &str| format!("[[rule]]\nid = \"r\"\nclass = \"{class}\"\nany = [\"works\"]\n");
        let world = World::offline().policy("").rules(&rule(name));
        let ran = run(&["check", "--config", &world.config()]);
        assert_eq!(ran.code, 3, "class {name:?}: {}{}", ran.out, ran.err);
        let action = format!("[[class]]\nname = \"c\"\nlevel = 1\naction = {{ type = \"{name}\" }}\n");
        let world = World::offline().policy(&action).rules(&rule("c"));
        let ran = run(&["check", "--config", &world.config()]);
        assert_eq!(ran.code, 3, "type {name:?}: {}{}", ran.out, ran.err);
    }
    let world = World::offline().policy("").rules("");
    let mut bytes = channel("a.b").into_bytes();
    let at = bytes.windows(3).position(|it| it == b"a.b").unwrap();
    bytes[at + 2] = 0xff;
    world.write("channels.toml", &bytes);
    let ran = run(&["check", "--config", &world.config()]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(format!("{}{}", ran.out, ran.err).contains("channels.toml"), "{}{}", ran.out, ran.err);
}

//! Requests whose reply is a subject that the user may not publish on: the server writes its answer there, in the
//! account of whoever asked. In an account of its own nobody gains by that.

use super::{Fenced, Login, Outcome, USERS, set};
use crate::support::{Broker, World, run, until};
use async_nats::jetstream::stream::Stream;
use decile::bus::private::PrivateServer;
use futures::FutureExt as _;
use std::collections::BTreeSet;

/// What an answer could do harm on.
const TARGETS: [&str; 17] = [
    "decile.handled.c.trick.x",
    "decile.action.react.test.main.trick",
    "decile.approved.react.test.main.trick",
    "decile.escalated.human.trick.x",
    "decile.slot.use.trick.1",
    "decile.grant.react.trick.x",
    "decile.control.halt",
    "decile.ruling.trick",
    "decile.receipt.trick",
    "decile.proposal.trick",
    "in.main.trick",
    "post.box.trick",
    "$JS.API.STREAM.DELETE.DECILE",
    "$JS.API.STREAM.PURGE.DECILE",
    "$JS.API.STREAM.DELETE.IN",
    "$JS.API.STREAM.PURGE.POST",
    "$JS.API.CONSUMER.DELETE.DECILE.execute-test=2Emain",
];

/// Whose inboxes somebody listens to while the tricks are played.
const LISTENERS: [&str; 3] = ["operator", "daemon", "auditor"];

/// What a user may ask, with payloads whose answers are copies of what is stored, or empty, or errors.
fn requests(user: &str) -> Vec<(&'static str, &'static str)> {
    let reading = vec![
        ("$JS.API.INFO", ""),
        ("$JS.API.STREAM.INFO.DECILE", ""),
        ("$JS.API.STREAM.INFO.DECILE", "{"),
        ("$JS.API.DIRECT.GET.DECILE", r#"{"last_by_subj":"decile.ruling.empty"}"#),
        ("$JS.API.DIRECT.GET.DECILE", r#"{"last_by_subj":"decile.action.react.test.main.real"}"#),
        ("$JS.API.DIRECT.GET.DECILE.decile.grant.react.test.main", ""),
    ];
    match user {
        "deployer" => vec![("$JS.API.STREAM.INFO.DECILE", ""), ("decile.grant.react.decile.canary", "forged")],
        "operator" => reading.into_iter().chain([("decile.ruling.x", "x"), ("decile.control.halt", "x")]).collect(),
        "daemon" => reading
            .into_iter()
            .chain([
                ("decile.alert.x", "x"),
                ("$JS.API.CONSUMER.MSG.NEXT.DECILE.rulings", r#"{"batch":1,"no_wait":true}"#),
            ])
            .collect(),
        "auditor" => reading,
        "proposer" => vec![("decile.proposal.x", "x"), ("$JS.API.INFO", "")],
        "execute-test=2Emain" => vec![
            ("decile.receipt.x", "x"),
            ("$JS.API.STREAM.INFO.DECILE", ""),
            ("$JS.API.DIRECT.GET.DECILE.decile.grant.react.test.main", ""),
            ("$JS.API.CONSUMER.MSG.NEXT.DECILE.execute-test=2Emain", r#"{"batch":1,"no_wait":true}"#),
        ],
        "execute-post=2Ebox" => vec![("decile.receipt.x", "x"), ("$JS.API.STREAM.INFO.DECILE", "")],
        "notify-human" => vec![
            ("$JS.API.DIRECT.GET.DECILE.decile.ruling.empty", ""),
            ("$JS.API.CONSUMER.MSG.NEXT.DECILE.notify-human", r#"{"batch":1,"no_wait":true}"#),
        ],
        "notify-counsel" => vec![("$JS.API.INFO", "")],
        "bridge-IN" => vec![("in.main.x", "x"), ("$JS.API.INFO", "")],
        "bridge-POST" => vec![("post.box.x", "x")],
        other => panic!("no such user: {other}"),
    }
}

/// The targets that a user may publish on anyway: nothing is gained by a trick.
fn own_targets(user: &str) -> BTreeSet<String> {
    match user {
        "daemon" => set([
            "decile.handled.c.trick.x",
            "decile.action.react.test.main.trick",
            "decile.approved.react.test.main.trick",
            "decile.escalated.human.trick.x",
            "decile.slot.use.trick.1",
            "decile.control.halt",
            "decile.receipt.trick",
        ]),
        "operator" => set(["decile.grant.react.trick.x", "decile.control.halt", "decile.ruling.trick"]),
        "proposer" => set(["decile.proposal.trick"]),
        "execute-test=2Emain" | "execute-post=2Ebox" => set(["decile.receipt.trick"]),
        "bridge-IN" => set(["in.main.trick"]),
        "bridge-POST" => set(["post.box.trick"]),
        _ => BTreeSet::new(),
    }
}

/// A record without a payload, an action and a grant: what a copy could do most with.
async fn prepare(fenced: &Fenced) {
    let stored = [
        ("daemon", "decile.escalated.human.test.main", "draft"),
        ("operator", "decile.ruling.empty", ""),
        ("operator", "decile.grant.react.test.main", "signed"),
        ("daemon", "decile.action.react.test.main.real", "signed"),
    ];
    for (user, subject, payload) in stored {
        let login = fenced.login(user).await;
        login.jetstream.publish(subject, payload.into()).await.unwrap().await.expect("the stream takes it");
    }
}

/// Every request with every target as its reply, and then once more with an answer, which comes after theirs.
async fn play(login: &mut Login, requests: &[(&str, &str)]) {
    for (subject, payload) in requests {
        for target in TARGETS.into_iter().chain(LISTENERS.map(inbox_of)) {
            assert!(!login.is_denied(subject, Some(target), payload).await, "{}: `{subject}`", login.name);
        }
        let answer = login.attempt(subject, payload).await;
        assert!(matches!(answer, Outcome::Answered(_)), "{}: `{subject}`: {answer:?}", login.name);
    }
}

fn inbox_of(user: &str) -> &'static str {
    match user {
        "operator" => "_INBOX_operator.trick",
        "daemon" => "_INBOX_daemon.trick",
        _ => "_INBOX_auditor.trick",
    }
}

/// The streams, as they must stay: subjects among the targets that something is stored on, of ours and of the sources.
async fn on_targets(fenced: &Fenced) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = fenced.stored().await.into_keys().collect();
    let auditor = fenced.login("auditor").await;
    for name in ["IN", "POST"] {
        let stream = auditor.jetstream.get_stream(name).await.expect("the stream is still there");
        found.extend(subjects(&stream).await);
        assert_eq!(stream.cached_info().state.first_sequence.max(1), 1, "{name} is not purged");
    }
    found.retain(|subject| TARGETS.contains(&subject.as_str()));
    found
}

async fn subjects(stream: &Stream) -> Vec<String> {
    let mut found = Vec::new();
    for sequence in 1..=stream.cached_info().state.last_sequence {
        found.push(stream.get_raw_message(sequence).await.expect("nothing is deleted").subject.to_string());
    }
    found
}

#[tokio::test]
async fn no_reply_subject_gives_a_right() {
    for user in USERS {
        let fenced = Fenced::start().await;
        prepare(&fenced).await;
        let mut listeners = Vec::new();
        for name in LISTENERS.into_iter().filter(|name| *name != user) {
            let login = fenced.login(name).await;
            let inbox = login.client.subscribe(format!("_INBOX_{name}.trick")).await.unwrap();
            login.client.flush().await.unwrap();
            listeners.push((login, inbox));
        }
        play(&mut fenced.login(user).await, &requests(user)).await;

        let gained: BTreeSet<String> = on_targets(&fenced).await.difference(&own_targets(user)).cloned().collect();
        assert!(gained.is_empty() || gained == permitted_requests(user), "{user} has written on {gained:?}");
        let deployer = fenced.login("deployer").await;
        let stream = deployer.jetstream.get_stream("DECILE").await.expect("our stream is still there");
        assert_eq!(stream.cached_info().state.first_sequence, 1, "{user}: nothing is purged");
        stream.consumer_info("execute-test=2Emain").await.expect("the executor's consumer is still there");
        for (login, inbox) in &mut listeners {
            // Its own round trip comes after whatever was sent to it before.
            login.jetstream.query_account().await.expect("an answer");
            let got = futures::StreamExt::next(inbox).now_or_never();
            assert!(got.is_none(), "{user}: {} got {got:?}", login.name);
        }
    }
}

/// Targets that a user's own requests write on, without any trick.
fn permitted_requests(user: &str) -> BTreeSet<String> {
    requests(user)
        .into_iter()
        .map(|(subject, _)| subject.to_owned())
        .filter(|it| TARGETS.contains(&it.as_str()))
        .collect()
}

/// The tricks work where a reader is in the account of the streams: that is what the accounts are for.
#[tokio::test]
async fn in_one_account_a_reader_could_write_and_delete() {
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server);
    run(&["setup", "--apply", "--config", &world.config()]).exits(0);
    let broker = Broker::on(&server).await;
    broker.publish("decile.ruling.empty", "").await;
    broker.publish("decile.action.react.test.main.real", "{}").await;
    let client = async_nats::connect(server.url()).await.unwrap();
    let ask = |what: &'static str, reply: &'static str| {
        client.publish_with_reply("$JS.API.DIRECT.GET.DECILE", reply, format!("{{\"last_by_subj\":\"{what}\"}}").into())
    };
    ask("decile.action.react.test.main.real", "decile.action.react.test.main.copy").await.unwrap();
    until("a copy of the action", || async { (broker.last_sequence("DECILE").await == 3).then_some(()) }).await;
    ask("decile.ruling.empty", "$JS.API.STREAM.DELETE.IN").await.unwrap();
    until("the stream is deleted", || async { broker.jetstream.get_stream("IN").await.err() }).await;
}

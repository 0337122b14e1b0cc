//! One message of every shape goes in over the bus, and its decision says all that it rests on.

use crate::support::broker::Committed;
use crate::support::{Broker, Daemon, World, run_with_input};
use decile::bus::private::PrivateServer;
use serde_json::{Value, json};

/// The words before the evidence have characters of two, three and four bytes; the white space in it is odd.
const TEXT: &str = "Grüße 🌍 – Thursday works  for\tme & <you>";
const QUOTED: &str = "works  for\tme";

const CHANNELS: &str = r#"
[[source]]
stream = "IN"

[[source.channel]]
name = "own.shape"
subject = "in.decile.>"
preset = "decile"

[[source.channel]]
name = "any.text"
subject = "in.raw"
preset = "raw"

[[source.channel]]
name = "ce.structured"
subject = "in.ce.structured"
preset = "cloudevents"

[[source.channel]]
name = "ce.binary"
subject = "in.ce.binary"
preset = "cloudevents"

[[source.channel]]
name = "slack.team"
subject = "in.slack"
preset = "slack-events"

[[source.channel]]
name = "mail.inbox"
subject = "in.mail"
preset = "mail"

[[source.channel]]
name = "tickets.hand"
subject = "in.tickets.*"

[source.channel.map]
text = ["header:Nats-Text", "/ticket/summary", "/ticket/body", "header:X-Text"]
sender = ["/ticket/from", "header:X-From"]
attributes = { region = ["subject[2]"], team = ["/ticket/team", "header:X-Team"] }
headers = ["X-Tenant"]
"#;

const RULES: &str = r#"
[[rule]]
id = "scheduling-confirm"
class = "scheduling_confirm"
any = ["works for me"]

[[rule]]
id = "regional"
class = "regional"
all = [
    "printer",
    { phrase = "eu", field = "attribute:region" },
    { phrase = "it-desk", field = "attribute:team" },
    { phrase = "acme", field = "header:X-Tenant" },
    { phrase = "nora", field = "sender" },
]
"#;

const POLICY: &str = r#"
[[class]]
name = "scheduling_confirm"
level = 2
action = { type = "label", label = "scheduled" }

[[class]]
name = "regional"
level = 2
action = { type = "note" }

[review]
percent = 0
"#;

fn world(server: &PrivateServer) -> World {
    World::on(server).channels(CHANNELS).rules(RULES).policy(POLICY)
}

async fn decided(subject: &str, headers: &[(&str, &str)], payload: impl Into<bytes::Bytes>) -> (World, Committed) {
    let server = PrivateServer::start().unwrap();
    let world = world(&server);
    let _daemon = Daemon::ready(&world).await;
    let broker = Broker::on(&server).await;
    let sequence = broker.publish_with(subject, headers, payload).await;
    let record = broker.record_on(sequence).await;
    broker.all_acknowledged("IN").await;
    (world, record)
}

/// What holds for every handled message, whatever its shape.
fn assert_handled(world: &World, record: &Committed, channel: &str, text: &str) {
    let decision = record.decision();
    assert_eq!(record.outcome(), "handle", "{decision}");
    assert_eq!(record.subject, format!("decile.handled.scheduling_confirm.{channel}"));
    assert_eq!(decision["channel"], channel);
    assert_eq!(decision["verdict"]["class"], "scheduling_confirm");
    let evidence = decision["verdict"]["evidence"].as_array().unwrap();
    assert_eq!(evidence.len(), 1, "{evidence:?}");
    assert_eq!((&evidence[0]["rule"], &evidence[0]["field"]), (&json!("scheduling-confirm"), &json!("text")));
    assert_eq!(span(&evidence[0], text), QUOTED, "the span quotes the text as sent");
    assert_eq!(decision["policy"]["level"], 2);
    assert_eq!(decision["policy"]["line"], "policy.toml:2", "the line of `[[class]]`");
    let action = json!({ "type": "label", "reach": "internal", "reversibility": "reversible",
        "arguments": { "label": "scheduled" } });
    assert_eq!(decision["policy"]["action"], action);
    assert_eq!(decision["facts"]["halt"], json!({ "off": { "revision": 0 } }));
    assert_eq!(decision["facts"]["cover"], "no_grant");
    assert!(decision["facts"]["now"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    assert_eq!(decision["source"]["stream"], "IN");
    assert_eq!(decision["digests"], digests(world));
    assert_headers(record);
}

/// The headers are ours, and none else.
fn assert_headers(record: &Committed) {
    let id = record.decision()["id"].as_str().unwrap();
    assert!(id.len() == 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{id}");
    assert_eq!(record.header("nats-msg-id"), Some(id));
    let days_30 = (30 * 24 * 60 * 60).to_string();
    assert_eq!(record.header("nats-ttl").map(|ttl| ttl.trim_end_matches('s')), Some(days_30.as_str()));
    for (name, value) in &record.headers {
        let is_fence = name.starts_with("nats-expected-last-subject-sequence");
        let is_ours = is_fence || ["nats-msg-id", "nats-ttl", "nats-expected-stream"].contains(&name.as_str());
        assert!(is_ours, "`{name}: {value}` is no header of ours");
    }
}

fn span<'t>(evidence: &Value, text: &'t str) -> &'t str {
    let at = |name: &str| usize::try_from(evidence[name].as_u64().unwrap()).unwrap();
    text.get(at("start")..at("end")).expect("offsets on the edges of characters")
}

/// The digests that the commands show for the same files.
fn digests(world: &World) -> Value {
    let line = json!({ "text": TEXT }).to_string();
    let ran = run_with_input(&["classify", "--config", &world.config()], line.as_bytes()).exits(0);
    // It names no channel, so that it escalates; what it was decided under is the same.
    ran.json()["decision"]["digests"].clone()
}

#[tokio::test]
async fn a_message_of_our_own_shape() {
    let payload = json!({ "id": "m-1", "channel": "slack.team", "sender": "ada", "subject": "Re: Thursday",
        "text": TEXT, "sent_at": jiff::Timestamp::now(), "thread": "t-1", "attributes": { "a": "b" } });
    let headers = [("X-Trace", "copied-nowhere"), ("Nats-Msg-Id", "from-outside"), ("Nats-Rollup-Extra", "all")];
    let (world, record) = decided("in.decile.a.b", &headers, payload.to_string()).await;
    assert_handled(&world, &record, "own.shape", TEXT);
    assert_eq!(record.decision()["message"]["id"], "m-1");
    assert_eq!(record.decision()["message"]["origin"], "person");
    assert_eq!(record.decision()["message"]["payload_bytes"], payload.to_string().len());
}

#[tokio::test]
async fn a_text_and_nothing_else() {
    let (world, record) = decided("in.raw", &[("X-Trace", "copied-nowhere")], TEXT).await;
    assert_handled(&world, &record, "any.text", TEXT);
}

#[tokio::test]
async fn a_structured_cloud_event() {
    let payload = json!({ "specversion": "1.0", "type": "org.example.note", "source": "/notes", "id": "n-1",
        "time": jiff::Timestamp::now(), "datacontenttype": "application/json", "data": { "text": TEXT } });
    let headers = [("Content-Type", "application/cloudevents+json; charset=utf-8")];
    let (world, record) = decided("in.ce.structured", &headers, payload.to_string()).await;
    assert_handled(&world, &record, "ce.structured", TEXT);
    assert_eq!(record.decision()["message"]["id"], "/notes n-1");
}

#[tokio::test]
async fn a_binary_cloud_event() {
    let now = jiff::Timestamp::now().to_string();
    let headers = [
        ("ce-specversion", "1.0"),
        ("ce-type", "org.example.note"),
        ("ce-source", "/notes"),
        ("ce-id", "n-2"),
        ("ce-time", now.as_str()),
        ("Content-Type", "application/json"),
    ];
    let (world, record) = decided("in.ce.binary", &headers, json!({ "text": TEXT }).to_string()).await;
    assert_handled(&world, &record, "ce.binary", TEXT);
    assert_eq!(record.decision()["message"]["id"], "/notes n-2");
}

#[tokio::test]
async fn a_slack_message_whose_escapes_are_undone() {
    let escaped = TEXT.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let now = jiff::Timestamp::now().as_second();
    let payload = json!({ "type": "event_callback", "team_id": "T1", "event_id": "Ev1",
        "event": { "type": "message", "user": "U1", "text": escaped, "ts": format!("{now}.000200") } });
    let (world, record) = decided("in.slack", &[], payload.to_string()).await;
    assert_handled(&world, &record, "slack.team", TEXT);
}

#[tokio::test]
async fn a_mail_in_parts() {
    let date = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S +0000");
    let payload = format!(
        "From: Ada <ada@example.org>\r\nTo: desk@example.net\r\nSubject: Thursday\r\nDate: {date}\r\n\
         Message-ID: <m1@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n{TEXT}\r\n"
    );
    let (world, record) = decided("in.mail", &[], payload).await;
    assert_handled(&world, &record, "mail.inbox", TEXT);
    assert_eq!(record.decision()["message"]["origin"], "person");
}

#[tokio::test]
async fn by_hand_the_first_place_that_has_a_value_gives_it() {
    for (headers, ticket) in [
        (vec![], json!({ "summary": TEXT, "body": "printer" })),
        (vec![("X-Text", "printer")], json!({ "summary": "", "body": TEXT })),
        (vec![("X-Text", TEXT)], json!({ "number": 7 })),
    ] {
        // Headers of the server's own kind say nothing to us, whoever sends them.
        let headers = [headers, vec![("Nats-Text", "printer")]].concat();
        let (world, record) = decided("in.tickets.eu", &headers, json!({ "ticket": ticket }).to_string()).await;
        assert_handled(&world, &record, "tickets.hand", TEXT);
    }
}

#[tokio::test]
async fn by_hand_headers_and_the_subject_are_fields_too() {
    let headers = [("X-Tenant", "ACME"), ("x-from", "Nora"), ("X-Team", "it-desk")];
    let payload = json!({ "ticket": { "body": "The printer is out" } }).to_string();
    let (_, record) = decided("in.tickets.eu", &headers, payload).await;
    let evidence = record.decision()["verdict"]["evidence"].as_array().unwrap().clone();
    let fields: Vec<&str> = evidence.iter().map(|one| one["field"].as_str().unwrap()).collect();
    assert_eq!(record.outcome(), "handle", "{:?}", record.record);
    assert_eq!(record.decision()["verdict"]["class"], "regional");
    for field in ["text", "attribute:region", "attribute:team", "header:x-tenant", "sender"] {
        assert!(fields.contains(&field), "{field} in {fields:?}");
    }
}

#[tokio::test]
async fn the_id_is_of_where_the_message_lies() {
    let server = PrivateServer::start().unwrap();
    let _daemon = Daemon::ready(&world(&server)).await;
    let broker = Broker::on(&server).await;
    for _ in 0..3 {
        broker.publish("in.raw", TEXT).await;
    }
    let mut ids: Vec<String> =
        broker.committed(3).await.iter().map(|it| it.decision()["id"].as_str().unwrap().to_owned()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3, "the same text three times is three messages");
}

//! Input that is no message: each piece of it comes to a person, and none stops the stream.

use crate::support::{Broker, Daemon, World};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use decile::bus::private::PrivateServer;

const LIMITS: &str = "[limits]\nmessage_bytes_max = 2048\njson_depth_max = 8\nattach_bytes_max = 4096\n";

struct Bad {
    what: &'static str,
    subject: &'static str,
    payload: Vec<u8>,
    reason: &'static str,
    kind: &'static str,
    attached: &'static str,
}

fn bad(what: &'static str, subject: &'static str, payload: impl Into<Vec<u8>>, kind: &'static str) -> Bad {
    Bad { what, subject, payload: payload.into(), reason: "malformed", kind, attached: "text" }
}

fn all() -> Vec<Bad> {
    let sized = |bytes: usize| format!("{{\"text\":\"{}\"}}", "x".repeat(bytes)).into_bytes();
    let deep = format!("{{\"text\":\"works for me\",\"x\":{}1{}}}", "[".repeat(20), "]".repeat(20));
    let ours = "in.main.x";
    vec![
        Bad { reason: "oversized", ..bad("too large", ours, sized(3_000), "oversized") },
        Bad {
            reason: "oversized",
            attached: "at_source",
            ..bad("too large to attach", ours, sized(5_000), "oversized")
        },
        bad("too deep", ours, deep, "too_deep"),
        Bad { attached: "bytes", ..bad("not UTF-8", ours, b"{\"text\":\"works for me \xff\"}", "not_utf8") },
        Bad { attached: "bytes", ..bad("raw, not UTF-8", "in.raw", b"works for me \xc3\x28", "not_utf8") },
        bad("not JSON", ours, "works for me", "not_json"),
        bad("two values", ours, "{\"text\":\"works for me\"}{}", "not_json"),
        bad("not an object", ours, "[\"works for me\"]", "not_json"),
        bad("a key twice", ours, "{\"text\":\"works for me\",\"text\":\"lawyer\"}", "duplicate_key"),
        bad("no text", ours, "{\"sender\":\"ada\"}", "no_text"),
        bad("an empty text", ours, "{\"text\":\" \"}", "no_text"),
        bad("a text that is none", ours, "{\"text\":{}}", "wrong_type"),
        bad("a time that is none", ours, "{\"text\":\"works for me\",\"sent_at\":\"soon\"}", "wrong_type"),
        bad(
            "a sender too long",
            ours,
            format!("{{\"text\":\"x\",\"sender\":\"{}\"}}", "s".repeat(1_500)),
            "field_too_long",
        ),
        bad("nothing", ours, "", "not_json"),
        bad("nothing, raw", "in.raw", "", "no_text"),
        bad("not mail", "in.mail", "works for me", "not_mail"),
        bad("not a CloudEvent", "in.events", "{\"specversion\":\"1.0\",\"data\":\"works for me\"}", "not_cloud_event"),
    ]
}

#[tokio::test]
async fn everything_that_is_no_message_escalates_and_the_stream_goes_on() {
    let server = PrivateServer::start().unwrap();
    let _daemon = Daemon::ready(&World::on(&server).more(LIMITS)).await;
    let broker = Broker::on(&server).await;
    for bad in all() {
        let what = bad.what;
        let sequence = broker.publish(bad.subject, bad.payload.clone()).await;
        let record = broker.record_on(sequence).await;
        assert_eq!(record.outcome(), bad.reason, "{what}");
        assert_eq!(record.decision()["verdict"]["malformed"], bad.kind, "{what}: {}", record.record);
        assert!(record.subject.starts_with("decile.escalated.human.test."), "{what}: {}", record.subject);
        assert!(record.record.get("message").is_none(), "{what}: there is no message");
        let attached = &record.record["payload"][bad.attached];
        match bad.attached {
            "text" => assert_eq!(attached["text"].as_str().unwrap().as_bytes(), bad.payload, "{what}"),
            "bytes" => assert_eq!(attached["base64"], BASE64.encode(&bad.payload), "{what}"),
            _ => assert_eq!(attached["bytes"], bad.payload.len(), "{what}: {}", record.record),
        }
        assert!(attached["wrong"].as_str().unwrap().starts_with(bad.kind), "{what}: {attached}");
        assert_eq!(record.decision()["source"]["sequence"], sequence, "{what}: where it lies");
        assert_eq!(record.decision()["message"]["payload_bytes"], bad.payload.len(), "{what}");
    }
    let good = broker.decide("Thursday works for me").await;
    assert_eq!(good.outcome(), "handle", "a good message after them is dealt with");
    broker.all_acknowledged("IN").await;
    let records = broker.all("DECILE").await;
    assert_eq!(records.len(), all().len() + 1, "one decision for each message");
}

#[tokio::test]
async fn a_record_that_the_broker_would_not_take_names_where_the_message_lies() {
    let server = PrivateServer::start().unwrap();
    let limits = "[limits]\nmessage_bytes_max = 1048576\nattach_bytes_max = 1048576\ndecision_ms_max = 10000\n";
    let world = World::on(&server).more(limits);
    let _daemon = Daemon::ready(&world).await;
    let broker = Broker::on(&server).await;
    // Six bytes each in JSON: a record of 1.2 MB, where the server takes 1 MiB.
    let payload = vec![1_u8; 200_000];
    broker.publish("in.raw", payload).await;
    let committed = broker.committed(1).await;
    let record = &committed[0];
    assert_eq!(record.outcome(), "unmatched", "it could be read and decided on");
    assert_eq!(record.record["payload"]["at_source"]["bytes"], 200_000, "{:?}", record.record["payload"]);
    assert!(record.record.get("message").is_none());
}

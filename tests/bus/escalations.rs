//! What a person gets: message, reason, evidence, what would have happened, a draft, and the thread.

use crate::support::{Broker, Daemon, World};
use decile::bus::private::PrivateServer;
use decile::reason::Reason;
use serde_json::json;

#[tokio::test]
async fn a_restricted_message_goes_to_its_desk_with_all_that_a_person_needs() {
    let server = PrivateServer::start().unwrap();
    let _daemon = Daemon::ready(&World::on(&server)).await;
    let broker = Broker::on(&server).await;
    let text = "Ünser lawyer says Thursday works for me";
    let message = json!({ "id": "m-9", "sender": "ada@example.org", "subject": "Re: claim", "text": text,
        "sent_at": "2026-01-01T00:00:00Z", "attributes": { "queue": "eu" } });
    let sequence = broker.publish("in.main.x", message.to_string()).await;
    let record = broker.record_on(sequence).await;

    assert_eq!(record.outcome(), "restricted");
    assert_eq!(record.subject, "decile.escalated.counsel.test.main");
    assert_eq!(record.decision()["desk"], "counsel");
    assert_eq!(record.record["why"], Reason::Restricted.meaning());
    for (field, value) in message.as_object().unwrap() {
        assert_eq!(&record.record["message"][field], value, "{field}");
    }
    let quotes: Vec<(&str, &str)> = record.decision()["verdict"]["evidence"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let at = |name: &str| usize::try_from(one[name].as_u64().unwrap()).unwrap();
            (one["rule"].as_str().unwrap(), &text[at("start")..at("end")])
        })
        .collect();
    assert_eq!(quotes, [("legal-lawyer", "lawyer"), ("scheduling-confirm", "works for me")]);
    assert_eq!(record.record["would_have"]["class"], "scheduling_confirm");
    assert_eq!(record.record["would_have"]["level"], 2);
    assert_eq!(record.record["would_have"]["action"]["type"], "label");
    assert!(record.record.get("held").is_none(), "nobody knows what it is, so nothing is held: {}", record.record);
    assert!(record.record.get("payload").is_none(), "the message could be read");
    assert_eq!(record.header("nats-msg-id"), record.decision()["id"].as_str());
    assert!(record.header("nats-ttl").is_some(), "people's words are kept for a limited time");
}

#[tokio::test]
async fn a_draft_neutralises_what_a_stranger_wrote() {
    let server = PrivateServer::start().unwrap();
    let _daemon = Daemon::ready(&World::on(&server)).await;
    let broker = Broker::on(&server).await;
    let message = json!({ "text": "What are your opening hours?",
        "sender": "<!channel> @everyone https://evil.example/a", "subject": "[x](http://evil.example) \u{200B}#all\nBcc: a@b.c" });
    let sequence = broker.publish("in.main.x", message.to_string()).await;
    let record = broker.record_on(sequence).await;

    assert_eq!(record.outcome(), "no_grant");
    assert_eq!(record.subject, "decile.escalated.human.test.main");
    assert_eq!(record.record["held"]["held_as"], "draft");
    assert_eq!(record.record["held"]["action"]["type"], "reply");
    let draft = record.record["held"]["text"].as_str().unwrap();
    assert!(draft.starts_with("Dear ") && draft.contains(", about ") && draft.contains("everyone"), "{draft}");
    for live in ["@", "://", "evil.example", "<!", "](", "\u{200B}", "#all", "\n", "opening hours"] {
        assert!(!draft.contains(live), "`{live}` is live in: {draft}");
    }
}

#[tokio::test]
async fn a_draft_is_bounded() {
    let server = PrivateServer::start().unwrap();
    let _daemon = Daemon::ready(&World::on(&server).more("[limits]\ndraft_bytes_max = 64\n")).await;
    let broker = Broker::on(&server).await;
    let (sender, subject) = ("s".repeat(1_000), "ü".repeat(500));
    let message = json!({ "text": "opening hours?", "sender": sender, "subject": subject });
    let sequence = broker.publish("in.main.x", message.to_string()).await;
    let record = broker.record_on(sequence).await;
    let draft = record.record["held"]["text"].as_str().unwrap();
    assert!(draft.len() <= 64 && draft.starts_with("Dear sss"), "{draft}");
    assert_eq!(record.record["message"]["sender"], sender, "the reader gets the message as it was sent");
}

#[tokio::test]
async fn an_escalation_shows_the_end_of_its_thread() {
    let server = PrivateServer::start().unwrap();
    let limits = "[limits]\nthread_messages_max = 3\nthread_text_bytes_max = 16\n";
    let _daemon = Daemon::ready(&World::on(&server).more(limits)).await;
    let broker = Broker::on(&server).await;
    let publish = async |number: usize| {
        let text = format!("number {number} {}", "ü".repeat(40));
        let message = json!({ "text": text, "thread": "t-1", "sender": format!("s{number}") });
        broker.publish("in.main.x", message.to_string()).await
    };
    let mut before = Vec::new();
    for number in 0..5 {
        before.push(publish(number).await);
        let other = json!({ "text": "elsewhere", "thread": "t-2" });
        broker.publish("in.main.x", other.to_string()).await;
    }
    // Workers decide beside each other: what is shown is what has been decided by then.
    for sequence in before {
        broker.record_on(sequence).await;
    }
    let record = broker.record_on(publish(5).await).await;
    let thread = record.record["thread"].as_array().unwrap();
    let senders: Vec<&str> = thread.iter().map(|it| it["sender"].as_str().unwrap()).collect();
    assert_eq!(senders, ["s2", "s3", "s4"], "the last three before it, oldest first, of this thread only");
    for context in thread {
        let text = context["text"].as_str().unwrap();
        assert!(text.len() <= 16 && text.starts_with("number "), "{text}");
    }
}

#[tokio::test]
async fn what_could_not_be_decided_names_its_first_reason() {
    let server = PrivateServer::start().unwrap();
    let _daemon = Daemon::ready(&World::on(&server)).await;
    let broker = Broker::on(&server).await;
    for (text, reason, would_have) in [
        ("nobody knows this", "unmatched", None),
        ("works for me, opening hours?", "conflict", None),
        ("I can't say it works for me", "unmatched", None),
        ("w\u{43E}rks for me", "uninspectable", None),
        ("this week's news", "no_grant", Some("newsletter")),
    ] {
        let record = broker.decide(text).await;
        assert_eq!(record.outcome(), reason, "{text}");
        let meaning = Reason::ALL.into_iter().find(|it| it.as_str() == reason).unwrap().meaning();
        assert_eq!(record.record["why"], meaning);
        assert_eq!(record.record["message"]["text"], text);
        let would = record.record.get("would_have").map(|would| would["class"].as_str().unwrap());
        assert_eq!(would, would_have, "{text}");
    }
}

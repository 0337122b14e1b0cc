//! Handled decisions tell nothing of what people wrote, nor who they are.

use crate::support::broker::Committed;
use crate::support::{Broker, Daemon, World};
use decile::bus::private::PrivateServer;
use serde_json::json;

const KEYED: &str = "[privacy]\nsender_key_file = \"sender.key\"\n";
/// Words of the message, none of which is in the files.
const WORDS: [&str; 8] =
    ["thursday", "quokka", "lovelace", "example", "zanzibar", "xylophone", "marimba", "works for me"];

fn message(sender: &str) -> String {
    json!({ "sender": sender, "subject": "Zanzibar", "text": "Thursday works for me, quokka",
        "thread": "marimba", "attributes": { "project": "xylophone" } })
    .to_string()
}

async fn handled(world: World, server: &PrivateServer, senders: &[&str]) -> Vec<Committed> {
    let _daemon = Daemon::ready(&world).await;
    let broker = Broker::on(server).await;
    for sender in senders {
        broker.publish_with("in.main.x", &[("X-Secret", "xylophone")], message(sender)).await;
    }
    let records = broker.committed(senders.len() as u64).await;
    records.iter().for_each(|record| assert_eq!(record.outcome(), "handle", "{}", record.record));
    records
}

fn assert_silent(record: &Committed) {
    let bytes = format!("{} {:?} {}", record.subject, record.headers, String::from_utf8_lossy(&record.bytes));
    for word in WORDS {
        assert!(!bytes.to_lowercase().contains(word), "`{word}` in {bytes}");
    }
}

fn sender(record: &Committed) -> Option<&str> {
    record.decision()["message"].get("sender").map(|sender| sender.as_str().unwrap())
}

#[tokio::test]
async fn a_handled_decision_has_no_text_and_a_keyed_hash_of_the_sender() {
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server);
    world.write("sender.key", [7; 32]);
    let senders = ["ada.lovelace@example.org", "ada.lovelace@example.org", "charles@example.org"];
    let records = handled(world.more(KEYED), &server, &senders).await;
    records.iter().for_each(assert_silent);
    let hashes: Vec<&str> = records.iter().map(|record| sender(record).expect("a hash")).collect();
    assert!(hashes.iter().all(|hash| hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())));
    assert_eq!(hashes[0], hashes[1], "the same sender can be recognised");
    assert_ne!(hashes[0], hashes[2], "another is another");
}

#[tokio::test]
async fn the_hash_is_of_the_key() {
    let mut hashes = Vec::new();
    for key in [[1; 32], [2; 32]] {
        let server = PrivateServer::start().unwrap();
        let world = World::on(&server);
        world.write("sender.key", key);
        let records = handled(world.more(KEYED), &server, &["ada.lovelace@example.org"]).await;
        hashes.push(sender(&records[0]).expect("a hash").to_owned());
    }
    assert_ne!(hashes[0], hashes[1], "nobody can look a sender up without the key");
}

#[tokio::test]
async fn without_a_key_there_is_no_sender_at_all() {
    let server = PrivateServer::start().unwrap();
    let records = handled(World::on(&server), &server, &["ada.lovelace@example.org"]).await;
    assert_silent(&records[0]);
    assert_eq!(sender(&records[0]), None);
}

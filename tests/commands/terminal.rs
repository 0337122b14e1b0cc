//! What strangers write cannot steer a terminal.

use crate::support::{Broker, Daemon, World, run, run_with_input};
use decile::bus::private::PrivateServer;
use serde_json::json;

/// Clears the screen, writes the window's title, rings; hides its direction.
const EVIL: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{8}\r\u{202e}";

#[track_caller]
fn assert_plain(what: &str, text: &str) {
    let is_wrong = |c: &char| c.is_control() && *c != '\n' || ('\u{202a}'..='\u{202e}').contains(c);
    assert_eq!(text.chars().find(is_wrong), None, "{what}: {text:?}");
    assert!(!text.is_empty(), "{what} prints something");
}

#[tokio::test]
async fn log_and_show_print_no_control_characters() {
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server);
    let _daemon = Daemon::ready(&world).await;
    let broker = Broker::on(&server).await;
    for text in ["opening hours?", "nobody knows", "my lawyer"] {
        let message = json!({ "id": EVIL, "text": format!("{text} {EVIL}\nnext"), "sender": format!("a{EVIL}"),
            "subject": format!("s{EVIL}"), "thread": "t", "attributes": { EVIL: EVIL } });
        broker.publish("in.main.x", message.to_string()).await;
    }
    broker.publish("in.direct", json!({ "text": EVIL, "sender": EVIL }).to_string()).await;
    broker.publish("in.main.x", EVIL.to_owned()).await;
    let records = broker.committed(5).await;
    assert_plain("log", &run(&["log", "--config", &world.config()]).exits(0).out);
    assert_plain("log", &run(&["log", "--format", "json", "--config", &world.config()]).exits(0).out);
    for record in records {
        let id = record.decision()["id"].as_str().unwrap();
        assert_plain("show", &run(&["show", id, "--config", &world.config()]).exits(0).out);
        assert_plain("show", &run(&["show", id, "--format", "json", "--config", &world.config()]).exits(0).out);
        assert_plain("replay", &run(&["replay", id, "--config", &world.config()]).exits(0).out);
    }
}

#[test]
fn commands_on_texts_print_no_control_characters() {
    let world = World::offline();
    let config = world.config();
    let text = format!("works for me {EVIL}");
    for evil in [text.as_str(), EVIL] {
        let ran = run(&["explain", "--config", &config, "--sender", evil, "--subject", evil, evil]).exits(0);
        assert_plain("explain", &ran.out);
    }
    let payload = json!({ "text": text, "sender": EVIL, "subject": EVIL, "attributes": { EVIL: EVIL } }).to_string();
    assert_plain("inspect", &run_with_input(&["inspect", "--preset", "decile"], payload.as_bytes()).exits(0).out);
    assert_plain("inspect", &run_with_input(&["inspect", "--preset", "decile"], EVIL.as_bytes()).exits(3).out);
    let ran = run_with_input(&["classify", "--config", &config], payload.as_bytes()).exits(0);
    assert_plain("classify", &ran.out);
    let decision = ran.json();
    assert_eq!(decision["message"]["text"], text.as_str(), "escaped, it is the same text");
    let tests = format!(
        "[[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"yes\"]\ntest = [{{ match = {} }}]\n",
        json!(EVIL.replace(['\u{9b}', '\u{7f}'], ""))
    );
    let world = world.rules(&tests);
    assert_plain("test", &run(&["test", "--rules", &world.rules_dir()]).exits(3).out);
}

#[test]
fn arguments_and_files_print_no_control_characters() {
    let world =
        World::offline().policy("[defaults]\ndesk = \"\\u001b[2J\"\n[[class]]\nname = \"\\u001b]0;x\\u0007\"\n");
    let ran = run(&["check", "--config", &world.config()]).exits(3);
    assert_plain("check", &ran.out);
    let ran = run(&["run", "--config", &world.config()]).exits(78);
    assert_plain("run", &ran.err);
}

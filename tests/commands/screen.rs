//! The inbox in a terminal: a real one, on a real server, with escalations that the daemon made.

use super::inbox::{Desk, draft, escalation, id};
use super::pty::Pty;
use crate::support::until;
use decile::authority::{Answer, VerifiedRuling};
use decile::decision::OutwardAction;
use serde_json::json;
use std::os::unix::fs::PermissionsExt as _;

impl Desk {
    fn terminal(&self, who: &str, environment: &[(&str, &str)]) -> Pty {
        let key = self.world.path(&format!("{who}.key"));
        Pty::run(&["inbox", "--config", &self.world.config(), "--key", key.to_str().unwrap()], environment)
    }

    async fn ruling(&self) -> VerifiedRuling {
        until("a ruling", || async { self.rulings().await.pop().map(|(_, ruling)| ruling) }).await
    }
}

#[tokio::test]
async fn an_approval_by_keys_is_a_ruling_on_the_very_draft() {
    let desk = Desk::open().await;
    let asked = desk.ask("opening hours?").await;
    let mut terminal = desk.terminal("bob", &[]);
    terminal.wait("1 waiting");
    terminal.wait("opening hours?");
    for part in ["decile inbox · bob", "info_request", "a approve", "q quit", "reply on test.main"] {
        assert!(terminal.shown().contains(part), "`{part}` in\n{}", terminal.shown());
    }
    terminal.press("a");
    terminal.wait("Sign this? y/n");
    assert!(desk.rulings().await.is_empty(), "asking is not signing");
    terminal.press("y");
    let ruling = desk.ruling().await;
    terminal.wait("signed and stored");
    terminal.wait("0 waiting");
    let decision = escalation(&asked).decision.id;
    let action = draft(&asked).digest(&decision);
    assert_eq!(ruling.payload().answer, Answer::Approve { action, irreversible: false });
    assert_eq!((&ruling.payload().decision, ruling.operator().name.as_str()), (&decision, "bob"));
    terminal.press("q");
    assert_eq!(terminal.wait_exit().code(), Some(0));
    terminal.wait_left_as_it_was();
}

#[tokio::test]
async fn news_are_shown_as_they_come() {
    let desk = Desk::open().await;
    let mut terminal = desk.terminal("bob", &[]);
    terminal.wait("nothing waits for a person");
    let asked = desk.ask("opening hours?").await;
    terminal.wait("info_request");
    desk.run(&["reject", id(&asked)], "ada").exits(0);
    terminal.wait("reject by ada");
    terminal.press("a");
    terminal.wait("it was answered before: reject by ada");
    assert_eq!(desk.rulings().await.len(), 1);
}

#[tokio::test]
async fn of_two_who_answer_at_once_the_broker_takes_one() {
    let desk = Desk::open().await;
    let asked = desk.ask("opening hours?").await;
    let mut terminal = desk.terminal("bob", &[]);
    terminal.wait("opening hours?");
    terminal.press("a");
    terminal.wait("Sign this? y/n");
    desk.run(&["reject", id(&asked)], "ada").exits(0);
    terminal.press("y");
    terminal.wait("it was answered before");
    terminal.wait("reject by ada");
    assert_eq!(desk.rulings().await.len(), 1);
}

#[tokio::test]
async fn what_becomes_of_an_answer_is_shown_as_it_comes() {
    let desk = Desk::open().await;
    desk.ask("opening hours?").await;
    let mut terminal = desk.terminal("bob", &[]);
    terminal.wait("opening hours?");
    terminal.press("r");
    terminal.wait("Sign this? y/n");
    terminal.press("y");
    desk.ruling().await;
    terminal.wait("signed and stored");
    terminal.wait("the daemon says: rejected");
    terminal.wait("0 waiting");
    terminal.press("\t");
    terminal.wait("reject by bob");
}

#[tokio::test]
async fn a_draft_is_edited_in_the_persons_own_editor() {
    let desk = Desk::open().await;
    let asked = desk.ask("opening hours?").await;
    let editor = desk.world.path("editor");
    std::fs::write(&editor, "#!/bin/sh\nsed -i s/nine/ten/ \"$1\"\n").unwrap();
    std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut terminal = desk.terminal("bob", &[("EDITOR", editor.to_str().unwrap())]);
    terminal.wait("opening hours?");
    terminal.press("e");
    terminal.wait("amend: this goes out instead");
    terminal.wait(" - Dear ada , we open at nine.");
    terminal.wait(" + Dear ada , we open at ten.");
    terminal.press("y");
    let ruling = desk.ruling().await;
    let text = Some("Dear ada , we open at ten.\nSee you.".to_owned());
    let instead = Box::new(OutwardAction { text, ..draft(&asked) });
    assert_eq!(ruling.payload().answer, Answer::Amend { instead, irreversible: false });
}

#[tokio::test]
async fn what_cannot_be_undone_is_typed_in_full() {
    let desk = Desk::open().await;
    desk.ask("works for me").await;
    let mut terminal = desk.terminal("bob", &[]);
    terminal.wait("works for me");
    terminal.press("a");
    terminal.wait("bob may not let that out");
    let mut terminal = desk.terminal("ada", &[]);
    terminal.wait("works for me");
    terminal.press("a");
    terminal.wait("type `wire test.main`:");
    terminal.press("y\rwire test.main\r");
    // The `y` stands before it: it is not the phrase.
    terminal.wait("ywire test.main");
    assert!(desk.rulings().await.is_empty());
    terminal.press(&"\u{7f}".repeat(15));
    terminal.press("wire test.main\r");
    let ruling = desk.ruling().await;
    assert!(matches!(ruling.payload().answer, Answer::Approve { irreversible: true, .. }));
}

#[tokio::test]
async fn a_hostile_message_leaves_the_terminal_clean() {
    const EVIL: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{1b}]52;c;eA==\u{7}\u{9b}31m\u{8}\u{1b}[?1049l\u{1b}c\u{202e}";
    let desk = Desk::open().await;
    let message = json!({ "id": EVIL, "text": format!("nobody {EVIL} knows"), "sender": EVIL, "subject": EVIL,
        "thread": EVIL, "attributes": { EVIL: EVIL } });
    desk.broker.publish("in.main.x", message.to_string()).await;
    desk.broker.publish("in.main.x", EVIL.to_owned()).await;
    let mut terminal = desk.terminal("ada", &[]);
    terminal.wait("2 waiting");
    for keys in ["\r", "\r", "j", "\r", "r", "n", "/nobody\r"] {
        terminal.press(keys);
    }
    terminal.wait("nobody ?[2J?]0;owned?");
    assert_eq!(terminal.steered(), Vec::<String>::new());
    terminal.press("q");
    terminal.wait_exit();
    assert_eq!(terminal.steered(), Vec::<String>::new());
    terminal.wait_left_as_it_was();
}

#[tokio::test]
async fn it_fits_whatever_size_the_terminal_has() {
    let desk = Desk::open().await;
    desk.ask("opening hours?").await;
    let mut terminal = desk.terminal("bob", &[]);
    terminal.wait("opening hours?");
    for (columns, rows) in [(120, 40), (40, 12), (80, 24)] {
        terminal.resize(columns, rows);
        terminal.wait("q quit");
        terminal.wait("info_request");
    }
    terminal.press("q");
    assert_eq!(terminal.wait_exit().code(), Some(0));
}

#[tokio::test]
async fn without_a_key_it_only_shows() {
    let desk = Desk::open().await;
    desk.ask("opening hours?").await;
    let mut terminal = Pty::run(&["inbox", "--config", &desk.world.config()], &[]);
    terminal.wait("looking only: no key");
    terminal.press("a");
    terminal.wait("start with `--key FILE`");
    terminal.press("\u{3}");
    assert_eq!(terminal.wait_exit().code(), Some(0));
}

#[tokio::test]
async fn an_amendment_by_command_asks_before_it_signs() {
    let desk = Desk::open().await;
    let asked = desk.ask("opening hours?").await;
    let (key, config) = (desk.world.path("bob.key"), desk.world.config());
    let arguments = ["amend", id(&asked), "--text", "We open at ten.", "--config", &config, "--wait-ms", "0"];
    let arguments = [arguments.as_slice(), &["--key", key.to_str().unwrap()]].concat();
    let mut terminal = Pty::run(&arguments, &[]);
    terminal.wait("+ We open at ten.");
    terminal.wait("Sign this? [y/N]");
    terminal.press("n\n");
    assert_eq!(terminal.wait_exit().code(), Some(3));
    assert!(desk.rulings().await.is_empty());
    let mut terminal = Pty::run(&arguments, &[]);
    terminal.wait("Sign this? [y/N]");
    terminal.press("y\n");
    assert_eq!(terminal.wait_exit().code(), Some(0));
    assert_eq!(desk.rulings().await.len(), 1);
}

//! The person's answers, as commands: on a real server, with escalations that the daemon made.

use crate::support::{Broker, Daemon, Ran, World, broker::Committed, run};
use decile::authority::{Answer, Signed, VerifiedRuling};
use decile::bus::private::PrivateServer;
use decile::config::{self, Config};
use decile::decision::{Escalation, OutwardAction, Record};
use decile::diagnostic::Report;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;

/// A world with an operator who may answer everything, and one who may answer nothing.
pub(crate) struct Desk {
    _server: PrivateServer,
    pub(crate) world: World,
    pub(crate) broker: Broker,
    _daemon: Daemon,
}

/// An action that cannot be undone, beside the usual ones.
const POLICY: &str = r#"
[[desk]]
name = "counsel"

[[restriction]]
name = "legal"
desk = "counsel"

[[class]]
name = "scheduling_confirm"
level = 1
action = { type = "wire", template = "Sent." }

[[class]]
name = "info_request"
level = 1
action = { type = "reply", template = "Dear {sender} , we open at nine.\nSee you." }

[[class]]
name = "newsletter"
level = 1
action = { type = "archive" }
"#;

fn key(world: &World, name: &str) -> String {
    let file = world.path(&format!("{name}.key"));
    let file = file.to_str().unwrap();
    run(&["key", "new", "--out", file]).exits(0).out.trim().to_owned()
}

fn operators(world: &World) {
    let (ada, bob, eva) = (key(world, "ada"), key(world, "bob"), key(world, "eva"));
    key(world, "stranger");
    world.write(
        "operators.toml",
        format!(
            "deployment = \"test\"\n\
             [[operator]]\nname = \"ada\"\nkey = \"{ada}\"\nrulings = [\"*\"]\nirreversible = true\n\
             [[operator]]\nname = \"bob\"\nkey = \"{bob}\"\nrulings = [\"human\"]\n\
             [[operator]]\nname = \"eva\"\nkey = \"{eva}\"\n"
        ),
    );
}

impl Desk {
    pub(crate) async fn open() -> Self {
        let server = PrivateServer::start().unwrap();
        let world = World::on(&server).policy(POLICY);
        operators(&world);
        let daemon = Daemon::ready(&world).await;
        let broker = Broker::on(&server).await;
        Self { _server: server, world, broker, _daemon: daemon }
    }

    pub(crate) async fn ask(&self, text: &str) -> Committed {
        let message = json!({ "id": "m-1", "sender": "ada", "text": text, "thread": "t1" });
        let sequence = self.broker.publish("in.main.x", message.to_string()).await;
        self.broker.record_on(sequence).await
    }

    pub(crate) fn run(&self, arguments: &[&str], who: &str) -> Ran {
        self.run_for(arguments, who, "0")
    }

    /// The same, and waits so long for what becomes of it.
    fn run_for(&self, arguments: &[&str], who: &str, wait_ms: &str) -> Ran {
        let key = self.world.path(&format!("{who}.key"));
        let config = self.world.config();
        let mut all = arguments.to_vec();
        all.extend(["--config", &config, "--key", key.to_str().unwrap(), "--wait-ms", wait_ms]);
        run(&all)
    }

    fn config(&self) -> Config {
        let report = Report::new();
        config::load_files(&self.world.path("decile.toml"), &report).resolve(None, &report).unwrap()
    }

    /// The answers on the bus, verified.
    pub(crate) async fn rulings(&self) -> Vec<(Committed, VerifiedRuling)> {
        let authority = self.config().authority;
        let stored = self.broker.all("DECILE").await;
        let rulings = stored.into_iter().filter(|stored| stored.subject.starts_with("decile.ruling."));
        let verified = |it: &Committed| VerifiedRuling::new(Signed::parse(&it.bytes).unwrap(), &authority).unwrap();
        rulings.map(|stored| (stored.clone(), verified(&stored))).collect()
    }
}

pub(crate) fn id(committed: &Committed) -> &str {
    committed.decision()["id"].as_str().unwrap()
}

pub(crate) fn escalation(committed: &Committed) -> Escalation {
    match Record::parse(&committed.bytes).unwrap() {
        Record::Escalated(escalation) => *escalation,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn draft(committed: &Committed) -> OutwardAction {
    escalation(committed).draft().unwrap()
}

#[test]
fn a_key_is_written_for_its_person_alone_and_never_over_another() {
    let world = World::offline();
    let file = world.path("ada.key");
    let made = run(&["key", "new", "--out", file.to_str().unwrap()]).exits(0);
    let public = made.out.trim();
    assert!(public.starts_with('O') && public.len() == 56, "{public}");
    assert!(made.err.contains("[[operator]]") && made.err.contains(public), "{}", made.err);
    let seed = std::fs::read_to_string(&file).unwrap();
    assert!(seed.starts_with("SO") && !format!("{}{}", made.out, made.err).contains(seed.trim()));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let again = run(&["key", "new", "--out", file.to_str().unwrap()]).exits(1);
    assert!(again.err.contains("exists"), "{}", again.err);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), seed, "it is not overwritten");
    let printed = run(&["key", "new"]).exits(0);
    assert!(printed.out.starts_with("SO") && printed.err.contains("whoever has it can sign"), "{}", printed.err);
}

#[tokio::test]
async fn an_approval_is_signed_and_bound_to_the_very_draft() {
    let desk = Desk::open().await;
    let asked = desk.ask("opening hours?").await;
    let ran = desk.run(&["approve", &id(&asked)[..8], "--note", "fine"], "bob").exits(0);
    assert!(ran.out.contains("reply on test.main") && ran.out.contains("we open at nine"), "{}", ran.out);
    let rulings = desk.rulings().await;
    let [(stored, verified)] = rulings.as_slice() else { panic!("{rulings:?}") };
    assert_eq!(stored.subject, format!("decile.ruling.{}", id(&asked)));
    assert_eq!(verified.operator().name, "bob");
    let ruling = verified.payload();
    let escalation = escalation(&asked);
    assert_eq!((&ruling.decision, ruling.note.as_str()), (&escalation.decision.id, "fine"));
    let action = draft(&asked).digest(&escalation.decision.id);
    assert_eq!(ruling.answer, Answer::Approve { action, irreversible: false });
    assert!(stored.header("nats-ttl").is_some());
}

#[tokio::test]
async fn a_second_answer_is_refused_and_says_who_was_faster() {
    let desk = Desk::open().await;
    let asked = desk.ask("opening hours?").await;
    desk.run(&["approve", id(&asked)], "bob").exits(0);
    for second in [vec!["approve", id(&asked)], vec!["reject", id(&asked)], vec!["reclassify", id(&asked), "--none"]] {
        let ran = desk.run(&second, "ada").exits(3);
        assert!(ran.err.contains("it was answered before: approve by bob"), "{}", ran.err);
    }
    assert_eq!(desk.rulings().await.len(), 1);
}

#[tokio::test]
async fn who_may_not_answer_is_told_before_anything_is_published() {
    let desk = Desk::open().await;
    let (restricted, wired) = (desk.ask("my lawyer").await, desk.ask("works for me").await);
    let refused = |ran: Ran, why: &str| assert!(ran.err.contains(why), "{}", ran.err);
    refused(desk.run(&["reject", id(&restricted)], "bob").exits(3), "bob may not rule on the desk `counsel`");
    refused(desk.run(&["reject", id(&restricted)], "eva").exits(3), "eva may not rule on the desk `counsel`");
    refused(desk.run(&["reject", id(&restricted)], "stranger").exits(3), "no operator has the key");
    refused(desk.run(&["approve", id(&restricted)], "ada").exits(3), "nothing is held back");
    refused(desk.run(&["approve", id(&wired)], "bob").exits(3), "cannot be undone, and bob may not");
    refused(desk.run(&["approve", "0000"], "ada").exits(3), "no escalation has the id");
    refused(run(&["approve", id(&wired), "--config", &desk.world.config()]).exits(2), "DECILE_KEY_FILE");
    assert!(desk.rulings().await.is_empty());
    desk.run(&["reject", id(&restricted)], "ada").exits(0);
}

#[tokio::test]
async fn what_cannot_be_undone_must_be_typed_in_full() {
    let desk = Desk::open().await;
    let asked = desk.ask("works for me").await;
    let ran = desk.run(&["approve", id(&asked)], "ada").exits(2);
    assert!(ran.err.contains("`--confirm`"), "nobody can type without a terminal: {}", ran.err);
    for wrong in ["", "yes", "wire", "wire test.mai"] {
        let ran = desk.run(&["approve", id(&asked), "--confirm", wrong], "ada").exits(3);
        assert!(ran.err.contains("give exactly `wire test.main`"), "{}", ran.err);
    }
    assert!(desk.rulings().await.is_empty());
    desk.run(&["approve", id(&asked), "--confirm", "wire test.main"], "ada").exits(0);
    let rulings = desk.rulings().await;
    let answer = &rulings[0].1.payload().answer;
    assert!(matches!(answer, Answer::Approve { irreversible: true, .. }), "{answer:?}");
}

#[tokio::test]
async fn an_amendment_shows_what_it_changes_and_is_bound_to_the_escalations_place() {
    let desk = Desk::open().await;
    let asked = desk.ask("opening hours?").await;
    let text = "Dear Ada, we open at ten.\nSee you.";
    let ran = desk.run(&["amend", id(&asked), "--text", text], "bob").exits(2);
    assert!(ran.err.contains("`--yes`"), "{}", ran.err);
    let ran = desk.run(&["amend", id(&asked), "--text", text, "--yes"], "bob").exits(0);
    for line in
        ["  reply on test.main\n", "- Dear ada , we open at nine.\n", "+ Dear Ada, we open at ten.\n", "  See you.\n"]
    {
        assert!(ran.out.contains(line), "`{line}` in {}", ran.out);
    }
    let rulings = desk.rulings().await;
    let expected = OutwardAction { text: Some(text.to_owned()), ..draft(&asked) };
    let answer = &rulings[0].1.payload().answer;
    assert_eq!(*answer, Answer::Amend { instead: Box::new(expected), irreversible: false });
}

#[tokio::test]
async fn an_amendment_has_nothing_in_it_that_nobody_sees() {
    let desk = Desk::open().await;
    let asked = desk.ask("opening hours?").await;
    for hidden in ["a\u{1b}[2Jb", "a\u{202e}b", "a\u{200b}b"] {
        let ran = desk.run(&["amend", id(&asked), "--text", hidden, "--yes"], "bob").exits(3);
        assert!(ran.err.contains("characters that nobody sees"), "{}", ran.err);
    }
    let long = desk.world.path("long.txt");
    std::fs::write(&long, "x".repeat(20_000)).unwrap();
    let ran = desk.run(&["amend", id(&asked), "--file", long.to_str().unwrap(), "--yes"], "bob").exits(3);
    assert!(ran.err.contains("16384 bytes"), "{}", ran.err);
    assert!(desk.rulings().await.is_empty());
}

#[tokio::test]
async fn a_proposal_is_shown_as_unsigned_and_writes_only_where_the_escalation_does() {
    let desk = Desk::open().await;
    let asked = desk.ask("my lawyer").await;
    let escalation = escalation(&asked);
    let proposal = json!({ "v": 1, "decision": id(&asked), "escalation": 1, "by": "agent \u{1b}[31m7",
        "action": { "type": "reply", "text": "We\u{1b}[2J will see." }, "note": "polite" });
    desk.broker.publish(&format!("decile.proposal.{}", id(&asked)), proposal.to_string()).await;
    let elsewhere = json!({ "v": 1, "decision": id(&asked), "escalation": 1, "by": "x",
        "action": { "type": "reply", "text": "t", "channel": "test.mail" } });
    desk.broker.publish(&format!("decile.proposal.{}", id(&asked)), elsewhere.to_string()).await;
    let shown = run(&["inbox", "show", id(&asked), "--config", &desk.world.config()]).exits(0);
    assert!(shown.out.contains("unsigned, from “agent \u{fffd}[31m7”"), "{}", shown.out);
    assert!(!shown.out.contains('\u{1b}') && !shown.out.contains("proposal 2"), "{}", shown.out);
    let none = desk.run(&["amend", id(&asked), "--proposal", "2", "--yes"], "ada").exits(3);
    assert!(none.err.contains("there is no proposal 2"), "{}", none.err);
    desk.run(&["amend", id(&asked), "--proposal", "1", "--yes"], "ada").exits(0);
    let rulings = desk.rulings().await;
    let Answer::Amend { instead, .. } = &rulings[0].1.payload().answer else { panic!("{rulings:?}") };
    assert_eq!((instead.channel.as_str(), &instead.target), ("test.main", &escalation.target()));
    assert_eq!(instead.text.as_deref(), Some("We\u{fffd}[2J will see."), "what was seen is what goes out");
}

#[tokio::test]
async fn the_list_shows_what_waits_and_only_that() {
    let desk = Desk::open().await;
    let config = desk.world.config();
    run(&["inbox", "--config", &config]).exits(3);
    let (first, second) = (desk.ask("opening hours?").await, desk.ask("my lawyer").await);
    desk.broker.decide("nobody knows").await;
    let listed = run(&["inbox", "--config", &config]).exits(0);
    let lines: Vec<&str> = listed.out.lines().collect();
    assert_eq!(lines.len(), 3, "{}", listed.out);
    assert!(lines[0].starts_with(&id(&first)[..12]) && lines[0].contains("info_request"), "{}", lines[0]);
    assert!(lines[1].contains("counsel") && lines[1].contains("restricted"), "{}", lines[1]);
    desk.run(&["reject", id(&second)], "ada").exits(0);
    let json = run(&["inbox", "--format", "json", "--config", &config]).exits(0).json_lines();
    let ids: Vec<&Value> = json.iter().map(|entry| &entry["escalation"]["decision"]["id"]).collect();
    assert_eq!(ids.len(), 2);
    assert!(!ids.contains(&&json!(id(&second))));
    let shown = run(&["inbox", "show", id(&second), "--config", &config]).exits(0);
    assert!(shown.out.contains("reject by ada"), "{}", shown.out);
}

#[tokio::test]
async fn a_forged_answer_closes_nothing() {
    let desk = Desk::open().await;
    let asked = desk.ask("opening hours?").await;
    let subject = format!("decile.ruling.{}", id(&asked));
    desk.broker.publish(&subject, "{}").await;
    let shown = run(&["inbox", "show", id(&asked), "--config", &desk.world.config()]).exits(0);
    assert!(shown.out.contains("does not count: it is nothing that was signed"), "{}", shown.out);
    desk.run(&["approve", id(&asked)], "bob").exits(0);
    let stored = desk.broker.all("DECILE").await;
    let last = stored.iter().rfind(|stored| stored.subject == subject).unwrap();
    VerifiedRuling::new(Signed::parse(&last.bytes).unwrap(), &desk.config().authority).unwrap();
}

#[tokio::test]
async fn what_becomes_of_an_answer_is_printed() {
    let desk = Desk::open().await;
    let (approved, rejected) = (desk.ask("opening hours?").await, desk.ask("my lawyer").await);
    let ran = desk.run_for(&["approve", id(&approved)], "bob", "30000").exits(0);
    assert!(ran.out.contains("reply on test.main was committed"), "{}", ran.out);
    let ran = desk.run_for(&["reject", id(&rejected), "--format", "json"], "ada", "30000").exits(0);
    assert_eq!(ran.json()["became"]["taken"]["outcome"], "rejected", "{}", ran.out);
    let shown = run(&["inbox", "show", id(&approved), "--config", &desk.world.config()]).exits(0);
    assert!(shown.out.contains("approve by bob") && shown.out.contains("was committed"), "{}", shown.out);
}

#[tokio::test]
async fn what_the_daemon_refuses_is_said_and_waits_again() {
    let desk = Desk::open().await;
    run(&["halt", "--config", &desk.world.config()]).exits(0);
    let asked = desk.ask("opening hours?").await;
    let ran = desk.run_for(&["approve", id(&asked)], "bob", "30000").exits(3);
    assert!(ran.out.contains("refused: the halt is on"), "{}", ran.out);
    let listed = run(&["inbox", "--config", &desk.world.config()]).exits(0);
    assert!(listed.out.contains(&id(&asked)[..12]), "{}", listed.out);
    desk.run_for(&["reject", id(&asked)], "bob", "30000").exits(0);
    run(&["inbox", "--config", &desk.world.config()]).exits(3);
}

#[tokio::test]
async fn an_action_that_went_out_is_undone_once_and_by_who_may() {
    let desk = Desk::open().await;
    let asked = desk.ask("this week's news").await;
    let none = desk.run(&["undo", id(&asked), "--reason", "early"], "ada").exits(3);
    assert!(none.err.contains("no action went out"), "{}", none.err);
    desk.run_for(&["approve", id(&asked)], "bob", "30000").exits(0);
    let eva = desk.run(&["undo", id(&asked), "--reason", "x"], "eva").exits(3);
    assert!(eva.err.contains("eva may neither rule on this desk nor grant"), "{}", eva.err);
    let ran = desk.run_for(&["undo", &id(&asked)[..8], "--reason", "the wrong one"], "bob", "30000").exits(0);
    assert!(ran.out.contains("undo archive on test.main") && ran.out.contains("undone"), "{}", ran.out);
    let stored = desk.broker.all("DECILE").await;
    let inverse = format!("decile.approved.unarchive.test.main.{}", id(&asked));
    assert!(stored.iter().any(|stored| stored.subject == inverse), "{inverse} is on the bus");
    let again = desk.run(&["undo", id(&asked), "--reason", "again"], "ada").exits(3);
    assert!(again.err.contains("asked for before"), "{}", again.err);
}

#[tokio::test]
async fn what_nothing_undoes_is_said_before_anything_is_signed() {
    let desk = Desk::open().await;
    let asked = desk.ask("opening hours?").await;
    desk.run_for(&["approve", id(&asked)], "bob", "30000").exits(0);
    let ran = desk.run(&["undo", id(&asked), "--reason", "x"], "bob").exits(3);
    assert!(ran.err.contains("nothing undoes `reply`"), "{}", ran.err);
    let subject = format!("decile.ruling.{}.undo", id(&asked));
    assert!(!desk.broker.all("DECILE").await.iter().any(|stored| stored.subject == subject));
}

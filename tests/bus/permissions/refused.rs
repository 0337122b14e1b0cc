//! What each user should not reach, tried one by one.

use super::{Fenced, Outcome, USERS, set};
use std::collections::BTreeSet;

/// Publishes on each kind of subject under the root, and on those of the sources.
const PUBLISHES: [&str; 26] = [
    "decile.handled.c.test.main",
    "decile.action.react.test.main.id",
    "decile.approved.react.test.main.id",
    "decile.escalated.human.test.main",
    "decile.passed.test.main",
    "decile.grant.react.test.main",
    "decile.grant.react.decile.canary",
    "decile.control.halt",
    "decile.control.other",
    "decile.level.c.test.main",
    "decile.ruling.id",
    "decile.receipt.id",
    "decile.receipt.id.ruling",
    "decile.slot.use.id.1",
    "decile.slot.fence.x",
    "decile.review.c",
    "decile.tally.300.a",
    "decile.alert.demoted",
    "decile.alert.refused",
    "decile.dlq.test.main",
    "decile.proposal.id",
    "decile.other",
    "decile",
    "in.main.x",
    "in.other",
    "post.box.x",
];

/// Requests to JetStream, and acknowledgements. `OWN` and `OTHER` are the executors' consumers.
const REQUESTS: [&str; 54] = [
    "$JS.API.INFO",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.LIST",
    "$JS.API.STREAM.INFO.DECILE",
    "$JS.API.STREAM.CREATE.DECILE",
    "$JS.API.STREAM.CREATE.MINE",
    "$JS.API.STREAM.UPDATE.DECILE",
    "$JS.API.STREAM.DELETE.DECILE",
    "$JS.API.STREAM.PURGE.DECILE",
    "$JS.API.STREAM.SNAPSHOT.DECILE",
    "$JS.API.STREAM.RESTORE.DECILE",
    "$JS.API.STREAM.MSG.DELETE.DECILE",
    "$JS.API.STREAM.MSG.GET.DECILE",
    "$JS.API.STREAM.LEADER.STEPDOWN.DECILE",
    "$JS.API.STREAM.INFO.IN",
    "$JS.API.STREAM.CREATE.IN",
    "$JS.API.STREAM.UPDATE.IN",
    "$JS.API.STREAM.DELETE.IN",
    "$JS.API.STREAM.PURGE.IN",
    "$JS.API.STREAM.MSG.DELETE.IN",
    "$JS.API.STREAM.MSG.GET.IN",
    "$JS.API.STREAM.INFO.DECILE_ADVISORIES",
    "$JS.API.STREAM.UPDATE.DECILE_ADVISORIES",
    "$JS.API.STREAM.PURGE.DECILE_ADVISORIES",
    "$JS.API.CONSUMER.CREATE.DECILE_ADVISORIES.advisories",
    "$JS.API.CONSUMER.MSG.NEXT.DECILE_ADVISORIES.advisories",
    "$JS.API.DIRECT.GET.DECILE",
    "$JS.API.DIRECT.GET.DECILE.decile.control.halt",
    "$JS.API.DIRECT.GET.DECILE.decile.grant.react.test.main",
    "$JS.API.DIRECT.GET.DECILE.decile.escalated.human.test.main",
    "$JS.API.DIRECT.GET.DECILE.decile.receipt.id",
    "$JS.API.DIRECT.GET.DECILE.decile.ruling.id",
    "$JS.API.CONSUMER.NAMES.DECILE",
    "$JS.API.CONSUMER.LIST.DECILE",
    "$JS.API.CONSUMER.CREATE.DECILE",
    "$JS.API.CONSUMER.CREATE.DECILE.mine",
    "$JS.API.CONSUMER.CREATE.DECILE.mine.decile.grant.react.test.main",
    "$JS.API.CONSUMER.CREATE.DECILE.execute-test=2Emain",
    "$JS.API.CONSUMER.CREATE.DECILE.execute-test=2Emain.decile.action.react.test.main.id",
    "$JS.API.CONSUMER.DURABLE.CREATE.DECILE.execute-test=2Emain",
    "$JS.API.CONSUMER.DELETE.DECILE.execute-test=2Emain",
    "$JS.API.CONSUMER.PAUSE.DECILE.execute-test=2Emain",
    "$JS.API.CONSUMER.RESET.DECILE.execute-test=2Emain",
    "$JS.API.CONSUMER.INFO.DECILE.execute-test=2Emain",
    "$JS.API.CONSUMER.INFO.DECILE.rulings",
    "$JS.API.CONSUMER.MSG.NEXT.DECILE.execute-test=2Emain",
    "$JS.API.CONSUMER.MSG.NEXT.DECILE.execute-post=2Ebox",
    "$JS.API.CONSUMER.MSG.NEXT.DECILE.notify-human",
    "$JS.API.CONSUMER.MSG.NEXT.DECILE.rulings",
    "$JS.API.CONSUMER.CREATE.DECILE.rulings",
    "$JS.API.CONSUMER.CREATE.IN.decile",
    "$JS.API.CONSUMER.MSG.NEXT.IN.decile",
    "$JS.API.CONSUMER.DELETE.IN.decile",
    "$JS.API.CONSUMER.INFO.IN.decile",
];

/// Where nobody answers, so that only a refusal can be seen: acknowledgements, the system's subjects, inboxes.
const SILENT: [&str; 11] = [
    "$JS.ACK.DECILE.rulings.1.1.1.1.0",
    "$JS.ACK.DECILE.execute-test=2Emain.1.1.1.1.0",
    "$JS.ACK.DECILE.execute-post=2Ebox.1.1.1.1.0",
    "$JS.ACK.IN.decile.1.1.1.1.0",
    "$JS.ACK.DECILE_ADVISORIES.advisories.1.1.1.1.0",
    "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.IN.decile",
    "$SYS.REQ.SERVER.PING",
    "$SYS.REQ.USER.INFO",
    "_INBOX.x",
    "_INBOX_operator.x",
    "_INBOX_daemon.x",
];

/// What each user may, of all the above; spelled out a second time, by hand.
fn may(user: &str) -> BTreeSet<String> {
    let reading = [
        "$JS.API.INFO",
        "$JS.API.STREAM.INFO.DECILE",
        "$JS.API.DIRECT.GET.DECILE",
        "$JS.API.DIRECT.GET.DECILE.decile.control.halt",
        "$JS.API.DIRECT.GET.DECILE.decile.grant.react.test.main",
        "$JS.API.DIRECT.GET.DECILE.decile.escalated.human.test.main",
        "$JS.API.DIRECT.GET.DECILE.decile.receipt.id",
        "$JS.API.DIRECT.GET.DECILE.decile.ruling.id",
        "$JS.API.STREAM.MSG.GET.DECILE",
    ];
    let and = |more: &[&'static str]| set(reading.into_iter().chain(more.iter().copied()));
    match user {
        "deployer" => set([
            "decile.grant.react.decile.canary",
            "$JS.API.INFO",
            "$JS.API.STREAM.INFO.DECILE",
            "$JS.API.STREAM.CREATE.DECILE",
            "$JS.API.STREAM.UPDATE.DECILE",
            "$JS.API.STREAM.INFO.IN",
            "$JS.API.STREAM.CREATE.IN",
            "$JS.API.STREAM.INFO.DECILE_ADVISORIES",
            "$JS.API.STREAM.UPDATE.DECILE_ADVISORIES",
            "$JS.API.CONSUMER.CREATE.DECILE_ADVISORIES.advisories",
            "$JS.API.CONSUMER.CREATE.DECILE.execute-test=2Emain",
            "$JS.API.CONSUMER.CREATE.DECILE.execute-test=2Emain.decile.action.react.test.main.id",
            "$JS.API.CONSUMER.INFO.DECILE.execute-test=2Emain",
            "$JS.API.CONSUMER.INFO.DECILE.rulings",
            "$JS.API.CONSUMER.CREATE.DECILE.rulings",
            "$JS.API.CONSUMER.CREATE.IN.decile",
            "$JS.API.CONSUMER.INFO.IN.decile",
        ]),
        "daemon" => and(&[
            "decile.handled.c.test.main",
            "decile.action.react.test.main.id",
            "decile.approved.react.test.main.id",
            "decile.escalated.human.test.main",
            "decile.passed.test.main",
            "decile.control.halt",
            "decile.level.c.test.main",
            "decile.receipt.id",
            "decile.receipt.id.ruling",
            "decile.slot.use.id.1",
            "decile.slot.fence.x",
            "decile.review.c",
            "decile.tally.300.a",
            "decile.alert.demoted",
            "decile.alert.refused",
            "decile.dlq.test.main",
            "$JS.API.STREAM.INFO.IN",
            "$JS.API.STREAM.MSG.GET.IN",
            "$JS.API.STREAM.INFO.DECILE_ADVISORIES",
            "$JS.API.CONSUMER.MSG.NEXT.DECILE_ADVISORIES.advisories",
            "$JS.ACK.DECILE_ADVISORIES.advisories.1.1.1.1.0",
            "$JS.API.CONSUMER.CREATE.DECILE",
            "$JS.API.CONSUMER.CREATE.DECILE.mine",
            "$JS.API.CONSUMER.CREATE.DECILE.mine.decile.grant.react.test.main",
            "$JS.API.CONSUMER.INFO.DECILE.execute-test=2Emain",
            "$JS.API.CONSUMER.INFO.DECILE.rulings",
            "$JS.API.CONSUMER.MSG.NEXT.DECILE.rulings",
            "$JS.ACK.DECILE.rulings.1.1.1.1.0",
            "$JS.API.CONSUMER.INFO.IN.decile",
            "$JS.API.CONSUMER.MSG.NEXT.IN.decile",
            "$JS.ACK.IN.decile.1.1.1.1.0",
        ]),
        "operator" => and(&[
            "decile.grant.react.test.main",
            "decile.grant.react.decile.canary",
            "decile.control.halt",
            "decile.level.c.test.main",
            "decile.ruling.id",
        ]),
        "proposer" => set(["decile.proposal.id", "$JS.API.INFO"]),
        "auditor" => and(&["$JS.API.STREAM.INFO.IN", "$JS.API.STREAM.MSG.GET.IN"]),
        "execute-test=2Emain" => set([
            "decile.receipt.id",
            "decile.alert.refused",
            "$JS.API.INFO",
            "$JS.API.STREAM.INFO.DECILE",
            "$JS.API.DIRECT.GET.DECILE.decile.control.halt",
            "$JS.API.DIRECT.GET.DECILE.decile.grant.react.test.main",
            "$JS.API.DIRECT.GET.DECILE.decile.receipt.id",
            "$JS.API.DIRECT.GET.DECILE.decile.ruling.id",
            "$JS.API.CONSUMER.INFO.DECILE.execute-test=2Emain",
            "$JS.API.CONSUMER.MSG.NEXT.DECILE.execute-test=2Emain",
            "$JS.ACK.DECILE.execute-test=2Emain.1.1.1.1.0",
        ]),
        "execute-post=2Ebox" => set([
            "decile.receipt.id",
            "decile.alert.refused",
            "$JS.API.INFO",
            "$JS.API.STREAM.INFO.DECILE",
            "$JS.API.DIRECT.GET.DECILE.decile.control.halt",
            "$JS.API.DIRECT.GET.DECILE.decile.receipt.id",
            "$JS.API.DIRECT.GET.DECILE.decile.ruling.id",
            "$JS.API.CONSUMER.MSG.NEXT.DECILE.execute-post=2Ebox",
            "$JS.ACK.DECILE.execute-post=2Ebox.1.1.1.1.0",
        ]),
        "notify-human" => set([
            "$JS.API.INFO",
            "$JS.API.STREAM.INFO.DECILE",
            "$JS.API.DIRECT.GET.DECILE.decile.ruling.id",
            "$JS.API.CONSUMER.MSG.NEXT.DECILE.notify-human",
        ]),
        "notify-counsel" => {
            set(["$JS.API.INFO", "$JS.API.STREAM.INFO.DECILE", "$JS.API.DIRECT.GET.DECILE.decile.ruling.id"])
        }
        "bridge-IN" => set(["in.main.x", "$JS.API.INFO"]),
        "bridge-POST" => set(["post.box.x", "$JS.API.INFO"]),
        other => panic!("no such user: {other}"),
    }
}

/// Everything that `user` tried and that was not refused as a violation of its permissions.
async fn tried(fenced: &Fenced, user: &str) -> BTreeSet<String> {
    let mut login = fenced.login(user).await;
    let mut passed = BTreeSet::new();
    for subject in PUBLISHES.into_iter().chain(REQUESTS) {
        // What is no JSON changes nothing where it is taken for a request.
        match login.attempt(subject, "{tried").await {
            Outcome::Denied => {}
            Outcome::Nobody => panic!("{user}: may publish on `{subject}`, and nobody answers there"),
            Outcome::Answered(_) => drop(passed.insert(subject.to_owned())),
        }
    }
    for subject in SILENT {
        if !login.is_denied(subject, None, "tried").await {
            passed.insert(subject.to_owned());
        }
    }
    passed
}

#[tokio::test]
async fn each_user_reaches_what_it_should_and_nothing_else() {
    reaches_what_it_should(&Fenced::start().await).await;
}

/// Every user tries everything.
pub(super) async fn reaches_what_it_should(fenced: &Fenced) {
    let mut stored = BTreeSet::new();
    for user in USERS {
        assert_eq!(tried(fenced, user).await, may(user), "{user}");
        stored.extend(may(user).into_iter().filter(|subject| subject.starts_with("decile.")));
    }
    let found: BTreeSet<String> = fenced.stored().await.into_keys().collect();
    assert_eq!(found, stored, "and this is what the stream has of it");
}

#[tokio::test]
async fn each_user_hears_its_own_inboxes_and_nothing_else() {
    let fenced = Fenced::start().await;
    for user in USERS {
        let mut login = fenced.login(user).await;
        let others = USERS.into_iter().filter(|other| *other != user).map(|other| format!("_INBOX_{other}.>"));
        let everybodys = [
            ">",
            "_INBOX.>",
            "_INBOX.*",
            "$SYS.>",
            "$JS.>",
            "$JS.ACK.>",
            "$JS.EVENT.ADVISORY.>",
            "decile.>",
            "in.>",
            "_R_.>",
        ];
        for subject in others.chain(everybodys.map(str::to_owned)) {
            assert!(login.is_deaf(&subject).await.0, "{user} subscribes to `{subject}`");
        }
        let own = format!("_INBOX_{user}.>");
        assert!(!login.is_deaf(&own).await.0, "{user} subscribes to `{own}`");
    }
    let mut stray = fenced.login_with_inbox("auditor", "_INBOX").await;
    assert!(stray.is_deaf("_INBOX.abc").await.0, "the usual prefix is nobody's");
}

/// The accounts are a wall of their own: without any permissions of users nobody gets further.
#[tokio::test]
async fn accounts_hold_without_the_permissions_of_users() {
    let fenced = Fenced::start_with(without_permissions).await;
    let before = fenced.stored().await;
    // The daemon's account may make consumers by any name; what it may not is said by its permissions.
    for user in USERS.into_iter().filter(|user| *user != "daemon") {
        let mut login = fenced.login(user).await;
        for subject in PUBLISHES.into_iter().chain(REQUESTS).filter(|subject| !may(user).contains(*subject)) {
            let outcome = login.request(subject, "{}").await;
            assert_eq!(outcome, Outcome::Nobody, "{user}: `{subject}`");
        }
    }
    assert_eq!(fenced.stored().await, before);
}

fn without_permissions(conf: String) -> String {
    let mut open = String::new();
    let mut lines = conf.lines();
    while let Some(line) = lines.next() {
        if line.trim() == "permissions: {" {
            lines.by_ref().find(|line| *line == "      }").expect("its end");
        } else {
            open.push_str(line);
            open.push('\n');
        }
    }
    assert!(!open.contains("subscribe"), "no permission is left: {open}");
    open
}

/// These tests can fail: with one permission too many they do.
#[tokio::test]
async fn one_permission_too_many_is_noticed() {
    let fenced = Fenced::start_with(|conf| {
        let service = |accounts: &str| format!("{{ service: \"decile.action.>\", accounts: [{accounts}] }}");
        let import = "{ service: { account: \"DECILE\", subject: \"decile.proposal.>\" } }";
        let conf = replaced(&conf, &service("\"DECILE_daemon\""), &service("\"DECILE_daemon\", \"DECILE_proposer\""));
        let conf = replaced(
            &conf,
            "            \"decile.proposal.>\"\n",
            "            \"decile.proposal.>\"\n            \"decile.action.>\"\n",
        );
        replaced(&conf, import, &format!("{import}\n      {}", import.replace("proposal", "action")))
    })
    .await;
    let found = tried(&fenced, "proposer").await;
    assert_eq!(found, set(["decile.proposal.id", "$JS.API.INFO", "decile.action.react.test.main.id"]));
    assert!(fenced.stored().await.contains_key("decile.action.react.test.main.id"));
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "`{from}` stands once in {text}");
    text.replace(from, to)
}

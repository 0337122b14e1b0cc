//! `promote` in a terminal: nothing is signed that nobody has agreed to.

use crate::pty::Pty;
use crate::support::operator::Person;
use crate::support::{Broker, Daemon, World, run};
use decile::bus::private::PrivateServer;

#[tokio::test]
async fn it_shows_and_asks_before_it_signs() {
    let server = PrivateServer::start().unwrap();
    let policy = "[[class]]\nname = \"scheduling_confirm\"\naction = { type = \"label\", label = \"x\" }\n";
    let (world, _) = Person::of(World::on(&server).unpromoted().policy(policy));
    let (config, key) = (world.config(), world.path("ada.key"));
    run(&["setup", "--apply", "--config", &config]).exits(0);
    let broker = Broker::on(&server).await;
    let promote = ["promote", "scheduling_confirm", "--to", "2", "--channel", "test.main"];
    let pilot = ["--without-evidence", "pilot", "--for", "7d", "--config", &config, "--key", key.to_str().unwrap()];
    let arguments = [promote.as_slice(), &pilot].concat();
    let levels = async || {
        let all = broker.all("DECILE").await;
        all.into_iter().filter(|record| record.subject.starts_with("decile.level.")).count()
    };
    let read = || std::fs::read_to_string(world.path("policy.toml")).unwrap();

    let mut terminal = Pty::run(&arguments, &[]);
    terminal.wait("0 of 0 agreed");
    terminal.wait("WITHOUT EVIDENCE");
    terminal.wait("disagreement: 7 errors in a row");
    terminal
        .wait("a sample (2 % of what is handled, at first 20 %) that nobody reviews within 14 d counts as an error");
    terminal.wait("itself, on 20");
    terminal.wait("drift only raises an alarm");
    terminal.wait("is at level 2 there? [y/N]");
    terminal.press("\n");
    assert_eq!(terminal.wait_exit().code(), Some(3));
    assert_eq!((levels().await, read()), (0, policy.to_owned()));
    let mut terminal = Pty::run(&arguments, &[]);
    terminal.wait("[y/N]");
    terminal.press("y\n");
    terminal.wait("on `test.main` to level 2");
    assert_eq!(terminal.wait_exit().code(), Some(0));
    assert_eq!(levels().await, 1);
    assert!(
        read().starts_with(policy.split_once("action").unwrap().0) && read().contains("[[promotion]]"),
        "{}",
        read()
    );
}

/// More than fits on a screen is for the user's own pager, and all of it.
#[tokio::test]
async fn what_would_newly_be_handled_is_for_the_pager() {
    let server = PrivateServer::start().unwrap();
    let policy = "[[class]]\nname = \"scheduling_confirm\"\naction = { type = \"label\", label = \"x\" }\ndrift_demotes = true\n";
    let (world, _) = Person::of(World::on(&server).unpromoted().policy(policy));
    let daemon = Daemon::ready(&world).await;
    let broker = Broker::on(&server).await;
    let payload = |case: u32| serde_json::json!({ "text": format!("Thursday works for me, case {case}") }).to_string();
    broker.publish_all("in.main.x", (0..60).map(payload)).await;
    broker.committed(60).await;
    drop(daemon);
    let config = world.config();
    let arguments =
        ["promote", "scheduling_confirm", "--to", "2", "--channel", "test.main", "--preview", "--config", &config];
    let list = world.path("list");
    let mut terminal = Pty::run(&arguments, &[("PAGER", &format!("cat > {}", list.display()))]);
    terminal.wait("60 message(s) would newly be handled");
    terminal.wait("drift: an alarm about how often `scheduling_confirm` is escalated");
    terminal.wait_exit();
    let listed = std::fs::read_to_string(&list).unwrap();
    assert!(listed.lines().count() == 60 && listed.contains("case 0") && listed.contains("case 59"), "{listed}");
    assert!(!terminal.shown().contains("case 59"), "{}", terminal.shown());
    // Without a terminal, or a pager that works, the last are printed.
    let printed = run(&arguments);
    assert!(printed.out.contains("the last 50 of them") && !printed.out.contains("case 9\n"), "{}", printed.out);
    let mut terminal = Pty::run(&arguments, &[("PAGER", "false")]);
    terminal.wait("the last 50 of them");
    terminal.wait_exit();
}

//! `promote` in a terminal: nothing is signed that nobody has agreed to.

use crate::pty::Pty;
use crate::support::operator::Person;
use crate::support::{Broker, World, run};
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

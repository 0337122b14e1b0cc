//! `review` in a real terminal: the class first, then what was decided, then the signature.

use crate::pty::Pty;
use crate::support::operator::Person;
use crate::support::world::POLICY;
use crate::support::{Broker, Daemon, World, until};
use decile::bus::private::PrivateServer;

#[tokio::test]
async fn it_asks_what_it_is_before_it_shows_what_was_decided() {
    let server = PrivateServer::start().unwrap();
    let policy = POLICY.replace("[review]\npercent = 0\n", "[review]\npercent = 100\n");
    let (world, _) = Person::of(World::on(&server).policy(&policy));
    let _daemon = Daemon::ready(&world).await;
    let broker = Broker::on(&server).await;
    let id = broker.decide("Thursday works for me").await.decision()["id"].as_str().unwrap().to_owned();
    until("a sample", || broker.last("DECILE", "decile.review.scheduling_confirm")).await;
    let (config, key) = (world.config(), world.path("ada.key"));
    let mut terminal = Pty::run(&["review", "--config", &config, "--key", key.to_str().unwrap()], &[]);
    terminal.wait("Thursday works for me");
    terminal.wait("what is it?");
    assert!(!terminal.shown().contains("decided") && !terminal.shown().contains("scheduled"), "{}", terminal.shown());
    terminal.press("news");
    terminal.wait("what is it? news");
    terminal.press("\r");
    terminal.wait("decided     scheduling_confirm");
    terminal.wait("you disagree");
    terminal.press("\r");
    terminal.wait("1 reviewed, 0 agreed");
    let receipt = format!("decile.receipt.{id}.ruling");
    let receipt = until("a word on it", || broker.last("DECILE", &receipt)).await.record;
    assert_eq!((receipt["outcome"].as_str(), receipt["class"].as_str()), (Some("reviewed"), Some("newsletter")));
    assert_eq!(receipt["severe"], serde_json::Value::Null);
    terminal.wait("that was all");
    terminal.press("\u{1b}");
    assert_eq!(terminal.wait_exit().code(), Some(0));
    terminal.wait_left_as_it_was();
}

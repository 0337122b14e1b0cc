//! The broker goes away and comes back.

use crate::support::{Broker, Daemon, World, http, until};
use decile::bus::private::PrivateServer;
use serde_json::json;
use std::collections::BTreeSet;

const LIMITS: &str = "[limits]\ncommit_timeout_ms = 900\nack_wait_ms = 1000\n";

#[tokio::test]
async fn the_daemon_outlives_the_broker_and_decides_everything() {
    let mut server = PrivateServer::start().unwrap();
    let mut daemon = Daemon::ready(&World::on(&server).more(LIMITS)).await;
    let http = daemon.http().await;
    let before = Broker::on(&server).await;
    before.decide("1 works for me").await;
    for number in 2..=200 {
        before.publish("in.main.x", json!({ "text": format!("{number} works for me") }).to_string()).await;
    }
    server.kill();
    let down = until("not ready", || async { http::get(http, "/readyz").filter(|answer| answer.status == 503) }).await;
    assert!(down.body.contains("not connected"), "it says why: {}", down.body);
    assert_eq!(http::get(http, "/healthz").unwrap().status, 200, "waiting for the broker is no death");
    daemon.wait_metric("decile_connected{connection=\"consume\"} 0").await;

    server.restart(&[]).unwrap();
    daemon.wait_ready().await;
    let broker = Broker::on(&server).await;
    assert_eq!(broker.decide("201 works for me").await.outcome(), "handle");
    broker.all_acknowledged("IN").await;
    let decided: BTreeSet<u64> = broker.all("DECILE").await.iter().map(|record| record.sequence()).collect();
    assert_eq!(decided, (1..=201).collect());
    assert!(daemon.is_running());
}

#[tokio::test]
async fn a_broker_that_is_not_there_yet_is_waited_for() {
    let mut server = PrivateServer::start().unwrap();
    server.kill();
    let mut daemon = Daemon::create(&World::on(&server));
    daemon.wait_log("no nats-server answers").await;
    let http = daemon.http().await;
    assert_eq!(http::get(http, "/readyz").unwrap().status, 503);
    assert_eq!(http::get(http, "/healthz").unwrap().status, 200);
    assert!(daemon.is_running());
    server.restart(&[]).unwrap();
    daemon.wait_ready().await;
    let broker = Broker::on(&server).await;
    assert_eq!(broker.decide("Thursday works for me").await.outcome(), "handle");
}

#[tokio::test]
async fn a_daemon_that_waits_for_a_broker_can_be_stopped() {
    let mut server = PrivateServer::start().unwrap();
    server.kill();
    let mut daemon = Daemon::create(&World::on(&server));
    daemon.wait_log("no nats-server answers").await;
    daemon.signal("TERM");
    assert_eq!(daemon.wait_exit().await.code(), Some(0));
}

#[tokio::test]
async fn a_reload_while_the_broker_is_away_does_not_end_the_daemon() {
    let mut server = PrivateServer::start().unwrap();
    server.kill();
    let world = World::on(&server);
    let mut daemon = Daemon::create(&world);
    daemon.wait_log("no nats-server answers").await;
    daemon.signal("HUP");
    daemon.wait_log("reloaded").await;
    assert!(daemon.is_running());
    server.restart(&[]).unwrap();
    daemon.wait_ready().await;
}

#[tokio::test]
async fn stopping_while_the_broker_is_away_is_no_overrun() {
    let mut server = PrivateServer::start().unwrap();
    let mut daemon = Daemon::ready(&World::on(&server)).await;
    let http = daemon.http().await;
    server.kill();
    until("not ready", || async { http::get(http, "/readyz").filter(|answer| answer.status == 503) }).await;
    daemon.signal("TERM");
    assert_eq!(daemon.wait_exit().await.code(), Some(0), "nothing was in flight: {}", daemon.log());
}

#[tokio::test]
async fn a_client_of_the_metrics_does_not_hold_up_the_end() {
    use std::io::Write as _;
    let server = PrivateServer::start().unwrap();
    let mut daemon = Daemon::ready(&World::on(&server)).await;
    let mut client = std::net::TcpStream::connect(daemon.http().await).unwrap();
    client.write_all(b"GET /metrics HTTP/1.1\r\n").unwrap();
    daemon.signal("TERM");
    assert_eq!(daemon.wait_exit().await.code(), Some(0));
    drop(client);
}

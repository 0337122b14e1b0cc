//! What `decile run` refuses to run on: it says which, in words, and exits with 78.

use crate::support::{Broker, Daemon, World, run, until};
use async_nats::jetstream::{consumer, stream};
use decile::bus::private::{PrivateServer, find};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

/// Runs the daemon, which must refuse: exit code 78 and each of these texts on standard error.
pub(crate) async fn refuses(world: &World, arguments: &[&str], says: &[&str]) {
    let mut daemon = Daemon::start(world, arguments);
    let status = daemon.wait_exit().await;
    assert_eq!(status.code(), Some(78), "{}", daemon.log());
    // The last line may still be on its way from the pipe.
    for text in says {
        daemon.wait_log(text).await;
    }
    assert!(!daemon.log().lines().any(|line| line.ends_with(" ready")), "it was never ready: {}", daemon.log());
}

/// A world whose streams and consumers are made.
pub(crate) fn made(server: &PrivateServer) -> World {
    let world = World::on(server);
    run(&["setup", "--apply", "--config", &world.config()]).exits(0);
    world
}

#[tokio::test]
async fn a_server_that_is_too_old() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let mut out = stream.try_clone().unwrap();
                let info = format!(
                    "INFO {{\"server_id\":\"X\",\"server_name\":\"X\",\"version\":\"2.9.10\",\"proto\":1,\
                     \"go\":\"go1.19\",\"host\":\"127.0.0.1\",\"port\":{port},\"headers\":true,\
                     \"max_payload\":1048576,\"jetstream\":true,\"client_id\":1}}\r\n"
                );
                let _ = out.write_all(info.as_bytes());
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if line.starts_with("PING") {
                        let _ = out.write_all(b"PONG\r\n");
                    }
                }
            });
        }
    });
    let world = World::at(&format!("nats://127.0.0.1:{port}"));
    refuses(&world, &["--create"], &["nats-server 2.9.10 is too old", "2.12.1"]).await;
}

/// A server without JetStream; killed with this value.
struct Bare(Child, tempfile::TempDir);

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_server_without_jetstream() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(find().unwrap());
    command.args(["-a", "127.0.0.1", "-p", "-1", "--ports_file_dir"]).arg(folder.path());
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let bare = Bare(child, folder);
    let url = until("where the server listens", || async {
        let entries = std::fs::read_dir(bare.1.path()).unwrap();
        let mut texts = entries.filter_map(|entry| std::fs::read_to_string(entry.unwrap().path()).ok());
        let ports: serde_json::Value = serde_json::from_str(&texts.next()?).ok()?;
        Some(ports["nats"][0].as_str()?.to_owned())
    })
    .await;
    refuses(&World::at(&url), &["--create"], &["no JetStream", "-js"]).await;
}

/// A server under a configuration of its own.
pub(crate) fn configured(text: &str) -> (PrivateServer, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server.conf");
    std::fs::write(&file, text).unwrap();
    (PrivateServer::start_with(&find().unwrap(), &["-c", file.to_str().unwrap()]).unwrap(), folder)
}

/// The usual world for a user `ada` with the password `secret`.
fn as_ada(server: &PrivateServer, password: &str) -> World {
    let world = World::on(server);
    world.write("password", format!("{password}\n"));
    world.bus("user = \"ada\"\npassword_file = \"password\"\nconnect_timeout_ms = 700\nrequest_timeout_ms = 700\n")
}

#[tokio::test]
async fn an_account_without_jetstream() {
    let (server, _folder) = configured(
        "jetstream {}\naccounts { A { users = [{ user: ada, password: secret }] }, \
         B { jetstream: enabled, users = [{ user: b, password: b }] } }",
    );
    refuses(&as_ada(&server, "secret"), &["--create"], &["no JetStream for this account"]).await;
}

#[tokio::test]
async fn a_login_that_is_wrong() {
    let (server, _folder) = configured("authorization { users = [{ user: ada, password: secret }] }");
    refuses(&as_ada(&server, "guess"), &["--create"], &["the server refuses the login"]).await;
    refuses(&World::on(&server), &["--create"], &["the server refuses the login"]).await;
}

#[tokio::test]
async fn no_permission_to_the_api() {
    let (server, _folder) = configured(
        "authorization { users = [{ user: ada, password: secret, permissions: { publish: { deny: [\"$JS.API.>\"] } } }] }",
    );
    refuses(&as_ada(&server, "secret"), &["--create"], &["no permission to", "grant it"]).await;
}

#[tokio::test]
async fn no_permission_to_publish_decisions() {
    let (server, _folder) = configured(
        "authorization { users = [{ user: ada, password: secret, permissions: { publish: { deny: [\"decile.>\"] } } }] }",
    );
    refuses(&as_ada(&server, "secret"), &["--create"], &["no permission to publish", "decile."]).await;
}

#[tokio::test]
async fn no_stream_for_decisions() {
    let server = PrivateServer::start().unwrap();
    let world = made(&server);
    Broker::on(&server).await.jetstream.delete_stream("DECILE").await.unwrap();
    refuses(&world, &[], &["the stream `DECILE` does not exist", "decile setup --apply"]).await;
}

#[tokio::test]
async fn no_source_stream() {
    let server = PrivateServer::start().unwrap();
    let world = made(&server);
    Broker::on(&server).await.jetstream.delete_stream("IN").await.unwrap();
    refuses(&world, &[], &["the stream `IN` does not exist"]).await;
}

#[tokio::test]
async fn no_consumer() {
    let server = PrivateServer::start().unwrap();
    let world = made(&server);
    let stream = Broker::on(&server).await.jetstream.get_stream("IN").await.unwrap();
    stream.delete_consumer("decile").await.unwrap();
    refuses(&world, &[], &["the consumer `decile` on `IN` does not exist", "decile setup --apply"]).await;
}

#[tokio::test]
async fn a_consumer_that_filters_otherwise() {
    let server = PrivateServer::start().unwrap();
    let world = made(&server);
    let stream = Broker::on(&server).await.jetstream.get_stream("IN").await.unwrap();
    let info = stream.consumer_info("decile").await.unwrap();
    let mut config = info.config.clone();
    config.filter_subjects = vec!["in.raw".to_owned()];
    stream.delete_consumer("decile").await.unwrap();
    stream.create_consumer::<consumer::Config>(config).await.unwrap();
    refuses(&world, &[], &["the consumer `decile` on `IN` is not as it must be", "filter subjects is `in.raw`"]).await;
}

#[tokio::test]
async fn a_stream_that_throws_decisions_away() {
    let server = PrivateServer::start().unwrap();
    let world = made(&server);
    let jetstream = Broker::on(&server).await.jetstream;
    let old = jetstream.get_stream("DECILE").await.unwrap().cached_info().config.clone();
    jetstream.delete_stream("DECILE").await.unwrap();
    let lax = stream::Config { discard: stream::DiscardPolicy::Old, allow_message_ttl: false, ..old };
    jetstream.create_stream(lax).await.unwrap();
    let says = ["the stream `DECILE` is not as it must be", "`discard` must be `new`", "`allow_msg_ttl` must be on"];
    refuses(&world, &[], &says).await;
}

/// Each of these takes decisions and does not keep them.
#[tokio::test]
async fn a_stream_that_forgets_decisions() {
    let server = PrivateServer::start().unwrap();
    let world = made(&server);
    let jetstream = Broker::on(&server).await.jetstream;
    let ours = || async { jetstream.get_stream("DECILE").await.unwrap().cached_info().config.clone() };
    let ours = ours().await;
    let hour = std::time::Duration::from_secs(3_600);
    let lax = [
        (stream::Config { max_age: hour, ..ours.clone() }, "`max_age` must be 0"),
        (stream::Config { allow_direct: false, ..ours.clone() }, "`allow_direct` must be on"),
        (stream::Config { max_messages_per_subject: 1, ..ours.clone() }, "`max_msgs_per_subject` must be off"),
        (
            stream::Config { retention: stream::RetentionPolicy::Interest, ..ours.clone() },
            "`retention` must be `limits`",
        ),
        (
            stream::Config { duplicate_window: std::time::Duration::from_secs(1), ..ours.clone() },
            "`duplicate_window` must be `duplicate_window_s`",
        ),
    ];
    for (lax, says) in lax {
        jetstream.delete_stream("DECILE").await.unwrap();
        jetstream.create_stream(lax).await.unwrap();
        refuses(&world, &[], &["the stream `DECILE` is not as it must be", says]).await;
    }
}

#[tokio::test]
async fn files_with_mistakes() {
    let world = World::offline()
        .more("[limits]\nmessage_bytes_maxx = 5\n")
        .policy("[defaults]\nlevel = 4\n[[class]]\nname = \"nobody_knows\"\n")
        .rules("[[rule]]\nid = \"x y\"\nclass = \"c\"\nany = [\"a\"]\n");
    let says = ["message_bytes_maxx", "decile.toml", "there is no level 4", "policy.toml", "`x y`", "rules.toml"];
    refuses(&world, &[], &says).await;
}

#[tokio::test]
async fn an_address_that_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = PrivateServer::start().unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let world = World::on(&server).listen(&address);
    refuses(&world, &["--create"], &["cannot serve metrics and health at", &address, "`listen`"]).await;
}

#[tokio::test]
async fn a_certificate_that_is_not_there() {
    let server = PrivateServer::start().unwrap();
    let world = World::on(&server);
    refuses(&world, &["--tls-ca", "/nowhere/ca.pem"], &["cannot read `/nowhere/ca.pem`"]).await;
}

//! A server configured by what `decile permissions` prints, and every user on it: what it needs works, and what it
//! should not reach is refused.

mod by_nsc;
mod inbox;
mod refused;
mod shipped;
mod tricks;
mod works;

use crate::support::{DEADLINE, Ran, World, decile, run};
use async_nats::jetstream;
use async_nats::{Client, ConnectOptions, Event, HeaderMap, ServerError, Subscriber};
use decile::bus::private::{PrivateServer, find};
use futures::StreamExt as _;
use nkeys::KeyPair;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Two streams; two channels that somebody may grant something on, and one that is passed on.
const CHANNELS: &str = r#"
[[source]]
stream = "IN"

[[source.channel]]
name = "test.main"
subject = "in.main.>"

[[source.channel]]
name = "test.direct"
subject = "in.direct"
mode = "direct"

[[source]]
stream = "POST"
consumer = "triage"

[[source.channel]]
name = "post.box"
subject = "post.box.>"
"#;

/// The users that such a configuration has.
const USERS: [&str; 11] = [
    "deployer",
    "daemon",
    "operator",
    "proposer",
    "auditor",
    "execute-test=2Emain",
    "execute-post=2Ebox",
    "notify-counsel",
    "notify-human",
    "bridge-IN",
    "bridge-POST",
];

/// A subject that nobody may publish on: its refusal comes after all that was published before.
const NOBODYS: &str = "nobody.may";

/// A server that is fenced off as the command says, with streams and consumers.
struct Fenced {
    server: PrivateServer,
    world: World,
    keys: BTreeMap<String, KeyPair>,
    /// The users' JWTs, where accounts are JWTs.
    jwts: BTreeMap<String, String>,
}

/// A user that is logged in.
struct Login {
    name: String,
    client: Client,
    jetstream: jetstream::Context,
    denials: mpsc::UnboundedReceiver<String>,
}

/// What became of a request.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// The user may not publish there: the server says so.
    Denied,
    /// Nobody answers there: the user's account has no such service.
    Nobody,
    /// Somebody answered.
    Answered(String),
}

impl Fenced {
    /// As printed.
    async fn start() -> Self {
        Self::start_with(|printed| printed).await
    }

    /// As printed and then changed: for tests of the tests.
    async fn start_with(change: impl FnOnce(String) -> String) -> Self {
        let world = World::offline().channels(CHANNELS);
        let printed = run(&["permissions", "--config", &world.config()]).exits(0).out;
        let mut conf = change(printed);
        let mut keys = BTreeMap::new();
        for user in USERS {
            let (key, place) = (KeyPair::new_user(), format!("<nkey of {user}>"));
            assert!(conf.contains(&place), "`{place}` stands in {conf}");
            conf = conf.replace(&place, &key.public_key());
            world.write(&format!("{user}.nk"), key.seed().unwrap());
            keys.insert(user.to_owned(), key);
        }
        assert!(!conf.contains("<nkey of"), "there are other users: {conf}");
        world.write("server.conf", conf);
        let file = world.path("server.conf").to_string_lossy().into_owned();
        let server = PrivateServer::start_with(&find().unwrap(), &["-c", &file]).unwrap();
        let fenced = Self { server, world, keys, jwts: BTreeMap::new() };
        fenced.make().await;
        fenced
    }

    /// Streams and consumers, as the deployer makes them.
    async fn make(&self) {
        self.ran("deployer", &["setup", "--apply", "--config", &self.world.config()]).exits(0);
    }

    /// A command of ours, as a user.
    fn command(&self, user: &str, arguments: &[&str]) -> Command {
        let mut command = decile();
        command.args(arguments).env("NATS_URL", self.server.url());
        match self.jwts.get(user) {
            None => command.env("NATS_NKEY", self.world.path(&format!("{user}.nk"))),
            Some(_) => command.env("NATS_CREDS", self.world.path(&format!("{user}.creds"))),
        };
        command.env("NATS_INBOX_PREFIX", format!("_INBOX_{user}"));
        command
    }

    /// The same, run to its end.
    fn ran(&self, user: &str, arguments: &[&str]) -> Ran {
        self.command(user, arguments).output().expect("the binary starts").into()
    }

    async fn login(&self, user: &str) -> Login {
        self.login_with_inbox(user, &format!("_INBOX_{user}")).await
    }

    async fn login_with_inbox(&self, user: &str, inbox: &str) -> Login {
        let (told, denials) = mpsc::unbounded_channel();
        let options = match self.jwts.get(user) {
            None => ConnectOptions::with_nkey(self.keys[user].seed().unwrap()),
            Some(_) => ConnectOptions::with_credentials_file(self.world.path(&format!("{user}.creds"))).await.unwrap(),
        };
        let options = options.custom_inbox_prefix(inbox).event_callback(move |event| {
            if let Event::ServerError(ServerError::Other(text)) = event {
                let _ = told.send(text);
            }
            std::future::ready(())
        });
        let client = options.connect(self.server.url()).await.expect("the server takes the user");
        let jetstream = jetstream::new(client.clone());
        Login { name: user.to_owned(), client, jetstream, denials }
    }

    /// How often something is stored on each subject of our stream, and the stream's subjects.
    async fn stored(&self) -> BTreeMap<String, usize> {
        let auditor = self.login("auditor").await;
        let mut stream = auditor.jetstream.get_stream("DECILE").await.unwrap();
        assert_eq!(stream.info().await.unwrap().config.subjects, ["decile.>"]);
        let mut subjects = stream.info_with_subjects(">").await.unwrap();
        let mut stored = BTreeMap::new();
        while let Some(subject) = subjects.next().await {
            let (subject, count) = subject.unwrap();
            if subject.starts_with("decile.lease.") {
                continue;
            }
            stored.insert(subject, count);
        }
        stored
    }
}

impl Login {
    /// Publishes, and says what became of it. The answer goes to an inbox of its own.
    async fn attempt(&mut self, subject: &str, payload: &str) -> Outcome {
        let inbox = self.client.new_inbox();
        let mut answers = self.client.subscribe(inbox.clone()).await.unwrap();
        self.client.publish_with_reply(subject.to_owned(), inbox, payload.to_owned().into()).await.unwrap();
        if self.was_denied(&format!("Publish to \"{subject}\"")).await {
            return Outcome::Denied;
        }
        let answer = timeout(DEADLINE, answers.next()).await;
        let answer = answer.unwrap_or_else(|_| panic!("{}: an answer on `{subject}`", self.name)).unwrap();
        if answer.status == Some(async_nats::StatusCode::NO_RESPONDERS) {
            return Outcome::Nobody;
        }
        let heads = answer.headers.as_ref().map(|headers| format!("{headers:?} ")).unwrap_or_default();
        let status = answer.status.map(|status| format!("{status} ")).unwrap_or_default();
        Outcome::Answered(format!("{status}{heads}{}", String::from_utf8_lossy(&answer.payload)))
    }

    /// Publishes and waits for nothing but a refusal; true where it was refused.
    async fn is_denied(&mut self, subject: &str, reply: Option<&str>, payload: &str) -> bool {
        match reply {
            Some(reply) => {
                self.client.publish_with_reply(subject.to_owned(), reply.to_owned(), payload.to_owned().into()).await
            }
            None => self.client.publish(subject.to_owned(), payload.to_owned().into()).await,
        }
        .unwrap();
        self.was_denied(&format!("Publish to \"{subject}\"")).await
    }

    /// The same as [`Login::attempt`], for a user whom nothing is refused.
    async fn request(&mut self, subject: &str, payload: &str) -> Outcome {
        match self.client.request(subject.to_owned(), payload.to_owned().into()).await {
            Err(error) if error.kind() == async_nats::RequestErrorKind::NoResponders => Outcome::Nobody,
            answer => Outcome::Answered(String::from_utf8_lossy(&answer.expect("an answer").payload).into_owned()),
        }
    }

    /// Subscribes; true where that was refused.
    async fn is_deaf(&mut self, subject: &str) -> (bool, Subscriber) {
        let subscriber = self.client.subscribe(subject.to_owned()).await.unwrap();
        (self.was_denied(&format!("Subscription to \"{subject}\"")).await, subscriber)
    }

    /// Whether the server has refused `what` so far: it refuses in order, so all is known once it has refused this.
    async fn was_denied(&mut self, what: &str) -> bool {
        self.client.publish(NOBODYS, "".into()).await.unwrap();
        let mut seen = false;
        loop {
            let denial = timeout(DEADLINE, self.denials.recv()).await.expect("a refusal").expect("a connection");
            let denial = denial.replace("\\\"", "\"");
            let says = |what: &str| {
                denial.to_lowercase().contains(&format!("permissions violation for {what}").to_lowercase())
            };
            seen |= says(what);
            if says(&format!("publish to \"{NOBODYS}\"")) {
                return seen;
            }
        }
    }
}

/// Headers by name.
fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse::<async_nats::HeaderName>().unwrap(), (*value).into())).collect()
}

fn set<'a>(subjects: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    subjects.into_iter().map(str::to_owned).collect()
}

//! Who may do what on the NATS server, from the configuration: least privilege, by account and by user.
//!
//! Whoever may make a request in the account of a stream can name any subject as its reply, and the server writes
//! its answer there: a right to read becomes a right to write a copy, or to call the API of JetStream. So nobody logs in
//! where a stream is. Two accounts own the streams, ours and those that messages come from; every user has an
//! account of its own, without JetStream, that imports the services which its role needs and nothing else. An
//! answer then goes to a subject of the asker's own account. The permissions of the user say the same once more.

pub mod layout;
pub mod nats_conf;
pub mod nsc;
mod rights;
#[cfg(test)]
mod tests;

pub use layout::{Layout, Names};

use crate::bus::setup::{executor_consumer, notifier_consumer};
use crate::channel::Channel;
use crate::policy::Desk;
use crate::token::{TOKEN_BYTES_MAX, Token};

/// What a byte becomes that is escaped: `=HH`.
const ESCAPED_BYTES: usize = 3;

/// What a user is there for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Makes streams and consumers: `decile setup --apply`.
    Deployer,
    /// Decides: `decile run`.
    Daemon,
    /// A person who answers, grants and halts.
    Operator,
    /// Acts on one channel.
    Executor(Channel),
    /// Tells people of new escalations to one desk.
    Notifier(Desk),
    /// Proposes drafts, which a person approves or not: agents, template services.
    Proposer,
    /// Reads.
    Auditor,
    /// Fills one source stream.
    Bridge(String),
}

/// Who owns a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// The account of our own stream.
    Decile,
    /// The account of the source streams.
    Bridges,
}

/// How many answers a request has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// One.
    One,
    /// Several: messages pulled, records read in a batch.
    Several,
}

/// Something that a user asks of the account that owns a stream: a publish into it, or a request of JetStream's API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Who answers.
    pub owner: Owner,
    /// The subject, or filter, where it answers.
    pub subject: String,
    /// The same as its users write it: another where JetStream's API has a prefix.
    pub local: String,
    /// How many answers a request has.
    pub answers: Answers,
}

/// A user, and the account that is its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// What it is there for.
    pub role: Role,
    /// Its account.
    pub account: String,
    /// What it may ask of others. No two of them overlap: the server would carry a request out twice.
    pub services: Vec<Service>,
    /// What it may not ask although one of them covers it.
    pub denied: Vec<String>,
}

/// What a user may publish and subscribe to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// Subjects and filters that it may publish on.
    pub publish: Vec<String>,
    /// Those of them that it may not.
    pub deny_publish: Vec<String>,
    /// Subjects and filters that it may subscribe to.
    pub subscribe: Vec<String>,
}

impl Role {
    /// The name of its user: `daemon`, `execute-slack=2Esupport`, `bridge-CHAT`.
    pub fn name(&self) -> String {
        match self {
            Self::Deployer => "deployer".to_owned(),
            Self::Daemon => "daemon".to_owned(),
            Self::Operator => "operator".to_owned(),
            Self::Executor(channel) => executor_consumer(channel),
            Self::Notifier(desk) => notifier_consumer(desk),
            Self::Proposer => "proposer".to_owned(),
            Self::Auditor => "auditor".to_owned(),
            Self::Bridge(stream) => format!("bridge-{}", escaped(stream)),
        }
    }

    /// What it does, for a comment.
    pub fn purpose(&self) -> String {
        match self {
            Self::Deployer => {
                "makes streams and consumers: `decile setup --apply`; keep it away from the others".to_owned()
            }
            Self::Daemon => "decides: `decile run`".to_owned(),
            Self::Operator => "a person who answers, grants, halts; what loosens is signed besides".to_owned(),
            Self::Executor(channel) => format!("acts on the channel `{channel}`, and on no other"),
            Self::Notifier(desk) => format!("tells people of new escalations to the desk `{}`", desk.as_str()),
            Self::Proposer => "proposes drafts, which a person approves or not".to_owned(),
            Self::Auditor => "reads, and changes nothing".to_owned(),
            Self::Bridge(stream) => format!("fills the stream `{stream}`, and reads nothing"),
        }
    }

    /// The prefix of its inboxes: `_INBOX_daemon`.
    pub fn inbox_prefix(&self) -> String {
        format!("_INBOX_{}", self.name())
    }
}

/// A name of any length, escaped as a token is.
fn escaped(name: &str) -> String {
    let parts = name.as_bytes().chunks(TOKEN_BYTES_MAX / ESCAPED_BYTES);
    parts.filter_map(|part| Token::encode(part).ok()).map(|token| token.to_string()).collect()
}

impl User {
    /// Its permissions: what it may ask, and its own inboxes.
    pub fn permissions(&self) -> Permissions {
        Permissions {
            publish: self.services.iter().map(|service| service.local.clone()).collect(),
            deny_publish: self.denied.clone(),
            subscribe: vec![format!("{}.>", self.role.inbox_prefix())],
        }
    }
}

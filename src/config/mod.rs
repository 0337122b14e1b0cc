//! The configuration: as written in `config/*.toml`, and as meant.
//!
//! [`Config`] is what is meant: every default filled in, every bound checked, every reference resolved.

pub mod bus;
pub mod channels;
pub mod filter;
pub mod limits;
pub mod load;
pub mod main_file;
pub mod number;
pub mod operators;
pub mod schema;
#[cfg(test)]
mod tests;

pub use load::{Loaded, load_files};

use crate::authority::Authority;
use crate::channel::{Channel, Mode};
use crate::decode::DecodeLimits;
use crate::decode::recipe::Recipe;
use crate::digest::Digest;
use crate::policy::Policy;
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// The whole configuration, resolved.
#[derive(Clone, Debug)]
pub struct Config {
    /// How to reach NATS.
    pub bus: Bus,
    /// Every bound.
    pub limits: Limits,
    /// How long records are kept.
    pub retention: Retention,
    /// Where metrics and health are served.
    pub http_listen: Option<SocketAddr>,
    /// What keys the hash of a sender.
    pub sender_key: SenderKey,
    /// How often canaries are tried; `None` for never.
    pub canary: Option<Duration>,
    /// Streams, channels and how their payloads are read.
    pub channels: Channels,
    /// What may happen.
    pub policy: Policy,
    /// Who may sign what.
    pub authority: Authority,
    /// The rules: a folder of them, or a pack.
    pub rules: PathBuf,
    /// The policy's file.
    pub policy_file: PathBuf,
    /// The files that all of this was read from, secrets included.
    pub files: Vec<PathBuf>,
}

/// How to reach NATS. Secrets stay in their files until the connection is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bus {
    /// Server addresses.
    pub servers: Vec<String>,
    /// Who we are there.
    pub login: Login,
    /// Certificates.
    pub tls: Tls,
    /// The first token of every subject of ours.
    pub root: String,
    /// The stream for decisions.
    pub stream: String,
    /// How JetStream's API is addressed.
    pub jetstream: JetStreamApi,
    /// The prefix of our inboxes; `None` for `_INBOX`.
    pub inbox_prefix: Option<String>,
    /// The longest wait for a server to take a connection.
    pub connect_timeout: Duration,
    /// The longest wait for an answer of a server.
    pub request_timeout: Duration,
    /// The servers' monitoring endpoints: `http://host:port` each.
    pub monitors: Vec<String>,
    /// How often the servers sync to disk, as the operator says; none where nobody says so.
    pub sync_told: Option<SyncInterval>,
}

/// How often a server syncs what it has stored to disk: `always`, or a time, `2m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncInterval {
    /// Before it acknowledges.
    Always,
    /// That often, after it has acknowledged.
    Every(Duration),
}

/// The text is no [`SyncInterval`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write `always`, or a time: `2m`, `10s`")]
pub struct SyncIntervalError;

impl FromStr for SyncInterval {
    type Err = SyncIntervalError;

    fn from_str(text: &str) -> Result<Self, SyncIntervalError> {
        if text == "always" {
            return Ok(Self::Always);
        }
        let every = text.parse::<SignedDuration>().ok().and_then(|every| Duration::try_from(every).ok());
        every.filter(|every| !every.is_zero()).map(Self::Every).ok_or(SyncIntervalError)
    }
}

/// As nats-server's configuration has it.
impl fmt::Display for SyncInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => f.write_str("always"),
            Self::Every(every) => write!(f, "{}ms", every.as_millis().max(1)),
        }
    }
}

/// A login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// None.
    Anonymous,
    /// A credentials file (JWT and nkey).
    Credentials(PathBuf),
    /// A file with an nkey seed.
    Nkey(PathBuf),
    /// A user, and a file with the password.
    UserPassword {
        /// The user's name.
        user: String,
        /// The file that holds the password.
        password_file: PathBuf,
    },
}

/// TLS: required or as the server asks, and the files for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Refuse a connection without TLS.
    pub required: bool,
    /// Certificate authorities to trust beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Our certificate and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// How JetStream's API is addressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JetStreamApi {
    /// `$JS.API`.
    Default,
    /// A domain.
    Domain(String),
    /// A prefix of its own.
    Prefix(String),
}

impl JetStreamApi {
    /// What every subject of the API begins with.
    pub fn prefix(&self) -> String {
        match self {
            Self::Default => "$JS.API".to_owned(),
            Self::Domain(domain) => format!("$JS.{domain}.API"),
            Self::Prefix(prefix) => prefix.clone(),
        }
    }
}

/// Every bound, with its unit in its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What is decoded at all.
    pub decode: DecodeLimits,
    /// Payloads up to this many bytes go into their escalation; longer ones are named by where they lie.
    pub attach_bytes_max: usize,
    /// Spans in one verdict.
    pub evidence_spans_max: usize,
    /// Work of one decision, in steps.
    pub decision_steps_max: u64,
    /// The share of a decision that classifying may take, in milliseconds.
    pub decision_ms_max: u64,
    /// What an operation takes on the slowest machine, in nanoseconds.
    pub ns_per_op: u64,
    /// Messages waiting between two stages.
    pub queue_messages_max: usize,
    /// Messages delivered and not yet acknowledged to a source stream.
    pub inflight_messages_max: usize,
    /// Publishes whose acknowledgement is awaited.
    pub ack_inflight_max: usize,
    /// Threads that decide.
    pub workers_max: usize,
    /// How long the broker may take to acknowledge a decision.
    pub commit_timeout: Duration,
    /// When the broker delivers again what was not acknowledged.
    pub ack_wait: Duration,
    /// How long a plan may be carried out after it was made.
    pub plan_age_max: Duration,
    /// How often a message is delivered without a decision until it is given up.
    pub deliveries_max: u64,
    /// Batches of outward actions that are on their way at a time.
    pub batches_inflight_max: usize,
    /// How full our stream may be, in percent, until no more messages are taken.
    pub stream_fill_percent_max: u64,
    /// How long a drain may take.
    pub drain_max: Duration,
    /// Messages of a thread that an escalation shows.
    pub thread_messages_max: usize,
    /// Threads remembered.
    pub threads_max: usize,
    /// Bytes of one remembered message.
    pub thread_text_bytes_max: usize,
    /// Bytes of one draft.
    pub draft_bytes_max: usize,
    /// The oldest action that an executor carries out.
    pub action_age_max: Duration,
    /// How long an executor's command may take.
    pub command_max: Duration,
    /// Actions of one channel that are carried out at a time.
    pub commands_max: usize,
    /// The oldest ruling that takes effect.
    pub ruling_age_max: Duration,
}

/// How long records are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Handled decisions.
    pub handled: Duration,
    /// Escalations, with the text that a person needs.
    pub escalated: Duration,
    /// People's answers, and what became of them: at least as long as what they answer.
    pub answers: Duration,
    /// Messages passed on.
    pub passed: Duration,
    /// How long the broker remembers the ids of what was committed.
    pub duplicate_window: Duration,
    /// The stream's size, in bytes.
    pub stream_bytes_max: u64,
    /// Copies of the stream.
    pub replicas: usize,
    /// Where it is kept.
    pub storage: Storage,
}

/// Where a stream is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// On disk.
    File,
    /// In memory, because the configuration says that this is meant: it goes with the server.
    Memory,
}

/// What keys the hash of a sender in a handled decision.
#[derive(Clone)]
pub enum SenderKey {
    /// No key: handled decisions do not name the sender at all.
    Omit,
    /// Keyed BLAKE3.
    Keyed([u8; 32]),
}

impl std::fmt::Debug for SenderKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Omit => "Omit",
            Self::Keyed(_) => "Keyed(…)",
        })
    }
}

/// Streams and channels.
#[derive(Clone, Debug)]
pub struct Channels {
    /// Of everything here that can change a decision.
    pub digest: Digest,
    /// One durable consumer each.
    pub sources: Vec<SourceStream>,
    /// Of each monitored channel, the digest of where its messages come from and how they are read.
    pub places: BTreeMap<Channel, Digest>,
}

impl Channels {
    /// The channels that somebody may grant something on: what is passed on is never triaged.
    pub fn monitored(&self) -> impl Iterator<Item = &Channel> {
        let specs = self.sources.iter().flat_map(|source| &source.channels);
        specs.filter(|spec| spec.mode == Mode::Monitored).map(|spec| &spec.channel)
    }
}

/// A stream that messages are read from.
#[derive(Clone, Debug)]
pub struct SourceStream {
    /// The stream.
    pub stream: String,
    /// Our durable consumer on it.
    pub consumer: String,
    /// Its channels; the first whose subject filter matches takes a message.
    pub channels: Vec<ChannelSpec>,
}

/// One channel.
#[derive(Clone, Debug)]
pub struct ChannelSpec {
    /// Its name.
    pub channel: Channel,
    /// A NATS subject filter, `*` and `>` as usual.
    pub subject: String,
    /// What is done with it.
    pub mode: Mode,
    /// How its payloads are read.
    pub recipe: Recipe,
}

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
pub mod schema;
#[cfg(test)]
mod tests;

pub use load::{Loaded, load_files};

use crate::channel::{Channel, Mode};
use crate::decode::DecodeLimits;
use crate::decode::recipe::Recipe;
use crate::digest::Digest;
use crate::policy::Policy;
use std::net::SocketAddr;
use std::path::PathBuf;
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
    /// Streams, channels and how their payloads are read.
    pub channels: Channels,
    /// What may happen.
    pub policy: Policy,
    /// The rules: a folder of them, or a pack.
    pub rules: PathBuf,
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
    /// The longest wait for a connection, and for an answer of the server.
    pub connect_timeout: Duration,
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
}

/// How long records are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Handled decisions.
    pub handled: Duration,
    /// Escalations, with the text that a person needs.
    pub escalated: Duration,
    /// Messages passed on.
    pub passed: Duration,
    /// The stream's size, in bytes.
    pub stream_bytes_max: u64,
    /// Copies of the stream.
    pub replicas: usize,
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

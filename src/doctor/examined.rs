//! What was looked at: facts, and nothing that judges them.

use super::Commits;
use crate::config::{Limits, Storage, SyncInterval};
use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::stream;
use jiff::SignedDuration;

/// Everything that was looked at.
#[derive(Clone, Debug)]
pub struct Examined {
    /// The servers that are known: the one that we are connected to, and those that answer for themselves.
    pub servers: Vec<ServerFacts>,
    /// Monitoring endpoints that did not answer.
    pub silent: Vec<Silent>,
    /// Our stream.
    pub decisions: StreamFacts,
    /// The streams that messages come from.
    pub sources: Vec<StreamFacts>,
    /// The stream of what the broker says of messages that it gives up, with all that it must take; `false` where it is not
    /// there.
    pub has_advisories: bool,
    /// Our consumers.
    pub consumers: Vec<ConsumerFacts>,
    /// The longest message that the server takes, in bytes.
    pub max_payload: usize,
    /// What our clock shows beyond the broker's; none where our stream is not there to ask.
    pub clock_offset: Option<SignedDuration>,
    /// How long commits take.
    pub commits: Result<Commits, String>,
    /// What we ask of all that.
    pub terms: Terms,
}

/// One server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFacts {
    /// Its name in its cluster.
    pub name: String,
    /// Its version: `2.15.1`.
    pub version: String,
    /// How often it syncs to disk, as it says itself.
    pub sync: Option<SyncInterval>,
}

/// A monitoring endpoint that did not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silent {
    /// Its address.
    pub url: String,
    /// Why.
    pub why: String,
}

/// A stream, as it should be and as it is.
#[derive(Clone, Debug)]
pub struct StreamFacts {
    /// As `decile setup` makes it.
    pub wanted: stream::Config,
    /// As it is; none where it is not there.
    pub found: Option<FoundStream>,
}

/// A stream as it is.
#[derive(Clone, Debug)]
pub struct FoundStream {
    /// Its configuration, as the server echoes it.
    pub config: stream::Config,
    /// How many bytes it holds.
    pub bytes: u64,
    /// The servers that hold it; none known where the server does not say.
    pub peers: Vec<Peer>,
}

/// A server that holds a copy of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its name.
    pub name: String,
    /// Whether its copy is complete, and it is there.
    pub is_current: bool,
}

/// A consumer, as it should be and as it is.
#[derive(Clone, Debug)]
pub struct ConsumerFacts {
    /// Its stream.
    pub stream: String,
    /// As `decile setup` makes it.
    pub wanted: pull::Config,
    /// As the server echoes it; none where it is not there.
    pub found: Option<pull::Config>,
}

/// What we ask of servers and streams.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Our bounds.
    pub limits: Limits,
    /// Where our stream is meant to be kept.
    pub storage: Storage,
    /// How often the servers sync to disk, by the operator's word.
    pub sync_told: Option<SyncInterval>,
}

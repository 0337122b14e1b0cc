//! Whether the servers and streams that Decile runs on let it keep its promises, and what it costs where they do not.
//!
//! Pure: [`Examined`] is what was looked at (`bus::examine` looks), [`judge()`] says what that means. `decile doctor` prints
//! all of it; `decile run` refuses and warns by the same findings.

mod commits;
mod examined;
mod faults;
mod judge;
#[cfg(test)]
mod tests;

pub use commits::{Commits, commits};
pub use examined::{ConsumerFacts, Examined, FoundStream, Peer, ServerFacts, Silent, StreamFacts, Terms};
pub use faults::{Fault, faults_of};
pub use judge::judge;

/// What was found of one thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// Which question it answers.
    #[serde(rename = "finding")]
    pub kind: Kind,
    /// How bad it is.
    pub severity: Severity,
    /// What was looked at: `stream DECILE`.
    pub about: String,
    /// What was found, as a sentence without its full stop.
    pub found: String,
    /// What that costs; empty where it is fine.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub costs: String,
    /// What to do about it; empty where it is fine.
    #[serde(rename = "do", skip_serializing_if = "String::is_empty")]
    pub advice: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A promise is void: `decile run` does not start on it.
    Refuses,
    /// It has a price: `decile run` warns of it.
    Costs,
    /// It could not be looked at.
    Unknown,
    /// Nothing is wrong.
    Fine,
}

impl Severity {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refuses => "refuses",
            Self::Costs => "costs",
            Self::Unknown => "unknown",
            Self::Fine => "fine",
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $word:literal,)*) => {
        /// The questions that are asked: a closed list, whose words are labels of `decile_doctor_finding`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// All of them, in the order in which they are told.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$kind),*];

            /// Its word.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $word,)*
                }
            }
        }
    };
}

kinds! {
    /// A server is older than what the promises need.
    ServerTooOld = "server_too_old",
    /// A server has faults that are known, and mended in a later one.
    ServerFaulty = "server_faulty",
    /// A server is older than the one that was measured.
    ServerDated = "server_dated",
    /// A server that holds the stream could not be asked.
    ServerUnknown = "server_unknown",
    /// A stream is not there.
    StreamMissing = "stream_missing",
    /// Our stream is not as it must be.
    StreamDiffers = "stream_differs",
    /// Our stream throws records away when it is full.
    DiscardOld = "discard_old",
    /// How long ids are remembered, against when a message can come again.
    DuplicateWindow = "duplicate_window",
    /// A consumer is not there.
    ConsumerMissing = "consumer_missing",
    /// A consumer, as the server echoes it, is not as it must be.
    ConsumerDiffers = "consumer_differs",
    /// The server gives a message up after so many deliveries.
    MaxDeliver = "max_deliver",
    /// A stream is kept in memory.
    StorageMemory = "storage_memory",
    /// A stream is written to its file after it has acknowledged.
    PersistAsync = "persist_async",
    /// How many copies of a stream there are.
    Replicas = "replicas",
    /// A copy is away, or behind.
    ReplicasBehind = "replicas_behind",
    /// How often the servers sync to disk.
    SyncInterval = "sync_interval",
    /// It is not known how often the servers sync to disk.
    SyncUnknown = "sync_unknown",
    /// One message can take the place of all others.
    RollupAllowed = "rollup_allowed",
    /// Records can be deleted.
    DeleteAllowed = "delete_allowed",
    /// Nothing keeps what the broker says of messages that it gives up.
    AdvisoriesMissing = "advisories_missing",
    /// Messages can vanish before they are decided.
    SourceForgets = "source_forgets",
    /// How full our stream is.
    StreamFull = "stream_full",
    /// Nothing bounds our stream but the disk.
    StreamUnbounded = "stream_unbounded",
    /// The longest message of the server, against our longest record.
    MaxPayload = "max_payload",
    /// When the server delivers again, against how long a commit takes.
    AckWait = "ack_wait",
    /// Our clock against the broker's.
    ClockOffset = "clock_offset",
}

impl serde::Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Finding {
    fn new(kind: Kind, severity: Severity, about: &str, found: impl Into<String>) -> Self {
        let [costs, advice] = [const { String::new() }; 2];
        Self { kind, severity, about: about.to_owned(), found: found.into(), costs, advice }
    }

    fn fine(kind: Kind, about: &str, found: impl Into<String>) -> Self {
        Self::new(kind, Severity::Fine, about, found)
    }

    fn refuses(kind: Kind, about: &str, found: impl Into<String>) -> Self {
        Self::new(kind, Severity::Refuses, about, found)
    }

    fn costing(kind: Kind, about: &str, found: impl Into<String>) -> Self {
        Self::new(kind, Severity::Costs, about, found)
    }

    fn costs(self, costs: impl Into<String>) -> Self {
        Self { costs: costs.into(), ..self }
    }

    fn advice(self, advice: impl Into<String>) -> Self {
        Self { advice: advice.into(), ..self }
    }

    /// In one line: what was found, what it costs, what to do.
    pub fn line(&self) -> String {
        let parts = [&self.found, &self.costs, &self.advice];
        parts.into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("; ")
    }
}

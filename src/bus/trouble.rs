//! What can be wrong between us and the broker: what a daemon waits out, and what somebody must change.

/// Why the bus cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// A login or certificate that cannot be used as configured.
    #[error("{0}")]
    Login(String),
    /// The server refuses who we are.
    #[error("the server refuses the login: {0}; check creds, nkey or user and password")]
    Refused(String),
    /// No server answers.
    #[error("no nats-server answers at {servers}: {why}")]
    NotThere {
        /// The addresses that were tried.
        servers: String,
        /// What the last attempt said.
        why: String,
    },
    /// The server is older than what the promises need.
    #[error(
        "nats-server {found} is too old: {required} or newer is needed, because older ones ignore filters and TTLs"
    )]
    TooOld {
        /// Its version.
        found: String,
        /// What is needed.
        required: &'static str,
    },
    /// JetStream is off, for the server or for this account.
    #[error("the server has no JetStream for this account: {0}; start it with `-js`, or enable the account")]
    NoJetStream(String),
    /// A stream does not exist.
    #[error(
        "the stream `{0}` does not exist; `decile setup --apply` makes ours, a source stream is made by who fills it"
    )]
    NoStream(String),
    /// A consumer does not exist.
    #[error("the consumer `{consumer}` on `{stream}` does not exist; `decile setup --apply` makes it")]
    NoConsumer {
        /// The stream.
        stream: String,
        /// The consumer.
        consumer: String,
    },
    /// The stream or consumer is not as it must be.
    #[error("{what} is not as it must be: {differences}; `decile setup --apply` corrects it")]
    Differs {
        /// Which.
        what: String,
        /// What differs: found and wanted.
        differences: String,
    },
    /// Servers or streams make a promise void; all that was found, a line each.
    #[error("Decile does not run on this:\n{0}\n`decile doctor` tells more")]
    Unfit(String),
    /// The account may not do what is needed.
    #[error("no permission to {0}; grant it to this user on the server")]
    NotPermitted(String),
    /// No answer in time: the server is slow, or does not say that it is not permitted.
    #[error("no answer when asked to {0}: the server is slow, or this user may not")]
    NoAnswer(String),
    /// Anything else that the server answered.
    #[error("{doing}: {why}")]
    Other {
        /// What was attempted.
        doing: String,
        /// What the server answered.
        why: String,
    },
}

impl Trouble {
    /// Whether waiting can help: a daemon goes on trying. Everything else is somebody's to change, and ends
    /// a start with exit code 78.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::NotThere { .. } | Self::NoAnswer(_) | Self::Other { .. })
    }
}

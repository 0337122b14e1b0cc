//! What the integration tests share: a world of files, a server and a daemon of their own, and eyes on what
//! comes out. Nothing here sleeps to wait: it looks again until a deadline.

pub(crate) mod broker;
pub(crate) mod daemon;
pub(crate) mod http;
pub(crate) mod operator;
pub(crate) mod promoted;
pub(crate) mod world;

pub(crate) use broker::Broker;
pub(crate) use daemon::Daemon;
pub(crate) use world::World;

use std::future::Future;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The longest wait for anything. Long, because it is only ever used up by a failure.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);
pub(crate) const LOOK: Duration = Duration::from_millis(20);

/// Looks until there is something to see.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < deadline, "not within {DEADLINE:?}: {what}");
        tokio::time::sleep(LOOK).await;
    }
}

/// The binary under test, in an environment that says nothing of NATS.
pub(crate) fn decile() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_decile"));
    for name in [
        "NATS_URL",
        "NATS_CONTEXT",
        "NATS_CREDS",
        "NATS_NKEY",
        "NATS_USER",
        "NATS_PASSWORD",
        "NATS_CA",
        "NATS_INBOX_PREFIX",
    ] {
        command.env_remove(name);
    }
    command
        .env_remove("DECILE_CONFIG")
        .env_remove("DECILE_LOG")
        .env_remove("DECILE_KEY_FILE")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null());
    command
}

/// How a command ended.
pub(crate) struct Ran {
    /// Its exit code.
    pub(crate) code: i32,
    /// Its standard output.
    pub(crate) out: String,
    /// Its standard error.
    pub(crate) err: String,
}

impl Ran {
    /// Its output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }

    /// Its output as JSON, a value a line.
    pub(crate) fn json_lines(&self) -> Vec<serde_json::Value> {
        let value = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.out.lines().map(value).collect()
    }

    /// Insists on an exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.out, self.err);
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).expect("a command prints text"),
            err: String::from_utf8(output.stderr).expect("a command prints text"),
        }
    }
}

/// Runs a command to its end.
pub(crate) fn run(arguments: &[&str]) -> Ran {
    decile().args(arguments).output().expect("the binary starts").into()
}

/// Runs a command that reads from standard input.
pub(crate) fn run_with_input(arguments: &[&str], input: &[u8]) -> Ran {
    use std::io::Write as _;
    let mut command = decile();
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    let writing = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("the binary ends");
    writing.join().expect("the input was written");
    output.into()
}

//! A command of the operator's: JSON on its standard input, nothing of our environment, a bound on its time.

use rustix::process::{Pid, Signal, kill_process_group};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

/// What a command inherits of our environment.
const INHERITED: [&str; 3] = ["PATH", "HOME", "LANG"];
/// What is read of each output; the rest is thrown away.
const OUTPUT_BYTES_MAX: usize = 4_096;
/// How long output is read after the command has ended: what it left in the background may hold it open.
const OUTPUT_GRACE: Duration = Duration::from_millis(200);

/// A command and its bound.
#[derive(Clone, Debug)]
pub struct Exec {
    /// What `sh -c` runs.
    pub command: String,
    /// How long it may take.
    pub timeout: Duration,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// By itself, with this code; without one, by a signal.
    Exited(Option<i32>),
    /// It was killed at its bound, with all that it had started in its group.
    Killed,
    /// It could not be started.
    NotStarted,
}

/// A command that has ended, and the beginning of what it printed.
#[derive(Clone, Debug)]
pub(super) struct Ran {
    pub(super) ended: Ended,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Exec {
    /// Runs it.
    pub(super) async fn run(&self, variables: &[(&str, &str)], input: Vec<u8>) -> Ran {
        let mut child = match self.command(variables).spawn() {
            Ok(child) => child,
            Err(error) => {
                return Ran { ended: Ended::NotStarted, stdout: String::new(), stderr: error.to_string() };
            }
        };
        let stdin = child.stdin.take();
        let writing = tokio::spawn(async move {
            if let Some(mut stdin) = stdin {
                // A command need not read it.
                let _ = stdin.write_all(&input).await;
            }
        });
        let [stdout, stderr] =
            [child.stdout.take().map(read_in_background), child.stderr.take().map(read_in_background)];
        let ended = self.wait(&mut child).await;
        writing.abort();
        Ran { ended, stdout: finish(stdout).await, stderr: finish(stderr).await }
    }

    fn command(&self, variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(&self.command).env_clear().process_group(0);
        for name in INHERITED {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.envs(variables.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    async fn wait(&self, child: &mut Child) -> Ended {
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Ok(ended) = tokio::time::timeout(self.timeout, child.wait()).await {
            return Ended::Exited(ended.ok().and_then(|status| status.code()));
        }
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = child.kill().await;
        Ended::Killed
    }
}

/// Output on its way in, and the beginning of it.
struct Reading {
    task: tokio::task::JoinHandle<()>,
    kept: Arc<Mutex<Vec<u8>>>,
}

/// Reads all there is, so that the command is not held up, and keeps the beginning.
fn read_in_background(mut output: impl AsyncRead + Unpin + Send + 'static) -> Reading {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&kept);
    let task = tokio::spawn(async move {
        let mut buffer = [0; 1_024];
        while let Ok(count @ 1..) = output.read(&mut buffer).await {
            let mut kept = into.lock().unwrap_or_else(PoisonError::into_inner);
            let room = OUTPUT_BYTES_MAX.saturating_sub(kept.len());
            kept.extend(buffer.iter().take(count.min(room)));
        }
    });
    Reading { task, kept }
}

async fn finish(reading: Option<Reading>) -> String {
    let Some(mut reading) = reading else { return String::new() };
    if tokio::time::timeout(OUTPUT_GRACE, &mut reading.task).await.is_err() {
        reading.task.abort();
    }
    String::from_utf8_lossy(&reading.kept.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}

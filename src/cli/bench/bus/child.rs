//! What is measured runs as a process of its own, so that its time and memory are its own.

use super::usage::Usage;
use anyhow::{Context as _, bail};
use std::fs::File;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A running process that has said that it is ready; killed with this value.
pub(super) struct Child {
    process: std::process::Child,
    log: PathBuf,
    /// From its start until it said that it was ready.
    pub(super) ready_in: Duration,
    /// What it had used by then.
    pub(super) at_ready: Usage,
}

const READY_MAX: Duration = Duration::from_secs(60);
const END_MAX: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(5);
const LOG_LINES_SHOWN: usize = 5;
/// What people set for their own servers says nothing of ours.
const FOREIGN: [&str; 11] = [
    "NATS_URL",
    "NATS_CONTEXT",
    "NATS_CREDS",
    "NATS_NKEY",
    "NATS_USER",
    "NATS_PASSWORD",
    "NATS_CA",
    "NATS_CERT",
    "NATS_KEY",
    "NATS_INBOX_PREFIX",
    "DECILE_CONFIG",
];

/// This very binary, with nothing of the environment that would lead it elsewhere.
pub(super) fn decile() -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("cannot find this binary")?);
    for name in FOREIGN {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    Ok(command)
}

impl Child {
    /// Starts a command and waits until it says that it is ready, as a service of systemd does.
    pub(super) fn start(mut command: Command, folder: &Path) -> anyhow::Result<Self> {
        let name = fastrand::u32(..);
        let (socket, log) = (folder.join(format!("{name:08x}.sock")), folder.join(format!("{name:08x}.log")));
        let notified = UnixDatagram::bind(&socket).with_context(|| format!("cannot make `{}`", socket.display()))?;
        notified.set_read_timeout(Some(LOOK))?;
        command.env("NOTIFY_SOCKET", &socket).stdout(Stdio::null()).stderr(File::create(&log)?);
        let started = Instant::now();
        let process = command.spawn().context("cannot start what is to be measured")?;
        let mut child = Self { process, log, ready_in: Duration::ZERO, at_ready: Usage::default() };
        child.wait_ready(&notified, started)?;
        drop(std::fs::remove_file(&socket));
        Ok(child)
    }

    fn wait_ready(&mut self, notified: &UnixDatagram, started: Instant) -> anyhow::Result<()> {
        let mut said = [0; 512];
        while started.elapsed() < READY_MAX {
            if let Ok(length) = notified.recv(&mut said) {
                let is_ready = String::from_utf8_lossy(said.get(..length).unwrap_or_default()).contains("READY=1");
                if is_ready {
                    self.ready_in = started.elapsed();
                    self.at_ready = self.usage()?;
                    return Ok(());
                }
            }
            self.must_run()?;
        }
        bail!("what is to be measured was not ready within {READY_MAX:?}: {}", self.log_end())
    }

    /// What it has used.
    pub(super) fn usage(&self) -> anyhow::Result<Usage> {
        Usage::of(self.process.id())
    }

    /// Fails where it has ended.
    pub(super) fn must_run(&mut self) -> anyhow::Result<()> {
        match self.process.try_wait()? {
            None => Ok(()),
            Some(ended) => bail!("what is measured ended by itself ({ended}): {}", self.log_end()),
        }
    }

    /// Ends it, as an operator would.
    pub(super) fn stop(mut self) -> anyhow::Result<()> {
        let pid = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        let deadline = Instant::now() + END_MAX;
        while Instant::now() < deadline {
            match self.process.try_wait()? {
                Some(ended) if ended.success() => return Ok(()),
                Some(ended) => bail!("what was measured ended with {ended}: {}", self.log_end()),
                None => std::thread::sleep(LOOK),
            }
        }
        bail!("what was measured did not end within {END_MAX:?}: {}", self.log_end())
    }

    fn log_end(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        let end = lines.get(lines.len().saturating_sub(LOG_LINES_SHOWN)..).unwrap_or_default();
        end.join(" | ").escape_debug().to_string()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

//! The daemon as a child process.

use super::{World, decile, http, until};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

/// A running `decile run`; killed with this value.
pub(crate) struct Daemon {
    child: Child,
    log: Arc<Mutex<String>>,
    /// The files are there for as long as it may read them.
    _files: Option<Arc<tempfile::TempDir>>,
}

impl Daemon {
    /// Starts it, and makes the streams that it needs.
    pub(crate) fn create(world: &World) -> Self {
        Self::start(world, &["--create"])
    }

    /// Starts it.
    pub(crate) fn start(world: &World, arguments: &[&str]) -> Self {
        let mut command = decile();
        command.args(["run", "--config", &world.config()]).args(arguments);
        let mut daemon = Self::spawn(command);
        daemon._files = Some(world.folder());
        daemon
    }

    /// Starts a command that has been put together elsewhere.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the daemon starts");
        let log = Arc::new(Mutex::new(String::new()));
        let (stderr, into) = (child.stderr.take().expect("a pipe"), Arc::clone(&log));
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                let mut log = into.lock().unwrap();
                log.push_str(&String::from_utf8_lossy(&line));
                log.push('\n');
            }
        });
        Self { child, log, _files: None }
    }

    /// Starts it, makes the streams, and waits until it is ready.
    pub(crate) async fn ready(world: &World) -> Self {
        let daemon = Self::create(world);
        daemon.wait_ready().await;
        daemon
    }

    /// Waits until it is ready.
    pub(crate) async fn wait_ready(&self) {
        let http = self.http().await;
        until(&format!("ready; {}", self.log()), || async {
            http::get(http, "/readyz").filter(|answer| answer.status == 200)
        })
        .await;
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Where it serves metrics and health.
    pub(crate) async fn http(&self) -> SocketAddr {
        until("the address of metrics and health in the log", || async { listen(&self.log()) }).await
    }

    /// Waits for a text in the log.
    pub(crate) async fn wait_log(&self, text: &str) {
        let deadline = std::time::Instant::now() + super::DEADLINE;
        while !self.log().contains(text) {
            assert!(std::time::Instant::now() < deadline, "no `{text}` in the log:\n{}", self.log());
            tokio::time::sleep(super::LOOK).await;
        }
    }

    /// Its metrics.
    pub(crate) async fn metrics(&self) -> String {
        http::get(self.http().await, "/metrics").expect("metrics are served").body
    }

    /// Waits for a line of its metrics.
    pub(crate) async fn wait_metric(&self, line: &str) {
        let http = self.http().await;
        until(&format!("the metric `{line}`"), || async {
            http::get(http, "/metrics").filter(|answer| answer.body.lines().any(|it| it == line))
        })
        .await;
    }

    /// Its number with the system.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.pid());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell").success());
    }

    /// Waits for its end.
    pub(crate) async fn wait_exit(&mut self) -> ExitStatus {
        let deadline = std::time::Instant::now() + super::DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            assert!(std::time::Instant::now() < deadline, "the daemon did not end:\n{}", self.log());
            tokio::time::sleep(super::LOOK).await;
        }
    }

    /// Whether it still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }

    /// Kills it, as a crash would.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("── the daemon's log ──\n{}", self.log());
        }
    }
}

fn listen(log: &str) -> Option<SocketAddr> {
    let line = log.lines().find(|line| line.contains("metrics and health"))?;
    line.split("listen=").nth(1)?.split_whitespace().next()?.parse().ok()
}

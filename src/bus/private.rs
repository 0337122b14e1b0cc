//! A nats-server of our own, on a free port, in a folder that vanishes: for the demo, benches and tests.

use super::server::is_at_least;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server; it ends with this value.
#[derive(Debug)]
pub struct PrivateServer {
    child: Child,
    folder: tempfile::TempDir,
    url: String,
    binary: PathBuf,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum PrivateServerError {
    /// No suitable binary.
    #[error("no nats-server {required} or newer: not in NATS_SERVER, not on PATH, not in `{kept}`; `make tools` gets one",
        required = super::SERVER_REQUIRED, kept = KEPT_AT)]
    NotFound,
    /// It could not be started.
    #[error("cannot start `{}`: {error}", binary.display())]
    Start {
        /// The binary.
        binary: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// It did not say where it listens.
    #[error("`{}` did not come up within {START_MAX:?}: {log}", binary.display())]
    Silent {
        /// The binary.
        binary: PathBuf,
        /// The end of its log.
        log: String,
    },
}

/// Where `make tools` keeps the server.
const KEPT_AT: &str = ".tools/nats/bin/nats-server";
const START_MAX: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(10);

impl PrivateServer {
    /// Starts one with JetStream, on a free port of the loopback address.
    ///
    /// # Errors
    /// Where there is no suitable binary, or it does not come up.
    pub fn start() -> Result<Self, PrivateServerError> {
        Self::start_with(&find()?, &[])
    }

    /// Starts one with more configuration, in the server's own form.
    ///
    /// # Errors
    /// Where there is no suitable binary, or it does not come up.
    pub fn start_configured(configuration: &str) -> Result<Self, PrivateServerError> {
        let binary = find()?;
        let start = |error| PrivateServerError::Start { binary: binary.clone(), error };
        let mut file = tempfile::Builder::new().prefix("decile-nats-").suffix(".conf").tempfile().map_err(start)?;
        file.write_all(configuration.as_bytes()).map_err(start)?;
        // It is read before the server says where it listens.
        Self::start_with(&binary, &["-c", &file.path().to_string_lossy()])
    }

    /// Starts a given binary, with more arguments.
    ///
    /// # Errors
    /// Where it does not come up.
    pub fn start_with(binary: &Path, arguments: &[&str]) -> Result<Self, PrivateServerError> {
        let start = |error| PrivateServerError::Start { binary: binary.to_owned(), error };
        let folder = tempfile::Builder::new().prefix("decile-nats-").tempdir().map_err(start)?;
        let child = spawn(binary, folder.path(), "-1", arguments).map_err(start)?;
        let mut server = Self { child, folder, url: String::new(), binary: binary.to_owned() };
        server.url = server.wait_for_port()?;
        Ok(server)
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its folder: store and log.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Kills it, as a crash would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again on the same port, with what it had stored.
    ///
    /// # Errors
    /// Where it does not come up.
    pub fn restart(&mut self, arguments: &[&str]) -> Result<(), PrivateServerError> {
        self.kill();
        let port = self.url.rsplit(':').next().unwrap_or("-1").to_owned();
        remove_ports_files(self.folder.path());
        self.child = spawn(&self.binary, self.folder.path(), &port, arguments)
            .map_err(|error| PrivateServerError::Start { binary: self.binary.clone(), error })?;
        self.wait_for_port().map(drop)
    }

    fn wait_for_port(&self) -> Result<String, PrivateServerError> {
        let deadline = Instant::now() + START_MAX;
        loop {
            if let Some(url) = port_of(self.folder.path()) {
                return Ok(url);
            }
            if Instant::now() > deadline {
                return Err(PrivateServerError::Silent { binary: self.binary.clone(), log: self.log_end() });
            }
            std::thread::sleep(LOOK);
        }
    }

    fn log_end(&self) -> String {
        let mut log = String::new();
        let opened = std::fs::File::open(self.folder.path().join("server.log"));
        let _ = opened.and_then(|mut file| file.read_to_string(&mut log));
        log.lines().rev().take(5).collect::<Vec<_>>().join(" | ")
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(binary: &Path, folder: &Path, port: &str, arguments: &[&str]) -> std::io::Result<Child> {
    let log = std::fs::File::create(folder.join("server.log"))?;
    Command::new(binary)
        .args(["-a", "127.0.0.1", "-p", port, "-js", "-sd"])
        .arg(folder.join("store"))
        .arg("--ports_file_dir")
        .arg(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
}

/// What the server writes once it listens: `{"nats": ["nats://127.0.0.1:4222"], …}`.
#[derive(serde::Deserialize)]
struct Ports {
    #[serde(default)]
    nats: Vec<String>,
}

fn port_of(folder: &Path) -> Option<String> {
    let file = ports_files(folder).next()?;
    let ports: Ports = serde_json::from_str(&std::fs::read_to_string(file).ok()?).ok()?;
    // A server that requires TLS says so with its scheme; the address is what matters.
    ports.nats.into_iter().next().map(|url| url.replacen("tls://", "nats://", 1))
}

fn ports_files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|it| it == "ports"))
}

fn remove_ports_files(folder: &Path) {
    for file in ports_files(folder) {
        let _ = std::fs::remove_file(file);
    }
}

/// A suitable server: the one that `NATS_SERVER` names, the one on `PATH`, the one that `make tools` keeps.
///
/// # Errors
/// Where none is found, or none is new enough.
pub fn find() -> Result<PathBuf, PrivateServerError> {
    let named = std::env::var_os("NATS_SERVER").map(PathBuf::from).filter(|path| !path.as_os_str().is_empty());
    named
        .into_iter()
        .chain([PathBuf::from("nats-server"), PathBuf::from(KEPT_AT)])
        .find(|binary| is_suitable(binary))
        .ok_or(PrivateServerError::NotFound)
}

/// `nats-server: v2.15.1`
fn is_suitable(binary: &Path) -> bool {
    let Ok(output) = Command::new(binary).arg("--version").output() else { return false };
    let text = String::from_utf8_lossy(&output.stdout);
    let Some(version) = text.split_whitespace().last() else { return false };
    is_at_least(version, super::SERVER_REQUIRED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(is_at_least("2.15.1", "2.12.1"));
        assert!(!is_at_least("2.9.10", "2.12.1"));
        assert!(is_at_least("v2.12.10-rc.1", "2.12.9"));
        assert!(!is_at_least("unknown", "2.12.1"));
    }
}

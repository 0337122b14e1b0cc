//! A disk that can be ill, without any right of an administrator's. Where the system lets us, it is a small file system in a
//! namespace of our own; else it is a bound on the size of the server's files.

use decile::bus::private::{PrivateServer, find};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The small file system, in bytes.
const SIZE: usize = 64 << 20;

/// A disk for one server.
pub(super) struct Disk {
    folder: tempfile::TempDir,
    /// Keeps the namespace, and what is in it, from the death of one server to the start of the next.
    keeper: Option<Child>,
}

impl Disk {
    pub(super) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("decile-disk-").tempdir().unwrap();
        std::fs::create_dir(folder.path().join("store")).unwrap();
        let mount = format!(
            "mount -t tmpfs -o size={SIZE} none '{}' && echo mounted && exec sleep infinity",
            folder.path().join("store").display()
        );
        let keeper = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", &mount])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let keeper = keeper.ok().and_then(|mut keeper| {
            let mut line = String::new();
            let _ = BufReader::new(keeper.stdout.take()?).read_line(&mut line);
            if line.trim() == "mounted" {
                return Some(keeper);
            }
            let _ = keeper.kill();
            let _ = keeper.wait();
            None
        });
        Self { folder, keeper }
    }

    /// What it is.
    pub(super) fn kind(&self) -> &'static str {
        if self.keeper.is_some() { "a file system of its own" } else { "bounded files" }
    }

    /// A server whose store lies on it. A write beyond a bound is an error for it, and not a signal.
    pub(super) fn server(&self) -> PrivateServer {
        let enter = self.keeper.as_ref().map_or_else(String::new, |keeper| {
            format!("nsenter --target {} --user --mount --preserve-credentials", keeper.id())
        });
        // The last of two store folders counts.
        let text = format!(
            "#!/bin/sh\nif [ \"$1\" = --version ]; then exec '{server}' --version; fi\n\
             exec {enter} env --block-signal=XFSZ '{server}' \"$@\" -sd '{store}' --pid '{pid}'\n",
            server = find().unwrap().display(),
            store = self.folder.path().join("store").display(),
            pid = self.folder.path().join("pid").display()
        );
        let script = self.folder.path().join("nats-server");
        std::fs::write(&script, text).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        PrivateServer::start_with(&script, &[]).unwrap()
    }

    /// Not a byte is left, or none beyond what the largest file has.
    pub(super) fn fill(&self) {
        match self.filler() {
            Some(filler) => {
                // To the last byte: it ends with an error, as it must.
                let _ = std::fs::write(filler, vec![0; SIZE]);
            }
            None => self.bound(largest(&self.folder.path().join("store"))),
        }
    }

    /// Nothing at all can be written.
    pub(super) fn forbid(&self) {
        self.bound(0);
    }

    /// All is well again, for a server that is started anew: the bound is one process's.
    pub(super) fn heal(&self) {
        if let Some(filler) = self.filler() {
            let _ = std::fs::remove_file(filler);
        }
    }

    /// Bounds the size of the server's files.
    fn bound(&self, bytes: u64) {
        let pid = std::fs::read_to_string(self.folder.path().join("pid")).expect("the server says its number");
        let ran = Command::new("prlimit").args(["--pid", pid.trim(), &format!("--fsize={bytes}")]).status();
        assert!(ran.expect("prlimit").success(), "the server's files can be bounded");
    }

    /// As it is seen from outside.
    fn filler(&self) -> Option<PathBuf> {
        let keeper = self.keeper.as_ref()?;
        let store = self.folder.path().join("store");
        Some(PathBuf::from(format!("/proc/{}/root{}/filler", keeper.id(), store.display())))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Some(keeper) = &mut self.keeper {
            let _ = keeper.kill();
            let _ = keeper.wait();
        }
    }
}

/// The size of the largest file.
fn largest(folder: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(it) if it.is_dir() => largest(&entry.path()),
        Ok(it) => it.len(),
        Err(_) => 0,
    });
    sizes.max().unwrap_or(0)
}

//! The files of the daemon that is measured: shipped limits, channels as many as asked for, a policy under which
//! classes are handled, and the rules as a pack.

use super::traffic::OUTWARD_CLASS;
use crate::authority::Seed;
use crate::cli::{unearned, world};
use crate::config::Config;
use crate::pack::Pack;
use crate::pack::wire;
use anyhow::Context as _;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A configuration in a folder.
pub(super) struct Files {
    folder: PathBuf,
    /// The configuration, as it was read back.
    pub(super) config: Config,
    /// How many rules there are.
    pub(super) rules: usize,
    channels: usize,
}

/// What messages come in on, and decisions go out on.
pub(super) const SOURCE_STREAM: &str = "BENCH_IN";
/// The stream for decisions.
pub(super) const STREAM: &str = "BENCH_OUT";
/// Our consumer on the source.
pub(super) const CONSUMER: &str = "decile";
/// The root of our subjects.
pub(super) const ROOT: &str = "decile";
/// The type of the outward action.
const OUTWARD_ACTION: &str = "archive";
/// Messages from a file may have been sent long ago.
const MAX_AGE_S: u64 = 31_536_000;
/// The most that a cap takes.
const CAP_ACTIONS: u64 = 100_000;

/// Where messages of a channel are published, by its number.
pub(super) fn subject(channel: usize) -> String {
    format!("bench.in.c{channel}")
}

fn channel(number: usize) -> String {
    format!("bench.c{number}")
}

impl Files {
    /// Writes everything for rules in a folder or a pack.
    pub(super) fn write(folder: &Path, rules: &Path, channels: usize) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let pack = world::open_pack(rules)?;
        let has_outward = pack.classes().any(|class| class.as_str() == OUTWARD_CLASS);
        let write = |name: &str, text: &[u8]| {
            std::fs::write(folder.join(name), text).with_context(|| format!("cannot write `{name}`"))
        };
        write("rules.pack", &wire::encode(&pack))?;
        write("decile.toml", MAIN.as_bytes())?;
        write("channels.toml", self::channels(channels).as_bytes())?;
        write("policy.toml", policy(&pack).as_bytes())?;
        let seed = Seed::generate();
        write("operators.toml", operators(&seed).as_bytes())?;
        let promoted = unearned::entries(&world::load(&folder.join("decile.toml"))?, &seed, "a bench")?;
        write("policy.toml", (policy(&pack) + &promoted).as_bytes())?;
        let files = Self {
            folder: folder.to_owned(),
            config: world::load(&folder.join("decile.toml"))?.config,
            rules: pack.len(),
            channels,
        };
        if has_outward {
            std::fs::write(files.key(), seed.reveal()?)?;
            std::fs::write(files.grants_file(), files.grants())?;
        }
        Ok(files)
    }

    /// `decile run` on them.
    pub(super) fn run(&self, mut decile: Command, server: &str) -> Command {
        decile.args(["run", "--server", server, "--config"]).arg(self.folder.join("decile.toml"));
        decile
    }

    /// `decile grant` for what is outward; nothing where nothing is.
    pub(super) fn grant(&self, mut decile: Command, server: &str) -> Option<Command> {
        let (file, key) = (self.grants_file(), self.key());
        if !file.exists() {
            return None;
        }
        decile.args(["grant", "--server", server, "--config"]).arg(self.folder.join("decile.toml"));
        decile.arg("--file").arg(file).arg("--key").arg(key);
        Some(decile)
    }

    fn key(&self) -> PathBuf {
        self.folder.join("operator.key")
    }

    fn grants_file(&self) -> PathBuf {
        self.folder.join("grants.toml")
    }

    fn grants(&self) -> String {
        (0..self.channels).fold(String::new(), |mut text, number| {
            let channel = channel(number);
            _ = writeln!(
                text,
                "[[grant]]\nchannel = \"{channel}\"\ntype = \"{OUTWARD_ACTION}\"\nfor = \"8h\"\nreason = \"bench\"\n"
            );
            text
        })
    }
}

/// Shipped limits, but for the budget of a pack: so many rules as are measured may be over it.
const MAIN: &str = r#"[bus]
stream = "BENCH_OUT"
root = "decile"

[files]
channels = "channels.toml"
policy = "policy.toml"
operators = "operators.toml"
rules = "rules.pack"

[limits]
decision_ms_max = 10000

[http]
listen = "127.0.0.1:0"
"#;

fn channels(count: usize) -> String {
    let mut text = format!("[[source]]\nstream = \"{SOURCE_STREAM}\"\nconsumer = \"{CONSUMER}\"\n");
    for number in 0..count {
        let (name, subject) = (channel(number), subject(number));
        _ = write!(text, "\n[[source.channel]]\nname = \"{name}\"\nsubject = \"{subject}\"\npreset = \"decile\"\n");
    }
    text
}

/// Every class is handled: by a label, or by an outward action under a grant and caps.
fn policy(pack: &Pack) -> String {
    let mut text = format!("[defaults]\nlevel = 1\nmax_age_s = {MAX_AGE_S}\n");
    let has_outward = pack.classes().any(|class| class.as_str() == OUTWARD_CLASS);
    if has_outward {
        _ = write!(text, "\n[[cap]]\nper_day = {CAP_ACTIONS}\n");
        _ = write!(text, "\n[[cap]]\nclass = \"{OUTWARD_CLASS}\"\nper_day = {CAP_ACTIONS}\n");
    }
    for class in pack.classes() {
        let action = match class.as_str() {
            OUTWARD_CLASS => format!("{{ type = \"{OUTWARD_ACTION}\" }}"),
            _ => "{ type = \"label\", label = \"bench\" }".to_owned(),
        };
        _ = write!(text, "\n[[class]]\nname = \"{class}\"\nlevel = 2\naction = {action}\n");
    }
    text
}

fn operators(seed: &Seed) -> String {
    format!(
        "deployment = \"bench\"\n[[operator]]\nname = \"bench\"\nkey = \"{}\"\npromotions = true\n\
         [[operator.grants]]\nchannels = [\"*\"]\ntypes = [\"*\"]\n",
        seed.public()
    )
}

#[cfg(test)]
mod tests {
    use super::super::traffic::{Shape, Traffic};
    use super::*;

    #[test]
    fn what_is_written_can_be_run_on() {
        let folder = tempfile::tempdir().unwrap();
        let rules = folder.path().join("rules");
        std::fs::create_dir(&rules).unwrap();
        let shape = Shape { rules: 30, payload_bytes: None, outward_percent: 5 };
        std::fs::write(rules.join("rules.toml"), Traffic::new(shape).rules()).unwrap();
        let files = Files::write(&folder.path().join("daemon"), &rules, 3).unwrap();
        assert_eq!((files.rules, files.config.bus.stream.as_str(), files.config.bus.root.as_str()), (40, STREAM, ROOT));
        assert_eq!(files.config.channels.sources[0].channels.len(), 3);
        assert!(files.grant(Command::new("decile"), "nats://x").is_some());
    }
}

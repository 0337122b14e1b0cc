//! Who signs: the key of whoever runs a command, and what its operator may.

use super::exit::{No, UsageError};
use crate::authority::{Authority, Deployment, Operator, Seed};
use crate::config::Config;
use anyhow::Context as _;
use clap::Args;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The longest file that can hold a key, in bytes.
const KEY_FILE_BYTES_MAX: u64 = 4_096;

/// The key to sign with. Never the seed itself: command lines are seen by others.
#[derive(Clone, Debug, Args)]
pub(super) struct KeyArgs {
    /// The file with your operator's seed, as `decile key new --out FILE` wrote it.
    #[arg(long, value_name = "FILE", env = "DECILE_KEY_FILE")]
    key: Option<PathBuf>,
}

/// Somebody who can sign, and may.
pub(super) struct Signatory {
    /// The seed.
    pub(super) seed: Seed,
    /// Who they are.
    pub(super) operator: Operator,
    /// What they sign for.
    pub(super) deployment: Deployment,
}

impl KeyArgs {
    /// Whether a key was named at all.
    pub(super) fn is_given(&self) -> bool {
        self.key.is_some()
    }

    /// Reads the key, and looks its operator up.
    pub(super) fn signatory(&self, config: &Config) -> anyhow::Result<Signatory> {
        let Some(file) = &self.key else {
            let wrong = "this is signed: give `--key FILE`, or set DECILE_KEY_FILE; `decile key new` makes a key";
            return Err(UsageError(wrong.to_owned()).into());
        };
        let seed = read(file)?;
        let operator = known(&config.authority, &seed)?;
        Ok(Signatory { operator, seed, deployment: config.authority.deployment.clone() })
    }
}

fn read(file: &Path) -> anyhow::Result<Seed> {
    let mut text = String::new();
    let opened = std::fs::File::open(file).with_context(|| format!("cannot read `{}`", file.display()))?;
    warn_if_open_to_others(file, &opened);
    opened
        .take(KEY_FILE_BYTES_MAX)
        .read_to_string(&mut text)
        .with_context(|| format!("cannot read `{}`", file.display()))?;
    Seed::parse(&text).map_err(|error| UsageError(format!("`{}` holds no key: {error}", file.display())).into())
}

fn warn_if_open_to_others(file: &Path, opened: &std::fs::File) {
    use std::os::unix::fs::MetadataExt as _;
    if opened.metadata().is_ok_and(|metadata| metadata.mode() & 0o077 != 0) {
        eprintln!("warning: others can read `{0}`; `chmod 600 {0}`", file.display());
    }
}

fn known(authority: &Authority, seed: &Seed) -> anyhow::Result<Operator> {
    let key = seed.public();
    authority.operator(&key).cloned().ok_or_else(|| {
        No(format!("no operator has the key {key}: it must stand in operators.toml, here and where the daemon runs"))
            .into()
    })
}

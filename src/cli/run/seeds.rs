//! The daemon never holds an operator's key: whoever takes its host over must not be able to sign. So it does not start
//! where one lies within its reach.

use crate::authority::holds_seed;
use crate::bus::{Access, Credential};
use crate::config::Config;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// The longest file that is looked through, in bytes; longer ones cannot be read as configuration or login either.
const FILE_BYTES_MAX: u64 = 4_194_304;

/// An operator's seed lies where the daemon can read it.
#[derive(Debug, thiserror::Error)]
#[error(
    "an operator's seed lies in {0}: the daemon must not be able to sign; take it away, and make a new key: this one is spent"
)]
pub(in crate::cli) struct SeedFound(String);

/// Looks for seeds in the environment, the configuration and the login.
///
/// # Errors
/// Names every place where one was found, and never the seed.
pub(super) fn refuse(config: &Config, access: &Access) -> Result<(), SeedFound> {
    let variables = std::env::vars_os().filter(|(_, value)| holds_seed(value.as_bytes()));
    let mut found: Vec<String> =
        variables.map(|(name, _)| format!("the environment variable `{}`", name.to_string_lossy())).collect();
    let arguments = std::env::args_os().filter(|argument| holds_seed(argument.as_bytes()));
    found.extend(arguments.map(|_| "the command line".to_owned()));
    let files = files(config, access).into_iter().filter(|file| lies_in(file));
    found.extend(files.map(|file| format!("`{}`", file.display())));
    if let Credential::NkeySeed(text) | Credential::Token(text) | Credential::UserPassword { password: text, .. } =
        &access.credential
        && holds_seed(text.as_bytes())
    {
        found.push("the login".to_owned());
    }
    if found.is_empty() { Ok(()) } else { Err(SeedFound(found.join(", "))) }
}

fn files(config: &Config, access: &Access) -> Vec<PathBuf> {
    let mut files = config.files.clone();
    if let Credential::CredentialsFile(file) = &access.credential {
        files.push(file.clone());
    }
    files.extend(access.tls.identity.iter().flat_map(|(cert, key)| [cert.clone(), key.clone()]));
    files
}

fn lies_in(file: &Path) -> bool {
    let is_short = file.metadata().is_ok_and(|metadata| metadata.len() <= FILE_BYTES_MAX);
    is_short && std::fs::read(file).is_ok_and(|bytes| holds_seed(&bytes))
}

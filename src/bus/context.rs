//! Contexts of the `nats` command-line tool: `nats/context/NAME.json` in the user's configuration folder.
//! Format: <https://github.com/nats-io/jsm.go>, `natscontext`.

use super::access::{Access, Credential, read_secret, split_servers};
use super::trouble::Trouble;
use crate::config::JetStreamApi;
use std::path::PathBuf;

/// A context as written. The tool writes many keys; these are the ones that matter to a connection.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Context {
    url: String,
    user: String,
    password: String,
    token: String,
    creds: String,
    nkey: String,
    cert: String,
    key: String,
    ca: String,
    jetstream_domain: String,
    jetstream_api_prefix: String,
    inbox_prefix: String,
}

/// Reads a context by name.
pub(super) fn read(name: &str) -> Result<Context, Trouble> {
    if !crate::class::is_name(name) {
        return Err(Trouble::Login(format!("`{name}` is not the name of a context")));
    }
    let file = folder()?.join(format!("{name}.json"));
    let text = std::fs::read_to_string(&file)
        .map_err(|error| Trouble::Login(format!("cannot read the context `{}`: {error}", file.display())))?;
    serde_json::from_str(&text)
        .map_err(|error| Trouble::Login(format!("the context `{}` is not readable: {error}", file.display())))
}

fn folder() -> Result<PathBuf, Trouble> {
    let base = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".config")))
        .ok_or_else(|| Trouble::Login("no home folder to look for contexts in".to_owned()))?;
    Ok(base.join("nats").join("context"))
}

impl Context {
    /// Puts what the context says in place of what the configuration says.
    pub(super) fn apply(self, access: &mut Access) -> Result<(), Trouble> {
        if let Some(credential) = self.credential()? {
            access.credential = credential;
        }
        if let Some(url) = given(self.url) {
            access.servers = split_servers(&url);
        }
        if let Some(ca) = given(self.ca) {
            access.tls.ca_file = Some(ca.into());
        }
        if let (Some(cert), Some(key)) = (given(self.cert), given(self.key)) {
            access.tls.identity = Some((cert.into(), key.into()));
        }
        if let Some(prefix) = given(self.jetstream_api_prefix) {
            access.jetstream = JetStreamApi::Prefix(prefix);
        } else if let Some(domain) = given(self.jetstream_domain) {
            access.jetstream = JetStreamApi::Domain(domain);
        }
        access.inbox_prefix = given(self.inbox_prefix).or(access.inbox_prefix.take());
        Ok(())
    }

    fn credential(&self) -> Result<Option<Credential>, Trouble> {
        Ok(if !self.creds.is_empty() {
            Some(Credential::CredentialsFile(PathBuf::from(&self.creds)))
        } else if !self.nkey.is_empty() {
            Some(Credential::NkeySeed(read_secret(&PathBuf::from(&self.nkey))?))
        } else if !self.user.is_empty() {
            Some(Credential::UserPassword { user: self.user.clone(), password: self.password.clone() })
        } else if !self.token.is_empty() {
            Some(Credential::Token(self.token.clone()))
        } else {
            None
        })
    }
}

fn given(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

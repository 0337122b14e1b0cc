//! How to reach NATS, from four places: flags and environment, a `nats` CLI context, the configuration.
//! What stands earlier wins.

use super::context;
use super::trouble::Trouble;
use crate::config::{Bus, JetStreamApi, Login, Tls};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Everything that a connection needs, resolved.
#[derive(Clone, Debug)]
pub struct Access {
    /// Server addresses.
    pub servers: Vec<String>,
    /// Who we are there.
    pub credential: Credential,
    /// Certificates.
    pub tls: Tls,
    /// How JetStream's API is addressed.
    pub jetstream: JetStreamApi,
    /// The prefix of our inboxes, where the account asks for one.
    pub inbox_prefix: Option<String>,
    /// The longest wait for a server to take a connection.
    pub connect_timeout: Duration,
    /// The longest wait for an answer of a server.
    pub request_timeout: Duration,
}

/// Who we are at the server. Seeds and passwords never show in debug output.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// Nobody.
    Anonymous,
    /// A credentials file (JWT and nkey).
    CredentialsFile(PathBuf),
    /// An nkey seed.
    NkeySeed(String),
    /// User and password.
    UserPassword {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// A token.
    Token(String),
}

/// What flags and the environment say; each wins over the context and the configuration.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Server addresses, separated by commas.
    pub server: Option<String>,
    /// A `nats` CLI context by name.
    pub context: Option<String>,
    /// A credentials file.
    pub creds: Option<PathBuf>,
    /// A file with an nkey seed.
    pub nkey: Option<PathBuf>,
    /// A user.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<String>,
    /// The prefix of our inboxes.
    pub inbox_prefix: Option<String>,
    /// A certificate authority.
    pub tls_ca: Option<PathBuf>,
    /// Our certificate.
    pub tls_cert: Option<PathBuf>,
    /// Its key.
    pub tls_key: Option<PathBuf>,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::CredentialsFile(_) => "CredentialsFile(…)",
            Self::NkeySeed(_) => "NkeySeed(…)",
            Self::UserPassword { .. } => "UserPassword(…)",
            Self::Token(_) => "Token(…)",
        })
    }
}

impl Access {
    /// Resolves the four places.
    ///
    /// # Errors
    /// Where a file of credentials or a context cannot be read, or where flags contradict each other.
    pub fn resolve(config: &Bus, overrides: &Overrides) -> Result<Self, Trouble> {
        let mut access = Self::from_config(config)?;
        if let Some(name) = &overrides.context {
            context::read(name)?.apply(&mut access)?;
        }
        access.apply(overrides)?;
        access.check_files()?;
        Ok(access)
    }

    /// Access to a server on this machine without a login: what the demo and tests use.
    pub fn local(server: String) -> Self {
        Self {
            servers: vec![server],
            credential: Credential::Anonymous,
            tls: Tls::default(),
            jetstream: JetStreamApi::Default,
            inbox_prefix: None,
            connect_timeout: Duration::from_secs(3),
            request_timeout: Duration::from_secs(5),
        }
    }

    fn from_config(config: &Bus) -> Result<Self, Trouble> {
        let credential = match &config.login {
            Login::Anonymous => Credential::Anonymous,
            Login::Credentials(file) => Credential::CredentialsFile(file.clone()),
            Login::Nkey(file) => Credential::NkeySeed(read_secret(file)?),
            Login::UserPassword { user, password_file } => {
                Credential::UserPassword { user: user.clone(), password: read_secret(password_file)? }
            }
        };
        Ok(Self {
            servers: config.servers.clone(),
            credential,
            tls: config.tls.clone(),
            jetstream: config.jetstream.clone(),
            inbox_prefix: config.inbox_prefix.clone(),
            connect_timeout: config.connect_timeout,
            request_timeout: config.request_timeout,
        })
    }

    /// A certificate that cannot be read is somebody's to correct, and no server that is away.
    fn check_files(&self) -> Result<(), Trouble> {
        let identity = self.tls.identity.iter().flat_map(|(cert, key)| [cert, key]);
        for file in self.tls.ca_file.iter().chain(identity) {
            std::fs::File::open(file)
                .map_err(|error| Trouble::Login(format!("cannot read `{}`: {error}", file.display())))?;
        }
        Ok(())
    }

    fn apply(&mut self, overrides: &Overrides) -> Result<(), Trouble> {
        if let Some(servers) = &overrides.server {
            self.servers = split_servers(servers);
        }
        if let Some(credential) = overrides.credential()? {
            self.credential = credential;
        }
        if let Some(prefix) = &overrides.inbox_prefix {
            self.inbox_prefix = Some(prefix.clone());
        }
        if let Some(ca) = &overrides.tls_ca {
            self.tls.ca_file = Some(ca.clone());
        }
        match (&overrides.tls_cert, &overrides.tls_key) {
            (Some(cert), Some(key)) => self.tls.identity = Some((cert.clone(), key.clone())),
            (None, None) => {}
            _ => return Err(Trouble::Login("a TLS certificate and its key come together".to_owned())),
        }
        Ok(())
    }
}

impl Overrides {
    fn credential(&self) -> Result<Option<Credential>, Trouble> {
        match (&self.creds, &self.nkey, &self.user) {
            (None, None, None) => Ok(None),
            (Some(file), None, None) => Ok(Some(Credential::CredentialsFile(file.clone()))),
            (None, Some(file), None) => Ok(Some(Credential::NkeySeed(read_secret(file)?))),
            (None, None, Some(user)) => {
                let password = self.password.clone().unwrap_or_default();
                Ok(Some(Credential::UserPassword { user: user.clone(), password }))
            }
            _ => Err(Trouble::Login("give one of creds, nkey and user, not several".to_owned())),
        }
    }
}

pub(super) fn split_servers(servers: &str) -> Vec<String> {
    servers.split(',').map(|server| server.trim().to_owned()).filter(|server| !server.is_empty()).collect()
}

pub(super) fn read_secret(file: &Path) -> Result<String, Trouble> {
    std::fs::read_to_string(file)
        .map(|secret| secret.trim().to_owned())
        .map_err(|error| Trouble::Login(format!("cannot read `{}`: {error}", file.display())))
}

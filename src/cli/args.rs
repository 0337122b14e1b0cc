//! Arguments that several commands share.

use crate::bus::{Access, Overrides, Trouble};
use crate::channel::Channel;
use crate::class::Class;
use crate::config::Bus;
use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use std::io::IsTerminal as _;
use std::path::PathBuf;

/// How to print data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// A class, by its name.
pub(super) fn class(text: &str) -> Result<Class, String> {
    Class::parse(text).map_err(|error| error.to_string())
}

/// A channel, by its name.
pub(super) fn channel(text: &str) -> Result<Channel, String> {
    Channel::parse(text).map_err(|error| error.to_string())
}

/// A span of time: `8h`, `30m`, or whole days, `14d`.
pub(super) fn span(text: &str) -> Result<SignedDuration, String> {
    let days = text.strip_suffix('d').and_then(|days| days.parse::<i64>().ok());
    let hours = days.and_then(|days| days.checked_mul(24)).map(SignedDuration::from_hours);
    hours.or_else(|| text.parse().ok()).ok_or_else(|| format!("`{text}` is no span: write `8h`, `30m` or `14d`"))
}

/// Where the configuration is.
#[derive(Clone, Debug, Args)]
pub(super) struct ConfigFile {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "config/decile.toml", env = "DECILE_CONFIG")]
    pub(super) config: PathBuf,
}

/// Rules alone, or a whole configuration.
#[derive(Clone, Debug, Args)]
#[group(multiple = false)]
pub(super) struct RulesOrConfig {
    /// A folder of rules, or a pack: verdicts only.
    #[arg(long, value_name = "PATH")]
    pub(super) rules: Option<PathBuf>,
    /// A configuration file: whole decisions [default: config/decile.toml].
    #[arg(long, value_name = "FILE", env = "DECILE_CONFIG")]
    pub(super) config: Option<PathBuf>,
}

/// What [`RulesOrConfig`] means.
pub(super) enum Chosen {
    /// Rules alone.
    Rules(PathBuf),
    /// A configuration.
    Config(PathBuf),
}

impl RulesOrConfig {
    /// Rules where they are named, else a configuration.
    pub(super) fn chosen(&self) -> Chosen {
        match (&self.rules, &self.config) {
            (Some(rules), _) => Chosen::Rules(rules.clone()),
            (None, Some(config)) => Chosen::Config(config.clone()),
            (None, None) => Chosen::Config(PathBuf::from("config/decile.toml")),
        }
    }
}

/// How to reach NATS; each wins over the context and the configuration.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct Connect {
    /// Server addresses, separated by commas.
    #[arg(long, value_name = "URL", env = "NATS_URL")]
    server: Option<String>,
    /// A context of the `nats` command-line tool.
    #[arg(long, value_name = "NAME", env = "NATS_CONTEXT")]
    context: Option<String>,
    /// A credentials file.
    #[arg(long, value_name = "FILE", env = "NATS_CREDS")]
    creds: Option<PathBuf>,
    /// A file with an nkey seed.
    #[arg(long, value_name = "FILE", env = "NATS_NKEY")]
    nkey: Option<PathBuf>,
    /// A user; the password comes from NATS_PASSWORD, so that no process list shows it.
    #[arg(long, value_name = "NAME", env = "NATS_USER")]
    user: Option<String>,
    /// The prefix of our inboxes, where the account asks for one: `_INBOX_operator`.
    #[arg(long, value_name = "SUBJECT", env = "NATS_INBOX_PREFIX")]
    inbox_prefix: Option<String>,
    /// A certificate authority to trust.
    #[arg(long, value_name = "FILE", env = "NATS_CA")]
    tls_ca: Option<PathBuf>,
    /// Our certificate.
    #[arg(long, value_name = "FILE", env = "NATS_CERT")]
    tls_cert: Option<PathBuf>,
    /// Our certificate's key.
    #[arg(long, value_name = "FILE", env = "NATS_KEY")]
    tls_key: Option<PathBuf>,
}

impl Connect {
    /// The access that flags, environment, context and configuration make together.
    pub(super) fn access(&self, config: &Bus) -> Result<Access, Trouble> {
        Access::resolve(config, &self.overrides())
    }

    fn overrides(&self) -> Overrides {
        Overrides {
            server: self.server.clone(),
            context: self.context.clone(),
            creds: self.creds.clone(),
            nkey: self.nkey.clone(),
            user: self.user.clone(),
            password: std::env::var("NATS_PASSWORD").ok(),
            inbox_prefix: self.inbox_prefix.clone(),
            tls_ca: self.tls_ca.clone(),
            tls_cert: self.tls_cert.clone(),
            tls_key: self.tls_key.clone(),
        }
    }
}

/// Whether lines are printed where there could be a terminal to draw on: for pipes, for programs, and where that is wished.
pub(super) fn wants_lines(plain: bool, format: Format) -> bool {
    let is_terminal = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    plain || format == Format::Json || !is_terminal
}

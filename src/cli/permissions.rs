//! `decile permissions`: who may do what on the NATS server.

use super::args::ConfigFile;
use super::{Exit, world};
use crate::permissions::{Layout, Names, nats_conf, nsc};
use crate::subject::Root;
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use std::io::Write as _;

/// Prints accounts and users for the NATS server, each with the least that its role needs.
///
/// Nothing is changed: put the public keys in, and give it to the server. Every user has an account of its own and
/// an inbox prefix of its own; the streams are in accounts where nobody logs in.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: decile permissions --config config/decile.toml --format nats-conf > decile.conf\n         \
                  decile permissions --format nsc | less"
)]
pub(super) struct Permissions {
    #[command(flatten)]
    file: ConfigFile,
    /// For which way of configuring a server.
    #[arg(long, value_enum, default_value_t)]
    format: Form,
    /// The account that owns our stream; the names of the users' accounts begin with it.
    #[arg(long, value_name = "NAME", default_value = "DECILE", value_parser = name)]
    account: String,
    /// The account that owns the streams that messages come from.
    #[arg(long, value_name = "NAME", default_value = "BRIDGES", value_parser = name)]
    bridges_account: String,
}

/// A way of configuring accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A block of the server's configuration file.
    #[default]
    NatsConf,
    /// Commands of the `nsc` tool, for accounts that are JWTs.
    Nsc,
}

impl Permissions {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let world = world::load(&self.file.config)?;
        let root = Root::new(&world.config.bus.root).context("the root of the subjects")?;
        let names = Names { decile: self.account, bridges: self.bridges_account };
        let layout = Layout::of(&world.config, &root, names);
        let text = match self.format {
            Form::NatsConf => nats_conf::render(&layout),
            Form::Nsc => nsc::render(&layout),
        };
        std::io::stdout().lock().write_all(text.as_bytes())?;
        Ok(Exit::Yes)
    }
}

fn name(text: &str) -> Result<String, String> {
    if crate::class::is_name(text) { Ok(text.to_owned()) } else { Err("use 1 to 64 of A-Z a-z 0-9 _ -".to_owned()) }
}

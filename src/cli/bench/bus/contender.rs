//! What is measured beside what.

use super::broker::{Broker, Committed};
use super::child::decile;
use super::files::Files;
use std::process::Command;

/// One of those that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contender {
    /// `decile run`.
    Daemon,
    /// The bare loop, with records of this length.
    Bare {
        /// Bytes of a record.
        record_bytes: usize,
    },
}

impl Contender {
    /// Its process.
    pub(super) fn command(self, files: &Files, server: &str) -> anyhow::Result<Command> {
        let mut command = decile()?;
        match self {
            Self::Daemon => return Ok(files.run(command, server)),
            Self::Bare { record_bytes } => {
                command.args(["bench", "bare", "--server", server, "--record-bytes", &record_bytes.to_string()]);
            }
        }
        Ok(command)
    }

    /// What it has committed.
    pub(super) async fn records(self, broker: &Broker) -> anyhow::Result<Vec<Committed>> {
        match self {
            Self::Daemon => broker.decisions().await,
            Self::Bare { .. } => broker.bare_records().await,
        }
    }
}

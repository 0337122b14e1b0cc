//! `decile compile`: rules into one file, the pack.

use super::args::Format;
use super::replace::replace;
use super::{Exit, world};
use crate::pack::wire;
use anyhow::Context as _;
use clap::Args;
use std::path::PathBuf;

/// Compiles a folder of rules into a pack: one file, the same bytes for the same rules.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile compile --rules rules/ -o rules.pack")]
pub(super) struct Compile {
    /// A folder of rules.
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,
    /// The file to write.
    #[arg(short, long, value_name = "PACK")]
    output: PathBuf,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What is printed with `--format json`.
#[derive(serde::Serialize)]
struct Written {
    /// The pack's own digest, as decisions name it.
    digest: String,
    /// How many rules it has.
    rules: usize,
    /// How long the file is, in bytes.
    bytes: usize,
    /// The file.
    file: String,
}

impl Compile {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let (pack, _) = world::load_rules(&self.rules)?;
        let bytes = wire::encode(&pack);
        anyhow::ensure!(
            bytes.len() <= wire::PACK_BYTES_MAX,
            "the pack would have {} bytes, and at most {} are opened: write fewer or shorter rules",
            bytes.len(),
            wire::PACK_BYTES_MAX
        );
        replace(&self.output, &bytes).with_context(|| format!("cannot write `{}`", self.output.display()))?;
        let (rules, file) = (pack.len(), self.output.display().to_string());
        let written = Written { digest: pack.digest().to_string(), rules, bytes: bytes.len(), file };
        match self.format {
            Format::Json => println!("{}", serde_json::to_string_pretty(&written)?),
            Format::Text => println!("{}  {}: {} rules, {} bytes", written.digest, written.file, rules, written.bytes),
        }
        Ok(Exit::Yes)
    }
}

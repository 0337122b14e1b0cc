//! `decile key`: operators' keys.

use super::Exit;
use crate::authority::{PublicKey, Seed};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Operators' keys: what signs grants and rulings. The daemon never holds one, and no server lets one in.
#[derive(Debug, Args)]
pub(super) struct Key {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make a key: the seed into a file that only you can read, its public half to standard output.
    #[command(after_help = "Example: decile key new --out ~/.config/decile/ada.key")]
    New(New),
}

/// Makes a key.
#[derive(Debug, Args)]
struct New {
    /// Where to write the seed; a file that is there is never overwritten. Without it the seed is printed.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Key {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        match self.command {
            KeyCommand::New(new) => new.run(),
        }
    }
}

impl New {
    fn run(self) -> anyhow::Result<Exit> {
        let seed = Seed::generate();
        match &self.out {
            Some(file) => self.write(file, &seed)?,
            None => {
                eprintln!(
                    "warning: this is the seed: whoever has it can sign. Keep it in a file that only you can read"
                );
                println!("{}", seed.reveal()?);
                eprint!("{}", advice(&seed.public(), None));
            }
        }
        Ok(Exit::Yes)
    }

    fn write(&self, file: &Path, seed: &Seed) -> anyhow::Result<()> {
        let mut opened = create(file).with_context(|| format!("cannot write `{}`", file.display()))?;
        writeln!(opened, "{}", seed.reveal()?)?;
        opened.sync_all()?;
        println!("{}", seed.public());
        eprint!("{}", advice(&seed.public(), Some(file)));
        Ok(())
    }
}

/// A new file that nobody else can read, from its first byte on.
fn create(file: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)
}

fn advice(key: &PublicKey, file: Option<&Path>) -> String {
    let keep = file.map_or(String::new(), |file| format!("the seed is in `{}`; keep it to yourself\n", file.display()));
    format!(
        "{keep}put this into operators.toml, with what you may sign:\n\n\
         [[operator]]\nname = \"your-name\"\nkey = \"{key}\"\nrulings = [\"human\"]\n"
    )
}

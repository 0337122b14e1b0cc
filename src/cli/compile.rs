//! `decile compile`: rules into one file, the pack.

use super::args::Format;
use super::replace::replace;
use super::{Exit, world};
use crate::pack::wire;
use anyhow::Context as _;
use clap::Args;
use std::path::PathBuf;
use std::time::{Duration, Instant};

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
    /// How long it took to read the rules and to compile them, in microseconds.
    compiled_us: u128,
    /// How long it takes to open the pack, in microseconds.
    opened_us: u128,
    /// The file.
    file: String,
}

impl Compile {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let (compiled, compiled_in) = timed(|| world::load_rules(&self.rules));
        let (pack, _) = compiled?;
        let bytes = wire::encode(&pack);
        // What cannot be opened is not written: there is a bound on the size, for one.
        let (opened, opened_in) = timed(|| wire::open(&bytes));
        let opened = opened.context("these rules make no pack")?;
        anyhow::ensure!(opened.digest() == pack.digest(), "a defect: the pack that was opened is another");
        replace(&self.output, &bytes).with_context(|| format!("cannot write `{}`", self.output.display()))?;
        let written = Written {
            digest: pack.digest().to_string(),
            rules: pack.len(),
            bytes: bytes.len(),
            compiled_us: compiled_in.as_micros(),
            opened_us: opened_in.as_micros(),
            file: self.output.display().to_string(),
        };
        match self.format {
            Format::Json => println!("{}", serde_json::to_string_pretty(&written)?),
            Format::Text => println!("{}", text(&written, compiled_in, opened_in)),
        }
        Ok(Exit::Yes)
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let made = work();
    (made, started.elapsed())
}

fn text(written: &Written, compiled_in: Duration, opened_in: Duration) -> String {
    let Written { digest, rules, bytes, file, .. } = written;
    format!(
        "{digest}  {file}: {rules} rules, {bytes} bytes\ncompiled in {:.1} ms, opens in {:.1} ms",
        compiled_in.as_secs_f64() * 1e3,
        opened_in.as_secs_f64() * 1e3
    )
}

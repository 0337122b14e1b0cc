//! `decile check`: everything that the files can get wrong, and lints.

use super::args::{ConfigFile, Format};
use super::{Exit, print, world};
use crate::diagnostic::{Report, Severity, render};
use clap::Args;

/// Reads configuration, channels, policy and rules, and says everything that is wrong at once.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile check --config config/decile.toml\n\
    Exit code 3 where anything was found that must be corrected.")]
pub(super) struct Check {
    #[command(flatten)]
    file: ConfigFile,
    /// Count warnings as errors.
    #[arg(long)]
    strict: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Check {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let report = Report::new();
        let world = world::read(&self.file.config, &report);
        let found = report.into_sorted();
        let errors = found.iter().filter(|it| it.severity == Severity::Error).count();
        let warnings = found.len() - errors;
        match self.format {
            Format::Json => println!("{}", serde_json::to_string_pretty(&render::to_json(&found))?),
            Format::Text => {
                print!("{}", render::to_text(&found, print::is_colored()));
                println!("{}", summary(world.as_ref(), errors, warnings));
            }
        }
        let is_fine = errors == 0 && world.is_some() && !(self.strict && warnings > 0);
        Ok(if is_fine { Exit::Yes } else { Exit::No })
    }
}

fn summary(world: Option<&world::World>, errors: usize, warnings: usize) -> String {
    let found = format!("{errors} error(s), {warnings} warning(s)");
    let Some(world) = world else { return found };
    let channels: usize = world.config.channels.sources.iter().map(|source| source.channels.len()).sum();
    format!(
        "{found}: {} rules, {} classes, {} restrictions, {channels} channels; pack {}",
        world.pack.len(),
        world.pack.classes().count(),
        world.pack.restrictions().count(),
        world.pack.digest().short()
    )
}

//! `decile check`: everything that the files can get wrong, and lints.

use super::args::{ConfigFile, Format};
use super::classify::CLASSIFY_LIMITS;
use super::lines::{self, Line};
use super::{Exit, print, world};
use crate::class::RuleId;
use crate::classify::{Scratch, fired};
use crate::decode;
use crate::diagnostic::{Diagnostic, Report, Severity, render};
use crate::rules::lint::{self, Lint};
use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Reads configuration, channels, policy and rules, and says everything that is wrong at once.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile check --config config/decile.toml\n         \
    decile check --corpus messages.jsonl\n         decile check --lints\n\
    Exit code 3 where anything was found that must be corrected. A rule or class allows a lint by its code:\n\
    allow = [\"no-no-match-test\"].")]
pub(super) struct Check {
    #[command(flatten)]
    file: ConfigFile,
    /// Count warnings as errors.
    #[arg(long)]
    strict: bool,
    /// Messages as JSON lines: a rule that fires on none of them is reported.
    #[arg(long, value_name = "FILE")]
    corpus: Option<PathBuf>,
    /// The time at which rules expire or not; else now.
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
    /// Print notes too; JSON always has them.
    #[arg(long)]
    notes: bool,
    /// List all lints, with what each means, and read nothing.
    #[arg(long)]
    lints: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What was read of a corpus.
#[derive(Debug, Default)]
struct Corpus {
    messages: u64,
    unreadable: u64,
    fired: BTreeSet<RuleId>,
}

impl Check {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        if self.lints {
            return self.list();
        }
        let report = Report::new();
        let now = self.now.unwrap_or_else(Timestamp::now);
        let checked = world::check(&self.file.config, now, &report);
        if let (Some(checked), Some(file)) = (&checked, &self.corpus) {
            let corpus = Corpus::read(file, &checked.world, now)?;
            lint::never_fires(&checked.written, &checked.world.pack, &corpus.fired, now, &report);
            corpus.say(file);
        }
        let found = report.into_sorted();
        match self.format {
            Format::Json => println!("{}", serde_json::to_string_pretty(&render::to_json(&found))?),
            Format::Text => {
                let shown: Vec<Diagnostic> = found.iter().filter(|it| self.shows(it)).cloned().collect();
                print!("{}", render::to_text(&shown, print::is_colored()));
                println!("{}", summary(checked.as_ref().map(|it| &it.world), &found));
            }
        }
        let is_fine = count(&found, Severity::Error) == 0
            && checked.is_some()
            && !(self.strict && count(&found, Severity::Warning) > 0);
        Ok(if is_fine { Exit::Yes } else { Exit::No })
    }

    /// Notes drown what must be corrected.
    fn shows(&self, diagnostic: &Diagnostic) -> bool {
        self.notes || diagnostic.severity > Severity::Note
    }

    fn list(&self) -> anyhow::Result<Exit> {
        match self.format {
            Format::Json => {
                let all = Lint::ALL.map(|lint| {
                    let (code, level, meaning, help) = (lint.code(), lint.level(), lint.meaning(), lint.advice());
                    serde_json::json!({ "code": code, "level": level, "meaning": meaning, "help": help })
                });
                println!("{}", serde_json::to_string_pretty(&all)?);
            }
            Format::Text => {
                for lint in Lint::ALL {
                    let level = format!("{:?}", lint.level()).to_lowercase();
                    println!("{:<20}{level:<9}{}\n{:29}help: {}", lint.code(), lint.meaning(), "", lint.advice());
                }
            }
        }
        Ok(Exit::Yes)
    }
}

impl Corpus {
    /// Asks each message which rules fire, as of when it was sent.
    fn read(file: &Path, world: &world::World, now: Timestamp) -> anyhow::Result<Self> {
        let input = lines::open(Some(file)).with_context(|| format!("cannot read the corpus `{}`", file.display()))?;
        let mut corpus = Self::default();
        let mut scratch = Scratch::new(&world.pack);
        lines::each(input, |line| corpus.take(&line, world, now, &mut scratch))?;
        Ok(corpus)
    }

    fn take(&mut self, line: &Line, world: &world::World, now: Timestamp, scratch: &mut Scratch) -> anyhow::Result<()> {
        let spec = lines::spec(&line.label, None)?;
        self.messages += 1;
        match decode::decode(&spec.recipe, &spec.channel, &world.config.limits.decode, &line.delivery) {
            Err(_) => self.unreadable += 1,
            Ok(message) => {
                let now = line.label.sent_at.unwrap_or(now);
                let fired = fired(&world.pack, &message, now, &CLASSIFY_LIMITS, scratch);
                self.fired.extend(fired.unwrap_or_default());
            }
        }
        Ok(())
    }

    /// To standard error: what is printed is about the files.
    fn say(&self, file: &Path) {
        let (read, unreadable) = (self.messages - self.unreadable, self.unreadable);
        eprintln!("{}: {read} message(s) read, {unreadable} line(s) unreadable", file.display());
    }
}

fn count(found: &[Diagnostic], severity: Severity) -> usize {
    found.iter().filter(|it| it.severity == severity).count()
}

/// The most that a message can cost, and which rules most of it is.
fn bound(world: &world::World) -> String {
    let limits = &world.config.limits;
    let bytes = limits.decode.message_bytes_max;
    let cost = world.pack.cost(bytes, limits.evidence_spans_max);
    let (operations, ms) = (cost.operations() as f64 / 1e6, cost.ms(limits.ns_per_op));
    let rules: Vec<String> = world::dearest(&cost, limits).map(|(rule, ms)| format!("{rule} {ms:.1} ms")).collect();
    format!(
        "bound: {ms:.1} of {} ms for a message of {bytes} bytes ({operations:.1} million operations, {} ns each)\n       \
         dearest rules: {}",
        limits.decision_ms_max,
        limits.ns_per_op,
        if rules.is_empty() { "none".to_owned() } else { rules.join(", ") }
    )
}

fn summary(world: Option<&world::World>, found: &[Diagnostic]) -> String {
    let [errors, warnings, notes] =
        [Severity::Error, Severity::Warning, Severity::Note].map(|severity| count(found, severity));
    let notes = if notes > 0 { format!(", {notes} note(s) (`--notes`)") } else { String::new() };
    let found = format!("{errors} error(s), {warnings} warning(s){notes}");
    let Some(world) = world else { return found };
    let bound = bound(world);
    let channels: usize = world.config.channels.sources.iter().map(|source| source.channels.len()).sum();
    format!(
        "{found}: {} rules, {} classes, {} restrictions, {channels} channels; pack {}\n{bound}",
        world.pack.len(),
        world.pack.classes().count(),
        world.pack.restrictions().count(),
        world.pack.digest().short()
    )
}

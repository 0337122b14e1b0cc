//! `decile fmt`: rule files, laid out in one way.

use super::args::Format;
use super::exit::Unusable;
use super::print::one_line;
use super::replace::replace;
use super::{Exit, world};
use crate::diagnostic::{Report, SourceFile};
use crate::rules;
use anyhow::Context as _;
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const LINE_CHARS_MAX: usize = 110;

/// Lays rule files out in one way. Comments stay; nothing changes what the rules mean.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile fmt --rules rules/\n\
    Comments stay, and values as they are spelled. Within a rule, keys stand in the order id, class or restrict,\n\
    channels, enabled, expires, owner, note, any, all, none, where, allow, test; an array longer than a line fills\n\
    lines with its texts, and gives each table one. With `--check` nothing is written, and the exit code is 3\n\
    where a file would change.")]
pub(super) struct Fmt {
    /// A folder of rules.
    #[arg(long, value_name = "DIR", default_value = "rules")]
    rules: PathBuf,
    /// Single files, instead of a folder.
    #[arg(conflicts_with = "rules")]
    files: Vec<PathBuf>,
    /// Write nothing; name the files that would change.
    #[arg(long)]
    check: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What is printed with `--format json`.
#[derive(serde::Serialize)]
struct Summary {
    /// How many files were read.
    files: usize,
    /// Those that change, or with `--check` would.
    changed: Vec<Changed>,
}

/// A file that changes.
#[derive(serde::Serialize)]
struct Changed {
    /// Its name.
    file: String,
    /// The first line that changes, from 1.
    line: usize,
    /// How it is; empty where it is at its end.
    is: String,
    /// How it should be; empty where nothing should be there.
    should_be: String,
    #[serde(skip)]
    path: PathBuf,
    #[serde(skip)]
    formatted: String,
}

impl Fmt {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let paths = self.paths()?;
        let report = Report::new();
        let read = paths.iter().filter_map(|path| Some((path, rules::read_rules(path, &report)?)));
        let changed: Vec<Changed> = read.filter_map(|(path, file)| Changed::find(path, &file, &report)).collect();
        if report.has_errors() {
            world::print_errors(&report.into_sorted());
            return Err(Unusable.into());
        }
        if !self.check {
            changed.iter().try_for_each(Changed::write)?;
        }
        self.print(&Summary { files: paths.len(), changed })
    }

    fn paths(&self) -> anyhow::Result<Vec<PathBuf>> {
        if !self.files.is_empty() {
            return Ok(self.files.clone());
        }
        let paths = rules::rule_files(&self.rules)
            .with_context(|| format!("cannot read the folder `{}`", self.rules.display()))?;
        anyhow::ensure!(!paths.is_empty(), "no `*.toml` in `{}`", self.rules.display());
        Ok(paths)
    }

    fn print(&self, summary: &Summary) -> anyhow::Result<Exit> {
        match self.format {
            Format::Json => println!("{}", super::print::json(&serde_json::to_string_pretty(summary)?)),
            Format::Text => {
                summary.changed.iter().for_each(|changed| println!("{}", self.describe(changed)));
                let verb = if self.check { "would change" } else { "changed" };
                println!("{} of {} files {verb}", summary.changed.len(), summary.files);
            }
        }
        Ok(if self.check && !summary.changed.is_empty() { Exit::No } else { Exit::Yes })
    }

    fn describe(&self, changed: &Changed) -> String {
        let place = format!("{}:{}", changed.file, changed.line);
        match self.check {
            false => changed.file.clone(),
            true => format!(
                "{place}\n  - {}\n  + {}",
                one_line(&changed.is, LINE_CHARS_MAX),
                one_line(&changed.should_be, LINE_CHARS_MAX)
            ),
        }
    }
}

impl Changed {
    /// What formatting a file changes; `None` where it is as it should be, and where the report says that it
    /// cannot be formatted.
    fn find(path: &Path, file: &Arc<SourceFile>, report: &Report) -> Option<Self> {
        let formatted = rules::fmt::format(file, report)?;
        if formatted == file.text() {
            return None;
        }
        let (line, is, should_be) = first_difference(file.text(), &formatted);
        Some(Self { file: file.name().to_owned(), line, is, should_be, path: path.to_owned(), formatted })
    }

    /// As a whole: the daemon may reload at any time.
    fn write(&self) -> anyhow::Result<()> {
        replace(&self.path, self.formatted.as_bytes()).with_context(|| format!("cannot write `{}`", self.file))
    }
}

/// The number of the first line that differs, and that line in both; line ends count.
fn first_difference(before: &str, after: &str) -> (usize, String, String) {
    let same = before.split_inclusive('\n').zip(after.split_inclusive('\n')).take_while(|(a, b)| a == b).count();
    let line = |text: &str| text.split_inclusive('\n').nth(same).unwrap_or_default().trim_end_matches('\n').to_owned();
    (same + 1, line(before), line(after))
}

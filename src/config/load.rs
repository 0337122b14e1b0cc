//! From files to a [`Config`]: what is written is read first, and resolved when the rules are known.

use super::Config;
use super::channels::WrittenChannels;
use super::main_file::WrittenDecile;
use crate::diagnostic::table::Placed;
use crate::diagnostic::{Report, SourceFile};
use crate::policy::resolve::{self, Known, RuleNames};
use crate::policy::written::WrittenPolicy;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The longest file of the configuration, in bytes.
const FILE_BYTES_MAX: u64 = 4_194_304;

/// The files of the configuration, as written.
#[derive(Debug)]
pub struct Loaded {
    /// The folder that paths are relative to: that of `decile.toml`.
    folder: PathBuf,
    decile: WrittenDecile,
    channels: Option<WrittenChannels>,
    policy: WrittenPolicy,
}

/// Reads `decile.toml`, and the channels and the policy that it names. A file that cannot be read is
/// reported, and what refers to it is not.
pub fn load_files(path: &Path, report: &Report) -> Loaded {
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let Some(file) = read(path, None, report) else {
        let empty = SourceFile::new(path.display().to_string(), "");
        let decile = WrittenDecile::read(&empty, report);
        return Loaded { folder, decile, channels: None, policy: WrittenPolicy::default() };
    };
    let decile = WrittenDecile::read(&file, report);
    let channels = open(&folder, decile.files.channels.as_ref(), "channels.toml", report);
    let policy = open(&folder, decile.files.policy.as_ref(), "policy.toml", report);
    Loaded {
        channels: channels.map(|file| WrittenChannels::read(&file, report)),
        policy: policy.map(|file| WrittenPolicy::read(&file, report)).unwrap_or_default(),
        folder,
        decile,
    }
}

impl Loaded {
    /// The rules: a folder of them, or a pack.
    pub fn rules(&self) -> PathBuf {
        self.folder.join(self.decile.files.rules.as_ref().map_or("../rules", |rules| &rules.value))
    }

    /// The longest text of a message, in bytes: what a pack's work is bounded by.
    pub fn message_bytes_max(&self) -> usize {
        self.decile.limits.message_bytes_max.size()
    }

    /// The steps that a decision may take: what a pack may cost.
    pub fn decision_steps_max(&self) -> u64 {
        self.decile.limits.decision_steps_max.value
    }

    /// Resolves everything, given what the rules name, where they could be compiled. Gives none where the report
    /// has errors, whoever reported them.
    pub fn resolve(self, rules: Option<RuleNames<'_>>, report: &Report) -> Option<Config> {
        let bus = self.decile.bus.resolve(&self.folder, report);
        let limits = self.decile.limits.resolve(report);
        let channels = self.channels.as_ref().map(|written| written.resolve(&bus, &limits, report));
        let names = self.channels.as_ref().map(WrittenChannels::names);
        let draft_bytes_max = limits.draft_bytes_max;
        let known = Known { rules, channels: names.as_ref(), draft_bytes_max };
        let config = Config {
            limits,
            retention: self.decile.retention.resolve(),
            http_listen: self.decile.http.resolve(report),
            sender_key: self.decile.privacy.resolve(&self.folder, report),
            policy: resolve::resolve(&self.policy, &known, report),
            rules: self.rules(),
            channels: channels?,
            bus,
        };
        if report.has_errors() { None } else { Some(config) }
    }
}

fn open(folder: &Path, named: Option<&Placed<String>>, default: &str, report: &Report) -> Option<Arc<SourceFile>> {
    let path = folder.join(named.map_or(default, |named| &named.value));
    read(&path, named, report)
}

/// Reads a text file; what is wrong is reported where the file is named, if it is.
fn read(path: &Path, named: Option<&Placed<String>>, report: &Report) -> Option<Arc<SourceFile>> {
    let wrong = match std::fs::metadata(path) {
        Ok(metadata) if metadata.len() > FILE_BYTES_MAX => format!("it has more than {FILE_BYTES_MAX} bytes"),
        _ => match std::fs::read_to_string(path) {
            Ok(text) => return Some(SourceFile::new(path.display().to_string(), text)),
            Err(error) => error.to_string().to_lowercase(),
        },
    };
    let message = format!("`{}` cannot be read: {wrong}", path.display());
    let help = "name a text file that is there";
    match named {
        Some(named) => report.error("unreadable-file", &named.at, message, help),
        None => report.error_nowhere("unreadable-file", message, help),
    }
    None
}

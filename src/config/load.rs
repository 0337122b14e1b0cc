//! From files to a [`Config`]: what is written is read first, and resolved when the rules are known.

use super::Config;
use super::channels::WrittenChannels;
use super::main_file::{WrittenDecile, WrittenFiles};
use super::operators::WrittenOperators;
use crate::authority::Authority;
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
    /// `decile.toml`, or whatever it is named.
    path: PathBuf,
    decile: WrittenDecile,
    channels: Option<WrittenChannels>,
    policy: WrittenPolicy,
    operators: Option<WrittenOperators>,
}

/// Reads `decile.toml`, and the channels and the policy that it names. A file that cannot be read is
/// reported, and what refers to it is not.
pub fn load_files(path: &Path, report: &Report) -> Loaded {
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let Some(file) = read(path, None, report) else {
        let empty = SourceFile::new(path.display().to_string(), "");
        let decile = WrittenDecile::read(&empty, report);
        return Loaded {
            folder,
            path: path.to_owned(),
            decile,
            channels: None,
            policy: WrittenPolicy::default(),
            operators: None,
        };
    };
    let decile = WrittenDecile::read(&file, report);
    let channels = open(&folder, decile.files.channels.as_ref(), "channels.toml", report);
    let policy = open(&folder, decile.files.policy.as_ref(), "policy.toml", report);
    let operators = optional(&folder, decile.files.operators.as_ref(), "operators.toml", report);
    Loaded {
        operators: operators.map(|file| WrittenOperators::read(&file, report)),
        channels: channels.map(|file| WrittenChannels::read(&file, report)),
        policy: policy.map(|file| WrittenPolicy::read(&file, report)).unwrap_or_default(),
        folder,
        path: path.to_owned(),
        decile,
    }
}

impl Loaded {
    fn files(&self) -> Vec<PathBuf> {
        let WrittenFiles { channels, policy, operators, .. } = &self.decile.files;
        let named = [(channels, "channels.toml"), (policy, "policy.toml"), (operators, "operators.toml")];
        let named = named.map(|(named, default)| named.as_ref().map_or(default, |named| named.value.as_str()));
        let key = self.decile.privacy.sender_key_file.as_ref().map(|file| file.value.as_str());
        let beside = named.into_iter().chain(key).map(|file| self.folder.join(file));
        beside.chain([self.path.clone()]).collect()
    }

    /// The rules: a folder of them, or a pack.
    pub fn rules(&self) -> PathBuf {
        self.folder.join(self.decile.files.rules.as_ref().map_or("../rules", |rules| &rules.value))
    }

    /// The policy's file.
    fn policy_file(&self) -> PathBuf {
        self.folder.join(self.decile.files.policy.as_ref().map_or("policy.toml", |policy| &policy.value))
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
        self.decile.limits.check_window(&self.decile.retention, report);
        let channels = self.channels.as_ref().map(|written| written.resolve(&bus, &limits, report));
        let names = self.channels.as_ref().map(WrittenChannels::names);
        let draft_bytes_max = limits.draft_bytes_max;
        let known = Known { rules, channels: names.as_ref(), draft_bytes_max };
        let config = Config {
            limits,
            retention: self.decile.retention.resolve(report),
            http_listen: self.decile.http.resolve(report),
            sender_key: self.decile.privacy.resolve(&self.folder, report),
            canary: self.decile.canary.resolve(),
            policy: resolve::resolve(&self.policy, &known, report),
            authority: self.operators.as_ref().map_or_else(Authority::nobody, |it| it.resolve(&known, report)),
            rules: self.rules(),
            policy_file: self.policy_file(),
            files: self.files(),
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

/// The same for a file that need not be there, unless it is named.
fn optional(folder: &Path, named: Option<&Placed<String>>, default: &str, report: &Report) -> Option<Arc<SourceFile>> {
    if named.is_none() && !folder.join(default).exists() {
        return None;
    }
    open(folder, named, default, report)
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

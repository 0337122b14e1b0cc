mod loading;
mod operators;
mod schemas;
mod shipped;

use super::*;
use crate::class::Class;
use crate::diagnostic::{Diagnostic, Report};
use crate::policy::resolve::RuleNames;
use std::collections::BTreeSet;
use std::path::Path;

/// Classes that the rules of these tests name.
fn classes(names: &[&str]) -> BTreeSet<Class> {
    names.iter().map(|name| Class::parse(name).unwrap()).collect()
}

fn restrictions(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A folder with the three files.
fn folder(decile: &str, channels: &str, policy: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("decile.toml", decile), ("channels.toml", channels), ("policy.toml", policy)] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Loads three files with two classes and a restriction in their rules.
fn load(decile: &str, channels: &str, policy: &str) -> (Option<Config>, Vec<Diagnostic>) {
    load_folder(folder(decile, channels, policy).path())
}

fn load_folder(folder: &Path) -> (Option<Config>, Vec<Diagnostic>) {
    let report = Report::new();
    let loaded = load_files(&folder.join("decile.toml"), &report);
    let config = loaded.resolve(
        Some(RuleNames { classes: &classes(&["receipt", "question"]), restrictions: &restrictions(&["legal"]) }),
        &report,
    );
    (config, report.into_sorted())
}

/// The diagnostics as `file:line:column code`, file names without their folder.
fn places(found: &[Diagnostic]) -> Vec<String> {
    let place = |diagnostic: &Diagnostic| {
        let at = diagnostic.location.as_ref().map_or_else(|| "nowhere".to_owned(), ToString::to_string);
        format!("{} {}", at.rsplit('/').next().unwrap_or_default(), diagnostic.code)
    };
    found.iter().map(place).collect()
}

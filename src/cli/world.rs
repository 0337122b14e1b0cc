//! From files to a world: configuration, policy and rules, with everything that is wrong printed at once.

use super::exit::Unusable;
use super::print;
use crate::class::{Class, RuleId};
use crate::config::{self, Config, Limits};
use crate::diagnostic::{Diagnostic, Report, Severity, render};
use crate::pack::{Cost, Pack, wire};
use crate::policy::resolve::RuleNames;
use crate::rules::cases::{self, Cases};
use crate::rules::{self, Tests, Written};
use crate::trust::{self, Admission};
use jiff::Timestamp;
use rkyv::util::AlignedVec;
use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;

/// A configuration and its rules.
pub(super) struct World {
    pub(super) config: Config,
    pub(super) pack: Pack,
    /// `None` where the rules are a pack.
    pub(super) tests: Option<Tests>,
}

/// A world, and the rules as written, for lints that look at both.
pub(super) struct Checked {
    pub(super) world: World,
    pub(super) written: Written,
}

impl World {
    /// The policy with the levels that count.
    pub(super) fn admitted(&self) -> Admission {
        let Self { config, pack, .. } = self;
        trust::admit(config.policy.clone(), &config.authority, pack, &config.channels.places)
    }
}

/// Reads everything; `None` where something is wrong. What was found is in the report either way.
pub(super) fn read(file: &Path, report: &Report) -> Option<World> {
    read_with(file, report, |rules| compile_or_open(rules, report))
}

/// The same, with lints, as of `now`. A pack has nothing to lint, and that is said.
pub(super) fn check(file: &Path, now: Timestamp, report: &Report) -> Option<Checked> {
    let mut written = Written::default();
    let world = read_with(file, report, |rules| {
        if is_pack(rules) {
            let wrong = format!("`{}` is a pack: its rules were not linted", rules.display());
            report.warning_nowhere("pack-not-linted", wrong, "check the folder of rules that it was compiled from");
            return compile_or_open(rules, report);
        }
        written = rules::load(rules, report);
        rules::check(&written, now, report).map(|(pack, tests)| (pack, Some(tests)))
    })?;
    let Admission { policy, refused, .. } = world.admitted();
    for refused in refused.into_iter().chain(trust::ended(&policy, now)) {
        report.warning_nowhere("not-promoted", refused.to_string(), refused.advice());
    }
    Some(Checked { world, written })
}

fn read_with(
    file: &Path,
    report: &Report,
    compile: impl FnOnce(&Path) -> Option<(Pack, Option<Tests>)>,
) -> Option<World> {
    let loaded = config::load_files(file, report);
    let compiled = compile(&loaded.rules());
    let names = compiled.as_ref().map(|(pack, _)| names(pack));
    let config =
        loaded.resolve(names.as_ref().map(|(classes, restrictions)| RuleNames { classes, restrictions }), report);
    let ((pack, tests), config) = compiled.zip(config)?;
    budget(&pack, &config.limits, report);
    if report.has_errors() { None } else { Some(World { config, pack, tests }) }
}

/// Refuses a pack that could take longer than its share.
fn budget(pack: &Pack, limits: &Limits, report: &Report) {
    let cost = pack.cost(limits.decode.message_bytes_max, limits.evidence_spans_max);
    if cost.ms(limits.ns_per_op) <= limits.decision_ms_max as f64 {
        return;
    }
    let dearest: Vec<String> = dearest(&cost, limits).map(|(rule, ms)| format!("`{rule}` ({ms:.1} ms)")).collect();
    let wrong = format!(
        "a message of {} bytes may take {:.1} ms, and {} ms are its share",
        limits.decode.message_bytes_max,
        cost.ms(limits.ns_per_op),
        limits.decision_ms_max
    );
    let help = format!(
        "make the dearest rules cheaper: {}; or lower `message_bytes_max`, or measure `ns_per_op` by `decile bench calibrate`",
        dearest.join(", ")
    );
    report.error_nowhere("pack-over-budget", wrong, help);
}

/// The rules that cost most, each with its milliseconds.
pub(super) fn dearest<'c>(cost: &'c Cost, limits: &Limits) -> impl Iterator<Item = (&'c RuleId, f64)> {
    let ns_per_op = limits.ns_per_op;
    let ms = move |operations: u64| operations.saturating_mul(ns_per_op) as f64 / 1e6;
    cost.by_rule.iter().filter(|(_, operations)| *operations > 0).take(5).map(move |(rule, it)| (rule, ms(*it)))
}

/// The pack of a path and its tests: a folder of rules, compiled, or a pack, which has none.
fn compile_or_open(rules: &Path, report: &Report) -> Option<(Pack, Option<Tests>)> {
    if is_pack(rules) {
        return open(rules, report).map(|pack| (pack, None));
    }
    compile(rules, report).map(|(pack, tests)| (pack, Some(tests)))
}

/// The same as [`check`], or what is wrong, printed.
pub(super) fn load_checked(file: &Path) -> anyhow::Result<Checked> {
    let report = Report::new();
    let checked = check(file, Timestamp::now(), &report);
    finish(checked, report)
}

/// Compiles a folder of rules.
pub(super) fn compile(dir: &Path, report: &Report) -> Option<(Pack, Tests)> {
    let written = rules::load(dir, report);
    rules::compile(&written, report)
}

fn names(pack: &Pack) -> (BTreeSet<Class>, BTreeSet<String>) {
    (pack.classes().cloned().collect(), pack.restrictions().map(str::to_owned).collect())
}

/// Reads everything, or prints what is wrong.
pub(super) fn load(file: &Path) -> anyhow::Result<World> {
    let report = Report::new();
    let world = read(file, &report);
    finish(world, report)
}

/// Reads the configuration without the rules, or prints what is wrong: what commands need that decide nothing.
pub(super) fn load_config(file: &Path) -> anyhow::Result<Config> {
    let report = Report::new();
    let config = config::load_files(file, &report).resolve(None, &report);
    finish(config, report)
}

/// Reads a folder of rules, or prints what is wrong.
pub(super) fn written(dir: &Path) -> anyhow::Result<Written> {
    let report = Report::new();
    refuse_pack(dir, &report);
    let written = if report.has_errors() { None } else { Some(rules::load(dir, &report)) };
    finish(written.filter(|_| !report.has_errors()), report)
}

/// Compiles a folder of rules, or prints what is wrong. A pack is none: what is asked for needs the rules as written.
pub(super) fn load_rules(dir: &Path) -> anyhow::Result<(Pack, Tests)> {
    let report = Report::new();
    refuse_pack(dir, &report);
    let compiled = if report.has_errors() { None } else { compile(dir, &report) };
    finish(compiled, report)
}

fn refuse_pack(dir: &Path, report: &Report) {
    if is_pack(dir) {
        let wrong = format!("`{}` is a file, and a pack has neither tests nor rules as written", dir.display());
        report.error_nowhere("no-folder", wrong, "name the folder of rules that it was compiled from");
    }
}

/// The pack that a path names, or what is wrong, printed: a file that `decile compile` has written, or a folder of
/// rules, compiled.
pub(super) fn open_pack(path: &Path) -> anyhow::Result<Pack> {
    let report = Report::new();
    let opened = compile_or_open(path, &report).map(|(pack, _)| pack);
    finish(opened, report)
}

/// Whether a path names a pack: a file, whatever its name. What is not there is taken for a folder, and missed as one.
pub(super) fn is_pack(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.is_dir())
}

/// Opens a pack; what is wrong is reported.
fn open(path: &Path, report: &Report) -> Option<Pack> {
    let wrong = match read_pack(path) {
        Ok(bytes) => match wire::open(&bytes) {
            Ok(pack) => return Some(pack),
            Err(error) => error.to_string(),
        },
        Err(error) => error.to_string().to_lowercase(),
    };
    let message = format!("cannot open `{}`: {wrong}", path.display());
    report.error_nowhere("unusable-pack", message, "name a pack that this version has compiled, or a folder of rules");
    None
}

/// At an address that suits the payload; of a file that is too long, one byte more than is opened.
fn read_pack(path: &Path) -> std::io::Result<AlignedVec> {
    let mut bytes = AlignedVec::new();
    let file = std::fs::File::open(path)?;
    bytes.extend_from_reader(&mut file.take(wire::PACK_BYTES_MAX as u64 + 1))?;
    Ok(bytes)
}

/// Reads a folder of cases, or prints what is wrong.
pub(super) fn load_cases(dir: &Path) -> anyhow::Result<Cases> {
    let report = Report::new();
    let cases = cases::load(dir, &report);
    finish((!report.has_errors()).then_some(cases), report)
}

pub(super) fn finish<T>(read: Option<T>, report: Report) -> anyhow::Result<T> {
    match read {
        Some(read) => Ok(read),
        None => {
            print_errors(&report.into_sorted());
            Err(Unusable.into())
        }
    }
}

/// Prints the errors, and not the warnings.
pub(super) fn print_errors(diagnostics: &[Diagnostic]) {
    let errors: Vec<Diagnostic> =
        diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).cloned().collect();
    eprint!("{}", render::to_text(&errors, print::is_colored_stderr()));
}

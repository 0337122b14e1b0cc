//! Rules: read from the files that people edit, resolved, and compiled into a pack.

mod apart;
mod canonical;
pub mod cases;
mod classes;
mod comparison;
mod compile;
pub mod fmt;
mod gap;
pub mod lint;
mod lists;
mod load;
mod moment;
mod phrase;
mod regex;
mod resolve;
mod resolved;
pub mod test;
mod vocabulary;
pub mod written;

#[cfg(test)]
mod tests;

pub use apart::{RuleDigest, compile_class, digests};
pub use load::{load, load_texts};
pub(crate) use load::{read_rules, rule_files};
pub use test::Tests;
pub use written::Written;

use crate::diagnostic::Report;
use crate::pack::Pack;
use jiff::Timestamp;
use lists::Lists;
use resolved::Resolved;

/// Compiles rules as written into a pack, with the tests beside them.
///
/// Everything that is wrong goes to the report; `None` if it has errors, also those of reading.
pub fn compile(written: &Written, report: &Report) -> Option<(Pack, Tests)> {
    let lists = lists(written, report);
    let (resolved, tests) = resolve(written, &lists, report)?;
    Some((compile::compile(resolved, report)?, tests))
}

/// Does what [`compile()`] does, and reports what works and is probably not meant. Rules expire as of `now`.
pub fn check(written: &Written, now: Timestamp, report: &Report) -> Option<(Pack, Tests)> {
    let lists = lists(written, report);
    let (resolved, tests) = resolve(written, &lists, report)?;
    let begun = lint::begin(&lint::Subject { written, resolved: &resolved, lists: &lists, now }, report);
    let pack = compile::compile(resolved, report)?;
    begun.finish(&pack);
    Some((pack, tests))
}

fn lists<'a>(written: &'a Written, report: &'a Report) -> Lists<'a> {
    Lists::new(written.files.iter().flat_map(|file| &file.lists), report)
}

/// `None` where anything is wrong.
fn resolve(written: &Written, lists: &Lists<'_>, report: &Report) -> Option<(Resolved, Tests)> {
    let resolved = resolve::resolve(written, lists, report);
    let tests = test::resolve(written, report);
    if !report.has_errors() {
        lint::witness::check(&resolved, report);
    }
    (!report.has_errors()).then_some((resolved, tests))
}

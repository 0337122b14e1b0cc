//! Rules: read from the files that people edit, resolved, and compiled into a pack.

mod canonical;
mod classes;
mod comparison;
mod compile;
pub mod fmt;
mod gap;
mod lint;
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

pub use load::{load, load_texts};
pub(crate) use load::{read_rules, rule_files};
pub use test::Tests;
pub use written::Written;

use crate::diagnostic::Report;
use crate::pack::Pack;
use lists::Lists;

/// Compiles rules as written into a pack, with the tests beside them.
///
/// Everything that is wrong goes to the report; `None` if it has errors, also those of reading.
pub fn compile(written: &Written, report: &Report) -> Option<(Pack, Tests)> {
    let all_lists = written.files.iter().flat_map(|file| &file.lists);
    let lists = Lists::new(all_lists, report);
    let resolved = resolve::resolve(written, &lists, report);
    let tests = test::resolve(written, report);
    if report.has_errors() {
        return None;
    }
    lint::lint(written, &resolved, &lists, report);
    let pack = compile::compile(resolved, report)?;
    Some((pack, tests))
}

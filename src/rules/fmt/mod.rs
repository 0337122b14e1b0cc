//! Rule files, laid out in one way: `decile fmt`. Comments stay, and so does every value as it is spelled; only
//! white space, trailing commas, and the order of keys within a rule, a class, a restriction or a test change.
//!
//! `toml_parser` gives the tokens; the libraries that format (taplo, tombi) are not maintained or many times
//! the size, and the one that edits (toml_edit) keeps white space where this wants it gone.

mod order;
mod print;
mod rows;
mod tree;

#[cfg(test)]
mod tests;

use crate::diagnostic::table::report_syntax;
use crate::diagnostic::{Report, SourceFile};
use std::sync::Arc;

/// The file as it should be written. Formatting that again changes nothing.
///
/// `None` where the file is no TOML, and where formatting would change what it says: both are reported. It need
/// not make sense as rules.
pub fn format(file: &Arc<SourceFile>, report: &Report) -> Option<String> {
    if !report_syntax(file, report) {
        return None;
    }
    let formatted = tree::read(file.text()).map(|document| print::print(&document));
    match formatted {
        Some(formatted) if says_the_same(file.text(), &formatted) => Some(formatted),
        _ => {
            let wrong = format!("formatting would change what `{}` says", file.name());
            report.error_nowhere("format-changes", wrong, "leave the file as it is, and report this: it is a defect");
            None
        }
    }
}

/// Whether two files have the same keys, values and comments. This looks at what the parser makes of them and
/// not at how formatting works: whatever is wrong with that, no file is damaged.
fn says_the_same(before: &str, after: &str) -> bool {
    let [values_before, values_after] = [before, after].map(|text| text.parse::<toml::Table>().ok());
    let [comments_before, comments_after] = [before, after].map(sorted_comments);
    values_before.is_some() && values_before == values_after && comments_before == comments_after
}

/// They may change places where keys do.
fn sorted_comments(text: &str) -> Vec<&str> {
    let mut comments = tree::comments(text);
    comments.sort_unstable();
    comments
}

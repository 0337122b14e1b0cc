//! Long lists in a terminal: handed to the pager that the user has, as `git` does.

use std::io::{IsTerminal as _, Write as _};
use std::process::{Command, Stdio};

/// What is started where `PAGER` says nothing.
const PAGER: &str = "less";
/// What `less` is told where `LESS` says nothing: end where all fits, show colours, leave the screen as it is.
const LESS: &str = "FRX";

/// Shows lines in the pager; whether they were shown: not where nobody sits at a terminal, or there is no pager.
pub(super) fn show<'a>(lines: impl IntoIterator<Item = &'a String>) -> bool {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return false;
    }
    let pager = std::env::var("PAGER").ok().filter(|it| !it.trim().is_empty()).unwrap_or_else(|| PAGER.to_owned());
    let less = std::env::var("LESS").unwrap_or_else(|_| LESS.to_owned());
    // The user's own words for their own shell.
    let started = Command::new("sh").args(["-c", &pager]).env("LESS", less).stdin(Stdio::piped()).spawn();
    let Ok(mut child) = started else { return false };
    if let Some(mut into) = child.stdin.take() {
        for line in lines {
            // Whoever has seen enough leaves.
            if writeln!(into, "{line}").is_err() {
                break;
            }
        }
    }
    child.wait().is_ok_and(|status| status.success())
}

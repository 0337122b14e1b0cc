//! Text for terminals. What came from outside is made plain before it gets near one.

use crate::plain::visible;
pub(super) use crate::plain::{block, one_line};
use std::io::IsTerminal as _;

/// Whether standard output takes colours.
pub(super) fn is_colored() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Whether standard error takes colours.
pub(super) fn is_colored_stderr() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// JSON, where characters that a terminal obeys, and that JSON leaves alone, are escaped: it means the same.
/// They stand inside strings only.
pub(super) fn json(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c >= '\u{7F}' && visible(c) != c {
            let units = &mut [0; 2];
            c.encode_utf16(units).iter().for_each(|unit| plain.push_str(&format!("\\u{unit:04x}")));
        } else {
            plain.push(c);
        }
    }
    plain
}

/// Bold, where the terminal takes it.
pub(super) fn bold(text: &str) -> String {
    if is_colored() { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// Dim, where the terminal takes it.
pub(super) fn dim(text: &str) -> String {
    if is_colored() { format!("\u{1b}[2m{text}\u{1b}[0m") } else { text.to_owned() }
}

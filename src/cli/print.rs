//! Text for terminals. What came from outside is made plain before it gets near one.

use std::io::IsTerminal as _;

/// Whether standard output takes colours.
pub(super) fn is_colored() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Whether standard error takes colours.
pub(super) fn is_colored_stderr() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Text from outside on one line of at most `chars_max` characters: control characters, bidi controls and
/// line breaks show as what they are and do nothing.
pub(super) fn one_line(text: &str, chars_max: usize) -> String {
    let mut plain: String = text.chars().take(chars_max).map(visible).collect();
    if text.chars().nth(chars_max).is_some() {
        plain.push('…');
    }
    plain
}

/// Text from outside, its own lines kept, each behind `indent`.
pub(super) fn block(text: &str, indent: &str) -> String {
    text.lines().map(|line| format!("{indent}{}\n", line.chars().map(visible).collect::<String>())).collect()
}

/// JSON, where characters that a terminal obeys, and that JSON leaves alone, are escaped: it means the same.
/// They stand inside strings only.
pub(super) fn json(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c >= '\u{7F}' && visible(c) != c {
            plain.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            plain.push(c);
        }
    }
    plain
}

fn visible(c: char) -> char {
    match c {
        '\n' | '\r' => '⏎',
        '\t' => ' ',
        _ if c.is_control() => '\u{FFFD}',
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{00AD}' => {
            '\u{FFFD}'
        }
        _ => c,
    }
}

/// Bold, where the terminal takes it.
pub(super) fn bold(text: &str) -> String {
    if is_colored() { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// Dim, where the terminal takes it.
pub(super) fn dim(text: &str) -> String {
    if is_colored() { format!("\u{1b}[2m{text}\u{1b}[0m") } else { text.to_owned() }
}

//! Text from outside, made plain: nothing of it steers a terminal, and nothing of it hides.

/// Text on one line of at most `chars_max` characters: control characters, bidi controls and line breaks show as what
/// they are and do nothing.
pub fn one_line(text: &str, chars_max: usize) -> String {
    let mut plain: String = text.chars().take(chars_max).map(visible).collect();
    if text.chars().nth(chars_max).is_some() {
        plain.push('…');
    }
    plain
}

/// Text with its own line breaks, and no other control.
pub fn lines(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for (at, line) in text.lines().enumerate() {
        if at > 0 {
            plain.push('\n');
        }
        plain.extend(line.chars().map(visible));
    }
    plain
}

/// Text, its own lines kept, each behind `indent`.
pub fn block(text: &str, indent: &str) -> String {
    text.lines().map(|line| format!("{indent}{}\n", line.chars().map(visible).collect::<String>())).collect()
}

/// What is shown for a character: itself, unless a terminal obeys it, or no reader sees it.
pub fn visible(c: char) -> char {
    match c {
        '\n' | '\r' => '⏎',
        '\t' => ' ',
        _ if c.is_control() => char::REPLACEMENT_CHARACTER,
        '\u{AD}'
        | '\u{61C}'
        | '\u{180E}'
        | '\u{200B}'..='\u{200F}'
        | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}'
        | '\u{FFF9}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E0FFF}' => char::REPLACEMENT_CHARACTER,
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clears the screen, writes the window's title, rings; hides its direction, and a tag.
    const EVIL: &str = "a\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{8}\r\u{202e}\u{2028}\u{e0041}\tb\nc";

    #[test]
    fn nothing_that_a_terminal_obeys_or_nobody_sees_is_left() {
        for plain in [one_line(EVIL, 100), lines(EVIL), block(EVIL, "| ")] {
            let is_hidden = |c| matches!(c, '\u{202e}' | '\u{2028}' | '\u{e0041}');
            let is_wrong = |c: char| c != '\n' && (c.is_control() || is_hidden(c));
            assert_eq!(plain.find(is_wrong), None, "{plain:?}");
            assert!(plain.contains("owned") && plain.contains('c'), "{plain:?}");
        }
    }

    #[test]
    fn lines_stay_lines_and_one_line_is_one() {
        assert_eq!(lines("a\r\nb\n\nc"), "a\nb\n\nc");
        assert_eq!(one_line("a\nb", 9), "a⏎b");
        assert_eq!(one_line("abcdef", 3), "abc…");
    }
}

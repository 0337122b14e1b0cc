//! Values from outside, made plain: no client shows them as a mention or a link.
//!
//! What is changed is changed visibly and in ASCII, so that the person who reads a draft sees what it was:
//!
//! | written | becomes | because of |
//! |---|---|---|
//! | `@` | `(at)` | `@here`, `@name`, mail addresses |
//! | `<` `>` | `(` `)` | `<@U1>`, `<!channel>`, `<url\|text>`, HTML |
//! | `[` `]` | `(` `)` | Markdown links and images |
//! | `#` before a letter or digit | `(#)` | channels and issues by number |
//! | `.` before anything but space or `.` | `(.)` | bare domains, `www.`, IP addresses |
//! | `:` between a letter and a visible character, or before `/` | `(:)` | `https://`, `mailto:` |
//! | `\` | `/` | Markdown escapes, network paths |
//!
//! Before that: compatibility forms made plain (NFKC: a full-width `＠` is an `@`), every white space one
//! space, control, format and bidi characters removed.

use unicode_normalization::UnicodeNormalization;

/// A value of at most `chars_max` characters.
pub(super) fn plain(value: &str, chars_max: usize) -> String {
    let clean = clean(value, chars_max);
    let mut plain = String::with_capacity(clean.len());
    let mut before = ' ';
    let mut chars = clean.chars().peekable();
    while let Some(char) = chars.next() {
        let next = chars.peek().copied().unwrap_or(' ');
        push(&mut plain, before, char, next);
        before = char;
    }
    cut(plain, chars_max)
}

/// Normalised, without what cannot be seen, white space folded. Input beyond what could be shown is not
/// looked at.
fn clean(value: &str, chars_max: usize) -> String {
    let mut clean = String::new();
    for char in value.chars().take(chars_max.saturating_mul(4)).nfkc().filter(|char| !is_hidden(*char)) {
        match char {
            char if !char.is_whitespace() => clean.push(char),
            _ if clean.is_empty() || clean.ends_with(' ') => {}
            _ => clean.push(' '),
        }
    }
    clean.truncate(clean.trim_end().len());
    clean
}

fn push(plain: &mut String, before: char, char: char, next: char) {
    match char {
        '@' => plain.push_str("(at)"),
        '<' | '[' => plain.push('('),
        '>' | ']' => plain.push(')'),
        '\\' => plain.push('/'),
        '#' if next.is_alphanumeric() => plain.push_str("(#)"),
        '.' | '。' if next != ' ' && next != '.' => plain.push_str("(.)"),
        ':' if (before.is_alphabetic() || next == '/') && next != ' ' => plain.push_str("(:)"),
        other => plain.push(other),
    }
}

fn cut(plain: String, chars_max: usize) -> String {
    if plain.chars().count() <= chars_max {
        return plain;
    }
    plain.chars().take(chars_max.saturating_sub(1)).chain(['…']).collect()
}

/// Control characters that are no white space, and what a reader cannot see: soft hyphen, joiners, bidi
/// marks, variation selectors, tags and the other default-ignorable characters of Unicode.
fn is_hidden(char: char) -> bool {
    char.is_control() && !char.is_whitespace()
        || matches!(char,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
}

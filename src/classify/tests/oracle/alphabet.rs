//! The characters of the random rules and messages: which sorts there are, and how each looks in the two views.

use regex::Regex;
use std::ops::Range;
use unicode_normalization::char::compose;

/// Letters that look like others, and the others.
pub(super) const LOOK_ALIKES: [(char, char); 7] =
    [('а', 'a'), ('р', 'p'), ('у', 'y'), ('с', 'c'), ('о', 'o'), ('е', 'e'), ('х', 'x')];

/// A field as a view has it.
#[derive(Clone, Default)]
pub(super) struct View {
    pub(super) text: String,
    /// For each byte of the text, what it stands for in the field as sent.
    pub(super) sent: Vec<Range<usize>>,
}

/// A text in the raw view, or in the folded one.
pub(super) fn view(text: &str, folded: bool) -> View {
    let mut view = View::default();
    // The last character that is no mark: where it stands in the field, and in the view.
    let (mut sent, mut seen) = (usize::MAX, 0);
    for (at, c) in text.char_indices().filter(|(_, c)| !(folded && is_invisible(*c))) {
        let end = at + c.len_utf8();
        let is_mark = folded && c == '\u{301}';
        let before = if c.is_whitespace() { view.text.trim_end_matches(' ') } else { &view.text };
        (sent, seen) = if is_mark { (sent.min(at), seen) } else { (at, before.len()) };
        if is_mark && !view.text.is_empty() {
            let base = view.text.pop().unwrap();
            view.text.extend(compose(base, c).map_or(vec![base, c], |joined| vec![joined]));
            // A character and the marks on it stand, together, for all of them.
            view.sent[seen..].iter_mut().for_each(|sent| sent.end = end);
        } else if !c.is_whitespace() {
            view.text.push_str(&plain(c, folded));
        } else if view.text.ends_with(' ') {
            view.sent[seen].end = end;
        } else if !view.text.is_empty() {
            view.text.push(' ');
        }
        view.sent.resize(view.text.len(), sent..end);
    }
    view.text.truncate(view.text.trim_end_matches(' ').len());
    view
}

/// What a character of this alphabet is in the raw view, and in the folded one.
fn plain(c: char, folded: bool) -> String {
    let c = c.to_lowercase().next().unwrap();
    let found = match c {
        '‘' | '’' => "'",
        '“' | '”' => "\"",
        '–' | '—' => "-",
        'ſ' => "s",
        '…' => "...",
        'ﬁ' if folded => "fi",
        '²' if folded => "2",
        '\u{ff01}'..='\u{ff5e}' if folded => return char::from_u32(u32::from(c) - 0xfee0).unwrap().into(),
        c => return LOOK_ALIKES.iter().find(|(other, _)| folded && *other == c).map_or(c, |(_, ascii)| *ascii).into(),
    };
    found.to_owned()
}

pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}' | '\u{200d}' | '\u{fe0f}' | '\u{2067}' | '\u{2069}')
}

/// A regex with names for sets of characters.
pub(super) fn regex(source: &str) -> Regex {
    let names = [
        ("<word>", r"[\p{Alphabetic}\p{N}_]"),
        ("<letter>", r"\p{Alphabetic}"),
        ("<spaced>", r"[[\p{Alphabetic}\p{N}_]--[\p{Han}\p{Hiragana}]]"),
        ("<spaced letter>", r"[\p{Alphabetic}--[\p{Han}\p{Hiragana}]]"),
        ("<unseen>", r"\p{DI}"),
        ("<mark>", r"[\p{M}--\p{DI}]"),
        ("<on>", r"[\p{M}\p{DI}]"),
        ("<core>", r"[\p{Alphabetic}\p{N}_@$€£¥#]"),
        ("<edge>", r"[^\p{Alphabetic}\p{N}_@$€£¥#]"),
        ("<numeric>", r"[\p{N}.,:/\-+%'$€£¥#]"),
    ];
    Regex::new(&names.iter().fold(source.to_owned(), |source, (name, set)| source.replace(name, set))).unwrap()
}

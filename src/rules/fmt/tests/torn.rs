//! The shipped rule files and the cases, with their white space torn apart at random wherever TOML allows some;
//! arrays made at random.

use super::*;
use crate::digest::Digest;
use std::path::PathBuf;
use toml_parser::lexer::{Token, TokenKind};

const ROUNDS: u64 = 3;

/// Xorshift (Marsaglia 2003), multiplied (Vigna 2016).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }
}

/// What may be put between tokens beside spaces.
#[derive(Clone, Copy, PartialEq)]
enum Tear {
    /// Line ends within arrays, where they leave no empty line: nothing that formatting keeps.
    Unseen,
    /// Empty lines and comments too.
    Seen,
}

fn shipped() -> Vec<Arc<SourceFile>> {
    let report = Report::new();
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/rules"));
    let files: Vec<_> =
        rules::rule_files(&folder).unwrap().iter().filter_map(|path| rules::read_rules(path, &report)).collect();
    assert!(files.len() > 5, "the shipped rules");
    files
}

fn cases() -> Vec<Arc<SourceFile>> {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/cases")).unwrap();
    let paths = folder.map(|file| file.unwrap().path());
    let files: Vec<_> =
        paths.map(|path| SourceFile::new(path.to_string_lossy(), std::fs::read_to_string(&path).unwrap())).collect();
    assert!(files.len() > 5, "the cases");
    files
}

/// A file with other white space between its tokens.
fn torn(text: &str, tear: Tear, numbers: &mut Numbers) -> String {
    let tokens = toml_parser::Source::new(text).lex().into_vec();
    let mut out = String::new();
    // In an array, or in a header, or between keys: how deep, and whether line ends are free there.
    let mut depth = 0_usize;
    let mut is_value = false;
    for (at, token) in tokens.iter().enumerate() {
        let previous = at.checked_sub(1).map(|at| tokens[at].kind());
        let is_free = is_value && depth > 0;
        if token.kind() != TokenKind::Whitespace && previous.is_some_and(|kind| kind != TokenKind::Whitespace) {
            space(&mut out, &tokens, at, is_free, tear, numbers);
        }
        match token.kind() {
            TokenKind::Equals if depth == 0 => is_value = true,
            TokenKind::Newline if depth == 0 => is_value = false,
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket if is_value => depth += 1,
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket if is_value => depth -= 1,
            _ => {}
        }
        match token.kind() {
            TokenKind::Whitespace => space(&mut out, &tokens, at + 1, is_free, tear, numbers),
            _ => out.push_str(&text[token.span().start()..token.span().end()]),
        }
    }
    out
}

/// White space before the token at `next`.
fn space(out: &mut String, tokens: &[Token], next: usize, is_free: bool, tear: Tear, numbers: &mut Numbers) {
    let is_text = |token: &&Token| token.kind() != TokenKind::Whitespace;
    let before = tokens.iter().take(next).rev().find(is_text).map(Token::kind);
    let after = tokens.get(next).map(Token::kind);
    // The parts of `[[` and `]]` are one.
    if before == after || [before, after].contains(&Some(TokenKind::Dot)) {
        return;
    }
    let is_free = is_free && ![before, after].contains(&Some(TokenKind::Equals));
    out.push_str(["", " ", "   ", "\t"][numbers.below(4)]);
    let is_at_line_end = [before, after].contains(&Some(TokenKind::Newline)) || after == Some(TokenKind::Comment);
    match tear {
        Tear::Unseen if is_free && !is_at_line_end && numbers.below(4) == 0 => out.push('\n'),
        Tear::Seen if is_free && numbers.below(12) == 0 => {
            out.push_str(["\n\n\n", "# torn ]\n", "\n#torn\n"][numbers.below(3)])
        }
        Tear::Seen if after == Some(TokenKind::Newline) && numbers.below(6) == 0 => {
            out.push_str(["\n\n", "# \"torn\"", "\n# torn\n"][numbers.below(3)]);
        }
        _ => {}
    }
}

fn digest_and_tests(files: Vec<Arc<SourceFile>>) -> (Digest, usize) {
    let report = Report::new();
    let compiled = rules::compile(&rules::load_texts(files, &report), &report);
    let (pack, tests) = compiled.unwrap_or_else(|| panic!("{:?}", report.into_sorted()));
    (pack.digest(), tests.len())
}

#[test]
fn the_shipped_rules_mean_the_same_and_keep_their_tests() {
    let files = shipped();
    let formatted = files.iter().map(|file| SourceFile::new(file.name(), formatted(file.text()))).collect();
    let (before, after) = (digest_and_tests(files), digest_and_tests(formatted));
    assert!(before.1 > 100, "tests beside the rules");
    assert_eq!(before, after);
}

#[test]
fn white_space_that_is_not_kept_changes_nothing() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for file in shipped() {
        let expected = formatted(file.text());
        assert_eq!(formatted(&expected), expected, "{}, again", file.name());
        for round in 0..ROUNDS {
            let torn = torn(file.text(), Tear::Unseen, &mut numbers);
            assert!(torn != file.text(), "it is torn");
            assert_eq!(formatted(&torn), expected, "{}, round {round}", file.name());
        }
    }
}

#[test]
fn cases_formatted_again_change_no_more() {
    let mut numbers = Numbers(0xd6e8_feb8_6659_fd93);
    for file in cases() {
        for text in [file.text().to_owned(), torn(file.text(), Tear::Seen, &mut numbers)] {
            let once = formatted(&text);
            assert_eq!(formatted(&once), once, "{}:\n{text}", file.name());
        }
    }
}

/// Items of all lengths about the width, comments above and beside, empty lines, and lines that end anywhere.
#[test]
fn random_arrays_formatted_again_change_no_more() {
    const ARRAYS: usize = 3_000;
    let mut numbers = Numbers(0xa076_1d64_78bd_642f);
    let (mut kept, mut filled) = (0, 0);
    for _ in 0..ARRAYS {
        let text = random_array(&mut numbers);
        let once = formatted(&text);
        assert_eq!(formatted(&once), once, "of\n{text}");
        kept += once.lines().filter(|line| line.contains(", ") && line.ends_with("# beside")).count();
        filled += once.lines().filter(|line| line.contains(", ") && line.chars().count() > 100).count();
    }
    assert!(kept > ARRAYS / 4 && filled > ARRAYS / 4, "{kept} kept, {filled} filled");
}

fn random_array(numbers: &mut Numbers) -> String {
    let mut text = "a = [".to_owned();
    let items = 1 + numbers.below(24);
    let (line_end, comment) = (1 + numbers.below(12), 1 + numbers.below(12));
    for _ in 0..items {
        let chars = [3, 8, 20, 57, 58, 59, 115][numbers.below(7)] + numbers.below(3);
        match numbers.below(12) {
            0 => text.push_str("{ re = 'x' }"),
            1 => text.push_str("[1, 2]"),
            _ => text.push_str(&format!("'{}'", "é".repeat(chars))),
        }
        text.push_str([",", ", ", " , "][numbers.below(3)]);
        match (numbers.below(line_end), numbers.below(comment)) {
            (_, 0) => text.push_str([" # beside\n", "\n# above\n", "\n\n", "\n"][numbers.below(4)]),
            (0, _) => text.push('\n'),
            _ => {}
        }
    }
    text + "]\n"
}

/// That values and comments are the same is for `format` to check; it gives nothing where they are not.
#[test]
fn comments_wherever_they_may_be_stay_and_formatting_again_changes_nothing() {
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    let mut comments = 0;
    let mut last = Vec::new();
    for file in shipped() {
        let mut kept = None;
        for round in 0..ROUNDS {
            let torn = torn(file.text(), Tear::Seen, &mut numbers);
            let once = formatted(&torn);
            assert_eq!(formatted(&once), once, "{}, round {round}:\n{torn}", file.name());
            comments += tree::comments(&once).len() - tree::comments(file.text()).len();
            kept = Some(once);
        }
        last.extend(kept.map(|text| SourceFile::new(file.name(), text)));
    }
    assert!(comments > 100, "comments were put in: {comments}");
    assert_eq!(digest_and_tests(last), digest_and_tests(shipped()));
}

//! Tests of the words that classes know, and of the files that hold them.

use super::*;
use std::path::Path;

const CLASS: &str = "[[class]]\nname = \"c\"\nmax_unknown = 0\nvocabulary_file = \"words/c.txt\"\n";

/// A folder with rules and files of words.
fn folder(rules: &str, words: &[(&str, &[u8])]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("words")).unwrap();
    std::fs::write(dir.path().join("a.toml"), rules).unwrap();
    for (name, bytes) in words {
        std::fs::write(dir.path().join(name), bytes).unwrap();
    }
    dir
}

fn compiled(dir: &Path) -> (Option<Pack>, Vec<(String, String)>) {
    let report = Report::new();
    let compiled = super::super::compile(&load(dir, &report), &report).map(|(pack, _)| pack);
    let found = report.into_sorted();
    let errors: Vec<Diagnostic> = found.into_iter().filter(|it| it.severity == Severity::Error).collect();
    let short = |place: &str| place.rsplit('/').next().unwrap_or("").to_owned();
    (compiled, super::found(&errors).into_iter().map(|(code, place)| (code, short(&place))).collect())
}

fn words(pack: &Pack) -> Vec<&str> {
    let vocabulary = pack.classes.first().and_then(|class| class.vocabulary.as_ref());
    vocabulary.unwrap().words.iter().map(String::as_str).collect()
}

#[test]
fn words_come_from_a_file_and_from_the_rules() {
    let text = "# what people say\n\nThanks   # with a comment\r\n\tDon\u{2019}t\nÄRGER\n#hashtag is a comment\n3pm\n";
    let dir = folder(&format!("{CLASS}vocabulary = [\"two words\"]\n"), &[("words/c.txt", text.as_bytes())]);
    let (pack, errors) = compiled(dir.path());
    assert_eq!(errors, []);
    assert_eq!(words(&pack.unwrap()), ["don't", "thanks", "two", "words", "ärger"]);
}

#[test]
fn a_file_and_the_same_words_inline_have_the_same_digest() {
    let inline = CLASS.replace("vocabulary_file = \"words/c.txt\"", "vocabulary = [\"one\", \"two\"]");
    let digest =
        |rules: &str, words: &[u8]| compiled(folder(rules, &[("words/c.txt", words)]).path()).0.unwrap().digest();
    let expected = digest(&inline, b"");
    assert_eq!(digest(CLASS, b"two\none\n"), expected);
    assert_ne!(digest(CLASS, b"two\n"), expected);
}

#[test]
fn a_line_that_is_no_word_is_an_error_at_its_line() {
    let words = "fine\n!!!\n  # nothing\ne-mail\ntwo words\n";
    let (pack, errors) = compiled(folder(CLASS, &[("words/c.txt", words.as_bytes())]).path());
    assert!(pack.is_none());
    let expected = ["c.txt:2", "c.txt:4", "c.txt:5"].map(|place| ("not-a-word".to_owned(), place.to_owned()));
    assert_eq!(errors, expected);
}

#[test]
fn a_file_outside_the_folder_is_not_read() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("c.txt"), "secret\n").unwrap();
    let dir = folder(CLASS, &[]);
    std::os::unix::fs::symlink(outside.path().join("c.txt"), dir.path().join("words/c.txt")).unwrap();
    let name = outside.path().file_name().unwrap().to_str().unwrap().to_owned();
    for path in ["words/c.txt".to_owned(), format!("../{name}/c.txt"), format!("{}/c.txt", outside.path().display())] {
        std::fs::write(dir.path().join("a.toml"), CLASS.replace("words/c.txt", &path)).unwrap();
        let report = Report::new();
        let written = load(dir.path(), &report);
        let found = report.into_sorted();
        assert!(written.word_files.is_empty(), "{path}");
        assert!(found.iter().any(|it| it.message.contains("leads out of the folder")), "{path}: {found:?}");
        assert_eq!(found.first().and_then(|it| it.location.as_ref()).map(|at| at.line()), Some(4));
    }
}

#[test]
fn a_link_inside_the_folder_is_followed() {
    let dir = folder(CLASS, &[("words/real.txt", b"one\n")]);
    std::os::unix::fs::symlink("real.txt", dir.path().join("words/c.txt")).unwrap();
    assert_eq!(words(&compiled(dir.path()).0.unwrap()), ["one"]);
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_where_it_is_named() {
    let large = vec![b'a'; (4 << 20) + 1];
    for words in [&[][..], &[("words/c.txt", &[0xff][..])], &[("words/c.txt", &large)]] {
        let (pack, errors) = compiled(folder(CLASS, words).path());
        assert!(pack.is_none());
        assert_eq!(errors, [("unreadable-file".to_owned(), "a.toml:4".to_owned())]);
    }
    let (_, errors) = compiled(folder(&CLASS.replace("words/c.txt", "words"), &[]).path());
    assert_eq!(errors, [("unreadable-file".to_owned(), "a.toml:4".to_owned())], "a folder is no file");
}

#[test]
fn a_vocabulary_without_its_bound_is_half_of_one() {
    let rules = CLASS.replace("max_unknown = 0\n", "");
    let (_, errors) = compiled(folder(&rules, &[("words/c.txt", b"one\n")]).path());
    assert_eq!(errors, [("half-vocabulary".to_owned(), "a.toml:2".to_owned())]);
}

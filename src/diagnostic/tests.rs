//! What people see of their mistakes.

use super::table::read_file;
use super::{Report, SourceFile, render};

fn read(text: &str) -> Vec<super::Diagnostic> {
    let report = Report::new();
    let file = SourceFile::new("a.toml", text);
    read_file(&file, &report, |table| {
        table.integer("limit_max", 1..=9);
        table.string("name");
    });
    report.into_sorted()
}

#[test]
fn every_mistake_has_its_place_and_advice() {
    let found = read("limit_max = 12\nnmae = 1\n");
    let shown: Vec<(&str, String, &str)> =
        found.iter().map(|it| (it.code, it.location.as_ref().unwrap().to_string(), it.help.as_str())).collect();
    assert_eq!(
        shown,
        [
            ("out-of-bounds", "a.toml:1:13".to_owned(), "choose a number from 1 to 9"),
            ("unknown-key", "a.toml:2:1".to_owned(), "did you mean `name`?"),
        ]
    );
}

#[test]
fn a_broken_line_is_one_mistake_and_nothing_is_said_of_the_rest() {
    let found = read("limit_max = 12\n<<<<<<< HEAD\nnmae = 1\n");
    assert_eq!(found.iter().map(|it| it.code).collect::<Vec<_>>(), ["toml-syntax"]);
    assert_eq!(found.first().and_then(|it| it.location.as_ref()).map(super::Location::line), Some(2));
}

#[test]
fn a_thousand_mistakes_are_not_printed() {
    let text: String = (0..1_000).map(|number| format!("key{number} = 1\n")).collect();
    let text = render::to_text(&read(&text), false);
    assert_eq!(text.matches("unknown-key").count(), render::SHOWN_MAX);
    assert!(text.contains("… and 900 more"), "{text}");
}

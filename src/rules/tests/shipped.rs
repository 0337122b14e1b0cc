//! The rules that are shipped.

use super::*;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")
}

#[test]
fn each_file_names_its_schema_and_is_valid_under_it() {
    let mut found = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let named = text.lines().next().unwrap().strip_prefix("#:schema ").unwrap();
        let schema = std::fs::read_to_string(folder().join(named)).unwrap();
        let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
        assert_eq!(schema["title"], "RuleFile", "{path:?} names {named}");
        let document = serde_json::to_value(toml::from_str::<toml::Table>(&text).unwrap()).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert_eq!(errors, [""; 0], "{path:?}");
        found += 1;
    }
    assert!(found > 10, "{found}");
}

#[test]
fn nothing_in_them_is_probably_not_meant() {
    let report = Report::new();
    let checked = check(&load(&folder(), &report), "2026-01-01T00:00:00Z".parse().unwrap(), &report);
    let found = report.into_sorted();
    let found: Vec<&Diagnostic> = found.iter().filter(|it| it.severity > Severity::Note).collect();
    assert!(found.is_empty(), "{found:#?}");
    assert!(checked.is_some_and(|(pack, tests)| pack.len() > 50 && tests.len() > 300));
}

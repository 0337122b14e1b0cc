//! `cases/*.toml`, which `decile test --cases` runs too.

use super::*;
use crate::rules::cases;
use std::path::Path;

#[test]
fn every_case_holds() {
    let report = Report::new();
    let found = cases::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"), &report);
    assert!(report.is_empty(), "{}", render::to_text(&report.into_sorted(), false));
    assert!(found.len() > 100, "only {} cases", found.len());
    let failures = cases::run(&found).into_iter().chain(cases::run(&found.reopened()));
    let wrong: Vec<String> =
        failures.map(|failure| format!("{}: {}: {}", failure.at, failure.why, failure.wrong.join("; "))).collect();
    assert!(wrong.is_empty(), "{} cases are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

//! What the types promise: what does not exist cannot be written, and stored bytes stay as they are.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests stop at the first surprise")]

mod golden;
#[path = "../support/promoted.rs"]
mod promoted;
#[path = "../support/promoting.rs"]
mod promoting;

use decile::policy::level::Level;

/// Each file has one mistake, and the compiler's words about it beside it.
#[test]
fn what_must_not_compile_does_not() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/types/fail/*.rs");
}

#[test]
fn there_is_no_level_4() {
    for number in (4..=255).chain([u64::MAX]) {
        assert_eq!(Level::from_number(number), None, "{number}");
        assert!(serde_json::from_str::<Level>(&number.to_string()).is_err(), "{number}");
    }
    assert_eq!(Level::ALL.map(|level| level as u8), [0, 1, 2, 3]);
}

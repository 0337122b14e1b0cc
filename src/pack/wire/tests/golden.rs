//! Packs as they were written once: `tests/golden`. `DECILE_WRITE_GOLDEN=1` writes them anew, which must go with another
//! [`header::FORMAT_VERSION`] once there are packs in use.

use super::*;
use std::path::{Path, PathBuf};

const CHANGED: &str =
    "the form has changed: so must its version, once packs are in use; then write the golden ones anew";

fn file(version: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/rules-v{version}.pack"))
}

fn golden(version: u32) -> Vec<u8> {
    std::fs::read(file(version)).unwrap_or_else(|error| panic!("{}: {error}", file(version).display()))
}

/// What the next version may write: magic, mark and version stand where they always do.
fn of_another_version(bytes: &[u8], version: u32) -> Vec<u8> {
    [&bytes[..12], &version.to_le_bytes(), &bytes[16..]].concat()
}

fn write_if_asked(bytes: &[u8]) {
    if std::env::var_os("DECILE_WRITE_GOLDEN").is_some() {
        std::fs::write(file(header::FORMAT_VERSION), bytes).unwrap();
        let next = header::FORMAT_VERSION + 1;
        std::fs::write(file(next), of_another_version(bytes, next)).unwrap();
    }
}

#[test]
fn packs_are_written_byte_for_byte_as_they_were_and_opened() {
    let pack = compiled(&[RULES]);
    write_if_asked(&encode(&pack));
    let golden = golden(header::FORMAT_VERSION);
    let opened = open(&golden).unwrap_or_else(|error| panic!("{CHANGED}: {error}"));
    assert_eq!(opened.digest(), pack.digest());
    assert_eq!(verdicts(&opened), verdicts(&pack));
    assert!(encode(&pack) == golden, "{CHANGED}");
}

#[test]
fn a_pack_of_another_version_is_refused_by_its_number() {
    write_if_asked(&encode(&compiled(&[RULES])));
    let found = header::FORMAT_VERSION + 1;
    let error = open(&golden(found)).unwrap_err();
    assert_eq!(error, OpenError::FormatVersion { found });
    assert!(error.to_string().contains(&format!("format version {found}")), "{error}");
}

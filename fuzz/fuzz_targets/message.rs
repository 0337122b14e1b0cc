//! A message of any bytes, decided on under the shipped rules and those of the table of cases.
#![no_main]

use decile::classify::Scratch;
use decile::diagnostic::Report;
use decile::pack::Pack;
use decile::rules;
use decile::rules::cases::{self, Cases};
use decile_fuzz::{hold, message};
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;
use std::path::Path;

thread_local! {
    static WORLD: (Pack, Cases, RefCell<Scratch>) = world();
}

fuzz_target!(|bytes: &[u8]| {
    let Some(message) = message(bytes) else { return };
    WORLD.with(|(shipped, cases, scratch)| {
        // One scratch for all packs: what one leaves must not show in another.
        let mut scratch = scratch.borrow_mut();
        std::iter::once(shipped).chain(cases.packs()).for_each(|pack| hold(pack, &message, &mut scratch));
    });
});

/// The shipped rules, and those of the table of cases.
fn world() -> (Pack, Cases, RefCell<Scratch>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let report = Report::new();
    let written = rules::load(&root.join("rules"), &report);
    let (shipped, _) = rules::compile(&written, &report).expect("the shipped rules compile");
    let cases = cases::load(&root.join("cases"), &report);
    assert!(!cases.is_empty() && !report.has_errors());
    (shipped, cases, RefCell::default())
}

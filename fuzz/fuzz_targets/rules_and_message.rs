//! Rules and a message made for each other: whatever comes out, it holds together.
#![no_main]

use decile::classify::Scratch;
use decile_fuzz::structured::Case;
use decile_fuzz::{compile, hold};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|case: Case| {
    let Some(pack) = compile(&case.rules()) else { return };
    hold(&pack, &case.message(), &mut Scratch::new(&pack));
});

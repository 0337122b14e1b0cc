//! A rule file of any bytes: it compiles, or what is wrong is said; where it compiles, always to the same pack.
#![no_main]

use decile::classify::Scratch;
use decile_fuzz::{compile, hold, plain};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some(pack) = compile(text) else { return };
    let again = compile(text).expect("it compiled before");
    assert_eq!(pack.digest(), again.digest());
    // Its own words are the text most likely to make it fire.
    hold(&pack, &plain(text), &mut Scratch::new(&pack));
});

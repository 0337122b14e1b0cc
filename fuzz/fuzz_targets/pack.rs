//! A pack of any bytes: it opens, or it is refused; what opens decides without panicking.
//!
//! No random bytes have the right digest, so the first byte says whether the rest is a whole file or a payload
//! that gets a header which is right.
#![no_main]

use decile::classify::Scratch;
use decile::pack::wire;
use decile_fuzz::{compile, hold, plain};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else { return };
    let opened = if *kind % 2 == 0 {
        wire::open(rest)
    } else {
        let digest = compile("").expect("no rules are rules").digest();
        wire::open(&wire::Header { pack: digest }.write(rest))
    };
    if let Ok(pack) = opened {
        hold(&pack, &plain("can you pay my credit card? can't, no. 会议 é 480"), &mut Scratch::new(&pack));
    }
});

//! A pack of any bytes: it opens, or it is refused; what opens decides without panicking.
//!
//! No random bytes have the right digest, so the first byte says whether the rest is a whole file as it is, or one
//! whose payload gets a header that is right.
#![no_main]

use decile::classify::Scratch;
use decile::digest::Digest;
use decile::pack::wire;
use decile::pack::wire::header::HEADER_BYTES;
use decile_fuzz::{hold, plain};
use libfuzzer_sys::fuzz_target;

/// Where the header has the pack's own digest.
const PACK_AT: usize = 56;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else { return };
    let opened = if *kind % 2 == 0 {
        wire::open(rest)
    } else {
        let Some((header, payload)) = rest.split_first_chunk::<HEADER_BYTES>() else { return };
        let digest = header[PACK_AT..].first_chunk().map_or([0; 32], |digest| *digest);
        wire::open(&wire::Header { pack: Digest::from_bytes(digest) }.write(payload))
    };
    if let Ok(pack) = opened {
        hold(&pack, &plain("can you pay my credit card? can't, no. 会议 é 480"), &mut Scratch::new(&pack));
    }
});

//! A pack of any bytes: it opens, or it is refused; what opens decides without panicking.
//!
//! No random bytes have the right digest. So the first byte says whether the rest is a whole file, a whole file whose
//! header is to be corrected, or changes to the payload of a good pack, which gets a header that is right.
#![no_main]

use decile::classify::{ClassifyLimits, Scratch, classify, trace};
use decile::digest::Digest;
use decile::message::Message;
use decile::pack::Pack;
use decile::pack::wire::{self, header::HEADER_BYTES};
use decile_fuzz::{NOW, compile, hold, plain};
use libfuzzer_sys::fuzz_target;

/// Where the header has the pack's own digest.
const PACK_AT: usize = 56;
const RULES: &str = include_str!("../pack.toml");
const TEXT: &str =
    "can you pay my credit card? can't, no: it is lost. 会议 é 480 pay 12 on 2026-06-15 cancellations #help";
const LIMITS: ClassifyLimits = ClassifyLimits { evidence_spans_max: 64, decision_steps_max: 1_000_000 };

thread_local! {
    static GOOD: (Pack, Vec<u8>, Message) = {
        let pack = compile(RULES).expect("good rules");
        let bytes = wire::encode(&pack);
        (pack, bytes, plain(TEXT))
    };
}

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else { return };
    GOOD.with(|(good, file, message)| match kind % 4 {
        0 => {
            if let Ok(pack) = wire::open(rest) {
                hold(&pack, message, &mut Scratch::new(&pack));
            }
        }
        1 => {
            let Some((header, payload)) = rest.split_first_chunk::<HEADER_BYTES>() else { return };
            let digest = header[PACK_AT..].first_chunk().map_or([0; 32], |digest| *digest);
            decide(&wire::Header { pack: Digest::from_bytes(digest) }.write(payload), message);
        }
        _ => {
            let mut payload = file[HEADER_BYTES..].to_vec();
            change(&mut payload, rest);
            decide(&wire::Header { pack: good.digest() }.write(&payload), message);
        }
    });
});

/// A pack whose tables lie may decide otherwise, and its trace otherwise than itself. It must not panic, and its spans must
/// lie in the text.
fn decide(file: &[u8], message: &Message) {
    let Ok(pack) = wire::open(file) else { return };
    let verdict = classify(&pack, message, NOW, &LIMITS, &mut Scratch::new(&pack));
    let spans = verdict.evidence.iter().filter_map(|span| Some((span, message.field(&span.field)?)));
    spans.for_each(|(span, text)| assert!(text.get(span.start..span.end).is_some(), "{span:?}"));
    trace(&pack, message, NOW, &LIMITS);
}

/// Each six bytes: where, what is done there, and with what.
fn change(payload: &mut Vec<u8>, changes: &[u8]) {
    for change in changes.chunks_exact(6) {
        let [a, b, c, kind, value, more] = change else { continue };
        let at = u32::from_le_bytes([*a, *b, *c, 0]) as usize % (payload.len() + 1);
        match kind % 8 {
            0 => payload.truncate(at),
            1 => payload.insert(at, *value),
            2 => {
                let end = (at + usize::from(*value)).min(payload.len());
                payload.drain(at..end);
            }
            3 => payload.iter_mut().skip(at).take(usize::from(*more)).for_each(|byte| *byte = *value),
            4 => {
                payload.iter_mut().skip(at & !3).take(4).zip([*value, *more, 0, 0]).for_each(|(byte, new)| *byte = new)
            }
            _ => payload.iter_mut().skip(at).take(1).for_each(|byte| *byte = byte.wrapping_add(*value)),
        }
    }
}

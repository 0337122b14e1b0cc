//! Damage. Whoever damages a pack on purpose also writes the digest that fits: then only what is checked of the payload is
//! left, and what is opened all the same must harm nobody.

use super::*;
use crate::digest::Digest;
use fastrand::Rng;

const FLIPS: u64 = 2_000;

fn payload(bytes: &[u8]) -> Vec<u8> {
    bytes[header::HEADER_BYTES..].to_vec()
}

/// With a digest that fits.
fn sealed(pack: &Pack, payload: &[u8]) -> Vec<u8> {
    Header { pack: pack.digest() }.write(payload)
}

/// Opens it, and uses it for everything that a pack is used for.
fn use_it(bytes: &[u8]) -> Result<(), OpenError> {
    let pack = open(bytes)?;
    let mut scratch = Scratch::new(&pack);
    for message in messages() {
        let verdict = classify(&pack, &message, NOW, &LIMITS, &mut scratch);
        for span in &verdict.evidence {
            let text = message.field(&span.field).unwrap_or("");
            assert!(text.get(span.start..span.end).is_some(), "{span:?}");
        }
        let told = trace(&pack, &message, NOW, &LIMITS);
        assert_eq!(told.reason, verdict.reason());
    }
    pack.rules().for_each(|info| assert!(pack.rule(&info.id).is_some()));
    Ok(())
}

#[test]
fn every_truncation_is_refused() {
    let bytes = encode(&compiled(&[RULES]));
    for length in 0..bytes.len() {
        let error = open(&bytes[..length]).unwrap_err();
        assert!(matches!(error, OpenError::NoHeader { .. } | OpenError::Truncated { .. }), "{length}: {error}");
    }
}

/// A payload that is cut off and fits its header: what is missing is found by its offsets.
#[test]
fn a_payload_that_lacks_its_end_is_refused() {
    let pack = compiled(&[RULES]);
    let payload = payload(&encode(&pack));
    for length in (0..payload.len()).step_by(7) {
        let error = open(&sealed(&pack, &payload[..length])).unwrap_err();
        assert!(matches!(error, OpenError::Payload { .. }), "{length}: {error}");
    }
}

#[test]
fn flipped_bits_in_a_payload_are_refused_or_do_no_harm() {
    let pack = compiled(&[RULES]);
    let whole = payload(&encode(&pack));
    let refused = damage(&pack, &whole, |payload, random| {
        let at = random.usize(..payload.len());
        payload[at] ^= 1 << random.u8(..8);
    });
    assert!(refused > FLIPS / 10, "only {refused} of {FLIPS} refused");
}

/// Numbers are what lies hide in: of rows, lengths, counts.
#[test]
fn numbers_that_lie_are_refused_or_do_no_harm() {
    let pack = compiled(&[RULES]);
    let whole = payload(&encode(&pack));
    let refused = damage(&pack, &whole, |payload, random| {
        let at = random.usize(..payload.len() / 4) * 4;
        let lie = *random.choice(&[0, 1, 2, 7, 0xff, 0xffff, 0x7fff_ffff, u32::MAX, 0x8000_0000]).unwrap();
        payload[at..at + 4].copy_from_slice(&lie.wrapping_add(random.u32(..2)).to_le_bytes());
    });
    assert!(refused > FLIPS / 10, "only {refused} of {FLIPS} refused");
}

/// How many of the damaged payloads are refused.
fn damage(pack: &Pack, whole: &[u8], change: impl Fn(&mut Vec<u8>, &mut Rng)) -> u64 {
    let mut refused = 0;
    for seed in 0..FLIPS {
        let mut changed = whole.to_vec();
        change(&mut changed, &mut Rng::with_seed(seed));
        let bytes = sealed(pack, &changed);
        let used = std::panic::catch_unwind(|| use_it(&bytes)).unwrap_or_else(|_| panic!("of seed {seed}"));
        match used {
            Ok(()) => {}
            Err(OpenError::Payload { detail }) => {
                assert!(!detail.is_empty() && !detail.contains(char::is_control), "{detail:?}");
                refused += 1;
            }
            Err(other) => panic!("seed {seed}: {other}"),
        }
    }
    refused
}

#[test]
fn a_digest_that_is_not_the_payloads_is_refused() {
    let bytes = encode(&compiled(&[RULES]));
    let other = Header { pack: Digest::of("test", [b"other".as_slice()]) }.write(&payload(&bytes));
    let error = open(&other).unwrap_err();
    assert!(matches!(&error, OpenError::Payload { detail } if detail.contains("digest")), "{error}");
}

#[test]
fn a_foreign_byte_order_and_a_length_beyond_the_bound_are_told_by_name() {
    let bytes = encode(&compiled(&[RULES]));
    let with = |at: usize, change: &[u8]| [&bytes[..at], change, &bytes[at + change.len()..]].concat();
    assert_eq!(open(&with(8, &[0x0a, 0x0b, 0x0c, 0x0d])).unwrap_err(), OpenError::ForeignByteOrder);
    let length = PACK_BYTES_MAX as u64;
    let error = open(&with(48, &length.to_le_bytes())).unwrap_err();
    assert_eq!(
        error,
        OpenError::TooLong { bytes: length + header::HEADER_BYTES as u64, bytes_max: PACK_BYTES_MAX },
        "before anything is read by it"
    );
}

/// What no compiler writes, one by one: each has its words.
#[test]
fn what_cannot_have_been_compiled_is_told() {
    let told = |change: fn(&mut Pack)| {
        let mut pack = compiled(&[RULES]);
        change(&mut pack);
        match open(&encode(&pack)) {
            Err(OpenError::Payload { detail }) => detail,
            other => panic!("{other:?}"),
        }
    };
    for (change, words) in [
        ((|pack: &mut Pack| pack.infos.reverse()) as fn(&mut Pack), "rules are out of order"),
        (|pack| pack.infos.truncate(1), "differ in number"),
        (|pack| pack.classes.reverse(), "classes are out of order"),
        (|pack| pack.fields.reverse(), "first field"),
        (|pack| pack.fail_closed.truncate(1), "no list of restricting rules"),
        (|pack| pack.open.push(9_999), "pattern has no such number"),
        (|pack| pack.patterns[0].rules.push(9_999), "rule has no such number"),
        (|pack| pack.patterns[0].field = 99, "pattern is not whole"),
        (|pack| pack.rules[0].class = Some(99), "effect"),
        (|pack| pack.rules[0].class = None, "effect"),
        (|pack| pack.rules[0].any = [9_999].into(), "no such pattern"),
        (|pack| pack.rules[2].is_plain = true, "plain"),
        (|pack| pack.restrictions.clear(), "effect"),
        (|pack| pack.gaps.literals[0].text.clear(), "a literal is empty"),
        (|pack| pack.gaps.literals[0].text.push('É'), "a word of a gap is no word"),
        (|pack| pack.literals.entries[0].0.clear(), "a literal is empty"),
        (|pack| pack.literals.entries[0].1[0].pattern = 9_999, "a literal has no pattern"),
        (|pack| pack.literals.entries.iter_mut().for_each(|(text, _)| text.push(0xff)), "a phrase is no text"),
    ] {
        let detail = told(change);
        assert!(detail.contains(words), "{detail} for {words}");
    }
}

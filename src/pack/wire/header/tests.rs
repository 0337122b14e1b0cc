//! Every way to damage a pack has its error.

use super::*;

const PAYLOAD: &[u8] = b"thirty-two bytes and two more: 34";
const MAX: usize = 1 << 20;

fn pack() -> Digest {
    Digest::of("test", [b"pack".as_slice()])
}

fn written() -> Vec<u8> {
    Header { pack: pack() }.write(PAYLOAD)
}

/// With a digest that is right for what the bytes now say.
fn digested(mut bytes: Vec<u8>) -> Vec<u8> {
    let digest = digest(&bytes[..DIGESTED_BYTES], &bytes[HEADER_BYTES..]);
    bytes[DIGESTED_BYTES..HEADER_BYTES].copy_from_slice(digest.as_bytes());
    bytes
}

fn with(at: usize, change: &[u8]) -> Vec<u8> {
    let mut bytes = written();
    bytes[at..at + change.len()].copy_from_slice(change);
    digested(bytes)
}

#[track_caller]
fn refused(bytes: &[u8]) -> OpenError {
    Header::read(bytes, MAX).unwrap_err()
}

#[test]
fn what_is_written_is_read() {
    for payload in [PAYLOAD, b"", &[0; 5_000]] {
        let bytes = Header { pack: pack() }.write(payload);
        assert_eq!(bytes.len(), HEADER_BYTES + payload.len());
        assert_eq!(bytes, Header { pack: pack() }.write(payload), "the same in, the same out");
        assert_eq!(Header::read(&bytes, MAX), Ok((Header { pack: pack() }, payload)));
    }
}

/// The places that other versions rely on: written here a second time.
#[test]
fn the_layout_is_the_documented_one() {
    let bytes = written();
    assert_eq!(&bytes[..16], b"DECILEPK\x0d\x0c\x0b\x0a\x02\0\0\0");
    assert_eq!(&bytes[16..48], format!("{LANGUAGE_VERSION:\0<32}").as_bytes());
    assert_eq!(&bytes[48..56], &[PAYLOAD.len() as u8, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(&bytes[56..88], pack().as_bytes());
    assert_eq!(&bytes[88..96], &[0; 8]);
    assert_eq!(&bytes[128..], PAYLOAD);
}

#[test]
fn every_truncation_is_refused() {
    let bytes = written();
    for length in 0..bytes.len() {
        let error = refused(&bytes[..length]);
        let missing = (bytes.len() - length) as u64;
        let expected = match length {
            0..HEADER_BYTES => OpenError::NoHeader { bytes: length },
            _ => OpenError::Truncated { bytes: bytes.len() as u64, missing },
        };
        assert_eq!(error, expected, "{length} bytes");
    }
}

#[test]
fn every_flipped_bit_is_refused_by_the_field_that_it_is_in() {
    let bytes = written();
    for (at, bit) in (0..bytes.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << bit;
        let error = refused(&flipped);
        let is_expected = match at {
            0..12 => error == OpenError::NoPack,
            12..16 => matches!(error, OpenError::FormatVersion { found } if found != FORMAT_VERSION),
            16..48 => matches!(error, OpenError::EngineVersion { .. }),
            48..56 => matches!(
                error,
                OpenError::TooLong { .. } | OpenError::Truncated { .. } | OpenError::TrailingBytes { .. }
            ),
            _ => error == OpenError::Damaged,
        };
        assert!(is_expected, "bit {bit} of byte {at}: {error:?}");
    }
}

#[test]
fn a_foreign_byte_order_is_told_by_name() {
    let error = refused(&with(8, &BYTE_ORDER.to_be_bytes()));
    assert_eq!(error, OpenError::ForeignByteOrder);
    assert!(error.to_string().contains("big-endian"), "{error}");
}

#[test]
fn older_and_newer_versions_are_told_by_name() {
    for found in [0, FORMAT_VERSION + 1, u32::MAX] {
        let error = refused(&with(12, &found.to_le_bytes()));
        assert_eq!(error, OpenError::FormatVersion { found });
        let text = error.to_string();
        assert!(text.contains(&found.to_string()) && text.contains(&format!("reads {FORMAT_VERSION}")), "{text}");
        assert!(text.contains("compile it again"), "{text}");
    }
    for engine in ["decile rules 0", "decile rules 999", "", "decile rules 1\u{1b}[2J"] {
        let error = refused(&with(16, format!("{engine:\0<32}").as_bytes()));
        assert!(matches!(error, OpenError::EngineVersion { .. }), "{engine}: {error:?}");
        let text = error.to_string();
        assert!(
            text.contains(&format!("`{}`", engine.as_bytes().escape_ascii())) && text.contains(LANGUAGE_VERSION),
            "{text}"
        );
        assert!(!text.contains(char::is_control), "{text:?}");
    }
}

#[test]
fn a_version_is_told_before_a_length_that_another_version_may_write() {
    let mut bytes = written();
    bytes[12..16].copy_from_slice(&3_u32.to_le_bytes());
    bytes[48..56].copy_from_slice(&u64::MAX.to_le_bytes());
    assert_eq!(refused(&bytes), OpenError::FormatVersion { found: 3 });
}

#[test]
fn the_bound_is_of_what_the_header_says_and_comes_first() {
    let bytes = written();
    let length = bytes.len();
    assert!(Header::read(&bytes, length).is_ok());
    let too_long = OpenError::TooLong { bytes: length as u64, bytes_max: length - 1 };
    assert_eq!(Header::read(&bytes, length - 1), Err(too_long));
    let boasting = with(48, &u64::MAX.to_le_bytes());
    assert_eq!(refused(&boasting), OpenError::TooLong { bytes: u64::MAX, bytes_max: MAX });
}

#[test]
fn what_follows_the_end_is_refused() {
    let mut bytes = written();
    bytes.extend_from_slice(&[0; 3]);
    assert_eq!(refused(&bytes), OpenError::TrailingBytes { bytes: 3 });
}

#[test]
fn reserved_places_stay_empty() {
    assert_eq!(refused(&with(88, &[1])), OpenError::ReservedBytes);
    assert_eq!(refused(&with(95, &[1])), OpenError::ReservedBytes);
}

#[test]
fn other_files_are_no_packs() {
    for other in [&[0; 200][..], &b"#:schema rules.schema.json\n".repeat(10), &b"decilepk".repeat(30)] {
        assert_eq!(refused(other), OpenError::NoPack);
    }
}

//! Bytes, sixteen at a time: which are ASCII, which belong to words, where spaces are odd.

use wide::u8x16;

/// What is known of all bytes of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bits {
    pub(super) is_ascii: bool,
    /// Whether there is white space that is no space, or stands at an end, or beside other white space.
    pub(super) has_odd_spaces: bool,
}

const ZEROS: &str = match std::str::from_utf8(&[0; 40]) {
    Ok(zeros) => zeros,
    Err(_) => "",
};

/// Adds zeros: at least eight, and to a multiple of 32 bytes.
pub(super) fn pad(text: &mut String) {
    let zeros = 8 + (32 - (text.len() + 8) % 32) % 32;
    text.push_str(ZEROS.get(..zeros).unwrap_or(ZEROS));
}

/// Reads a text of `len` bytes, in small letters, padded; fills where its words are, a bit for each byte.
pub(super) fn read(padded: &[u8], len: usize, words: &mut Vec<u64>) -> Bits {
    words.clear();
    let (mut highs, mut odd, mut carry) = (0, 0, 1);
    for block in padded.chunks(64) {
        let (mut word_bits, mut space_bits, mut shift) = (0, 0, 0);
        for sixteen in block.as_chunks::<16>().0 {
            let bytes = u8x16::new(*sixteen);
            highs |= bytes.to_bitmask();
            odd |= u64::from(between(bytes, 9, 13).to_bitmask());
            let word = between(bytes, b'a', b'z') | between(bytes, b'0', b'9') | bytes.simd_eq(u8x16::splat(b'_'));
            word_bits |= u64::from(word.to_bitmask()) << shift;
            space_bits |= u64::from(bytes.simd_eq(u8x16::splat(b' ')).to_bitmask()) << shift;
            shift += 16;
        }
        // Two spaces, or one at the start, which is as if there were one before.
        odd |= space_bits & ((space_bits << 1) | carry);
        carry = space_bits >> 63;
        words.push(word_bits);
    }
    let ends_with_space = len.checked_sub(1).and_then(|last| padded.get(last)) == Some(&b' ');
    Bits { is_ascii: highs == 0, has_odd_spaces: odd != 0 || ends_with_space }
}

/// All bits of each byte that is at least `first` and at most `last`.
fn between(bytes: u8x16, first: u8, last: u8) -> u8x16 {
    let above = bytes - u8x16::splat(first);
    above.min(u8x16::splat(last - first)).simd_eq(above)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> (Bits, Vec<u64>) {
        let mut padded = text.to_owned();
        pad(&mut padded);
        assert!(padded.len().is_multiple_of(32) && padded.len() >= text.len() + 8);
        let mut words = Vec::new();
        (read(padded.as_bytes(), text.len(), &mut words), words)
    }

    #[test]
    fn every_ascii_byte_at_every_place() {
        for at in [0, 1, 7, 8, 30, 31, 63, 64, 100] {
            for byte in 0..128_u8 {
                let c = char::from(byte);
                let (bits, words) = read_text(&format!("{}{c}b", "-".repeat(at)));
                let is_word = c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
                assert_eq!(words[at / 64] >> (at % 64) & 1 == 1, is_word, "{byte} at {at}");
                let is_odd = (9..=13).contains(&byte) || (byte == b' ' && at == 0);
                assert_eq!(bits, Bits { is_ascii: true, has_odd_spaces: is_odd }, "{byte} at {at}");
            }
        }
    }

    #[test]
    fn spaces_are_odd_in_pairs_and_at_ends() {
        for at in [1, 7, 8, 62, 63, 64, 127] {
            let before = "a".repeat(at);
            assert!(read_text(&format!("{before}  b")).0.has_odd_spaces, "{at}");
            assert!(!read_text(&format!("{before} b c")).0.has_odd_spaces, "{at}");
            assert!(read_text(&format!("{before} ")).0.has_odd_spaces, "{at}");
        }
        assert!(!read_text("").0.has_odd_spaces);
        assert!(!read_text("h\u{e9}llo").0.is_ascii);
    }
}

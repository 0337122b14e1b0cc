//! A payload at an address that suits its types.

use rkyv::util::AlignedVec;
use std::ops::Deref;

/// What the address of a payload is a multiple of, in bytes.
pub const ALIGNMENT: usize = 16;

/// A payload at an address that is a multiple of [`ALIGNMENT`]: where it lies, or copied where that does not suit.
///
/// A header's length is a multiple of [`ALIGNMENT`] too. So a pack that is read into an [`AlignedVec`], or mapped
/// into memory, is not copied.
#[derive(Debug)]
pub enum Aligned<'a> {
    /// It lies well.
    InPlace(&'a [u8]),
    /// It did not, and this is a copy.
    Copied(AlignedVec<ALIGNMENT>),
}

impl<'a> Aligned<'a> {
    /// The payload, copied if it must be.
    pub fn new(payload: &'a [u8]) -> Self {
        if payload.as_ptr().addr().is_multiple_of(ALIGNMENT) {
            return Self::InPlace(payload);
        }
        let mut copy = AlignedVec::with_capacity(payload.len());
        copy.extend_from_slice(payload);
        Self::Copied(copy)
    }
}

impl Deref for Aligned<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::InPlace(payload) => payload,
            Self::Copied(copy) => copy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_copied_only_where_it_lies_badly() {
        let mut bytes: AlignedVec<ALIGNMENT> = AlignedVec::new();
        bytes.extend_from_slice(&[7; 100]);
        for start in 0..=2 * ALIGNMENT {
            let payload = &bytes[start..];
            let aligned = Aligned::new(payload);
            assert_eq!(&*aligned, payload);
            assert_eq!(aligned.as_ptr().addr() % ALIGNMENT, 0);
            assert_eq!(matches!(aligned, Aligned::InPlace(_)), start % ALIGNMENT == 0, "{start}");
        }
    }

    #[test]
    fn an_empty_payload_is_aligned_too() {
        assert_eq!(Aligned::new(&[]).len(), 0);
    }
}

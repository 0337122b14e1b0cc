//! A pack as bytes: a header that says what they are, then the payload.
//!
//! Nothing is read of a payload before the header, the length and the digest are found to be right, so that
//! whoever opens a pack meets a clear error and not what damaged bytes seem to mean. The digest proves that
//! the bytes are those that were written, not who wrote them: what the payload says is checked all the same.

mod aligned;
pub mod header;
mod payload;
#[cfg(test)]
mod tests;

pub use aligned::{ALIGNMENT, Aligned};
pub use header::{Header, OpenError};

pub(crate) use payload::sound::{Counts, ensure};

use crate::pack::Pack;
use payload::Payload;

/// The longest pack, header and payload together, in bytes.
pub const PACK_BYTES_MAX: usize = 256 << 20;

/// A pack as bytes: the same for the same rules. Where they are more than [`PACK_BYTES_MAX`], [`open`] refuses them.
pub fn encode(pack: &Pack) -> Vec<u8> {
    Header { pack: pack.digest() }.write(&Payload::of(pack).to_bytes())
}

/// The pack that bytes hold. Automata that cannot be stored are made anew.
///
/// # Errors
/// The first of [`OpenError`] that holds.
pub fn open(bytes: &[u8]) -> Result<Pack, OpenError> {
    let (header, payload) = Header::read(bytes, PACK_BYTES_MAX)?;
    let wrong = |detail| OpenError::Payload { detail };
    let payload = Payload::read(&Aligned::new(payload)).map_err(wrong)?;
    if payload.digest() != header.pack {
        return Err(wrong("another digest than its header".to_owned()));
    }
    payload.into_pack().map_err(wrong)
}

//! A pack as bytes: a header that says what they are, then the payload.
//!
//! Nothing is read of a payload before the header, the length and the digest are found to be right, so that
//! whoever opens a pack meets a clear error and not what damaged bytes seem to mean. The digest proves that
//! the bytes are those that were written, not who wrote them: what the payload says is checked all the same.

mod aligned;
pub mod header;

pub use aligned::{ALIGNMENT, Aligned};
pub use header::{Header, OpenError};

use crate::pack::Pack;

/// The longest pack, header and payload together, in bytes.
pub const PACK_BYTES_MAX: usize = 256 << 20;

/// A pack as bytes: the same for the same rules.
///
/// So far it has a header and no payload, and nothing opens it.
pub fn encode(pack: &Pack) -> Vec<u8> {
    Header { pack: pack.digest() }.write(&[])
}

/// The pack that bytes hold.
///
/// # Errors
/// The first of [`OpenError`] that holds.
pub fn open(bytes: &[u8]) -> Result<Pack, OpenError> {
    Header::read(bytes, PACK_BYTES_MAX)?;
    Err(OpenError::Payload { detail: "it has no payload".to_owned() })
}

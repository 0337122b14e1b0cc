//! The header of a pack: what it is, which version wrote it, how long it is, and the digest of all that.
//!
//! Integers are little-endian, here and in the payload.
//!
//! | from byte | bytes | what |
//! |---|---|---|
//! | 0 | 8 | `DECILEPK` |
//! | 8 | 4 | the byte order mark, `0x0a0b0c0d` |
//! | 12 | 4 | the version of this format, and of the payload's |
//! | 16 | 32 | the version of the language and of the engine, [`LANGUAGE_VERSION`], filled up with zeros |
//! | 48 | 8 | the length of the payload, in bytes |
//! | 56 | 32 | the pack's own digest: of everything that can change a verdict |
//! | 88 | 8 | zeros |
//! | 96 | 32 | BLAKE3 of the 96 bytes above and of the payload, in derive-key mode |
//!
//! Magic, mark and version keep their places in every version, so that each can tell the others by name.

use super::aligned::ALIGNMENT;
use crate::digest::Digest;
use crate::pack::LANGUAGE_VERSION;

#[cfg(test)]
mod tests;

/// The length of a header, in bytes.
pub const HEADER_BYTES: usize = 128;
/// The version of this format. It changes whenever packs that were written before cannot be read any more.
pub const FORMAT_VERSION: u32 = 2;

const MAGIC: [u8; 8] = *b"DECILEPK";
const BYTE_ORDER: u32 = 0x0a0b_0c0d;
const ENGINE_BYTES: usize = 32;
/// Where the payload's length stands.
const LENGTH_AT: usize = 16 + ENGINE_BYTES;
/// What is digested of a header: all but the digest.
const DIGESTED_BYTES: usize = 96;
/// What the digest is of, for BLAKE3's key derivation.
const DIGEST_LABEL: &str = "decile pack file";

const _: () = assert!(HEADER_BYTES.is_multiple_of(64) && HEADER_BYTES.is_multiple_of(ALIGNMENT));
const _: () = assert!(LANGUAGE_VERSION.len() <= ENGINE_BYTES, "the header has no room for the language's version");

/// What a header says of a pack beside what is the same in all of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The pack's own digest, as whoever wrote it says: to be compared with that of what the payload holds.
    pub pack: Digest,
}

/// Why bytes are no pack that can be opened. The first that holds, in this order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not even a header.
    #[error(
        "{bytes} bytes are no pack, whose header alone has {HEADER_BYTES}: name a file that `decile compile` has \
         written, or compile it again"
    )]
    NoHeader {
        /// How many bytes there are.
        bytes: usize,
    },
    /// The first bytes are others.
    #[error("this is no pack: name a file that `decile compile` has written, or a folder of rules")]
    NoPack,
    /// Written in the other byte order.
    #[error("the pack was written big-endian, and packs are little-endian: compile it again with this version")]
    ForeignByteOrder,
    /// Written in another version of the format.
    #[error(
        "the pack has format version {found}, and this version of decile reads {FORMAT_VERSION}: compile it again \
         with this version"
    )]
    FormatVersion {
        /// The version that it has.
        found: u32,
    },
    /// Written for another version of the language or the engine.
    #[error(
        "the pack was compiled for `{found}`, and this version of decile decides by `{LANGUAGE_VERSION}`: compile \
         it again with this version"
    )]
    EngineVersion {
        /// The version that it has, escaped.
        found: String,
    },
    /// It says that it is longer than a pack may be.
    #[error(
        "the pack says that it has {bytes} bytes, and at most {bytes_max} are opened: compile it again, from fewer \
         or shorter rules"
    )]
    TooLong {
        /// How long it says that it is, header and payload.
        bytes: u64,
        /// The bound.
        bytes_max: usize,
    },
    /// Bytes are missing at its end.
    #[error("the pack is cut off: {missing} of its {bytes} bytes are missing; copy or compile it again")]
    Truncated {
        /// How long it says that it is, header and payload.
        bytes: u64,
        /// How many bytes are missing.
        missing: u64,
    },
    /// There is more than the pack.
    #[error("{bytes} bytes follow the pack's end: copy or compile it again")]
    TrailingBytes {
        /// How many.
        bytes: usize,
    },
    /// It is not what was written.
    #[error("the pack is damaged: its bytes are not those that were digested; copy or compile it again")]
    Damaged,
    /// A place that this version leaves empty is not.
    #[error("the pack says more than this version of decile can read: compile it again with this version")]
    ReservedBytes,
    /// Its bytes are those that were written, and are no pack all the same.
    #[error("the pack holds what no version of decile writes ({detail}): compile it again with this version")]
    Payload {
        /// What is wrong, for people.
        detail: String,
    },
}

impl Header {
    /// A whole pack: a header for the payload, and the payload.
    pub fn write(&self, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES.saturating_add(payload.len()));
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&BYTE_ORDER.to_le_bytes());
        bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes.extend_from_slice(LANGUAGE_VERSION.as_bytes());
        bytes.resize(LENGTH_AT, 0);
        bytes.extend_from_slice(&(payload.len() as u64).to_le_bytes());
        bytes.extend_from_slice(self.pack.as_bytes());
        bytes.resize(DIGESTED_BYTES, 0);
        let digest = digest(&bytes, payload);
        bytes.extend_from_slice(digest.as_bytes());
        bytes.extend_from_slice(payload);
        bytes
    }

    /// Reads and checks a header, and gives the payload that follows it. Of the payload nothing is known but
    /// that it is what was written.
    ///
    /// # Errors
    /// The first of [`OpenError`] that holds.
    pub fn read(bytes: &[u8], pack_bytes_max: usize) -> Result<(Self, &[u8]), OpenError> {
        let Some((header, payload)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Err(OpenError::NoHeader { bytes: bytes.len() });
        };
        let fields = Fields::of(header).ok_or(OpenError::NoHeader { bytes: bytes.len() })?;
        fields.check_origin()?;
        fields.check_length(payload, pack_bytes_max)?;
        if digest(fields.digested, payload).as_bytes() != fields.digest {
            return Err(OpenError::Damaged);
        }
        if fields.reserved != [0; 8] {
            return Err(OpenError::ReservedBytes);
        }
        Ok((Self { pack: Digest::from_bytes(*fields.pack) }, payload))
    }
}

/// A header's bytes, taken apart.
struct Fields<'a> {
    magic: &'a [u8; 8],
    byte_order: u32,
    format_version: u32,
    engine: &'a [u8; ENGINE_BYTES],
    payload_bytes: u64,
    pack: &'a [u8; 32],
    reserved: [u8; 8],
    digest: &'a [u8; 32],
    digested: &'a [u8],
}

impl<'a> Fields<'a> {
    fn of(header: &'a [u8; HEADER_BYTES]) -> Option<Self> {
        let digested = header.get(..DIGESTED_BYTES)?;
        let (magic, rest) = header.split_first_chunk()?;
        let (byte_order, rest) = rest.split_first_chunk()?;
        let (format_version, rest) = rest.split_first_chunk()?;
        let (engine, rest) = rest.split_first_chunk()?;
        let (payload_bytes, rest) = rest.split_first_chunk()?;
        let (pack, rest) = rest.split_first_chunk()?;
        let (reserved, rest) = rest.split_first_chunk()?;
        let (digest, _) = rest.split_first_chunk()?;
        Some(Self {
            magic,
            byte_order: u32::from_le_bytes(*byte_order),
            format_version: u32::from_le_bytes(*format_version),
            engine,
            payload_bytes: u64::from_le_bytes(*payload_bytes),
            pack,
            reserved: *reserved,
            digest,
            digested,
        })
    }

    /// Whether this version wrote it, or one that writes the same.
    fn check_origin(&self) -> Result<(), OpenError> {
        if *self.magic != MAGIC {
            return Err(OpenError::NoPack);
        }
        match self.byte_order {
            BYTE_ORDER => {}
            other if other == BYTE_ORDER.swap_bytes() => return Err(OpenError::ForeignByteOrder),
            _ => return Err(OpenError::NoPack),
        }
        if self.format_version != FORMAT_VERSION {
            return Err(OpenError::FormatVersion { found: self.format_version });
        }
        let (engine, fill) = self.engine.split_at_checked(LANGUAGE_VERSION.len()).unwrap_or_default();
        if engine != LANGUAGE_VERSION.as_bytes() || fill.iter().any(|byte| *byte != 0) {
            return Err(OpenError::EngineVersion { found: shown(self.engine) });
        }
        Ok(())
    }

    /// Whether the payload is as long as the header says, and not too long.
    fn check_length(&self, payload: &[u8], pack_bytes_max: usize) -> Result<(), OpenError> {
        let bytes = self.payload_bytes.saturating_add(HEADER_BYTES as u64);
        let there = payload.len() as u64;
        if bytes > pack_bytes_max as u64 {
            return Err(OpenError::TooLong { bytes, bytes_max: pack_bytes_max });
        }
        if there < self.payload_bytes {
            return Err(OpenError::Truncated { bytes, missing: self.payload_bytes - there });
        }
        match there - self.payload_bytes {
            0 => Ok(()),
            _ => Err(OpenError::TrailingBytes { bytes: (there - self.payload_bytes) as usize }),
        }
    }
}

fn digest(digested: &[u8], payload: &[u8]) -> Digest {
    Digest::of(DIGEST_LABEL, [digested, payload])
}

/// A version from outside, without the zeros at its end, and harmless for terminals.
fn shown(engine: &[u8]) -> String {
    let end = engine.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    engine.get(..end).unwrap_or_default().escape_ascii().to_string()
}

//! From a delivery's bytes to a [`Message`], or to why it is none.
//!
//! Nothing here fails: a payload that cannot be read becomes [`Malformed`], which is evidence, and escalates.

pub mod fill;
pub mod inspect;
pub mod json;
mod malformed;
mod origin;
mod payload;
mod presets;
pub mod recipe;
mod time;
mod witness;

#[cfg(test)]
mod tests;

pub use malformed::{Malformed, MalformedKind};

use crate::channel::Channel;
use crate::message::{Delivery, Message};
use fill::Fill;
use recipe::Recipe;
use witness::{Nobody, Witness};

/// The bounds of decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// The longest payload that is decoded at all, and the longest text of a message, in bytes.
    pub message_bytes_max: usize,
    /// How deep JSON may nest; at most [`json::JSON_DEPTH_CEILING`] counts.
    pub json_depth_max: usize,
}

/// Decodes a delivery by the channel's recipe.
///
/// # Errors
/// Where the payload is no message; the caller escalates.
pub fn decode(
    recipe: &Recipe,
    channel: &Channel,
    limits: &DecodeLimits,
    delivery: &Delivery,
) -> Result<Message, Malformed> {
    read(recipe, channel, limits, delivery, &mut Nobody)
}

/// Decodes while somebody watches: what [`decode`] and [`inspect::inspect`] have in common is everything.
fn read(
    recipe: &Recipe,
    channel: &Channel,
    limits: &DecodeLimits,
    delivery: &Delivery,
    witness: &mut dyn Witness,
) -> Result<Message, Malformed> {
    let (bytes, bytes_max) = (delivery.payload.len(), limits.message_bytes_max);
    if bytes > bytes_max {
        let detail = format!("the payload has {bytes} bytes; `message_bytes_max` is {bytes_max}");
        return Err(Malformed::new(MalformedKind::Oversized, detail));
    }
    let payload = presets::open(recipe.preset, limits, delivery)?;
    Fill { recipe, limits, payload: &payload, witness }.message(channel)
}

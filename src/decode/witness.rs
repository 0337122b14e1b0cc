//! Who watches decoding: nobody when messages are decided, `decile inspect` when a person asks.
//!
//! Both run the same code, so that what is shown is what happens.

use super::origin::Mark;
use super::payload::Place;
use std::fmt;

/// Learns where each value came from.
pub(super) trait Witness {
    /// A place held nothing.
    fn tried(&mut self, _field: FieldName<'_>, _place: Place<'_>) {}

    /// A place gave the value.
    fn took(&mut self, _field: FieldName<'_>, _place: &dyn fmt::Display, _value: &str) {}

    /// Who or what wrote it, and why that is thought.
    fn marked(&mut self, _mark: &Mark) {}
}

/// Nobody watches.
pub(super) struct Nobody;

impl Witness for Nobody {}

/// A field of a message, by the name that people write.
#[derive(Clone, Copy)]
pub(super) enum FieldName<'f> {
    /// One that every message has.
    Fixed(&'static str),
    /// `attribute:name`.
    Attribute(&'f str),
    /// `header:name`.
    Header(&'f str),
}

impl fmt::Display for FieldName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(name) => f.write_str(name),
            Self::Attribute(name) => write!(f, "attribute:{}", super::malformed::excerpt(name)),
            Self::Header(name) => write!(f, "header:{}", super::malformed::excerpt(name)),
        }
    }
}

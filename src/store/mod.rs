//! Reading back what was decided: from our stream, and the messages that it was decided on.

mod read;
mod source;

pub use read::{Filter, Stored, find, follow, read_all};
pub use source::fetch_delivery;

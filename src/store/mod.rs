//! Reading back what was decided: from our stream, and the messages that it was decided on.

mod drift;
mod evidence;
mod governing;
mod read;
mod source;
mod watch;

pub use drift::DriftReader;
pub use evidence::{EvidenceReader, read_evidence};
pub use governing::read_governing;
pub use read::{Filter, Stored, find, follow, read_all};
pub use source::fetch_delivery;
pub use watch::{Kept, Watch};

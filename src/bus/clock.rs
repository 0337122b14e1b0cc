//! The clocks of this machine.

use crate::commit::Moment;
use std::time::{Instant, SystemTime};

/// What they show.
pub(super) fn now() -> Moment {
    Moment { running: Instant::now(), wall: SystemTime::now() }
}

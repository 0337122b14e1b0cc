//! Time as a machine sees it that may be suspended.

use std::time::{Duration, Instant, SystemTime};

/// A moment by both clocks of a machine. The one that only runs on stands still while the machine is suspended; the one on
/// the wall may be set. Of what must not be thought younger than it is, the one that says more is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// By the clock that only runs on.
    pub running: Instant,
    /// By the clock on the wall.
    pub wall: SystemTime,
}

impl Moment {
    /// The time since then, at the most.
    pub fn since(self, earlier: Self) -> Duration {
        let wall = self.wall.duration_since(earlier.wall).unwrap_or_default();
        wall.max(self.running.saturating_duration_since(earlier.running))
    }
}

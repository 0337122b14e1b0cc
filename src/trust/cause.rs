//! Why the daemon takes a level back by itself.

/// Why a level is taken back. There is no reason why one would be raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// An operator signed that something was a severe error.
    SevereError,
    /// People no longer agree as often as the level asks for: [`super::Agreement`].
    Disagreement,
    /// The share of its messages that are escalated is not as it used to be, and the policy says that this is enough.
    Drift,
}

impl Cause {
    /// Each.
    pub const ALL: [Self; 3] = [Self::SevereError, Self::Disagreement, Self::Drift];

    /// Its word in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SevereError => "severe_error",
            Self::Disagreement => "disagreement",
            Self::Drift => "drift",
        }
    }
}

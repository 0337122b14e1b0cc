//! Three-valued truth (Kleene): what is not known is not false.

/// Whether a condition holds. `or` is the greater, `and` the lesser of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// It does not.
    False,
    /// The message does not say: a field is absent, or a number cannot be read.
    Unknown,
    /// It does.
    True,
}

impl Truth {
    /// What a pattern on an absent field is.
    pub(crate) const ABSENT: Self = Self::Unknown;

    /// Whether either holds.
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }

    /// Whether both hold.
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

//! How much of what is handled a person looks at afterwards, as the policy says. It changes no decision.

use crate::class::Class;
use std::collections::BTreeMap;
use std::time::Duration;

/// How much is sampled, and by when it must have been reviewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// Of a hundred handled decisions, so many.
    pub percent: u64,
    /// The same while fewer than [`Sampling::thin_answers`] were given since the class was promoted.
    pub thin_percent: u64,
    /// So many answers are no longer few.
    pub thin_answers: u64,
    /// Room for samples of one class in an hour, on each instance. What is not used waits, up to as much again.
    pub per_hour_max: u32,
    /// How long somebody has to review one: after that, it counts against its class.
    pub deadline: Duration,
    /// The percentages of classes that have their own.
    pub classes: BTreeMap<Class, u64>,
}

/// How long a sample is kept beyond its deadline: that nobody reviewed it is written down by an instance that may have been
/// away.
const KEPT_BEYOND: Duration = Duration::from_secs(7 * 86_400);

/// What holds where the policy does not say.
impl Default for Sampling {
    fn default() -> Self {
        Self {
            percent: 2,
            thin_percent: 20,
            thin_answers: 100,
            per_hour_max: 5,
            deadline: Duration::from_secs(14 * 86_400),
            classes: BTreeMap::new(),
        }
    }
}

impl Sampling {
    /// Of a hundred handled decisions of a class, so many.
    pub fn percent_of(&self, class: &Class) -> u64 {
        self.classes.get(class).copied().unwrap_or(self.percent)
    }

    /// How long a sample is kept.
    pub fn kept(&self) -> Duration {
        self.deadline + KEPT_BEYOND
    }
}

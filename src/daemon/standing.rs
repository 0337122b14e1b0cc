//! Where each class stands, shown in the metrics.

use super::agreement::Watchful;
use crate::class::Class;
use crate::triage::Snapshot;
use crate::trust::{Evidence, Overview, overview, standings};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// How often: a bound takes some thousand logarithms.
const EVERY: Duration = Duration::from_secs(5);

/// What was shown last.
#[derive(Debug, Default)]
pub(super) struct Shown {
    at: Option<Instant>,
    classes: BTreeSet<Class>,
}

impl Shown {
    /// Shows where each class of the policy stands, unless that was done a moment ago.
    pub(super) fn show(&mut self, heard: &Evidence, snapshot: &Snapshot, watchful: &Watchful) {
        if self.at.is_some_and(|at| at.elapsed() < EVERY) {
            return;
        }
        self.at = Some(Instant::now());
        let now = Timestamp::now();
        let policy = snapshot.policy.clone();
        let policy = {
            let known = watchful.known.read().unwrap_or_else(PoisonError::into_inner);
            policy.at(now, |class, channel| known.level(class, channel))
        };
        let standings = standings(heard, snapshot.today(), &policy, now);
        let overviews = overview(&policy, &snapshot.channels(), &standings);
        let gone = self.classes.iter().filter(|class| !overviews.contains_key(*class));
        gone.for_each(|class| watchful.metrics.stands(class, &Overview::default()));
        overviews.iter().for_each(|(class, overview)| watchful.metrics.stands(class, overview));
        self.classes = overviews.into_keys().collect();
    }
}

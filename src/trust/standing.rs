//! Where each class stands on its way to the next level.

use super::bound::{Bound, SIGNIFICANCE, Tally, threshold};
use super::evidence::{Evidence, Said};
use super::upheld::Today;
use crate::channel::Channel;
use crate::class::{ActionType, Class};
use crate::decision::ActionRecord;
use crate::digest::Digest;
use crate::policy::action::{Action, Reach, Reversibility};
use crate::policy::level::Level;
use crate::policy::{Line, Policy};
use crate::rulings::Basis;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// The present rate is that of so many days.
const RATE_DAYS: i64 = 28;

/// Where a class stands on a channel.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Standing {
    /// The class.
    pub class: Class,
    /// The channel.
    pub channel: Channel,
    /// The type of its action.
    #[serde(rename = "type")]
    pub kind: ActionType,
    /// Its level now.
    pub level: Level,
    /// What people said of its decisions under the rules of today, or under others that are upheld.
    pub answers: Tally,
    /// Those others, where answers under them count.
    pub also: BTreeSet<Digest>,
    /// What people said under other rules, or of another action: it does not count.
    pub outdated: u64,
    /// The next level, where one would change something.
    pub next: Option<Next>,
}

/// The way to the next level.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Next {
    /// The level.
    pub level: Level,
    /// The share of agreement that it asks for.
    pub threshold: f64,
    /// The share that is certain enough now.
    pub bound: f64,
    /// How many more answers it takes, if all of them agree; none for more than a million.
    pub missing: Option<u64>,
    /// Roughly how many days that takes at the present rate; none where there is no telling.
    pub days: Option<u64>,
}

/// What was said of one class's action on one channel.
#[derive(Default)]
struct Heard {
    tally: Tally,
    also: BTreeSet<Digest>,
    outdated: u64,
    /// Answers lately, and the first of them.
    lately: u64,
    since: Option<Timestamp>,
}

/// Where each class stands of which something was said. The significance is split over those that a level lies before.
pub fn standings(evidence: &Evidence, today: Today<'_>, policy: &Policy, now: Timestamp) -> Vec<Standing> {
    let mut heard: BTreeMap<(Class, Channel), Heard> = BTreeMap::new();
    for said in evidence.said() {
        let Basis { class, channel, .. } = &said.basis;
        heard.entry((class.clone(), channel.clone())).or_default().hear(said, today, policy, now);
    }
    let tested = heard.iter().filter(|((class, channel), heard)| {
        heard.tally.decisions() > 0 && next_level(policy.line(class, channel)).is_some()
    });
    let tested = tested.count();
    heard.into_iter().map(|((class, channel), heard)| heard.standing(class, channel, policy, tested, now)).collect()
}

/// How many classes, each on each channel, are on their way to a level: what the significance is split over.
pub fn tested(standings: &[Standing]) -> usize {
    standings.iter().filter(|standing| standing.answers.decisions() > 0 && standing.next.is_some()).count()
}

/// The next level that would change something, by the table of levels; never one for what cannot be undone.
pub fn next_level(line: &Line) -> Option<Level> {
    let Action { nature, .. } = &line.action;
    match (line.level, nature.reversibility) {
        (_, Reversibility::Irreversible) => None,
        (Level::Suggest | Level::Draft, _) => Some(Level::Routine),
        (Level::Routine, Reversibility::SemiReversible) if nature.reach == Reach::Outward => Some(Level::Bounded),
        (Level::Routine | Level::Bounded, _) => None,
    }
}

impl Heard {
    fn hear(&mut self, said: &Said, today: Today<'_>, policy: &Policy, now: Timestamp) {
        let Basis { class, channel, action, rules } = &said.basis;
        let line = policy.line(class, channel);
        let level = next_level(line).unwrap_or(line.level);
        let is_of_today = today.holds(class, channel, *rules, level) && ActionRecord::from(&line.action) == *action;
        if !is_of_today {
            self.outdated += 1;
            return;
        }
        if today.pack.class_digest(class) != Some(*rules) {
            self.also.insert(*rules);
        }
        self.tally = self.tally.and(said.agreed);
        if now.duration_since(said.at) <= SignedDuration::from_hours(24 * RATE_DAYS) {
            self.lately += 1;
            self.since = Some(self.since.map_or(said.at, |since| since.min(said.at)));
        }
    }

    fn standing(self, class: Class, channel: Channel, policy: &Policy, tested: usize, now: Timestamp) -> Standing {
        let line = policy.line(&class, &channel);
        let next = next_level(line).and_then(|level| self.next(level, tested, now));
        let (level, kind) = (line.level, line.action.kind.clone());
        Standing { class, channel, kind, level, answers: self.tally, also: self.also, outdated: self.outdated, next }
    }

    fn next(&self, level: Level, tested: usize, now: Timestamp) -> Option<Next> {
        let threshold = threshold(level)?;
        let bound = Bound::new(threshold, SIGNIFICANCE, tested);
        let missing = bound.missing(self.tally);
        let days = missing.and_then(|missing| self.days(missing, now));
        Some(Next { level, threshold, bound: bound.lower(self.tally), missing, days })
    }

    /// Not less than a day is looked at: an hour's rate is no rate.
    fn days(&self, missing: u64, now: Timestamp) -> Option<u64> {
        if missing == 0 {
            return Some(0);
        }
        let hours = u64::try_from(now.duration_since(self.since?).as_hours()).unwrap_or(0).max(24);
        (missing * hours).div_ceil(self.lately.max(1)).div_ceil(24).into()
    }
}

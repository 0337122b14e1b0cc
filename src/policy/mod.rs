//! What may happen, per class and channel: written by people, fully resolved here.

pub mod action;
pub mod cap;
pub mod draft;
pub mod level;
pub mod resolve;
pub mod sampling;
pub mod written;

pub use sampling::Sampling;

use crate::channel::Channel;
use crate::class::{ActionType, Class, NameError, is_name};
use crate::digest::Digest;
use crate::facts::Leveled;
use action::{Action, Nature};
use cap::Cap;
use jiff::Timestamp;
use level::Level;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A policy, resolved: every question the gate can ask has an answer.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Of everything that can change a decision.
    pub digest: Digest,
    /// The desk for what names no other.
    pub default_desk: Desk,
    /// Desks by restriction (`legal` → the desk for what a `restrict = "legal"` rule holds back).
    pub restriction_desks: BTreeMap<String, Desk>,
    /// Lines by class; a class that is not listed gets [`Policy::unlisted`].
    pub classes: BTreeMap<Class, ClassPolicy>,
    /// How many outward actions there may be.
    pub caps: Vec<Cap>,
    /// What types of actions mean that the policy declares.
    pub natures: BTreeMap<ActionType, Nature>,
    /// Types of actions by those that they undo, as the policy declares them.
    pub inverses: BTreeMap<ActionType, ActionType>,
    /// When desks must have answered.
    pub deadlines: BTreeMap<Desk, Deadline>,
    /// What holds for a class that no line names: level 1, an internal note, the default desk.
    pub unlisted: Line,
    /// How much of what is handled a person looks at afterwards.
    pub sampling: Sampling,
    /// The classes that are taken back to level 1 where their share of escalations drifts.
    pub drift_demotes: BTreeSet<Class>,
    /// What operators have signed, as the file has it, until [`crate::trust::admit`] has looked at it.
    pub promotions: Vec<String>,
    /// The same, of rules that were changed.
    pub upholdings: Vec<String>,
}

/// When a desk must have answered an escalation, and what happens when it has not. Acting is not among it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// How long it has.
    pub after: Duration,
    /// What happens then.
    pub overdue: Overdue,
}

/// What happens to an escalation that nobody answered in time. There is no way to act anyway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overdue {
    /// Somebody is told again.
    Remind,
    /// Another desk gets it.
    Reroute(Desk),
    /// It is closed: a ruling on it comes too late.
    Expire,
}

/// The lines of one class.
#[derive(Clone, Debug)]
pub struct ClassPolicy {
    /// Wherever no channel says otherwise.
    pub everywhere: Line,
    /// Per channel, fully resolved.
    pub channels: BTreeMap<Channel, Line>,
}

/// What may happen to one class on one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The trust level.
    pub level: Level,
    /// What to do.
    pub action: Action,
    /// The oldest message that may be handled.
    pub max_age: Duration,
    /// Who gets the escalation.
    pub desk: Desk,
    /// Where the policy says so, `policy.toml:12`; `built in` for a class that is not listed. Every
    /// decision names it.
    pub origin: String,
    /// What a level above 1 rests on.
    pub tenure: Tenure,
}

/// What a level above 1 rests on, and when it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tenure {
    /// The revision of the level that was known when it was promoted: a demotion after it ends the tenure.
    pub after: u64,
    /// When it ends by itself; `None` where it does not.
    pub expires_at: Option<Timestamp>,
}

/// A desk's name, checked: `[A-Za-z0-9_-]{1,64}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Desk(String);

impl TryFrom<String> for Desk {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        Self::parse(&name)
    }
}

impl serde::Serialize for Desk {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Desk {
    /// The desk that is always there.
    pub fn human() -> Self {
        Self("human".to_owned())
    }

    /// Checks a name.
    ///
    /// # Errors
    /// Where it is not `[A-Za-z0-9_-]{1,64}`.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        if is_name(name) { Ok(Self(name.to_owned())) } else { Err(NameError) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Line {
    /// The level now: a demotion, and the end of a tenure, make it a draft at the most. So does a stream that has less on
    /// the level's subject than whoever promoted saw there: it is another one, and what was demoted on the old one is gone.
    pub fn level_at(&self, now: Timestamp, leveled: Option<Leveled>) -> Level {
        let Tenure { after, expires_at } = self.tenure;
        let is_taken_back = leveled.is_some_and(|it| it.demoted > after || it.revision < after);
        let is_over = is_taken_back || expires_at.is_some_and(|end| now >= end);
        if is_over { self.level.min(Level::Draft) } else { self.level }
    }
}

impl Policy {
    /// The line for a class on a channel.
    pub fn line(&self, class: &Class, channel: &Channel) -> &Line {
        self.classes.get(class).map_or(&self.unlisted, |lines| lines.channels.get(channel).unwrap_or(&lines.everywhere))
    }

    /// The same with the levels of a moment, given what lies on the level of a class on a channel.
    #[must_use]
    pub fn at(mut self, now: Timestamp, leveled: impl Fn(&Class, &Channel) -> Leveled) -> Self {
        for (class, lines) in &mut self.classes {
            for (channel, line) in &mut lines.channels {
                line.level = line.level_at(now, Some(leveled(class, channel)));
            }
        }
        self
    }

    /// What a type of action means today; one that is neither declared nor built in is outward and irreversible.
    pub fn nature(&self, kind: &ActionType) -> Nature {
        self.natures.get(kind).copied().or_else(|| action::built_in(kind.as_str())).unwrap_or(action::UNDECLARED)
    }

    /// The type that undoes another.
    pub fn inverse(&self, kind: &ActionType) -> Option<ActionType> {
        self.inverses.get(kind).cloned().or_else(|| action::built_in_inverse(kind))
    }

    /// The caps that an action counts under.
    pub fn caps_of<'a>(
        &'a self,
        class: &'a Class,
        channel: &'a Channel,
        kind: &'a ActionType,
    ) -> impl Iterator<Item = &'a Cap> {
        self.caps.iter().filter(move |cap| cap.scope.has(class, channel, kind))
    }

    /// Every desk that may get an escalation.
    pub fn desks(&self) -> BTreeSet<&Desk> {
        let classes = self.classes.values();
        let lines =
            classes.flat_map(|class| class.channels.values().chain([&class.everywhere])).chain([&self.unlisted]);
        let rerouted = self.deadlines.values().filter_map(|deadline| match &deadline.overdue {
            Overdue::Reroute(desk) => Some(desk),
            Overdue::Remind | Overdue::Expire => None,
        });
        let desks = lines.map(|line| &line.desk).chain(self.restriction_desks.values());
        desks.chain([&self.default_desk]).chain(rerouted).collect()
    }

    /// The desk for a message without a class: that of the first restriction that has one, else the default.
    pub fn desk_without_class<'a>(&self, restrictions: impl IntoIterator<Item = &'a str>) -> &Desk {
        restrictions
            .into_iter()
            .find_map(|restriction| self.restriction_desks.get(restriction))
            .unwrap_or(&self.default_desk)
    }
}

//! What may happen, per class and channel: written by people, fully resolved here.

pub mod action;
pub mod draft;
pub mod level;
pub mod resolve;
pub mod written;

use crate::channel::Channel;
use crate::class::{Class, NameError, is_name};
use crate::digest::Digest;
use action::Action;
use level::Level;
use std::collections::BTreeMap;
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
    /// What holds for a class that no line names: level 1, an internal note, the default desk.
    pub unlisted: Line,
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
}

/// A desk's name, checked: `[A-Za-z0-9_-]{1,64}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Desk(String);

impl TryFrom<String> for Desk {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        Self::parse(&name)
    }
}

impl From<Desk> for String {
    fn from(desk: Desk) -> String {
        desk.0
    }
}

impl Desk {
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

impl Policy {
    /// The line for a class on a channel.
    pub fn line(&self, class: &Class, channel: &Channel) -> &Line {
        self.classes.get(class).map_or(&self.unlisted, |lines| lines.channels.get(channel).unwrap_or(&lines.everywhere))
    }

    /// The desk for a message without a class: that of the first restriction that has one, else the default.
    pub fn desk_without_class<'a>(&self, restrictions: impl IntoIterator<Item = &'a str>) -> &Desk {
        restrictions
            .into_iter()
            .find_map(|restriction| self.restriction_desks.get(restriction))
            .unwrap_or(&self.default_desk)
    }
}

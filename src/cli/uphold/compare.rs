//! Two versions of classes' rules over the messages that streams still hold, each class apart from the others.

use super::Place;
use super::versions::Rules;
use crate::class::Class;
use crate::classify::{self, Scratch};
use crate::cli::print::one_line;
use crate::message::Delivery;
use crate::pack::Pack;
use crate::triage::{self, Snapshot};
use crate::trust::Compared;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// What comes of a comparison.
#[derive(Default)]
pub(super) struct Comparison {
    /// How many messages were compared.
    pub(super) messages: u64,
    /// When the oldest of them came.
    pub(super) since: Option<Timestamp>,
    /// What was found of each class, on each channel.
    pub(super) counts: BTreeMap<Place, Compared>,
    /// The first of those that newly come in.
    pub(super) newly: BTreeMap<Place, Vec<String>>,
}

/// A class's rules alone, before and after.
pub(super) struct Versions<'a> {
    class: &'a Class,
    before: Version,
    after: Version,
}

struct Version {
    pack: Pack,
    scratch: Scratch,
}

impl<'a> Versions<'a> {
    pub(super) fn new(class: &'a Class, before: &Rules, after: &Rules) -> anyhow::Result<Self> {
        let version = |rules: &Rules| -> anyhow::Result<Version> {
            let pack = rules.of(class)?;
            Ok(Version { scratch: Scratch::new(&pack), pack })
        };
        Ok(Self { class, before: version(before)?, after: version(after)? })
    }
}

impl Comparison {
    /// Decides on a message as of when it came. What another class takes from this one is no part of it: that may end.
    pub(super) fn take(
        &mut self,
        versions: &mut [Versions<'_>],
        snapshot: &Snapshot,
        delivery: &Delivery,
        show: usize,
    ) {
        let Ok(message) = triage::read(snapshot, delivery).message else { return };
        let (now, limits) = (delivery.stored_at(), snapshot.classify_limits());
        self.messages += 1;
        self.since = Some(self.since.map_or(now, |since| since.min(now)));
        for Versions { class, before, after } in versions {
            let is_of_it = |Version { pack, scratch }: &mut Version| {
                classify::classify(pack, &message, now, &limits, scratch).class().is_some()
            };
            let (was, is) = (is_of_it(before), is_of_it(after));
            let place = || ((*class).clone(), message.channel.clone());
            if was || is {
                self.counts.entry(place()).or_default().add(said(&message.text), was, is);
            }
            let newly = if is && !was { Some(self.newly.entry(place()).or_default()) } else { None };
            if let Some(newly) = newly.filter(|it| it.len() < show) {
                newly.push(format!("  {} {}", now.strftime("%F %T"), one_line(&message.text, 100)));
            }
        }
    }
}

/// The same for all texts that say the same in the same words.
fn said(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.split_whitespace().for_each(|word| word.to_lowercase().hash(&mut hasher));
    hasher.finish()
}

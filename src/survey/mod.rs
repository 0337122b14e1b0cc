//! The decision surface: what there is to decide, how often, how differently it is worded, and how far a wrong decision
//! would reach. What may one day be decided without a person shows here first. It advises people; no decision rests on it.

mod clusters;
mod questions;
mod sample;
mod standing;
mod words;

pub use clusters::Cluster;
pub use questions::{Ending, Question, Week};
pub use standing::{Radius, Standing};

use crate::class::Class;
use crate::message::Message;
use crate::policy::Policy;
use crate::policy::level::Level;
use crate::reason::Reason;
use crate::verdict::Verdict;
use jiff::Timestamp;
use sample::Sample;
use standing::standing;
use std::collections::{BTreeMap, BTreeSet};
use words::Vocabulary;

/// The bounds of a survey.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Unmatched messages that are looked at for clusters; of more, a fair sample.
    pub unmatched_max: usize,
    /// Messages of a class by which its wordings are compared, each with each; of more, a fair sample.
    pub worded_max: usize,
    /// The fewest messages that make a cluster.
    pub cluster_messages_min: usize,
    /// Examples of each class and cluster.
    pub examples_max: usize,
    /// How much of a text is looked at.
    pub text_bytes_max: usize,
}

/// Messages as they are counted.
pub struct Survey<'a> {
    policy: &'a Policy,
    bounds: Bounds,
    messages: u64,
    classes: BTreeMap<Class, Tally>,
    escalated: BTreeMap<Reason, u64>,
    unmatched: Sample<String>,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

/// What is counted of one class.
struct Tally {
    messages: u64,
    channels: BTreeMap<String, u64>,
    level: Level,
    radius: Radius,
    actions: BTreeSet<String>,
    texts: Sample<String>,
}

/// What there is to decide.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Surface {
    /// Messages that were looked at.
    pub messages: u64,
    /// When the first of them was sent.
    pub first: Option<Timestamp>,
    /// When the last of them was sent.
    pub last: Option<Timestamp>,
    /// The classes, the most frequent first.
    pub classes: Vec<ClassSurface>,
    /// How many messages have no class, by the reason.
    pub without_class: BTreeMap<Reason, u64>,
    /// What is unmatched, in clusters of similar messages, the largest first.
    pub clusters: Vec<Cluster>,
    /// How many unmatched messages were looked at for clusters.
    pub clustered: u64,
    /// How many of them are in no cluster.
    pub alone: u64,
}

/// One class.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ClassSurface {
    /// Its name.
    pub class: Class,
    /// How many messages.
    pub messages: u64,
    /// How many of them on each channel.
    pub channels: BTreeMap<String, u64>,
    /// How differently they are worded, from 0 (all the same) to 1 (no word in common): one less the mean likeness of two of
    /// them. `None` for a single message.
    pub variability: Option<f64>,
    /// What the policy does with it, on any of these channels.
    pub actions: BTreeSet<String>,
    /// The lowest level that it has on any of these channels.
    pub level: Level,
    /// How far the furthest of its actions reaches.
    pub radius: Radius,
    /// Whether it could go without a person.
    pub standing: Standing,
    /// Some of its messages.
    pub examples: Vec<String>,
}

impl<'a> Survey<'a> {
    /// An empty one, of what this policy makes of classes.
    pub fn new(policy: &'a Policy, bounds: Bounds) -> Self {
        Self {
            policy,
            bounds,
            messages: 0,
            classes: BTreeMap::new(),
            escalated: BTreeMap::new(),
            unmatched: Sample::new(bounds.unmatched_max),
            first: None,
            last: None,
        }
    }

    /// Counts a message, or one that could not be read.
    pub fn add(&mut self, message: Option<&Message>, verdict: &Verdict, sent_at: Option<Timestamp>) {
        self.messages += 1;
        self.first = self.first.into_iter().chain(sent_at).min();
        self.last = self.last.into_iter().chain(sent_at).max();
        match (verdict.class(), message) {
            (Some(class), Some(message)) => self.count(class, message),
            (_, message) => {
                let reason = verdict.reason().unwrap_or(Reason::Unmatched);
                *self.escalated.entry(reason).or_default() += 1;
                if let (Reason::Unmatched, Some(message)) = (reason, message) {
                    self.unmatched.offer(|| beginning(&message.text, self.bounds.text_bytes_max));
                }
            }
        }
    }

    fn count(&mut self, class: &Class, message: &Message) {
        let line = self.policy.line(class, &message.channel);
        let radius = Radius::of(line.action.nature);
        let Bounds { worded_max, text_bytes_max, .. } = self.bounds;
        let tally = self.classes.entry(class.clone()).or_insert_with(|| Tally {
            messages: 0,
            channels: BTreeMap::new(),
            level: line.level,
            radius,
            actions: BTreeSet::new(),
            texts: Sample::new(worded_max),
        });
        tally.messages += 1;
        *tally.channels.entry(message.channel.as_str().to_owned()).or_default() += 1;
        tally.level = tally.level.min(line.level);
        tally.radius = tally.radius.max(radius);
        if !tally.actions.contains(line.action.kind.as_str()) {
            tally.actions.insert(line.action.kind.as_str().to_owned());
        }
        tally.texts.offer(|| beginning(&message.text, text_bytes_max));
    }

    /// What there is to decide.
    pub fn surface(self) -> Surface {
        let bounds = self.bounds;
        let mut classes: Vec<ClassSurface> =
            self.classes.into_iter().map(|(class, tally)| tally.surface(class, bounds.examples_max)).collect();
        classes.sort_by(|one, other| other.messages.cmp(&one.messages).then_with(|| one.class.cmp(&other.class)));
        let texts: Vec<&str> = self.unmatched.kept().iter().map(String::as_str).collect();
        let (clusters, alone) = clusters::clusters(&texts, bounds.cluster_messages_min, bounds.examples_max);
        Surface {
            messages: self.messages,
            first: self.first,
            last: self.last,
            classes,
            without_class: self.escalated,
            clusters,
            clustered: texts.len() as u64,
            alone,
        }
    }
}

impl Surface {
    /// The candidates, the first of them first: what reaches least, then what comes most often, then what is worded most alike.
    pub fn candidates(&self) -> Vec<&ClassSurface> {
        let mut candidates: Vec<&ClassSurface> =
            self.classes.iter().filter(|it| it.standing == Standing::Candidate).collect();
        candidates.sort_by(|one, other| {
            let variability = |it: &ClassSurface| it.variability.unwrap_or(1.0);
            one.radius
                .cmp(&other.radius)
                .then(other.messages.cmp(&one.messages))
                .then(variability(one).total_cmp(&variability(other)))
        });
        candidates
    }

    /// How many messages have a class.
    pub fn classed(&self) -> u64 {
        self.classes.iter().map(|it| it.messages).sum()
    }
}

impl Tally {
    fn surface(self, class: Class, examples_max: usize) -> ClassSurface {
        let examples = differing(self.texts.kept().iter().map(String::as_str), examples_max);
        ClassSurface {
            class,
            messages: self.messages,
            channels: self.channels,
            variability: variability(self.texts.kept()),
            actions: self.actions,
            level: self.level,
            radius: self.radius,
            standing: standing(self.radius, self.level, self.messages),
            examples,
        }
    }
}

/// The first so many that differ.
fn differing<'a>(texts: impl Iterator<Item = &'a str>, texts_max: usize) -> Vec<String> {
    let mut differing: Vec<String> = Vec::new();
    for text in texts {
        if differing.len() >= texts_max {
            break;
        }
        if !differing.iter().any(|it| it == text) {
            differing.push(text.to_owned());
        }
    }
    differing
}

fn beginning(text: &str, bytes_max: usize) -> String {
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or(text).to_owned()
}

/// One less the mean likeness of each two texts.
fn variability(texts: &[String]) -> Option<f64> {
    let (vocabulary, words) = Vocabulary::of(texts.iter().map(String::as_str));
    let (mut sum, mut pairs) = (0.0, 0_u64);
    for (at, one) in words.iter().enumerate() {
        for other in words.iter().skip(at + 1) {
            sum += vocabulary.likeness(one, other);
            pairs += 1;
        }
    }
    (pairs > 0).then(|| 1.0 - sum / pairs as f64)
}

#[cfg(test)]
mod tests;

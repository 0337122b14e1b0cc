//! What a person should decide about the policy, and not about a message: the questions of a week.

use super::clusters::{Cluster, clusters};
use super::sample::Sample;
use super::{Bounds, beginning};
use crate::channel::Channel;
use crate::class::{ActionType, Class};
use crate::decision::{DecisionId, Record};
use crate::policy::Policy;
use crate::policy::level::Level;
use crate::reason::Reason;
use crate::trust::{Standing, next_level};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// A question to the people who write the policy.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(tag = "question", rename_all = "snake_case")]
pub enum Question {
    /// These messages say much the same, and nobody has a class for them: do they deserve one?
    Class {
        /// The messages.
        cluster: Cluster,
    },
    /// A cap kept actions back: is it meant to?
    Cap {
        /// The class.
        class: Class,
        /// The channel.
        channel: Channel,
        /// The type of the action.
        #[serde(rename = "type")]
        kind: ActionType,
        /// How many.
        messages: u64,
    },
    /// A grant ends soon: is it to go on?
    Grant {
        /// The channel.
        channel: Channel,
        /// The type of action.
        #[serde(rename = "type")]
        kind: ActionType,
        /// When.
        ends_at: Timestamp,
    },
    /// Messages of a class come in, and nobody has said whether that is right, under the rules of today: is it?
    Evidence {
        /// The class.
        class: Class,
        /// The channel.
        channel: Channel,
        /// Its level.
        level: Level,
        /// How many.
        messages: u64,
    },
}

/// A grant, as far as it is asked about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ending {
    /// When.
    pub ends_at: Timestamp,
    /// The channel.
    pub channel: Channel,
    /// The type of action.
    pub kind: ActionType,
}

/// So many escalations are told from those of them that another desk got, too; what comes later may be counted twice.
const ESCALATED_MAX: usize = 1_000_000;

/// What was decided in a week, or another time.
pub struct Week {
    bounds: Bounds,
    messages: u64,
    /// What another desk got has two records.
    escalated: HashSet<DecisionId>,
    unmatched: Sample<String>,
    capped: BTreeMap<(Class, Channel, ActionType), u64>,
    classes: BTreeMap<(Class, Channel), u64>,
}

impl Week {
    /// An empty one.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            messages: 0,
            escalated: HashSet::new(),
            unmatched: Sample::new(bounds.unmatched_max),
            capped: BTreeMap::new(),
            classes: BTreeMap::new(),
        }
    }

    /// How many messages were decided on.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// Counts a decision.
    pub fn add(&mut self, record: &Record) {
        let decision = record.decision();
        if let Record::Escalated(escalation) = record {
            if self.escalated.contains(&decision.id) {
                return;
            }
            if self.escalated.len() < ESCALATED_MAX {
                self.escalated.insert(decision.id.clone());
            }
            if let (Some(Reason::Unmatched), Some(message)) = (decision.reason, &escalation.message) {
                self.unmatched.offer(|| beginning(&message.text, self.bounds.text_bytes_max));
            }
        }
        self.messages += 1;
        let Some(class) = &decision.verdict.class else { return };
        *self.classes.entry((class.clone(), decision.channel.clone())).or_default() += 1;
        if let (Some(Reason::CapReached), Some(policy)) = (decision.reason, &decision.policy) {
            let capped = (class.clone(), decision.channel.clone(), policy.action.kind.clone());
            *self.capped.entry(capped).or_default() += 1;
        }
    }

    /// The questions, of each kind the weightiest first. `endings`: grants that end soon. `standings`: where classes stand.
    pub fn questions(self, policy: &Policy, endings: Vec<Ending>, standings: &[Standing]) -> Vec<Question> {
        let Self { bounds, unmatched, capped, classes, .. } = self;
        let texts: Vec<&str> = unmatched.kept().iter().map(String::as_str).collect();
        let (clusters, _) = clusters(&texts, bounds.cluster_messages_min, bounds.examples_max);
        let clusters = clusters.into_iter().map(|cluster| Question::Class { cluster });
        let caps = weightiest(capped).map(|((class, channel, kind), messages)| Question::Cap {
            class,
            channel,
            kind,
            messages,
        });
        let endings: BTreeSet<Ending> = endings.into_iter().collect();
        let grants =
            endings.into_iter().map(|Ending { ends_at, channel, kind }| Question::Grant { channel, kind, ends_at });
        let answered: BTreeSet<(&Class, &Channel)> = standings
            .iter()
            .filter(|standing| standing.answers.decisions() > 0)
            .map(|standing| (&standing.class, &standing.channel))
            .collect();
        let silent = weightiest(classes).filter_map(|((class, channel), messages)| {
            let line = policy.line(&class, &channel);
            let is_asked = next_level(line).is_some() && !answered.contains(&(&class, &channel));
            let level = line.level;
            is_asked.then_some(Question::Evidence { class, channel, level, messages })
        });
        clusters.chain(caps).chain(grants).chain(silent).collect()
    }
}

/// The greatest first.
fn weightiest<K: Ord>(counts: BTreeMap<K, u64>) -> impl Iterator<Item = (K, u64)> {
    let mut counts: Vec<(K, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, messages)| std::cmp::Reverse(*messages));
    counts.into_iter()
}

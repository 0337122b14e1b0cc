//! A pack: rules, compiled. `rules` makes it, `classify` reads it.

pub(crate) mod comparison;
pub(crate) mod cost;
pub(crate) mod gaps;
pub(crate) mod guard;
mod head;
pub(crate) mod literals;
pub(crate) mod pattern;
pub(crate) mod phrases;
mod table;
mod truth;
pub mod wire;

pub use cost::Cost;
pub use truth::Truth;

use crate::automaton::Alphabets;
use crate::channel::Channel;
use crate::class::{Class, RuleId};
use crate::digest::Digest;
use crate::message::Field;
use comparison::Comparison;
use gaps::Gaps;
use head::Head;
use jiff::Timestamp;
use literals::Literals;
use pattern::{Pattern, ViewSet};
use phrases::Phrases;
use std::collections::BTreeSet;
use std::fmt;

/// The version of the language and of the engine that reads it; part of every pack's digest. It changes
/// whenever the same rules may decide a message otherwise.
pub const LANGUAGE_VERSION: &str = "decile rules 2";

/// Rules, compiled: everything that classifying needs, known by its digest.
pub struct Pack {
    pub(crate) digest: Digest,
    /// Ordered by id.
    pub(crate) rules: Vec<Rule>,
    /// Of each rule, what deciding needs first.
    pub(crate) heads: Vec<Head>,
    /// What people know each rule by, in the same order.
    pub(crate) infos: Vec<RuleInfo>,
    /// Ordered by name.
    pub(crate) classes: Vec<ClassSpec>,
    /// Of each class, in the same order.
    pub(crate) class_digests: Vec<Digest>,
    pub(crate) restrictions: Vec<Restriction>,
    /// In their own order: the text first.
    pub(crate) fields: Vec<Field>,
    pub(crate) patterns: Vec<Pattern>,
    /// What the automata of the patterns share.
    pub(crate) alphabets: Alphabets,
    pub(crate) phrases: Phrases,
    pub(crate) gaps: Gaps,
    pub(crate) literals: Literals,
    /// Regexes that some rule waits for and that have no literal to wait for: they run on every message.
    pub(crate) open: Vec<u32>,
    /// For each field, the restricting rules that look at it: where it is absent they can fire though nothing
    /// matches.
    pub(crate) fail_closed: Vec<Vec<u32>>,
}

/// A rule, compiled. Patterns are by index.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rule {
    /// Its class, by index; `None` for a restricting rule.
    pub(crate) class: Option<u32>,
    /// Empty where it is for every channel.
    pub(crate) channels: Vec<ChannelFilter>,
    pub(crate) any: Box<[u32]>,
    pub(crate) all: Box<[u32]>,
    pub(crate) none: Box<[u32]>,
    pub(crate) comparisons: Vec<Comparison>,
    /// When it stops to exist.
    pub(crate) expires: Option<Timestamp>,
    /// It has an `any` and no other condition: whatever wakes it makes it fire.
    pub(crate) is_plain: bool,
}

/// What people know a rule by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleInfo {
    /// Its id.
    pub id: RuleId,
    /// What it does.
    pub effect: Effect,
    /// Where it is written: `support.toml:12`.
    pub origin: String,
    /// When it stops to exist.
    pub expires: Option<Timestamp>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// What its author wants readers to know.
    pub note: Option<String>,
}

/// What a rule does when it fires.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Names a class that may be handled.
    Permit(Class),
    /// Forces escalation; the name of the restriction.
    Restrict(String),
}

impl RuleInfo {
    /// Whether it has not expired.
    pub fn exists(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }
}

impl Effect {
    /// The views in which `any`, `all` and `where` may match.
    pub(crate) fn positive_views(&self) -> ViewSet {
        positive_views(self.restricts())
    }

    /// The views in which `none` may match.
    pub(crate) fn negative_views(&self) -> ViewSet {
        negative_views(self.restricts())
    }

    fn restricts(&self) -> bool {
        matches!(self, Self::Restrict(_))
    }
}

/// The views in which `any`, `all` and `where` of a rule may match: what helps to handle must match raw.
fn positive_views(restricts: bool) -> ViewSet {
    if restricts { ViewSet::EITHER } else { ViewSet::RAW }
}

/// The views in which `none` of a rule may match: what helps to handle must not hide in the folded view.
fn negative_views(restricts: bool) -> ViewSet {
    if restricts { ViewSet::RAW } else { ViewSet::EITHER }
}

/// A class, with what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassSpec {
    /// Its name.
    pub class: Class,
    /// What it means, in a line.
    pub description: Option<String>,
    /// How many of its rules must fire.
    pub witnesses: usize,
    /// The most words that a message may have.
    pub words_max: Option<usize>,
    /// The words that it knows, and how many others a message may have.
    pub vocabulary: Option<Vocabulary>,
}

/// The words that a class knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    /// As the raw view has them.
    pub words: BTreeSet<String>,
    /// The most distinct words beside them that a message may have.
    pub unknown_max: usize,
}

/// A restriction: a name that restricting rules share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restriction {
    /// Its name.
    pub name: String,
    /// What it means, in a line.
    pub description: Option<String>,
}

/// A channel, or all of a source, or all of a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(crate) struct ChannelFilter {
    /// `None` is `*`.
    pub(crate) source: Option<String>,
    /// `None` is `*`.
    pub(crate) name: Option<String>,
}

impl Pack {
    /// Makes the heads of the rules, which are not stored.
    pub(crate) fn with_heads(self) -> Self {
        Self { heads: Head::all(&self.rules, &self.patterns), ..self }
    }

    /// The digest of everything here that can change a verdict: not of comments, notes, origins or tests.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Every class, by name.
    pub fn classes(&self) -> impl Iterator<Item = &Class> {
        self.classes.iter().map(|spec| &spec.class)
    }

    /// The digest of what decides whether a message is of a class: its rules as meant, those that restrict, and the version of
    /// the language. What is known of the class's reliability is known of this.
    pub fn class_digest(&self, class: &Class) -> Option<Digest> {
        let at = self.classes.binary_search_by(|spec| spec.class.cmp(class)).ok()?;
        self.class_digests.get(at).copied()
    }

    /// What a class asks for.
    pub fn class(&self, class: &Class) -> Option<&ClassSpec> {
        let at = self.classes.binary_search_by(|spec| spec.class.cmp(class)).ok()?;
        self.classes.get(at)
    }

    /// Every restriction, by name.
    pub fn restrictions(&self) -> impl Iterator<Item = &str> {
        self.restrictions.iter().map(|restriction| restriction.name.as_str())
    }

    /// A restriction by name.
    pub fn restriction(&self, name: &str) -> Option<&Restriction> {
        self.restrictions.iter().find(|restriction| restriction.name == name)
    }

    /// A rule by its id.
    pub fn rule(&self, id: &RuleId) -> Option<&RuleInfo> {
        let at = self.infos.binary_search_by(|info| info.id.cmp(id)).ok()?;
        self.infos.get(at)
    }

    /// Every rule, by id.
    pub fn rules(&self) -> impl Iterator<Item = &RuleInfo> {
        self.infos.iter()
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// About how much memory it takes, in bytes, the names of its rules and classes aside.
    pub fn memory_bytes(&self) -> usize {
        let programs = self.patterns.iter().map(|pattern| match &pattern.matcher {
            pattern::Matcher::Regex { program, .. } => program.bytes(),
            pattern::Matcher::Phrase | pattern::Matcher::Gap => 0,
        });
        self.phrases.bytes()
            + self.gaps.bytes()
            + self.literals.bytes()
            + self.alphabets.bytes()
            + programs.sum::<usize>()
            + self.patterns.len() * size_of::<Pattern>()
            + self.rules.len() * (size_of::<Rule>() + size_of::<Head>() + size_of::<RuleInfo>())
    }

    /// Whether there is no rule: every message escalates.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

impl fmt::Debug for Pack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pack({}, {} rules)", self.digest.short(), self.rules.len())
    }
}

impl Rule {
    /// Whether the rule exists on a channel, at a time.
    pub(crate) fn applies(&self, channel: &Channel, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| now < expires)
            && (self.channels.is_empty() || self.channels.iter().any(|filter| filter.covers(channel)))
    }

    /// Whether it restricts.
    pub(crate) fn restricts(&self) -> bool {
        self.class.is_none()
    }

    /// The views in which `any`, `all` and `where` may match.
    pub(crate) fn positive_views(&self) -> ViewSet {
        positive_views(self.restricts())
    }

    /// The views in which `none` may match: what helps to handle must not hide in the folded view.
    pub(crate) fn negative_views(&self) -> ViewSet {
        negative_views(self.restricts())
    }
}

impl ChannelFilter {
    /// Whether a channel is one of those meant.
    pub(crate) fn covers(&self, channel: &Channel) -> bool {
        let (source, name) = channel.as_str().split_once('.').unwrap_or((channel.as_str(), ""));
        self.source.as_deref().is_none_or(|wanted| wanted == source)
            && self.name.as_deref().is_none_or(|wanted| wanted == name)
    }
}

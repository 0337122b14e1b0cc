//! Rules and classes, as stored.

use super::Wrong;
use crate::class::{Class, RuleId};
use crate::pack::comparison::{Against, Comparison, Day, Decimal, Operator};
use crate::pack::{ChannelFilter, ClassSpec, Effect, Rule, RuleInfo, Vocabulary};
use jiff::Timestamp;
use jiff::civil::Date;

/// A [`Rule`], as stored.
#[derive(Debug, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(super) struct StoredRule {
    class: Option<u32>,
    channels: Vec<ChannelFilter>,
    any: Box<[u32]>,
    all: Box<[u32]>,
    none: Box<[u32]>,
    comparisons: Vec<StoredComparison>,
    expires: Option<StoredTime>,
    is_plain: bool,
}

/// A [`RuleInfo`], as stored.
#[derive(Debug, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(super) struct StoredInfo {
    id: String,
    effect: StoredEffect,
    origin: String,
    expires: Option<StoredTime>,
    owner: Option<String>,
    note: Option<String>,
}

/// An [`Effect`], as stored.
#[derive(Debug, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
enum StoredEffect {
    Permit(String),
    Restrict(String),
}

/// A [`ClassSpec`], as stored. Counts that no text can reach are the largest number.
#[derive(Debug, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(super) struct StoredClass {
    class: String,
    description: Option<String>,
    witnesses: u64,
    words_max: Option<u64>,
    vocabulary: Option<StoredVocabulary>,
}

/// A [`Vocabulary`], as stored.
#[derive(Debug, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
struct StoredVocabulary {
    /// In order.
    words: Vec<String>,
    unknown_max: u64,
}

/// A [`Comparison`], as stored.
#[derive(Debug, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
struct StoredComparison {
    group: String,
    operator: Operator,
    against: StoredAgainst,
    written: String,
}

/// An [`Against`], as stored.
#[derive(Debug, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
enum StoredAgainst {
    Number(Decimal),
    Date { year: i16, month: i8, day: i8 },
    FromToday(i32),
    Length(u64),
}

/// A time, as stored: since the epoch, both of one sign.
#[derive(Clone, Copy, Debug, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
struct StoredTime {
    seconds: i64,
    nanos: i32,
}

impl StoredRule {
    pub(super) fn of(rule: &Rule) -> Self {
        Self {
            class: rule.class,
            channels: rule.channels.clone(),
            any: rule.any.clone(),
            all: rule.all.clone(),
            none: rule.none.clone(),
            comparisons: rule.comparisons.iter().map(StoredComparison::of).collect(),
            expires: rule.expires.map(StoredTime::of),
            is_plain: rule.is_plain,
        }
    }

    pub(super) fn into_rule(self) -> Result<Rule, Wrong> {
        Ok(Rule {
            class: self.class,
            channels: self.channels,
            any: self.any,
            all: self.all,
            none: self.none,
            comparisons: self
                .comparisons
                .into_iter()
                .map(StoredComparison::into_comparison)
                .collect::<Result<_, _>>()?,
            expires: self.expires.map(StoredTime::into_timestamp).transpose()?,
            is_plain: self.is_plain,
        })
    }
}

impl StoredInfo {
    pub(super) fn of(info: &RuleInfo) -> Self {
        Self {
            id: info.id.as_str().to_owned(),
            effect: match &info.effect {
                Effect::Permit(class) => StoredEffect::Permit(class.as_str().to_owned()),
                Effect::Restrict(name) => StoredEffect::Restrict(name.clone()),
            },
            origin: info.origin.clone(),
            expires: info.expires.map(StoredTime::of),
            owner: info.owner.clone(),
            note: info.note.clone(),
        }
    }

    pub(super) fn into_info(self) -> Result<RuleInfo, Wrong> {
        Ok(RuleInfo {
            id: RuleId::parse(&self.id).map_err(|error| format!("of a rule's id: {error}"))?,
            effect: match self.effect {
                StoredEffect::Permit(class) => Effect::Permit(parse_class(&class)?),
                StoredEffect::Restrict(name) => Effect::Restrict(name),
            },
            origin: self.origin,
            expires: self.expires.map(StoredTime::into_timestamp).transpose()?,
            owner: self.owner,
            note: self.note,
        })
    }
}

impl StoredClass {
    pub(super) fn of(spec: &ClassSpec) -> Self {
        let vocabulary = |vocabulary: &Vocabulary| StoredVocabulary {
            words: vocabulary.words.iter().cloned().collect(),
            unknown_max: vocabulary.unknown_max as u64,
        };
        Self {
            class: spec.class.as_str().to_owned(),
            description: spec.description.clone(),
            witnesses: spec.witnesses as u64,
            words_max: spec.words_max.map(|most| most as u64),
            vocabulary: spec.vocabulary.as_ref().map(vocabulary),
        }
    }

    pub(super) fn into_class(self) -> Result<ClassSpec, Wrong> {
        Ok(ClassSpec {
            class: parse_class(&self.class)?,
            description: self.description,
            witnesses: count(self.witnesses),
            words_max: self.words_max.map(count),
            vocabulary: self.vocabulary.map(StoredVocabulary::into_vocabulary).transpose()?,
        })
    }
}

impl StoredVocabulary {
    fn into_vocabulary(self) -> Result<Vocabulary, Wrong> {
        if !self.words.is_sorted_by(|one, next| one < next) {
            return Err("the words of a vocabulary are out of order".to_owned());
        }
        Ok(Vocabulary { words: self.words.into_iter().collect(), unknown_max: count(self.unknown_max) })
    }
}

impl StoredComparison {
    fn of(comparison: &Comparison) -> Self {
        Self {
            group: comparison.group.clone(),
            operator: comparison.operator,
            against: match comparison.against {
                Against::Number(number) => StoredAgainst::Number(number),
                Against::Day(Day::Fixed(day)) => {
                    StoredAgainst::Date { year: day.year(), month: day.month(), day: day.day() }
                }
                Against::Day(Day::FromToday(days)) => StoredAgainst::FromToday(days),
                Against::Length(length) => StoredAgainst::Length(length as u64),
            },
            written: comparison.written.clone(),
        }
    }

    fn into_comparison(self) -> Result<Comparison, Wrong> {
        Ok(Comparison {
            group: self.group,
            operator: self.operator,
            against: match self.against {
                StoredAgainst::Number(number) => Against::Number(number),
                StoredAgainst::Date { year, month, day } => Against::Day(Day::Fixed(
                    Date::new(year, month, day).map_err(|_| "a date is not of the calendar".to_owned())?,
                )),
                StoredAgainst::FromToday(days) => Against::Day(Day::FromToday(days)),
                StoredAgainst::Length(length) => Against::Length(count(length)),
            },
            written: self.written,
        })
    }
}

impl StoredTime {
    fn of(time: Timestamp) -> Self {
        Self { seconds: time.as_second(), nanos: time.subsec_nanosecond() }
    }

    fn into_timestamp(self) -> Result<Timestamp, Wrong> {
        Timestamp::new(self.seconds, self.nanos).map_err(|_| "a time is not of the calendar".to_owned())
    }
}

fn parse_class(name: &str) -> Result<Class, Wrong> {
    Class::parse(name).map_err(|error| format!("of a class: {error}"))
}

fn count(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

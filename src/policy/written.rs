//! The policy as written: `config/policy.toml`, key by key.

pub mod action;
pub mod cap;
pub mod sampling;

use crate::class::is_name;
use crate::diagnostic::table::{Placed, Table, read_file};
use crate::diagnostic::{Location, Report, SourceFile};
use crate::policy::level::Level;
use action::{WrittenAction, WrittenActionType};
use cap::WrittenCap;
use sampling::WrittenReview;
use std::sync::Arc;

/// The oldest message that a policy may still handle: a year, in seconds.
pub const MAX_AGE_S_MAX: u64 = 31_536_000;

/// What may happen, per class and channel.
#[derive(Debug, Default, schemars::JsonSchema)]
#[schemars(title = "Decile: policy.toml", deny_unknown_fields)]
pub struct WrittenPolicy {
    /// What holds where a class does not say otherwise.
    #[schemars(default)]
    pub defaults: WrittenDefaults,
    /// Desks beside `human` and `orchestrator`: who gets escalations.
    #[schemars(default)]
    pub desk: Vec<WrittenDesk>,
    /// Which desk gets what a restricting rule holds back.
    #[schemars(default)]
    pub restriction: Vec<WrittenRestriction>,
    /// Types of actions: your own, or built-in ones made stricter.
    #[schemars(default)]
    pub action: Vec<WrittenActionType>,
    /// How many outward actions there may be. Those that happen by themselves need one of their class, and one in total.
    #[schemars(default)]
    pub cap: Vec<WrittenCap>,
    /// How much of what is handled a person looks at afterwards.
    #[schemars(default)]
    pub review: WrittenReview,
    /// What may happen to each class.
    #[schemars(default)]
    pub class: Vec<WrittenClass>,
    /// What makes levels above 1 valid: written by `decile promote`, and signed.
    #[schemars(default)]
    pub promotion: Vec<WrittenSigned>,
    /// What makes promotions stay valid although rules have changed: written by `decile uphold`, and signed.
    #[schemars(default)]
    pub upholding: Vec<WrittenSigned>,
}

/// What an operator signed, as a command writes it.
#[derive(Debug, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenSigned {
    /// What an operator signed.
    #[schemars(required)]
    pub signed: Option<Placed<String>>,
}

/// What holds where a class does not say otherwise.
#[derive(Debug, Default, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenDefaults {
    /// The trust level: 0 suggest, 1 draft (the default), 2 routine, 3 bounded.
    pub level: Option<Placed<Level>>,
    /// The desk; `human` by default.
    pub desk: Option<Placed<String>>,
    /// The oldest message that may be handled, in seconds; a day by default.
    #[schemars(range(min = 1, max = 31_536_000))]
    pub max_age_s: Option<Placed<u64>>,
}

/// A desk.
#[derive(Debug, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenDesk {
    /// Its name: letters, digits, `_` and `-`.
    #[schemars(required)]
    pub name: Option<Placed<String>>,
    /// Who that is, in a line.
    pub description: Option<Placed<String>>,
    /// How long it has to answer an escalation, in seconds; as long as it likes, where this is absent.
    #[schemars(range(min = 1, max = 31_536_000))]
    pub deadline_s: Option<Placed<u64>>,
    /// What happens then: `remind` (the default), `reroute` or `expire`. Acting anyway is not among it.
    pub overdue: Option<Placed<String>>,
    /// Who gets it then, of `reroute`.
    pub reroute_to: Option<Placed<String>>,
}

/// A restriction's desk.
#[derive(Debug, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenRestriction {
    /// What the rules say behind `restrict =`.
    #[schemars(required)]
    pub name: Option<Placed<String>>,
    /// Who gets it.
    #[schemars(required)]
    pub desk: Option<Placed<String>>,
}

/// What may happen to one class.
#[derive(Debug, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenClass {
    /// The class, as the rules name it.
    #[schemars(required)]
    pub name: Option<Placed<String>>,
    /// The trust level: 0 suggest, 1 draft, 2 routine, 3 bounded.
    pub level: Option<Placed<Level>>,
    /// The desk that gets its escalations.
    pub desk: Option<Placed<String>>,
    /// The oldest message that may be handled, in seconds.
    #[schemars(range(min = 1, max = 31_536_000))]
    pub max_age_s: Option<Placed<u64>>,
    /// What to do; an internal note by default.
    pub action: Option<WrittenAction>,
    /// Of a hundred handled messages, how many a person looks at afterwards; as `[review]` says by default.
    #[schemars(range(min = 0, max = 100))]
    pub review_percent: Option<Placed<u64>>,
    /// Whether it goes back to level 1 where its share of escalations drifts; otherwise that only raises an alarm.
    pub drift_demotes: Option<Placed<bool>>,
    /// What is different on single channels.
    #[schemars(default)]
    pub channel: Vec<WrittenClassChannel>,
    /// Where the entry stands.
    #[schemars(skip)]
    pub at: Location,
}

/// What is different for a class on one channel; what it leaves out holds as for the class.
#[derive(Debug, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenClassChannel {
    /// The channel, as `channels.toml` names it.
    #[schemars(required)]
    pub name: Option<Placed<String>>,
    /// The trust level: 0 suggest, 1 draft, 2 routine, 3 bounded.
    pub level: Option<Placed<Level>>,
    /// The desk that gets its escalations.
    pub desk: Option<Placed<String>>,
    /// The oldest message that may be handled, in seconds.
    #[schemars(range(min = 1, max = 31_536_000))]
    pub max_age_s: Option<Placed<u64>>,
    /// What to do, in place of the class's action.
    pub action: Option<WrittenAction>,
    /// Where the entry stands.
    #[schemars(skip)]
    pub at: Location,
}

impl WrittenPolicy {
    /// Reads a policy; every mistake goes to the report.
    pub fn read(file: &Arc<SourceFile>, report: &Report) -> Self {
        read_file(file, report, |table| Self {
            defaults: table.table("defaults", WrittenDefaults::read).unwrap_or_default(),
            desk: table.tables("desk", WrittenDesk::read),
            restriction: table.tables("restriction", WrittenRestriction::read),
            action: table.tables("action", WrittenActionType::read),
            cap: table.tables("cap", WrittenCap::read),
            review: table.table("review", WrittenReview::read).unwrap_or_default(),
            class: table.tables("class", WrittenClass::read),
            promotion: table.tables("promotion", WrittenSigned::read),
            upholding: table.tables("upholding", WrittenSigned::read),
        })
    }
}

impl WrittenSigned {
    /// The entry of a promotion, as text for the end of the file.
    pub fn promotion(signed: &str) -> String {
        Self::entry("promotion", signed)
    }

    /// The entry of an upholding, as text for the end of the file.
    pub fn upholding(signed: &str) -> String {
        Self::entry("upholding", signed)
    }

    fn entry(key: &str, signed: &str) -> String {
        format!("\n[[{key}]]\nsigned = {}\n", toml::Value::from(signed))
    }

    fn read(table: &Table<'_>) -> Self {
        Self { signed: table.required_string("signed") }
    }
}

impl WrittenDefaults {
    fn read(table: &Table<'_>) -> Self {
        Self { level: level(table), desk: name(table, "desk"), max_age_s: max_age_s(table) }
    }
}

impl WrittenDesk {
    fn read(table: &Table<'_>) -> Self {
        Self {
            name: required_name(table, "name"),
            description: table.string("description"),
            deadline_s: table.integer("deadline_s", 1..=MAX_AGE_S_MAX),
            overdue: table.string("overdue"),
            reroute_to: name(table, "reroute_to"),
        }
    }
}

impl WrittenRestriction {
    fn read(table: &Table<'_>) -> Self {
        Self { name: required_name(table, "name"), desk: required_name(table, "desk") }
    }
}

impl WrittenClass {
    fn read(table: &Table<'_>) -> Self {
        Self {
            name: required_name(table, "name"),
            level: level(table),
            desk: name(table, "desk"),
            max_age_s: max_age_s(table),
            action: table.table("action", WrittenAction::read),
            review_percent: sampling::percent(table, "review_percent"),
            drift_demotes: table.boolean("drift_demotes"),
            channel: table.tables("channel", WrittenClassChannel::read),
            at: table.at(),
        }
    }
}

impl WrittenClassChannel {
    fn read(table: &Table<'_>) -> Self {
        Self {
            name: table.required_string("name"),
            level: level(table),
            desk: name(table, "desk"),
            max_age_s: max_age_s(table),
            action: table.table("action", WrittenAction::read),
            at: table.at(),
        }
    }
}

/// A name that must be there.
fn required_name(table: &Table<'_>, key: &'static str) -> Option<Placed<String>> {
    checked(table, key, table.required_string(key)?)
}

/// A name, if the key is there.
fn name(table: &Table<'_>, key: &'static str) -> Option<Placed<String>> {
    checked(table, key, table.string(key)?)
}

fn checked(table: &Table<'_>, key: &str, name: Placed<String>) -> Option<Placed<String>> {
    if is_name(&name.value) {
        return Some(name);
    }
    let message = format!("`{}` cannot be a {key}", name.value);
    table.report().error("bad-name", &name.at, message, "use 1 to 64 letters, digits, `_` or `-`");
    None
}

fn max_age_s(table: &Table<'_>) -> Option<Placed<u64>> {
    table.integer("max_age_s", 1..=MAX_AGE_S_MAX)
}

/// A level; a number above 3 deserves its own answer.
fn level(table: &Table<'_>) -> Option<Placed<Level>> {
    let raw = table.raw("level")?;
    let at = raw.at();
    let written = at.file().text().get(at.span()).and_then(|text| text.parse::<u64>().ok());
    if let Some(number @ 4..) = written {
        table.report().error(
            "no-such-level",
            &at,
            format!("there is no level {number}"),
            "use 0 (suggest), 1 (draft), 2 (routine) or 3 (bounded): there is no full autonomy in Decile",
        );
        return None;
    }
    let number = raw.integer("level", 0..=3)?;
    Level::from_number(number.value).map(|level| Placed::new(level, number.at))
}

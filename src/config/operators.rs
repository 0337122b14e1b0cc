//! `operators.toml`: who may sign what, as written. Public keys only: a seed in it is a mistake that is named as one.

use crate::authority::{Authority, Deployment, GrantRight, KeyError, Operator, PublicKey, Scope};
use crate::channel::Channel;
use crate::class::ActionType;
use crate::diagnostic::table::{Placed, Table, read_file};
use crate::diagnostic::value::suggestion;
use crate::diagnostic::{Location, Report, SourceFile};
use crate::policy::Desk;
use crate::policy::resolve::Known;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The longest that a grant may stand where the file does not say, in hours: a week.
const GRANT_H_MAX: u64 = 168;
/// The longest that any file may allow, in hours: a year.
const GRANT_H_MAX_MAX: u64 = 8_784;

/// Who may sign what.
#[derive(Debug, Default, schemars::JsonSchema)]
#[schemars(title = "Decile: operators.toml", deny_unknown_fields)]
pub struct WrittenOperators {
    /// The id of this deployment; what is signed for one means nothing in another.
    #[schemars(required)]
    pub deployment: Option<Placed<String>>,
    /// The longest that a grant may stand, in hours; a week by default.
    #[schemars(range(min = 1, max = 8_784))]
    pub grant_h_max: Option<Placed<u64>>,
    /// The people.
    #[schemars(default)]
    pub operator: Vec<WrittenOperator>,
}

/// A person who may sign.
#[derive(Debug, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenOperator {
    /// The name that listings show.
    #[schemars(required)]
    pub name: Option<Placed<String>>,
    /// Their public key, `O…`: `decile key new` prints it.
    #[schemars(required)]
    pub key: Option<Placed<String>>,
    /// What they may grant.
    #[schemars(default)]
    pub grants: Vec<WrittenGrantRight>,
    /// The desks whose escalations they may rule on; `*` is all.
    #[schemars(default)]
    pub rulings: Vec<Placed<String>>,
    /// Whether a ruling of theirs may let out an action that cannot be undone; `false` by default.
    pub irreversible: Option<Placed<bool>>,
    /// Whether they may promote; `false` by default.
    pub promotions: Option<Placed<bool>>,
    /// Whether they may end a halt; `false` by default.
    pub resume: Option<Placed<bool>>,
    /// Where the entry stands.
    #[schemars(skip)]
    pub at: Location,
}

/// Some types of actions on some channels.
#[derive(Debug, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenGrantRight {
    /// The channels; `*` is all. `decile.canary` is reserved for what `decile setup` places.
    #[schemars(required)]
    pub channels: Vec<Placed<String>>,
    /// The types of actions; `*` is all.
    #[schemars(required)]
    pub types: Vec<Placed<String>>,
}

impl WrittenOperators {
    /// Reads the file; every mistake goes to the report.
    pub fn read(file: &Arc<SourceFile>, report: &Report) -> Self {
        read_file(file, report, |table| Self {
            deployment: table.required_string("deployment"),
            grant_h_max: table.integer("grant_h_max", 1..=GRANT_H_MAX_MAX),
            operator: table.tables("operator", WrittenOperator::read),
        })
    }

    /// As meant: every key checked, every name looked up.
    pub(super) fn resolve(&self, known: &Known<'_>, report: &Report) -> Authority {
        let names = self.operator.iter().filter_map(|operator| operator.name.as_ref());
        let _ = crate::policy::resolve::unique("operator", names, report);
        let keys = self.operator.iter().filter_map(|operator| operator.key.as_ref());
        let _ = crate::policy::resolve::unique("key", keys, report);
        let operators: BTreeMap<PublicKey, Operator> =
            self.operator.iter().filter_map(|operator| operator.resolve(known, report)).collect();
        let hours = self.grant_h_max.as_ref().map_or(GRANT_H_MAX, |hours| hours.value);
        match self.deployment(report) {
            Some(deployment) => Authority { deployment, operators, grant_max: Duration::from_secs(hours * 3_600) },
            None => Authority::nobody(),
        }
    }

    fn deployment(&self, report: &Report) -> Option<Deployment> {
        let written = self.deployment.as_ref()?;
        let parsed = Deployment::parse(&written.value).ok();
        if parsed.is_none() {
            let message = format!("`{}` cannot be a deployment's id", written.value);
            report.error("bad-name", &written.at, message, "use 1 to 64 letters, digits, `_` or `-`: `production`");
        }
        parsed
    }
}

impl WrittenOperator {
    fn read(table: &Table<'_>) -> Self {
        Self {
            name: table.required_string("name"),
            key: table.required_string("key"),
            grants: table.tables("grants", WrittenGrantRight::read),
            rulings: table.strings("rulings"),
            irreversible: table.boolean("irreversible"),
            promotions: table.boolean("promotions"),
            resume: table.boolean("resume"),
            at: table.at(),
        }
    }

    fn resolve(&self, known: &Known<'_>, report: &Report) -> Option<(PublicKey, Operator)> {
        let key = self.key.as_ref().and_then(|key| public_key(key, report));
        let desks = Scope::of(&self.rulings, |desk| named_desk(desk, report));
        let grants = self.grants.iter().map(|right| right.resolve(known, report)).collect();
        let is_set = |flag: &Option<Placed<bool>>| flag.as_ref().is_some_and(|flag| flag.value);
        let operator = Operator {
            name: self.name.as_ref()?.value.clone(),
            grants,
            rulings: desks,
            irreversible: is_set(&self.irreversible),
            promotions: is_set(&self.promotions),
            resume: is_set(&self.resume),
        };
        Some((key?, operator))
    }
}

impl WrittenGrantRight {
    fn read(table: &Table<'_>) -> Self {
        Self { channels: table.strings("channels"), types: table.strings("types") }
    }

    fn resolve(&self, known: &Known<'_>, report: &Report) -> GrantRight {
        GrantRight {
            channels: Scope::of(&self.channels, |name| known_channel(name, known, report)),
            types: Scope::of(&self.types, |name| action_type(name, report)),
        }
    }
}

impl<T> Scope<T> {
    /// `*` is all, whatever else stands beside it.
    fn of(written: &[Placed<String>], read: impl Fn(&Placed<String>) -> Option<T>) -> Self {
        if written.iter().any(|name| name.value == "*") {
            return Self::All;
        }
        Self::These(written.iter().filter_map(read).collect())
    }
}

fn public_key(written: &Placed<String>, report: &Report) -> Option<PublicKey> {
    match PublicKey::parse(&written.value) {
        Ok(key) => Some(key),
        // The value is not repeated: it may be a seed.
        Err(error) => {
            let is_seed = written.value.starts_with('S');
            let (message, help) = if is_seed {
                ("this is a seed, and must not be here", "write its public key, and make a new one: this one is spent")
            } else {
                ("this is no operator's public key", "write the one that `decile key new` printed, `O…`")
            };
            let message = if error == KeyError::Type { error.to_string() } else { message.to_owned() };
            report.error("bad-key", &written.at, message, help);
            None
        }
    }
}

fn known_channel(name: &Placed<String>, known: &Known<'_>, report: &Report) -> Option<Channel> {
    let reserved = Channel::canary().ok().filter(|channel| channel.as_str() == name.value);
    if reserved.is_some() {
        return reserved;
    }
    let channels = known.channels?;
    let channel = Channel::parse(&name.value).ok().filter(|channel| channels.contains(channel));
    if channel.is_none() {
        let names: Vec<&str> = channels.iter().map(Channel::as_str).collect();
        let message = format!("no channel is named `{}`", name.value);
        report.error("unknown-channel", &name.at, message, suggestion(&name.value, &names));
    }
    channel
}

fn action_type(name: &Placed<String>, report: &Report) -> Option<ActionType> {
    let parsed = ActionType::parse(&name.value).ok();
    if parsed.is_none() {
        let message = format!("`{}` cannot be a type of action", name.value);
        report.error("bad-name", &name.at, message, "use 1 to 64 letters, digits, `_` or `-`; `*` is all");
    }
    parsed
}

fn named_desk(name: &Placed<String>, report: &Report) -> Option<Desk> {
    let parsed = Desk::parse(&name.value).ok();
    if parsed.is_none() {
        let message = format!("`{}` cannot be a desk", name.value);
        report.error("bad-name", &name.at, message, "use 1 to 64 letters, digits, `_` or `-`; `*` is all");
    }
    parsed
}

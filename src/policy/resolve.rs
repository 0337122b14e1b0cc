//! From the policy as written to the policy as meant: every default filled in, every name looked up.

mod actions;
pub(crate) mod canonical;
mod caps;
mod desks;
#[cfg(test)]
mod tests;

use super::action::{Action, Nature, Reversibility};
use super::cap::Cap;
use super::level::Level;
use super::written::{WrittenClass, WrittenClassChannel, WrittenPolicy, WrittenSigned};
use super::{ClassPolicy, Desk, Line, Policy, Sampling, Tenure};
use crate::channel::Channel;
use crate::class::{ActionType, Class};
use crate::diagnostic::table::Placed;
use crate::diagnostic::value::suggestion;
use crate::diagnostic::{Location, Report};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

/// Desks that need no declaration; the first is the default.
pub const BUILT_IN_DESKS: [&str; 2] = ["human", "orchestrator"];

/// The oldest message that may be handled where the policy does not say.
const MAX_AGE: Duration = Duration::from_secs(86_400);

/// The origin of lines that no file has.
const BUILT_IN: &str = "built in";

/// What the rules name.
#[derive(Clone, Copy, Debug)]
pub struct RuleNames<'a> {
    /// Their classes.
    pub classes: &'a BTreeSet<Class>,
    /// Their restrictions.
    pub restrictions: &'a BTreeSet<String>,
}

/// What the other files define and a policy refers to.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// What the rules name; `None` where they could not be compiled, and nothing can be said of names.
    pub rules: Option<RuleNames<'a>>,
    /// The channels; `None` where their file could not be read, and nothing can be said of names.
    pub channels: Option<&'a BTreeSet<Channel>>,
    /// The longest draft, in bytes.
    pub draft_bytes_max: usize,
}

/// Resolves a policy. Mistakes go to the report; while it has errors, what is returned must not be used.
pub fn resolve(written: &WrittenPolicy, known: &Known<'_>, report: &Report) -> Policy {
    let mut resolver = Resolver {
        report,
        known,
        natures: actions::natures(&written.action, report),
        desks: desks(written, report),
        caps: Vec::new(),
    };
    resolver.caps = resolver.caps(&written.cap);
    let defaults = resolver.defaults(written);
    let mut policy = Policy {
        digest: crate::digest::Digest::of(canonical::LABEL, []),
        default_desk: defaults.desk.clone(),
        restriction_desks: resolver.restriction_desks(written),
        classes: resolver.classes(written, &defaults),
        caps: resolver.caps.clone(),
        natures: resolver.declared(),
        inverses: actions::inverses(&written.action, report),
        deadlines: resolver.deadlines(&written.desk),
        unlisted: Line { level: defaults.level.min(Level::Draft), ..defaults },
        sampling: sampling(written),
        drift_demotes: drift_demotes(written),
        promotions: signed(&written.promotion),
        upholdings: signed(&written.upholding),
    };
    policy.digest = canonical::digest(&policy);
    policy
}

fn signed(entries: &[WrittenSigned]) -> Vec<String> {
    entries.iter().filter_map(|it| Some(it.signed.as_ref()?.value.clone())).collect()
}

/// All that lines are resolved with.
struct Resolver<'a> {
    report: &'a Report,
    known: &'a Known<'a>,
    natures: BTreeMap<String, Nature>,
    desks: BTreeSet<String>,
    /// Resolved first: lines are checked against them.
    caps: Vec<Cap>,
}

/// One entry of the file, resolved by itself: what it leaves out is `None`.
#[derive(Clone)]
struct Entry {
    level: Option<Placed<Level>>,
    desk: Option<Desk>,
    max_age: Option<Duration>,
    action: Option<Placed<Action>>,
    at: Location,
}

impl Resolver<'_> {
    /// The line that holds where a class says nothing.
    fn defaults(&self, written: &WrittenPolicy) -> Line {
        let defaults = &written.defaults;
        Line {
            level: defaults.level.as_ref().map_or(Level::Draft, |level| level.value),
            action: self.action_without_arguments(ActionType::note()),
            max_age: defaults.max_age_s.as_ref().map_or(MAX_AGE, seconds),
            desk: self.desk(defaults.desk.as_ref()).unwrap_or_else(Desk::human),
            origin: BUILT_IN.to_owned(),
            tenure: Tenure::default(),
        }
    }

    fn restriction_desks(&self, written: &WrittenPolicy) -> BTreeMap<String, Desk> {
        let names = written.restriction.iter().filter_map(|restriction| restriction.name.as_ref());
        let _ = unique("restriction", names, self.report);
        let mut desks = BTreeMap::new();
        for restriction in &written.restriction {
            let (name, desk) = (restriction.name.as_ref(), self.desk(restriction.desk.as_ref()));
            if let (Some(name), Some(desk)) = (name.filter(|name| self.is_restriction(name)), desk) {
                desks.insert(name.value.clone(), desk);
            }
        }
        desks
    }

    fn is_restriction(&self, name: &Placed<String>) -> bool {
        let Some(rules) = self.known.rules else { return true };
        let known: Vec<&str> = rules.restrictions.iter().map(String::as_str).collect();
        self.is_known("unknown-restriction", "no rule restricts", name, &known)
    }

    fn classes(&self, written: &WrittenPolicy, defaults: &Line) -> BTreeMap<Class, ClassPolicy> {
        let _ = unique("class", written.class.iter().filter_map(|class| class.name.as_ref()), self.report);
        let resolved = written.class.iter().map(|class| (self.class(class), self.class_policy(class, defaults)));
        resolved.filter_map(|(class, lines)| Some((class?, lines))).collect()
    }

    fn class(&self, written: &WrittenClass) -> Option<Class> {
        let name = written.name.as_ref()?;
        let is_known = self.is_class(name);
        Class::parse(&name.value).ok().filter(|_| is_known)
    }

    fn is_class(&self, name: &Placed<String>) -> bool {
        self.known.rules.is_none_or(|rules| {
            let known: Vec<&str> = rules.classes.iter().map(Class::as_str).collect();
            self.is_known("unknown-class", "no rule names a class", name, &known)
        })
    }

    fn class_policy(&self, written: &WrittenClass, defaults: &Line) -> ClassPolicy {
        let _ = unique("channel", written.channel.iter().filter_map(|channel| channel.name.as_ref()), self.report);
        let class = self.entry_of_class(written);
        let name = written.name.as_ref().and_then(|name| Class::parse(&name.value).ok());
        let mut channels = BTreeMap::new();
        for channel in &written.channel {
            let entry = self.entry_of_channel(channel);
            let line = self.line(&entry, Some(&class), defaults);
            if let Some(channel) = self.channel(channel.name.as_ref()) {
                self.check_caps(&line, &entry, name.as_ref(), Some(&channel));
                channels.insert(channel, line);
            }
        }
        let everywhere = self.line(&class, None, defaults);
        self.check_caps(&everywhere, &class, name.as_ref(), None);
        ClassPolicy { everywhere, channels }
    }

    fn channel(&self, name: Option<&Placed<String>>) -> Option<Channel> {
        let name = name?;
        let known: Vec<&str> = self.known.channels?.iter().map(Channel::as_str).collect();
        let is_known = self.is_known("unknown-channel", "no channel is named", name, &known);
        Channel::parse(&name.value).ok().filter(|_| is_known)
    }

    fn entry_of_class(&self, written: &WrittenClass) -> Entry {
        Entry {
            level: written.level.clone(),
            desk: self.desk(written.desk.as_ref()),
            max_age: written.max_age_s.as_ref().map(seconds),
            action: written.action.as_ref().and_then(|action| self.action(action)),
            at: written.at.clone(),
        }
    }

    fn entry_of_channel(&self, written: &WrittenClassChannel) -> Entry {
        Entry {
            level: written.level.clone(),
            desk: self.desk(written.desk.as_ref()),
            max_age: written.max_age_s.as_ref().map(seconds),
            action: written.action.as_ref().and_then(|action| self.action(action)),
            at: written.at.clone(),
        }
    }

    /// The line of an entry: what it leaves out is as in the entry below it, and then as in the defaults.
    fn line(&self, entry: &Entry, below: Option<&Entry>, defaults: &Line) -> Line {
        let level = entry.level.as_ref().or(below.and_then(|below| below.level.as_ref()));
        let action = entry.action.as_ref().or(below.and_then(|below| below.action.as_ref()));
        let desk = entry.desk.as_ref().or(below.and_then(|below| below.desk.as_ref()));
        let line = Line {
            level: level.map_or(defaults.level, |level| level.value),
            action: action.map_or_else(|| defaults.action.clone(), |action| action.value.clone()),
            max_age: entry.max_age.or(below.and_then(|below| below.max_age)).unwrap_or(defaults.max_age),
            desk: desk.unwrap_or(&defaults.desk).clone(),
            origin: origin(&entry.at),
            tenure: Tenure::default(),
        };
        // An entry that sets neither would only repeat what was said of the one below it.
        if below.is_none() || entry.level.is_some() || entry.action.is_some() {
            self.check_level(&line, entry);
        }
        line
    }

    /// Irreversible actions always wait for a person.
    fn check_level(&self, line: &Line, entry: &Entry) {
        if line.level <= Level::Draft || line.action.nature.reversibility != Reversibility::Irreversible {
            return;
        }
        let action = entry.action.as_ref().map(|action| &action.at);
        let at = entry.level.as_ref().map(|level| &level.at).or(action).unwrap_or(&entry.at);
        let (kind, level) = (&line.action.kind, line.level as u8);
        let message = format!("`{kind}` is irreversible and cannot be at level {level}");
        self.report.error("irreversible", at, message, "use level 1: an irreversible action always waits for a person");
    }

    fn desk(&self, name: Option<&Placed<String>>) -> Option<Desk> {
        let name = name?;
        let known: Vec<&str> = self.desks.iter().map(String::as_str).collect();
        let is_known = self.is_known("unknown-desk", "no desk is named", name, &known);
        Desk::parse(&name.value).ok().filter(|_| is_known)
    }

    fn is_known(&self, code: &'static str, what: &str, name: &Placed<String>, known: &[&str]) -> bool {
        let is_known = known.contains(&name.value.as_str());
        if !is_known {
            self.report.error(code, &name.at, format!("{what} `{}`", name.value), suggestion(&name.value, known));
        }
        is_known
    }
}

fn drift_demotes(written: &WrittenPolicy) -> BTreeSet<Class> {
    let demotes = |class: &&WrittenClass| class.drift_demotes.as_ref().is_some_and(|it| it.value);
    let name = |class: &WrittenClass| Class::parse(&class.name.as_ref()?.value).ok();
    written.class.iter().filter(demotes).filter_map(name).collect()
}

fn sampling(written: &WrittenPolicy) -> Sampling {
    let (review, usual) = (&written.review, Sampling::default());
    let number = |written: &Option<Placed<u64>>, usual| written.as_ref().map_or(usual, |it| it.value);
    let percent_of = |class: &WrittenClass| {
        Some((Class::parse(&class.name.as_ref()?.value).ok()?, class.review_percent.as_ref()?.value))
    };
    Sampling {
        percent: number(&review.percent, usual.percent),
        thin_percent: number(&review.thin_percent, usual.thin_percent),
        thin_answers: number(&review.thin_answers, usual.thin_answers),
        per_hour_max: u32::try_from(number(&review.per_hour_max, usual.per_hour_max.into())).unwrap_or(u32::MAX),
        deadline: review.deadline_s.as_ref().map_or(usual.deadline, seconds),
        classes: written.class.iter().filter_map(percent_of).collect(),
    }
}

fn desks(written: &WrittenPolicy, report: &Report) -> BTreeSet<String> {
    let names = unique("desk", written.desk.iter().filter_map(|desk| desk.name.as_ref()), report);
    names.into_iter().chain(BUILT_IN_DESKS).map(str::to_owned).collect()
}

/// The names, each once; the second of a name is a mistake.
pub(crate) fn unique<'a>(
    what: &str,
    names: impl Iterator<Item = &'a Placed<String>>,
    report: &Report,
) -> BTreeSet<&'a str> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names {
        if let Some(first) = seen.get(name.value.as_str()) {
            let message = format!("the {what} `{}` is there twice", name.value);
            report.error("duplicate", &name.at, message, format!("keep one: the first is in line {first}"));
        }
        seen.entry(&name.value).or_insert_with(|| name.at.line());
    }
    seen.into_keys().collect()
}

/// `policy.toml:12`: the file's name without its folder, so that decisions are the same wherever it lies.
fn origin(at: &Location) -> String {
    let file = Path::new(at.file().name()).file_name().unwrap_or_default();
    format!("{}:{}", file.to_string_lossy(), at.line())
}

fn seconds(written: &Placed<u64>) -> Duration {
    Duration::from_secs(written.value)
}

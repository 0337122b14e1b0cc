//! Rules whose own shortest message fires a rule of another class, or a restriction. It is asked of the pack,
//! by the evaluation that messages are decided by.

use super::sample::{self, Fields};
use super::{Findings, Lint, patterns_of};
use crate::channel::Channel;
use crate::class::RuleId;
use crate::classify::{ClassifyLimits, Scratch, fired};
use crate::diagnostic::Location;
use crate::message::{Field, Message};
use crate::pack::{ChannelFilter, Effect, Pack, RuleInfo};
use crate::rules::resolved::{Resolved, ResolvedRule};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// So many channels are tried for a rule that is for several.
const CHANNELS_MAX: usize = 8;
/// The most characters of a message that are shown.
const SHOWN_CHARS_MAX: usize = 80;

/// The shortest messages of all permitting rules.
pub(in crate::rules) struct Samples {
    rules: Vec<Sampled>,
    /// Every field that some rule reads: one that a message lacks would be unknown.
    fields: BTreeSet<Field>,
}

struct Sampled {
    info: RuleInfo,
    at: Location,
    channels: Vec<Channel>,
    messages: Vec<Fields>,
}

impl Samples {
    /// Makes them.
    pub(super) fn of(resolved: &Resolved) -> Self {
        let filters: BTreeSet<&ChannelFilter> = resolved.rules.iter().flat_map(|rule| &rule.channels).collect();
        let channels: Vec<Channel> = filters.into_iter().filter_map(channel).collect();
        let permitting = resolved.rules.iter().filter(|rule| matches!(rule.info.effect, Effect::Permit(_)));
        let rules = permitting.map(|rule| Sampled::of(rule, &channels)).collect();
        let fields = resolved.rules.iter().flat_map(patterns_of).map(|pattern| pattern.field.clone()).collect();
        Self { rules, fields }
    }

    /// Reports each rule once, with the first message that fires another too.
    pub(super) fn lint(&self, pack: &Pack, now: Timestamp, findings: &Findings<'_>) {
        let mut scratch = Scratch::new(pack);
        for rule in &self.rules {
            let mut known: BTreeSet<RuleId> = BTreeSet::new();
            let mut first = None;
            for (channel, fields) in rule.channels.iter().flat_map(|it| rule.messages.iter().map(move |m| (it, m))) {
                let message = self.message(channel, fields);
                let others = others(pack, &rule.info, &message, now, &mut scratch);
                known.extend(others.iter().map(|other| other.id.clone()));
                first = first.or_else(|| others.first().map(|other| (*other, message)));
            }
            if let Some((other, message)) = first {
                rule.report(other, known.len() - 1, &message, findings);
            }
        }
    }

    fn message(&self, channel: &Channel, fields: &Fields) -> Message {
        let mut message = Message::of(channel.clone(), "");
        for field in &self.fields {
            message.set(field, fields.get(field).cloned().unwrap_or_default());
        }
        message
    }
}

impl Sampled {
    fn of(rule: &ResolvedRule, channels: &[Channel]) -> Self {
        let is_covered = |channel: &&Channel| rule.channels.iter().any(|filter| filter.covers(channel));
        let mut own: Vec<Channel> = match rule.channels.is_empty() {
            true => Channel::parse("test.test").into_iter().chain(channels.iter().cloned()).collect(),
            false => channels.iter().filter(is_covered).cloned().collect(),
        };
        own.truncate(CHANNELS_MAX);
        Self { info: rule.info.clone(), at: rule.at.clone(), channels: own, messages: sample::messages(rule) }
    }

    /// `more` are the other rules that one of the messages fires.
    fn report(&self, other: &RuleInfo, more: usize, message: &Message, findings: &Findings<'_>) {
        let claims = match &other.effect {
            Effect::Permit(class) => format!("is also of the class `{class}`"),
            Effect::Restrict(restriction) => format!("is restricted by `{restriction}`"),
        };
        let text: String = message.text.chars().take(SHOWN_CHARS_MAX).collect();
        let more = if more > 0 { format!(", and messages like it fire {more} more") } else { String::new() };
        let wrong = format!(
            "the shortest message of `{}`, “{text}” on `{}`, {claims}: `{}` ({}){more}",
            self.info.id, message.channel, other.id, other.origin
        );
        findings.of_rule(Lint::Conflict, &self.info, &self.at, wrong);
    }
}

/// The rules with another effect that fire where the rule itself does.
fn others<'p>(
    pack: &'p Pack,
    rule: &RuleInfo,
    message: &Message,
    now: Timestamp,
    scratch: &mut Scratch,
) -> Vec<&'p RuleInfo> {
    let limits = ClassifyLimits { evidence_spans_max: usize::MAX, decision_steps_max: u64::MAX };
    let fired: Vec<RuleId> = fired(pack, message, now, &limits, scratch).unwrap_or_default();
    if !fired.contains(&rule.id) {
        return Vec::new();
    }
    fired.iter().filter_map(|id| pack.rule(id)).filter(|other| other.effect != rule.effect).collect()
}

/// A channel that a filter covers.
fn channel(filter: &ChannelFilter) -> Option<Channel> {
    let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "test".to_owned());
    Channel::parse(&format!("{}.{}", part(&filter.source), part(&filter.name))).ok()
}

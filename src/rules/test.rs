//! The tests beside the rules: messages that must, and that must not, make a rule fire.

use super::written::{Written, WrittenRule, WrittenTest};
use super::{comparison, moment};
use crate::channel::Channel;
use crate::class::RuleId;
use crate::classify::{ClassifyLimits, Scratch, fired};
use crate::diagnostic::table::Placed;
use crate::diagnostic::{Location, Report};
use crate::message::{Field, Message, Origin};
use crate::pack::Pack;
use crate::reason::Reason;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// All tests of a folder of rules.
#[derive(Clone, Debug, Default)]
pub struct Tests {
    tests: Vec<Test>,
}

/// One test.
#[derive(Clone, Debug)]
struct Test {
    rule: RuleId,
    at: Location,
    expected: Expected,
    message: Message,
    now: Timestamp,
}

/// What a test expects of its rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// It fires.
    Match,
    /// It does not fire.
    NoMatch,
}

/// A test that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Where the test stands.
    pub at: Location,
    /// The rule.
    pub rule: RuleId,
    /// What the test expects.
    pub expected: Expected,
    /// The text of its message.
    pub text: String,
    /// The rules that fired instead (or, with the rule itself among them, although it should not).
    pub fired: Vec<RuleId>,
    /// Why nothing could fire at all: `uninspectable` or `over_budget`.
    pub refused: Option<Reason>,
}

impl Tests {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.tests.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tests.is_empty()
    }

    /// Their messages, and when each arrives: for whoever wants to ask something else of them.
    pub fn messages(&self) -> impl Iterator<Item = (&Message, Timestamp)> {
        self.tests.iter().map(|test| (&test.message, test.now))
    }
}

/// Runs the tests by the evaluation that messages are decided by; the failures, in the order of the files.
pub fn run(pack: &Pack, tests: &Tests) -> Vec<Failure> {
    let limits = ClassifyLimits { evidence_spans_max: usize::MAX, decision_steps_max: u64::MAX };
    let mut scratch = Scratch::new(pack);
    tests.tests.iter().filter_map(|test| run_one(pack, test, &limits, &mut scratch)).collect()
}

fn run_one(pack: &Pack, test: &Test, limits: &ClassifyLimits, scratch: &mut Scratch) -> Option<Failure> {
    let (fired, refused) = match fired(pack, &test.message, test.now, limits, scratch) {
        Ok(fired) => (fired, None),
        Err(reason) => (Vec::new(), Some(reason)),
    };
    let found = if fired.contains(&test.rule) { Expected::Match } else { Expected::NoMatch };
    (found != test.expected).then(|| Failure {
        at: test.at.clone(),
        rule: test.rule.clone(),
        expected: test.expected,
        text: test.message.text.clone(),
        fired,
        refused,
    })
}

/// Resolves all tests of rules that are enabled; what is wrong is reported, also in those of the others.
pub(super) fn resolve(written: &Written, report: &Report) -> Tests {
    let mut tests = Vec::new();
    for rule in written.files.iter().flat_map(|file| &file.rules) {
        let id = rule.id.as_ref().and_then(|id| RuleId::parse(&id.value).ok());
        for test in &rule.tests {
            let resolved = resolve_one(rule, test, report);
            says_when(rule, test, report);
            let now = now(rule, test, report);
            if let (Some(rule), Some((expected, message)), true) = (&id, resolved, rule.is_enabled()) {
                tests.push(Test { rule: rule.clone(), at: test.at.clone(), expected, message, now });
            }
        }
    }
    Tests { tests }
}

fn resolve_one(rule: &WrittenRule, test: &WrittenTest, report: &Report) -> Option<(Expected, Message)> {
    let (expected, text) = match (&test.matches, &test.no_match) {
        (Some(text), None) => (Expected::Match, text),
        (None, Some(text)) => (Expected::NoMatch, text),
        _ => {
            let wrong = "a test has a `match` or a `no_match`, one of them";
            report.error("test-kind", &test.at, wrong, "write `{ match = \"…\" }` or `{ no_match = \"…\" }`");
            return None;
        }
    };
    let channel = channel(rule, test, report)?;
    let value = |written: &Option<Placed<String>>| written.as_ref().map(|text| text.value.clone());
    let mut message = Message {
        channel,
        id: None,
        sender: value(&test.sender),
        subject: value(&test.subject),
        text: text.value.clone(),
        sent_at: None,
        thread: None,
        attributes: by_name(&test.attributes, str::to_owned),
        headers: by_name(&test.headers, str::to_ascii_lowercase),
        origin: Origin::Person,
    };
    let absent: Vec<Field> = test.absent.iter().filter_map(|field| absent(field, report)).collect();
    fill(rule, &absent, &mut message);
    Some((expected, message))
}

/// The time that the test names, or a moment before the rule expires: a test says what a rule does while it
/// exists, and is no other next year.
fn now(rule: &WrittenRule, test: &WrittenTest, report: &Report) -> Timestamp {
    let given = test.now.as_ref().and_then(|written| moment::beginning(written, report));
    // What is wrong with `expires` is reported where the rule is resolved.
    let expires = || moment::expiry(rule.expires.as_ref()?, &Report::new());
    let before = |expires: Timestamp| expires.checked_sub(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MIN);
    given.or_else(|| expires().map(before)).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A test of a rule that looks at `today` says which day that is, or it would be another test every day.
fn says_when(rule: &WrittenRule, test: &WrittenTest, report: &Report) {
    let comparisons = rule.comparisons.iter().filter_map(|written| comparison::parse(&written.value).ok());
    if test.now.is_none() && comparisons.into_iter().any(|comparison| comparison.needs_now()) {
        let wrong = "a test without `now`, of a rule that looks at `today`";
        report.error("test-without-now", &test.at, wrong, "say which day it is: `now = 2026-12-31`");
    }
}

fn absent(written: &Placed<String>, report: &Report) -> Option<Field> {
    match Field::parse(&written.value) {
        Ok(field) if field != Field::Text => Some(field),
        _ => {
            let wrong = format!("`{}` is no field that can be absent", written.value);
            report.error(
                "unknown-field",
                &written.at,
                wrong,
                "name `subject`, `sender`, `header:Name` or `attribute:name`",
            );
            None
        }
    }
}

/// Makes the fields that the rule reads, and the test does not speak of, empty: a test of a rule with an
/// exclusion on `subject` need not say `subject = ""`.
fn fill(rule: &WrittenRule, absent: &[Field], message: &mut Message) {
    let patterns = rule.any.iter().chain(&rule.all).chain(&rule.none);
    let read = patterns.filter_map(|pattern| Field::parse(&pattern.field()?.value).ok());
    for field in read.filter(|field| !absent.contains(field)) {
        match field {
            Field::Text => {}
            Field::Subject => _ = message.subject.get_or_insert_default(),
            Field::Sender => _ = message.sender.get_or_insert_default(),
            Field::Header(name) => _ = message.headers.entry(name.to_string()).or_default(),
            Field::Attribute(name) => _ = message.attributes.entry(name.to_string()).or_default(),
        }
    }
}

fn by_name(written: &[(Placed<String>, Placed<String>)], key: impl Fn(&str) -> String) -> BTreeMap<String, String> {
    written.iter().map(|(name, value)| (key(&name.value), value.value.clone())).collect()
}

/// The channel that the test names, or the first of the rule's, with `test` for `*`.
fn channel(rule: &WrittenRule, test: &WrittenTest, report: &Report) -> Option<Channel> {
    let first = || rule.channels.as_ref().and_then(|(_, channels)| channels.first());
    let written = test.channel.as_ref().or_else(first);
    let text = match (&test.channel, written) {
        (Some(given), _) => given.value.clone(),
        (None, Some(first)) => first.value.replace('*', "test"),
        (None, None) => "test.test".to_owned(),
    };
    match (Channel::parse(&text), &test.channel) {
        (Ok(channel), _) => Some(channel),
        (Err(error), Some(given)) => {
            report.error("bad-channel", &given.at, format!("`{text}` is no channel"), error.to_string());
            None
        }
        // The rule's own channel is wrong, which is reported there.
        (Err(_), None) => None,
    }
}

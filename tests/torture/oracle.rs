//! The judge: reads the stream in order and says which record must not be there. It knows nothing of how that is ensured.

use crate::tail::{Records, Stored};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// As in the daemon's defaults.
const PLAN_AGE_MAX: SignedDuration = SignedDuration::from_secs(30);
/// How far the broker may be late, or its clock off.
const CLOCKS_APART_MAX: SignedDuration = SignedDuration::from_secs(5);

/// What is judged by.
pub(crate) struct Law {
    /// The only operator's public key.
    pub(crate) key: String,
    /// Caps: channel (all, where there is none), `minute` or `day`, and how many.
    pub(crate) caps: Vec<(Option<&'static str>, &'static str, usize)>,
}

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) actions: usize,
    pub(crate) grants: usize,
    pub(crate) tightenings: usize,
    pub(crate) halts: usize,
    /// By outcome.
    pub(crate) decisions: BTreeMap<String, usize>,
    /// Messages that were decided on: their sequences in the source stream.
    pub(crate) messages: BTreeSet<u64>,
    /// Actions by the revision of their grant.
    pub(crate) by_grant: BTreeMap<u64, usize>,
}

impl Seen {
    /// In a line.
    pub(crate) fn summary(&self) -> String {
        let Self { actions, grants, tightenings, halts, decisions, messages, .. } = self;
        let (messages, used) = (messages.len(), self.by_grant.len());
        format!(
            "{messages} messages, {actions} actions under {used} of {grants} grants, {tightenings} revocations, \
             {halts} halts, {decisions:?}"
        )
    }
}

/// A grant that stands.
struct Grant {
    sequence: u64,
    id: String,
    not_before: Timestamp,
    expires_at: Timestamp,
    uses: Option<u64>,
}

/// Reads along, and remembers what stands.
struct Judge<'a> {
    law: &'a Law,
    seen: Seen,
    standing: HashMap<String, Option<Grant>>,
    halted: bool,
    /// The last record on the halt's subject.
    halt: u64,
    used: HashMap<String, u64>,
    windows: HashMap<String, usize>,
    slots: BTreeSet<String>,
    /// Classes on channels.
    demoted: BTreeSet<String>,
    decided: HashMap<String, u64>,
    /// Decisions that were handled, and those of them that were sampled.
    handled: BTreeSet<String>,
    sampled: BTreeSet<String>,
}

/// Judges a stream; a violation panics.
pub(crate) fn judge(records: &Records, law: &Law) -> Seen {
    let mut judge = Judge {
        law,
        seen: Seen::default(),
        standing: HashMap::new(),
        halted: false,
        halt: 0,
        used: HashMap::new(),
        windows: HashMap::new(),
        slots: BTreeSet::new(),
        decided: HashMap::new(),
        demoted: BTreeSet::new(),
        handled: BTreeSet::new(),
        sampled: BTreeSet::new(),
    };
    for record in records.values() {
        judge.read(record);
    }
    judge.seen
}

impl Judge<'_> {
    fn read(&mut self, record: &Stored) {
        let tokens: Vec<&str> = record.subject.split('.').collect();
        match tokens[1] {
            "grant" => self.grant(record),
            "control" => self.halt(record),
            "action" => self.action(record, &tokens),
            "handled" | "escalated" | "passed" => self.decision(record, &json(&record.bytes)),
            "slot" => self.slot(record),
            // Nobody promotes here: whatever lies there demotes.
            "level" => drop(self.demoted.insert(tokens[2..].join("."))),
            "review" => self.sample(record),
            "lease" | "tally" => {}
            other => panic!("what is `{other}`? {record:?}"),
        }
    }

    /// What an operator signed, of this kind.
    fn signed(&self, record: &Stored, kind: &str) -> Option<Value> {
        let signed: Value = serde_json::from_slice(&record.bytes).ok()?;
        let is_meant = signed["kind"] == kind && signed["signer"] == self.law.key.as_str();
        is_meant.then(|| serde_json::from_str(signed["payload"].as_str()?).ok())?
    }

    fn grant(&mut self, record: &Stored) {
        let grant = self.signed(record, "grant").map(|it| Grant {
            sequence: record.sequence,
            id: text(&it["id"]),
            not_before: time(&it["not_before"]),
            expires_at: time(&it["expires_at"]),
            uses: it["uses"]["times"].as_u64(),
        });
        match &grant {
            Some(_) => self.seen.grants += 1,
            None => self.seen.tightenings += 1,
        }
        self.standing.insert(record.subject.clone(), grant);
    }

    fn halt(&mut self, record: &Stored) {
        let ended = self.signed(record, "resume").and_then(|it| it["halt"].as_u64());
        self.halted = !(self.halted && ended == Some(self.halt));
        self.halt = record.sequence;
        if self.halted {
            self.seen.halts += 1;
        }
    }

    fn action(&mut self, record: &Stored, tokens: &[&str]) {
        let outward = json(&record.bytes);
        assert!(!self.halted, "acted while halted since {}: {record:?}", self.halt);
        let class = outward["decision"]["verdict"]["class"].as_str().expect("a class");
        let level = format!("{class}.{}.{}", tokens[3], tokens[4]);
        assert!(!self.demoted.contains(&level), "acted although {level} was demoted: {record:?}");
        let proof = &outward["proof"]["grant"];
        assert_eq!(proof["halt"].as_u64(), Some(self.halt), "another halt's end: {record:?}");
        let subject = format!("decile.grant.{}.{}.{}", tokens[2], tokens[3], tokens[4]);
        let Some(Some(grant)) = self.standing.get(&subject) else { panic!("acted without a grant: {record:?}") };
        assert_eq!(proof["revision"].as_u64(), Some(grant.sequence), "another grant stands: {record:?}");
        let late = record.at.duration_since(grant.expires_at);
        assert!(record.at >= grant.not_before, "acted before its time: {record:?}");
        assert!(late.is_negative(), "acted {late:?} after {} expired: {record:?}", grant.sequence);
        *self.seen.by_grant.entry(grant.sequence).or_default() += 1;
        let used = self.used.entry(grant.id.clone()).or_default();
        *used += 1;
        assert!(grant.uses.is_none_or(|uses| *used <= uses), "use {used} of {:?}: {record:?}", grant.uses);
        self.count(record, time(&outward["decision"]["facts"]["now"]), &format!("{}.{}", tokens[3], tokens[4]));
        self.seen.actions += 1;
        self.decision(record, &outward);
    }

    /// Caps by the time at which the action was decided: it may be stored in the next window, but not much later.
    fn count(&mut self, record: &Stored, decided_at: Timestamp, on: &str) {
        let age = record.at.duration_since(decided_at);
        assert!(age < PLAN_AGE_MAX + CLOCKS_APART_MAX, "stored {age:?} after it was decided: {record:?}");
        let at = decided_at.to_zoned(TimeZone::UTC);
        for (channel, window, most) in &self.law.caps {
            if channel.is_some_and(|channel| channel != on) {
                continue;
            }
            let label = at.strftime(if *window == "minute" { "%F %H:%M" } else { "%F" });
            let count = self.windows.entry(format!("{channel:?} {window} {label}")).or_default();
            *count += 1;
            assert!(*count <= *most, "{count} of {most} in a {window} on {channel:?}: {record:?}");
        }
    }

    /// A slot is taken once; the fences of batches are none.
    fn slot(&mut self, record: &Stored) {
        if !record.subject.contains(".slot.fence.") && !self.slots.insert(record.subject.clone()) {
            panic!("a slot was taken twice: {record:?}");
        }
    }

    /// One decision a message, whatever it is.
    /// Only what was handled is sampled, afterwards, and once.
    fn sample(&mut self, record: &Stored) {
        let id = text(&json(&record.bytes)["decision"]["id"]);
        assert!(self.handled.contains(&id), "sampled, and not handled: {record:?}");
        assert!(self.sampled.insert(id), "sampled twice: {record:?}");
    }

    fn decision(&mut self, record: &Stored, body: &Value) {
        let decision = body.get("decision").unwrap_or(body);
        let id = text(&decision["id"]);
        if let Some(first) = self.decided.insert(id.clone(), record.sequence) {
            panic!("decided twice, in {first} and in {}: {record:?}", record.sequence);
        }
        if decision["disposition"] == "handle" {
            self.handled.insert(id);
        }
        self.seen.messages.insert(decision["source"]["sequence"].as_u64().expect("a sequence"));
        let outcome = decision["reason"].as_str().or(decision["disposition"].as_str()).expect("an outcome");
        *self.seen.decisions.entry(outcome.to_owned()).or_default() += 1;
    }
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("a record of ours is JSON")
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn time(value: &Value) -> Timestamp {
    value.as_str().expect("a text").parse().expect("a time")
}

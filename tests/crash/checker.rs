//! The judge: from what lies in the streams, whether a run was clean. It shares no type with the library and calls none of
//! it: what a record must be is written here once more. All findings come back, not only the first.

pub(crate) mod finding;
mod record;
mod tests;

pub(crate) use finding::Finding;
use record::{Kind, Record};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A message as it lies in a stream.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    pub(crate) sequence: u64,
    pub(crate) stored_at_ns: i128,
    pub(crate) subject: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) bytes: Vec<u8>,
}

/// What the server says of the daemon's consumer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acks {
    /// Everything up to this sequence is acknowledged.
    pub(crate) floor: u64,
    /// The last sequence that was delivered.
    pub(crate) delivered: u64,
    /// Delivered and not acknowledged.
    pub(crate) pending: u64,
}

/// What is judged by.
#[derive(Clone, Debug)]
pub(crate) struct Law {
    /// The stream that messages come from.
    pub(crate) stream: String,
    /// The packs that were in force at some time.
    pub(crate) packs: BTreeSet<String>,
    /// How many uses and cap slots an action takes.
    pub(crate) slots: usize,
}

/// What a message of the source is.
struct Message {
    stored_at_ns: i128,
    content: u64,
}

/// Reads along, and judges at the end.
pub(crate) struct Checker {
    law: Law,
    source: BTreeMap<u64, Message>,
    records: Vec<Record>,
    /// Slots by their subject, and the records in them.
    slots: BTreeMap<String, Vec<u64>>,
    /// By the decision that a slot names.
    taken: HashMap<String, Vec<u64>>,
    findings: BTreeSet<Finding>,
}

/// How far behind an action its slots may lie: they are one batch.
const BATCH_MAX: u64 = 16;

/// What a payload is known by.
pub(crate) fn content(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(blake3::hash(bytes).as_bytes()[..8].try_into().expect("eight bytes"))
}

impl Checker {
    pub(crate) fn new(law: Law) -> Self {
        Self {
            law,
            source: BTreeMap::new(),
            records: Vec::new(),
            slots: BTreeMap::new(),
            taken: HashMap::new(),
            findings: BTreeSet::new(),
        }
    }

    /// A message of the source stream.
    pub(crate) fn message(&mut self, raw: &Raw) {
        let message = Message { stored_at_ns: raw.stored_at_ns, content: content(&raw.bytes) };
        self.source.insert(raw.sequence, message);
    }

    /// A record of our stream.
    pub(crate) fn record(&mut self, raw: &Raw) {
        let tokens: Vec<&str> = raw.subject.split('.').collect();
        match tokens.get(1).copied() {
            Some("handled" | "escalated" | "passed" | "action" | "approved" | "dlq") => {
                match Record::read(raw, &tokens) {
                    Some(record) => self.records.push(record),
                    None => self.find(Finding::Unreadable { record: raw.sequence }),
                }
            }
            Some("slot") if matches!(tokens.get(2), Some(&"cap" | &"use")) => self.slot(raw),
            Some(
                "slot" | "lease" | "grant" | "control" | "ruling" | "receipt" | "alert" | "level" | "review" | "tally"
                | "proposal",
            ) => {}
            _ => self.find(Finding::Stray { record: raw.sequence }),
        }
    }

    fn slot(&mut self, raw: &Raw) {
        self.slots.entry(raw.subject.clone()).or_default().push(raw.sequence);
        let named = serde_json::from_slice::<serde_json::Value>(&raw.bytes).unwrap_or_default();
        let named = named["decision"].as_str().unwrap_or_default().to_owned();
        self.taken.entry(named).or_default().push(raw.sequence);
    }

    fn find(&mut self, finding: Finding) {
        self.findings.insert(finding);
    }

    /// Judges. `published`: what the server acknowledged to whoever published, by sequence. `acks`: what the daemon
    /// acknowledged.
    pub(crate) fn findings(mut self, published: &BTreeMap<u64, u64>, acks: Acks) -> BTreeSet<Finding> {
        let records = std::mem::take(&mut self.records);
        for record in &records {
            self.judge(record);
        }
        self.judge_ids(&records);
        self.judge_messages(&records, acks);
        self.judge_slots(&records);
        for (&sequence, &content) in published {
            match self.source.get(&sequence) {
                None => self.find(Finding::LostAtSource { sequence }),
                Some(there) if there.content != content => self.find(Finding::Swapped { sequence }),
                Some(_) => {}
            }
        }
        self.findings
    }

    /// One record by itself, and the message that it is about.
    fn judge(&mut self, record: &Record) {
        let at = record.sequence;
        match self.source.get(&record.of).filter(|_| record.stream == self.law.stream) {
            None => self.find(Finding::NoSource { record: at }),
            Some(message) if message.stored_at_ns != record.stored_at_ns => {
                self.find(Finding::WrongTime { record: at })
            }
            Some(_) => {}
        }
        if record.id != record.id_must_be() {
            self.find(Finding::WrongId { record: at });
        }
        if !record.has_message_id() {
            self.find(Finding::WrongMessageId { record: at });
        }
        if !record.is_in_place {
            self.find(Finding::WrongPlace { record: at });
        }
        // A dead letter was not decided under any pack.
        if record.kind != Kind::DeadLetter {
            match record.packs.len() {
                0 => self.find(Finding::NoPack { record: at }),
                1 if record.packs.is_subset(&self.law.packs) => {}
                1 => self.find(Finding::UnknownPack { record: at }),
                _ => self.find(Finding::TwoPacks { record: at }),
            }
        }
    }

    /// One decision under one id, and one more for each dead letter that was tried again.
    fn judge_ids(&mut self, records: &[Record]) {
        let mut ids: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
        for record in records {
            ids.entry(&record.id).or_default().push(record);
        }
        for (id, all) in ids {
            let of_kind = |is: fn(Kind) -> bool| all.iter().filter(|it| is(it.kind)).copied().collect::<Vec<_>>();
            let (decided, approved) = (of_kind(Kind::decides), of_kind(|it| it == Kind::Approved));
            let dead = of_kind(|it| it == Kind::DeadLetter);
            let tries: BTreeSet<Option<u64>> = all.iter().map(|it| it.after()).collect();
            for tried in tries {
                let of_try = |all: &[&'_ Record]| all.iter().filter(|it| it.after() == tried).count();
                if of_try(&decided) > 0 && of_try(&dead) > 0 {
                    self.find(Finding::DecidedAndDead { id: id.to_owned() });
                }
                for several in [&decided, &approved, &dead] {
                    self.judge_one(id, several.iter().filter(|it| it.after() == tried).copied());
                }
            }
            for record in &all {
                if let Some(letter) = record.after()
                    && !dead.iter().any(|it| it.sequence == letter && it.sequence < record.sequence)
                {
                    self.find(Finding::TriedUnasked { record: record.sequence });
                }
            }
            if !approved.is_empty() && !decided.iter().any(|it| it.kind == Kind::Escalated) {
                self.find(Finding::ApprovedUnasked { id: id.to_owned() });
            }
        }
    }

    /// Of one kind, and of one try, there is one.
    fn judge_one<'r>(&mut self, id: &str, all: impl Iterator<Item = &'r Record>) {
        let (records, subjects): (Vec<u64>, BTreeSet<&str>) = all.map(|it| (it.sequence, it.subject.as_str())).unzip();
        match (records.len(), subjects.len()) {
            (0 | 1, _) => {}
            (_, 1) => self.find(Finding::Twice { id: id.to_owned(), records }),
            _ => self.find(Finding::TwiceElsewhere { id: id.to_owned(), records }),
        }
    }

    /// One id a message, no message without, and nothing acknowledged before.
    fn judge_messages(&mut self, records: &[Record], acks: Acks) {
        let mut decided: HashMap<u64, BTreeSet<&str>> = HashMap::new();
        for record in records.iter().filter(|it| it.stream == self.law.stream) {
            decided.entry(record.of).or_default().insert(&record.id);
        }
        let mut findings = Vec::new();
        for &sequence in self.source.keys() {
            match decided.get(&sequence).map_or(0, BTreeSet::len) {
                0 if sequence <= acks.floor => findings.push(Finding::AckedUndecided { sequence }),
                0 => findings.push(Finding::Lost { sequence }),
                1 => {}
                _ => findings.push(Finding::TwoIds { sequence }),
            }
        }
        // Above the floor nobody says which: but not more than have an outcome.
        let delivered = || self.source.range(..=acks.delivered).map(|(sequence, _)| sequence);
        let acked = (delivered().count() as u64).saturating_sub(acks.pending);
        let with_outcome = delivered().filter(|it| decided.contains_key(it)).count() as u64;
        if acked > with_outcome {
            findings.push(Finding::MoreAckedThanDecided { acked, decided: with_outcome });
        }
        self.findings.extend(findings);
    }

    /// An action has what it took, in its own batch; nobody else took it, or for nothing.
    fn judge_slots(&mut self, records: &[Record]) {
        let mut taken = std::mem::take(&mut self.taken);
        for action in records.iter().filter(|it| it.kind == Kind::Action) {
            let has = taken.remove(&action.id).unwrap_or_default();
            let batch = action.sequence..=action.sequence + BATCH_MAX;
            if has.iter().filter(|it| batch.contains(it)).count() < self.law.slots {
                self.find(Finding::NoSlot { record: action.sequence });
            }
        }
        for record in taken.into_values().flatten() {
            self.find(Finding::SlotForNothing { record });
        }
        for (subject, records) in std::mem::take(&mut self.slots) {
            if records.len() > 1 {
                self.find(Finding::SlotTwice { subject });
            }
        }
    }
}

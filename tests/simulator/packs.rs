//! The decisions of the daemon on the simulator's messages, under packs that decide differently: made once, because they
//! are pure.

use crate::promoting;
use bytes::Bytes;
use decile::classify::Scratch;
use decile::config;
use decile::decision::{DecisionId, Record};
use decile::diagnostic::Report;
use decile::governing::Given;
use decile::message::Delivery;
use decile::policy::resolve::RuleNames;
use decile::rules;
use decile::triage::{self, Snapshot};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the messages say.
pub(crate) const TEXTS: [&str; 4] = ["Thursday works for me", "this week's news", "my lawyer says so", "what is this"];
const WORDS: [&str; 3] = ["works for me", "news", "what"];

/// Worlds, each with a pack of its own.
pub(crate) struct Packs {
    worlds: Vec<Snapshot>,
    /// Where a text's record goes, by world and text.
    outcomes: Vec<[String; TEXTS.len()]>,
}

impl Packs {
    pub(crate) fn new() -> Self {
        let worlds: Vec<Snapshot> = WORDS.into_iter().map(world).collect();
        let outcome = |world: &Snapshot, text: &str| {
            let mut scratch = Scratch::new(&world.pack);
            let delivery = delivery(1, 0, text);
            let reading = triage::read(world, &delivery);
            let now = Given::quiet(Timestamp::UNIX_EPOCH);
            match triage::decide(world, &reading, &now, &mut scratch).record {
                Record::Handled(_) => "handled".to_owned(),
                Record::Escalated(escalation) => format!("escalated: {}", escalation.why),
                other => panic!("{other:?}"),
            }
        };
        let outcomes = worlds.iter().map(|world| TEXTS.map(|text| outcome(world, text))).collect();
        Self { worlds, outcomes }
    }

    pub(crate) fn count(&self) -> usize {
        self.worlds.len()
    }

    /// What is decided on a text.
    pub(crate) fn outcome(&self, world: usize, text: usize) -> &str {
        &self.outcomes[world][text]
    }
}

/// A delivery of the simulator's source.
pub(crate) fn delivery(sequence: u64, stored_at_ms: u64, text: &str) -> Delivery {
    Delivery {
        stream: Arc::from("IN"),
        sequence,
        stored_at_ns: i128::from(stored_at_ms) * 1_000_000,
        subject: "in.main".to_owned(),
        headers: Vec::new(),
        payload: Bytes::from(format!("{{\"text\":\"{text}\"}}")),
    }
}

/// The id of the decision on it.
pub(crate) fn id(sequence: u64, stored_at_ms: u64) -> String {
    DecisionId::of(&delivery(sequence, stored_at_ms, "")).to_string()
}

/// A world whose one rule recognises a word.
fn world(word: &str) -> Snapshot {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("rules")).unwrap();
    write("rules/one.toml", format!("[[rule]]\nid = \"one\"\nclass = \"one\"\nany = [\"{word}\"]\n"));
    write(
        "policy.toml",
        "[[class]]\nname = \"one\"\nlevel = 2\naction = { type = \"label\", label = \"x\" }\n".to_owned(),
    );
    write("decile.toml", "[files]\nrules = \"rules\"\n[http]\nlisten = \"\"\n".to_owned());
    let channels = "[[source]]\nstream = \"IN\"\n[[source.channel]]\nname = \"test.main\"\nsubject = \"in.>\"\n";
    write("channels.toml", channels.to_owned());
    let report = Report::new();
    let compiled = rules::compile(&rules::load(&folder.path().join("rules"), &report), &report);
    let (pack, _) = compiled.unwrap_or_else(|| panic!("{:?}", report.into_sorted()));
    let report = Report::new();
    let classes: BTreeSet<_> = pack.classes().cloned().collect();
    let restrictions: BTreeSet<_> = pack.restrictions().map(str::to_owned).collect();
    let names = RuleNames { classes: &classes, restrictions: &restrictions };
    let config = config::load_files(&folder.path().join("decile.toml"), &report).resolve(Some(names), &report);
    let mut config = config.unwrap_or_else(|| panic!("{:?}", report.into_sorted()));
    promoting::promote(&mut config, &pack, Timestamp::UNIX_EPOCH);
    Snapshot::new(config, pack).unwrap()
}

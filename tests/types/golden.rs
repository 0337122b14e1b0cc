//! Stored records, byte for byte. Where a change of the form is meant, `RECORD_VERSION` and the files in
//! `tests/golden` change with it; `DECILE_WRITE_GOLDEN=1` writes them anew.

use crate::promoting;
use bytes::Bytes;
use decile::classify::Scratch;
use decile::config;
use decile::decision::{Context, RECORD_VERSION, Record, RecordError, Sample, Timings};
use decile::diagnostic::Report;
use decile::governing::Given;
use decile::inbox::{PROPOSAL_VERSION, Proposal, ProposalError};
use decile::message::Delivery;
use decile::policy::resolve::RuleNames;
use decile::rules;
use decile::triage::{self, Snapshot};
use decile::trust::Sampler;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FILES: [(&str, &str); 4] = [
    ("decile.toml", "[files]\nrules = \"rules\"\n[privacy]\nsender_key_file = \"key\"\n"),
    (
        "channels.toml",
        "[[source]]\nstream = \"IN\"\n[[source.channel]]\nname = \"test.main\"\nsubject = \"in.main\"\n\
         [[source.channel]]\nname = \"test.direct\"\nsubject = \"in.direct\"\nmode = \"direct\"\n",
    ),
    (
        "policy.toml",
        "[[class]]\nname = \"yes\"\nlevel = 2\naction = { type = \"label\", label = \"ok\" }\n\
         [[class]]\nname = \"ask\"\nlevel = 3\naction = { type = \"reply\", template = \"Dear {sender} .\" }\n\
         [[cap]]\nper_hour = 9\n[[cap]]\nclass = \"ask\"\nper_hour = 9\n[review]\npercent = 100\n",
    ),
    (
        "rules/rules.toml",
        "[[rule]]\nid = \"yes\"\nclass = \"yes\"\nany = [\"works for me\"]\n\
         [[rule]]\nid = \"ask\"\nclass = \"ask\"\nany = [\"opening hours\"]\n\
         [[rule]]\nid = \"law\"\nrestrict = \"legal\"\nany = [\"lawyer\"]\n",
    ),
];

/// Names of golden files, with subject and payload of the message in each.
const MESSAGES: [(&str, &str, &str); 5] = [
    (
        "decision",
        "in.main",
        r#"{"id":"m-1","sender":"ada","text":"Grüße, works for me","sent_at":"2026-01-02T03:04:05Z"}"#,
    ),
    (
        "draft",
        "in.main",
        r#"{"sender":"ada@x.example","subject":"s","text":"opening hours?","thread":"t","attributes":{"a":"b"}}"#,
    ),
    ("restricted", "in.main", r#"{"text":"my lawyer: works for me"}"#),
    ("malformed", "in.main", "no JSON"),
    ("passed", "in.direct", r#"{"text":"hello","sender":"ada"}"#),
];

fn snapshot() -> Snapshot {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("rules")).unwrap();
    for (name, text) in FILES {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    std::fs::write(folder.path().join("key"), [9; 32]).unwrap();
    let report = Report::new();
    let loaded = config::load_files(&folder.path().join("decile.toml"), &report);
    let (pack, _) = rules::compile(&rules::load(&loaded.rules(), &report), &report).unwrap();
    let classes = pack.classes().cloned().collect();
    let restrictions = pack.restrictions().map(str::to_owned).collect();
    let names = RuleNames { classes: &classes, restrictions: &restrictions };
    let mut config = loaded.resolve(Some(names), &report).unwrap();
    assert!(!report.has_errors());
    promoting::promote(&mut config, &pack, "2026-01-01T00:00:00Z".parse().unwrap());
    Snapshot::new(config, pack).unwrap()
}

fn delivery(subject: &str, payload: &str) -> Delivery {
    Delivery {
        stream: Arc::from("IN"),
        sequence: 42,
        stored_at_ns: 1_767_323_045_123_456_789,
        subject: subject.to_owned(),
        headers: Vec::new(),
        payload: Bytes::copy_from_slice(payload.as_bytes()),
    }
}

/// The bytes that would be committed, under fixed facts and durations.
fn committed(snapshot: &Snapshot, subject: &str, payload: &str) -> Vec<u8> {
    let delivery = delivery(subject, payload);
    let reading = triage::read(snapshot, &delivery);
    let context = vec![Context { sender: Some("eva".to_owned()), sent_at: None, text: "before".to_owned() }];
    let facts = Given::quiet("2026-01-02T03:04:06Z".parse().unwrap());
    let plan = triage::decide(snapshot, &reading, &facts, &mut Scratch::new(&snapshot.pack)).with_thread(|| context);
    plan.encode(Timings { queued_us: 1, decided_us: 2 }, usize::MAX).unwrap().1
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}-v{RECORD_VERSION}.json"))
}

fn golden(name: &str) -> Vec<u8> {
    let path = file(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn records_are_stored_byte_for_byte_as_they_were() {
    let snapshot = snapshot();
    for (name, subject, payload) in MESSAGES {
        let bytes = committed(&snapshot, subject, payload);
        if std::env::var_os("DECILE_WRITE_GOLDEN").is_some() {
            std::fs::write(file(name), &bytes).unwrap();
        }
        let golden = golden(name);
        assert_eq!(String::from_utf8_lossy(&bytes), String::from_utf8_lossy(&golden), "{name}");
    }
}

/// The sample of the first message: everything is drawn.
#[test]
fn samples_are_stored_byte_for_byte_as_they_were() {
    let snapshot = snapshot();
    let (_, subject, payload) = MESSAGES[0];
    let delivery = delivery(subject, payload);
    let reading = triage::read(&snapshot, &delivery);
    let facts = Given::quiet("2026-01-02T03:04:06Z".parse().unwrap());
    let plan = triage::decide(&snapshot, &reading, &facts, &mut Scratch::new(&snapshot.pack));
    let sampled = triage::sample(&snapshot, &reading, &plan, &mut Sampler::new(Some([0; 32]))).unwrap();
    assert_eq!(sampled.subject.as_str(), "decile.review.yes");
    let bytes = sampled.sample.encode().unwrap();
    if std::env::var_os("DECILE_WRITE_GOLDEN").is_some() {
        std::fs::write(file("sample"), &bytes).unwrap();
    }
    let golden = String::from_utf8(golden("sample")).unwrap();
    assert_eq!(String::from_utf8_lossy(&bytes), golden);
    assert_eq!(Sample::parse(golden.as_bytes()).unwrap(), sampled.sample);
    let newer = golden.replacen("\"v\":1,", "\"v\":2,", 1);
    assert!(matches!(Sample::parse(newer.as_bytes()), Err(RecordError::Version(2))));
    let more = golden.replacen("\"v\":1,", "\"v\":1,\"surprise\":true,", 1);
    assert!(matches!(Sample::parse(more.as_bytes()), Err(RecordError::Form(_))));
}

#[test]
fn stored_records_are_read_back_and_written_the_same() {
    for (name, ..) in MESSAGES {
        let golden = golden(name);
        let record = Record::parse(&golden).unwrap();
        assert_eq!(String::from_utf8_lossy(&record.encode().unwrap()), String::from_utf8_lossy(&golden), "{name}");
    }
}

#[test]
fn a_record_of_another_version_is_refused_by_its_number() {
    for (name, ..) in MESSAGES {
        let text = String::from_utf8(golden(name)).unwrap();
        let newer = text.replacen("\"v\":1,", "\"v\":2,", 1);
        assert_ne!(text, newer, "{name} says its version");
        let error = Record::parse(newer.as_bytes()).unwrap_err();
        assert!(matches!(error, RecordError::Version(2)), "{name}: {error}");
        assert!(error.to_string().contains("version 2"), "{error}");
    }
}

#[test]
fn a_record_with_a_field_that_nobody_knows_is_refused() {
    for (name, ..) in MESSAGES {
        let text = String::from_utf8(golden(name)).unwrap();
        let more = text.replacen("\"v\":1,", "\"v\":1,\"surprise\":true,", 1);
        let error = Record::parse(more.as_bytes()).unwrap_err();
        assert!(matches!(error, RecordError::Form(_)) && error.to_string().contains("surprise"), "{name}: {error}");
    }
}

#[test]
fn proposals_are_read_and_written_byte_for_byte() {
    let golden = std::fs::read_to_string(file("proposal")).unwrap();
    let proposal = Proposal::parse(golden.as_bytes()).unwrap();
    assert_eq!(serde_json::to_string(&proposal).unwrap(), golden.trim_end());
    assert_eq!(proposal.v, PROPOSAL_VERSION);
    let newer = golden.replacen("\"v\":1,", "\"v\":2,", 1);
    assert!(matches!(Proposal::parse(newer.as_bytes()), Err(ProposalError::Version(2))));
    let more = golden.replacen("\"v\":1,", "\"v\":1,\"surprise\":true,", 1);
    assert!(matches!(Proposal::parse(more.as_bytes()), Err(ProposalError::Form(_))));
}

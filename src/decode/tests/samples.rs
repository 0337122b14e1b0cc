//! Every file in `tests/samples/decode` with the outcome that stands beside it.

use super::{Case, sources};
use crate::decode::inspect::Inspection;
use crate::decode::recipe::{Mapping, Preset};
use crate::decode::{Malformed, MalformedKind};
use crate::message::Message;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A sample's payload with what is expected of it.
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) case: Case,
    expected: Value,
}

/// All samples; a payload without expectations, or the other way round, is a mistake.
pub(super) fn all() -> Vec<Sample> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/decode");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let is_expected = |path: &&PathBuf| path.to_string_lossy().ends_with(".expected.json");
    let payloads: Vec<&PathBuf> = files.iter().filter(|path| !is_expected(path)).collect();
    let expectations = files.iter().filter(is_expected).count();
    assert!(!payloads.is_empty(), "no samples in {}", folder.display());
    assert_eq!(payloads.len(), expectations, "each payload has its expectations");
    payloads.into_iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Sample {
    let expected = std::fs::read_to_string(path.with_extension("expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let preset = preset(expected["preset"].as_str().unwrap());
    let mut case = Case::new(preset, std::fs::read(path).unwrap());
    for header in expected["headers"].as_array().into_iter().flatten() {
        case = case.header(header[0].as_str().unwrap(), header[1].as_str().unwrap());
    }
    if let Some(subject) = expected["nats_subject"].as_str() {
        case.delivery.subject = subject.to_owned();
    }
    case.recipe.own_senders = strings(&expected["own_senders"]);
    case.recipe.by_hand = mapping(&expected["by_hand"]);
    Sample { name: path.file_name().unwrap().to_string_lossy().into_owned(), case, expected }
}

fn preset(name: &str) -> Preset {
    super::PRESETS.into_iter().find(|preset| serde_json::to_value(preset).unwrap() == json!(name)).unwrap()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|item| item.as_str().unwrap().to_owned()).collect()
}

fn mapping(written: &Value) -> Mapping {
    let list = |value: &Value| sources(&strings(value).iter().map(String::as_str).collect::<Vec<_>>());
    let attributes = written["attributes"].as_object().into_iter().flatten();
    Mapping {
        text: list(&written["text"]),
        id: list(&written["id"]),
        sender: list(&written["sender"]),
        subject: list(&written["subject"]),
        sent_at: list(&written["sent_at"]),
        thread: list(&written["thread"]),
        bot: list(&written["bot"]),
        attributes: attributes.map(|(name, value)| (name.clone(), list(value))).collect(),
        headers: strings(&written["headers"]),
    }
}

#[test]
fn every_sample_decodes_as_expected() {
    for Sample { name, case, expected } in all() {
        let found = shown(&case.decode());
        match (&expected["message"], &expected["malformed"]) {
            (message @ Value::Object(_), Value::Null) => assert_eq!(&found, message, "{name}"),
            (Value::Null, malformed @ Value::Object(_)) => {
                assert_eq!(found["kind"], malformed["kind"], "{name}: {found}");
                let (detail, part) = (found["detail"].as_str().unwrap(), malformed["detail"].as_str().unwrap());
                assert!(detail.contains(part), "{name}: `{detail}` does not say `{part}`");
            }
            _ => panic!("{name} expects a message or why there is none, and not both"),
        }
        check_places(&name, &expected, &case.inspect());
    }
}

#[test]
fn every_preset_has_a_good_sample_and_a_bad_one() {
    let mut good: BTreeMap<String, usize> = BTreeMap::new();
    for sample in all() {
        if sample.expected["message"].is_object() {
            *good.entry(sample.expected["preset"].to_string()).or_default() += 1;
        }
    }
    assert_eq!(good.len(), super::PRESETS.len(), "{good:?}");
}

#[test]
fn the_stored_word_of_a_kind_is_its_word() {
    for kind in [MalformedKind::Oversized, MalformedKind::NotUtf8, MalformedKind::NotSlackMessage] {
        assert_eq!(serde_json::to_value(kind).unwrap(), json!(kind.as_str()));
    }
}

/// The places that the sample names, and those tried before them.
fn check_places(name: &str, expected: &Value, inspection: &Inspection) {
    let field = |field: &str| inspection.fields.iter().find(|shown| shown.field == field);
    for (named, source) in expected["sources"].as_object().into_iter().flatten() {
        let found = field(named).and_then(|field| field.source.clone());
        assert_eq!(&json!(found), source, "{name}: {named}");
    }
    for (named, tried) in expected["tried"].as_object().into_iter().flatten() {
        assert_eq!(field(named).map(|field| json!(field.tried)).as_ref(), Some(tried), "{name}: {named}");
    }
}

fn shown(decoded: &Result<Message, Malformed>) -> Value {
    let message = match decoded {
        Ok(message) => message,
        Err(malformed) => return json!({"kind": malformed.kind, "detail": malformed.detail}),
    };
    let mut shown = json!({
        "text": message.text, "attributes": message.attributes, "headers": message.headers, "origin": message.origin,
    });
    let optional = [("id", &message.id), ("sender", &message.sender), ("subject", &message.subject)];
    for (name, value) in optional.into_iter().chain([("thread", &message.thread)]) {
        if let Some(value) = value {
            shown[name] = json!(value);
        }
    }
    if let Some(sent_at) = message.sent_at {
        shown["sent_at"] = json!(sent_at.to_string());
    }
    shown
}

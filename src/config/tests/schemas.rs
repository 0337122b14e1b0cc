//! Schemas and readers accept the same keys.

use super::*;
use crate::config::channels::WrittenChannels;
use crate::config::main_file::WrittenDecile;
use crate::config::operators::WrittenOperators;
use crate::diagnostic::SourceFile;
use crate::policy::written::WrittenPolicy;
use serde_json::Value;
use std::sync::Arc;

type Read = fn(&Arc<SourceFile>, &Report);
/// Keys from the file down, each with whether it is a list of tables.
type Steps = Vec<(String, bool)>;

const READERS: [(&str, Read); 4] = [
    ("decile.schema.json", |file, report| drop(WrittenDecile::read(file, report))),
    ("channels.schema.json", |file, report| drop(WrittenChannels::read(file, report))),
    ("policy.schema.json", |file, report| drop(WrittenPolicy::read(file, report))),
    ("operators.schema.json", |file, report| drop(WrittenOperators::read(file, report))),
];

fn schemas() -> Vec<(Value, Read)> {
    let all = schema::all();
    assert_eq!(all.iter().map(|(name, _)| *name).collect::<Vec<_>>(), READERS.map(|(name, _)| name));
    all.into_iter().zip(READERS).map(|((_, schema), (_, read))| (schema.to_value(), read)).collect()
}

/// Follows references.
fn follow<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let reference = schema.get("$ref").or_else(|| schema["allOf"].get(0).and_then(|only| only.get("$ref")));
    match reference.and_then(Value::as_str) {
        Some(reference) => follow(root, root.pointer(reference.trim_start_matches('#')).unwrap()),
        None => schema,
    }
}

/// Every table that a schema knows: its path and its keys.
fn tables(root: &Value, schema: &Value, path: &[(String, bool)], found: &mut Vec<(Steps, Vec<String>)>) {
    let schema = follow(root, schema);
    let Some(properties) = schema["properties"].as_object() else { return };
    assert_eq!(schema["additionalProperties"], Value::Bool(false), "{path:?} is closed");
    found.push((path.to_vec(), properties.keys().cloned().collect()));
    for (key, property) in properties {
        let property = follow(root, property);
        let (inner, is_list) = match property.get("items") {
            Some(items) => (items, true),
            None => (property, false),
        };
        let path: Steps = path.iter().cloned().chain([(key.clone(), is_list)]).collect();
        tables(root, inner, &path, found);
    }
}

/// A document with one key in the table at `path`.
fn document(path: &[(String, bool)], key: &str) -> String {
    let mut text = format!("{{ {key} = 0 }}");
    for (name, is_list) in path.iter().rev() {
        text = if *is_list { format!("{{ {name} = [{text}] }}") } else { format!("{{ {name} = {text} }}") };
    }
    // The outermost table is the file itself.
    text.strip_prefix("{ ").and_then(|text| text.strip_suffix(" }")).unwrap().to_owned()
}

fn unknown_keys(read: Read, text: String) -> Vec<String> {
    let report = Report::new();
    read(&SourceFile::new("x.toml", text), &report);
    let found = report.into_sorted();
    assert!(found.iter().all(|diagnostic| diagnostic.code != "toml-syntax"), "{found:?}");
    found.into_iter().filter(|diagnostic| diagnostic.code == "unknown-key").map(|found| found.message).collect()
}

#[test]
fn readers_know_the_keys_of_their_schema_and_no_others() {
    let mut keys = 0;
    for (root, read) in schemas() {
        let mut found = Vec::new();
        tables(&root, &root, &[], &mut found);
        for (path, properties) in found {
            for key in properties {
                assert_eq!(unknown_keys(read, document(&path, &key)), [""; 0], "{path:?} {key}");
                keys += 1;
            }
            assert_eq!(unknown_keys(read, document(&path, "zzz")).len(), 1, "{path:?}");
        }
    }
    assert!(keys > 90, "{keys}");
}

/// The other direction: what a reader names as its keys when it meets an unknown one is in its schema.
#[test]
fn schemas_know_the_keys_of_their_reader() {
    for (root, read) in schemas() {
        let mut found = Vec::new();
        tables(&root, &root, &[], &mut found);
        for (path, properties) in found {
            let report = Report::new();
            read(&SourceFile::new("x.toml", document(&path, "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq")), &report);
            let found = report.into_sorted();
            let help = &found.iter().find(|diagnostic| diagnostic.code == "unknown-key").unwrap().help;
            let mut of_reader: Vec<&str> = help.strip_prefix("use one of: ").unwrap().split(", ").collect();
            of_reader.sort_unstable();
            let mut of_schema: Vec<&str> = properties.iter().map(String::as_str).collect();
            of_schema.sort_unstable();
            assert_eq!(of_reader, of_schema, "{path:?}");
        }
    }
}

#[test]
fn the_shipped_files_are_valid_under_their_schemas() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/config"));
    for ((name, schema), file) in schema::all().into_iter().zip(["decile", "channels", "policy"]) {
        let text = std::fs::read_to_string(folder.join(format!("{file}.toml"))).unwrap();
        let document: Value = toml::from_str(&text).unwrap();
        let validator = jsonschema::validator_for(schema.as_value()).unwrap();
        let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert_eq!(errors, [""; 0], "{name}");
        let mut wrong = document.clone();
        wrong["zzz"] = Value::Null;
        assert!(!validator.is_valid(&wrong), "{name} refuses unknown keys");
    }
}

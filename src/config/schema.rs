//! JSON Schemas of the files that people write, for their editors.

use super::channels::WrittenChannels;
use super::main_file::WrittenDecile;
use super::operators::WrittenOperators;
use crate::policy::written::WrittenPolicy;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::Value;

/// Every schema, with the name of its file.
pub fn all() -> Vec<(&'static str, Schema)> {
    vec![
        ("decile.schema.json", of::<WrittenDecile>()),
        ("channels.schema.json", of::<WrittenChannels>()),
        ("policy.schema.json", of::<WrittenPolicy>()),
        ("operators.schema.json", of::<WrittenOperators>()),
    ]
}

/// The schema of a file as written. TOML has no null: a key that may be absent is not one that may be null.
pub fn of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft07().with_transform(WithoutNull).into_generator().into_root_schema_for::<T>()
}

/// A schema as a file: what is committed.
pub fn to_text(schema: &Schema) -> String {
    let mut text = serde_json::to_string_pretty(schema).unwrap_or_default();
    text.push('\n');
    text
}

/// Removes the null that an `Option` brings.
#[derive(Clone, Debug)]
struct WithoutNull;

impl Transform for WithoutNull {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(Value::Array(types)) = schema.get_mut("type") {
            types.retain(|kind| kind != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                schema.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
            choices.retain(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
            if let [only] = choices.as_slice() {
                let only = only.clone();
                schema.remove("anyOf");
                merge(schema, only);
            }
        }
        transform_subschemas(self, schema);
    }
}

/// What is left of a choice becomes the schema itself; draft 7 ignores what stands beside a `$ref`, so a
/// reference stays in an `allOf`.
fn merge(schema: &mut Schema, only: Value) {
    match only {
        Value::Object(entries) if !entries.contains_key("$ref") => {
            entries.into_iter().for_each(|(key, value)| {
                schema.insert(key, value);
            });
        }
        reference => {
            schema.insert("allOf".to_owned(), Value::Array(vec![reference]));
        }
    }
}

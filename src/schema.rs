//! JSON Schemas of the files that people write and of the records that programs read. They are committed
//! in `config/schema/`; a test compares.

use crate::config;
use crate::decision::{
    DeadLetter, Decision, DemotedAlert, Escalation, Outward, PassedOn, Receipt, ReceiptAlert, Sample,
};
use crate::inbox::Proposal;
use crate::rules::written::RuleFile;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

/// Every schema, with the name of its file.
pub fn all() -> Vec<(&'static str, Schema)> {
    let mut all = config::schema::all();
    all.push(("rules.schema.json", config::schema::of::<RuleFile>()));
    all.push(("decision.schema.json", record::<Decision>()));
    all.push(("escalation.schema.json", record::<Escalation>()));
    all.push(("passed.schema.json", record::<PassedOn>()));
    all.push(("outward.schema.json", record::<Outward>()));
    all.push(("receipt.schema.json", record::<Receipt>()));
    all.push(("receipt-alert.schema.json", record::<ReceiptAlert>()));
    all.push(("dead-letter.schema.json", record::<DeadLetter>()));
    all.push(("demoted-alert.schema.json", record::<DemotedAlert>()));
    all.push(("sample.schema.json", record::<Sample>()));
    all.push(("proposal.schema.json", record::<Proposal>()));
    all
}

/// The schema of a record: JSON has null, and a verdict without a class says so.
fn record<T: JsonSchema>() -> Schema {
    SchemaSettings::draft07().into_generator().into_root_schema_for::<T>()
}

/// Gives types that are a string in JSON the schema of one.
macro_rules! string_schema {
    ($($type:ty => $name:literal, $pattern:literal;)*) => {
        $(impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern })
            }
        })*
    };
}

string_schema! {
    crate::channel::Channel => "Channel", r"^[^.]+\..+$";
    crate::class::Class => "Class", "^[A-Za-z0-9_-]{1,64}$";
    crate::class::ActionType => "ActionType", "^[A-Za-z0-9_-]{1,64}$";
    crate::authority::PublicKey => "PublicKey", "^O[A-Z2-7]{55}$";
    crate::authority::GrantId => "GrantId", "^[0-9a-f]{32}$";
    crate::class::RuleId => "RuleId", "^[A-Za-z0-9_-]{1,64}$";
    crate::policy::Desk => "Desk", "^[A-Za-z0-9_-]{1,64}$";
    crate::digest::Digest => "Digest", "^[0-9a-f]{64}$";
    crate::decision::DecisionId => "DecisionId", "^[0-9a-f]{32}$";
    crate::message::Field => "Field", "^(text|subject|sender|header:.+|attribute:.+)$";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// `DECILE_WRITE_SCHEMAS=1 cargo test committed_schemas` writes them anew.
    #[test]
    fn committed_schemas_are_the_generated_ones() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/schema");
        for (name, schema) in all() {
            let (file, generated) = (folder.join(name), config::schema::to_text(&schema));
            if std::env::var_os("DECILE_WRITE_SCHEMAS").is_some() {
                std::fs::write(&file, &generated).unwrap();
            }
            assert_eq!(std::fs::read_to_string(&file).unwrap_or_default(), generated, "{name} is not up to date");
        }
        let committed = std::fs::read_dir(folder).unwrap().count();
        assert_eq!(committed, all().len(), "nothing else lies in the folder");
    }
}

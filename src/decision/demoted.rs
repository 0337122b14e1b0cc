//! That a class was taken back to level 1, for whoever listens to alarms.

use crate::channel::Channel;
use crate::class::Class;
use jiff::Timestamp;

/// The version of the stored form.
pub const DEMOTED_VERSION: u32 = 1;

/// `<root>.alert.demoted`: the daemon took a class back to level 1. The demotion itself lies on the level's subject.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DemotedAlert {
    /// [`DEMOTED_VERSION`].
    pub v: u32,
    /// The class.
    pub class: Class,
    /// The channel.
    pub channel: Channel,
    /// Why, in a line for people.
    pub reason: String,
    /// When, by the clock of the instance.
    pub at: Timestamp,
}

impl DemotedAlert {
    /// Reads one back; `None` for what is none of this version.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|alert: &Self| alert.v == DEMOTED_VERSION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_stored_as_it_always_was() {
        let golden = r#"{"v":1,"class":"newsletter","channel":"test.main","reason":"a severe error","at":"2026-01-02T03:04:05Z"}"#;
        let alert = DemotedAlert::parse(golden.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&alert).unwrap(), golden);
        assert_eq!(DemotedAlert::parse(golden.replacen("\"v\":1", "\"v\":2", 1).as_bytes()), None);
        assert_eq!(DemotedAlert::parse(golden.replacen('{', "{\"more\":1,", 1).as_bytes()), None);
    }
}

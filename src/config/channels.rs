//! `channels.toml`: streams, their channels, and how payloads become messages; as written.

mod canonical;
pub mod map;
mod resolve;

use crate::channel::Mode;
use crate::decode::recipe::Preset;
use crate::diagnostic::table::{Placed, Table, read_file};
use crate::diagnostic::{Location, Report, SourceFile};
use map::WrittenMap;
use std::sync::Arc;

/// Where messages come from.
#[derive(Debug, Default, schemars::JsonSchema)]
#[schemars(title = "Decile: channels.toml", deny_unknown_fields)]
pub struct WrittenChannels {
    /// Streams that messages are read from.
    #[schemars(default)]
    pub source: Vec<WrittenSource>,
}

/// A stream that messages are read from.
#[derive(Debug, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenSource {
    /// The stream.
    #[schemars(required)]
    pub stream: Option<Placed<String>>,
    /// Our durable consumer on it; `decile` by default.
    pub consumer: Option<Placed<String>>,
    /// Its channels.
    #[schemars(default)]
    pub channel: Vec<WrittenChannel>,
    /// Where the entry stands.
    #[schemars(skip)]
    pub at: Location,
}

/// One channel.
#[derive(Debug, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenChannel {
    /// Its name, source and name: `slack.support`.
    #[schemars(required)]
    pub name: Option<Placed<String>>,
    /// The subjects of its messages; `*` and `>` as in NATS.
    #[schemars(required)]
    pub subject: Option<Placed<String>>,
    /// `monitored` (the default): read and triaged; `direct`: passed on, never triaged.
    pub mode: Option<Placed<Mode>>,
    /// The shape of its payloads; `decile` by default.
    pub preset: Option<Placed<Preset>>,
    /// Senders that are ourselves: what they write never leads to an outward action.
    #[schemars(default, rename = "self")]
    pub own_senders: Vec<Placed<String>>,
    /// Where values come from, in place of the preset's places.
    #[schemars(default)]
    pub map: WrittenMap,
}

const MODES: [(&str, Mode); 2] = [("monitored", Mode::Monitored), ("direct", Mode::Direct)];
const PRESETS: [(&str, Preset); 5] = [
    ("decile", Preset::Decile),
    ("raw", Preset::Raw),
    ("cloudevents", Preset::Cloudevents),
    ("slack-events", Preset::SlackEvents),
    ("mail", Preset::Mail),
];

impl WrittenChannels {
    /// Reads the file; every mistake goes to the report.
    pub fn read(file: &Arc<SourceFile>, report: &Report) -> Self {
        read_file(file, report, |table| Self { source: table.tables("source", WrittenSource::read) })
    }
}

impl WrittenSource {
    fn read(table: &Table<'_>) -> Self {
        Self {
            stream: table.required_string("stream"),
            consumer: table.string("consumer"),
            channel: table.tables("channel", WrittenChannel::read),
            at: table.at(),
        }
    }
}

impl WrittenChannel {
    fn read(table: &Table<'_>) -> Self {
        Self {
            name: table.required_string("name"),
            subject: table.required_string("subject"),
            mode: table.word("mode", &MODES),
            preset: table.word("preset", &PRESETS),
            own_senders: table.strings("self"),
            map: table.table("map", WrittenMap::read).unwrap_or_default(),
        }
    }
}

/// A preset's word.
fn preset_word(preset: Preset) -> &'static str {
    PRESETS.iter().find(|(_, known)| *known == preset).map_or("", |(word, _)| word)
}

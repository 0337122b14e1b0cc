//! Messages as JSON lines: what `classify`, `explain`, the demo and benches read. Each line is decided on as
//! if it had come over the bus in the `decile` preset.

use crate::channel::Channel;
use crate::config::ChannelSpec;
use crate::decode::recipe::{Mapping, Preset, Recipe};
use crate::message::Delivery;
use crate::triage::Snapshot;
use bytes::Bytes;
use jiff::Timestamp;
use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;

/// What a line says of itself beside the message.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Label {
    pub(super) id: Option<String>,
    pub(super) channel: Option<String>,
    pub(super) sent_at: Option<Timestamp>,
}

/// A line, ready to be decided on.
pub(super) struct Line {
    pub(super) label: Label,
    pub(super) delivery: Delivery,
}

/// Opens a file, or standard input for `-` or nothing.
pub(super) fn open(file: Option<&Path>) -> std::io::Result<Box<dyn BufRead>> {
    match file {
        Some(file) if file != Path::new("-") => Ok(Box::new(std::io::BufReader::new(std::fs::File::open(file)?))),
        _ => Ok(Box::new(std::io::stdin().lock())),
    }
}

/// Reads line by line; a line that is no text is bytes all the same, and gets an answer.
pub(super) fn each(
    mut input: Box<dyn BufRead>,
    mut take: impl FnMut(Line) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    let mut number = 0;
    let mut bytes = Vec::new();
    while input.read_until(b'\n', &mut bytes)? > 0 {
        let line = bytes.trim_ascii_end();
        if !line.is_empty() {
            number += 1;
            take(self::line(number, line))?;
        }
        bytes.clear();
    }
    Ok(number)
}

/// One line as a delivery. Its place is its number; it was stored when it was sent, or at the epoch.
pub(super) fn line(number: u64, bytes: &[u8]) -> Line {
    let label: Label = serde_json::from_slice(bytes).unwrap_or_default();
    let stored_at = label.sent_at.unwrap_or(Timestamp::UNIX_EPOCH);
    let delivery = Delivery {
        stream: Arc::from("lines"),
        sequence: number,
        stored_at_ns: stored_at.as_nanosecond(),
        subject: "lines".to_owned(),
        headers: Vec::new(),
        payload: Bytes::copy_from_slice(bytes),
    };
    Line { label, delivery }
}

/// The channel that a line names, read as the `decile` preset; a line without one is on `test.test`.
pub(super) fn spec(label: &Label, snapshot: Option<&Snapshot>) -> anyhow::Result<ChannelSpec> {
    let name = label.channel.as_deref().unwrap_or("test.test");
    let configured = snapshot.and_then(|snapshot| snapshot.channel_named(name));
    let channel = match configured {
        Some(spec) => spec.channel.clone(),
        None => Channel::parse(name).or_else(|_| Channel::unlisted())?,
    };
    let own_senders = configured.map(|spec| spec.recipe.own_senders.clone()).unwrap_or_default();
    Ok(ChannelSpec {
        channel,
        subject: ">".to_owned(),
        mode: configured.map(|spec| spec.mode).unwrap_or_default(),
        recipe: Recipe { preset: Preset::Decile, by_hand: Mapping::default(), own_senders },
    })
}

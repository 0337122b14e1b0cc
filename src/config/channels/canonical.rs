//! The digest of the channels as meant, with the limits that a decision rests on.

use super::preset_word;
use crate::channel::Mode;
use crate::config::{ChannelSpec, Limits, SourceStream};
use crate::decode::recipe::{Mapping, Source};
use crate::digest::Digest;

/// What the digest is of.
const LABEL: &str = "decile channels, version 1";
const PLACE_LABEL: &str = "decile channel, version 1";

/// Of everything that can change a decision, in a fixed order: the streams by name, their channels as
/// written, since the first that matches takes a message. A consumer's name changes none.
pub(super) fn digest(sources: &[SourceStream], limits: &Limits) -> Digest {
    let mut parts = vec![
        limits.decode.message_bytes_max.to_string(),
        limits.decode.json_depth_max.to_string(),
        limits.evidence_spans_max.to_string(),
        limits.decision_steps_max.to_string(),
        limits.draft_bytes_max.to_string(),
    ];
    let mut by_name: Vec<&SourceStream> = sources.iter().collect();
    by_name.sort_by(|a, b| a.stream.cmp(&b.stream));
    for source in by_name {
        parts.extend(["stream".to_owned(), source.stream.clone()]);
        source.channels.iter().for_each(|spec| channel(spec, &mut parts));
    }
    Digest::of(LABEL, parts.iter().map(String::as_bytes))
}

/// Of what a channel is: where its messages come from and how they are read, whatever it is called.
pub(super) fn place(stream: &str, spec: &ChannelSpec) -> Digest {
    let mut parts = vec![stream.to_owned()];
    channel(spec, &mut parts);
    Digest::of(PLACE_LABEL, parts.iter().map(String::as_bytes))
}

fn channel(spec: &ChannelSpec, parts: &mut Vec<String>) {
    let mode = match spec.mode {
        Mode::Monitored => "monitored",
        Mode::Direct => "direct",
    };
    parts.extend(["channel".to_owned(), spec.channel.as_str().to_owned(), spec.subject.clone(), mode.to_owned()]);
    parts.push(preset_word(spec.recipe.preset).to_owned());
    list(&spec.recipe.own_senders, parts);
    mapping(&spec.recipe.by_hand, parts);
}

fn mapping(mapping: &Mapping, parts: &mut Vec<String>) {
    let Mapping { text, id, sender, subject, sent_at, thread, bot, attributes, headers } = mapping;
    for field in [text, id, sender, subject, sent_at, thread, bot] {
        sources(field, parts);
    }
    parts.push(attributes.len().to_string());
    for (name, places) in attributes {
        parts.push(name.clone());
        sources(places, parts);
    }
    list(headers, parts);
}

fn sources(places: &[Source], parts: &mut Vec<String>) {
    parts.push(places.len().to_string());
    parts.extend(places.iter().map(text));
}

fn list(items: &[String], parts: &mut Vec<String>) {
    parts.push(items.len().to_string());
    parts.extend(items.iter().cloned());
}

/// A place's text; headers compare case-insensitively.
fn text(place: &Source) -> String {
    match place {
        Source::Header(_) => place.to_string().to_ascii_lowercase(),
        Source::Pointer(_) | Source::SubjectToken(_) => place.to_string(),
    }
}

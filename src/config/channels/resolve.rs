//! From `channels.toml` as written to the channels as meant.

use super::{WrittenChannel, WrittenChannels, WrittenSource, canonical};
use crate::channel::{CANARY, Channel, Mode, UNLISTED};
use crate::config::bus::stream_name;
use crate::config::{Bus, ChannelSpec, Channels, Limits, SourceStream, filter};
use crate::decode::recipe::Recipe;
use crate::diagnostic::Report;
use crate::diagnostic::table::Placed;
use crate::policy::resolve::unique;
use std::collections::BTreeSet;

const SOURCES_MAX: usize = 64;
const CHANNELS_MAX: usize = 1_024;
const OWN_SENDERS_MAX: usize = 256;

impl WrittenChannels {
    /// The channels as meant; `bus` tells which subjects and which stream are our own.
    pub(in crate::config) fn resolve(&self, bus: &Bus, limits: &Limits, report: &Report) -> Channels {
        self.check_names(bus, report);
        self.check_subjects(bus, report);
        let sources: Vec<SourceStream> = self.source.iter().map(|source| source.resolve(report)).collect();
        let specs = sources.iter().flat_map(|source| source.channels.iter().map(move |spec| (source, spec)));
        let monitored = specs.filter(|(_, spec)| spec.mode == Mode::Monitored);
        let places = monitored.map(|(source, spec)| (spec.channel.clone(), canonical::place(&source.stream, spec)));
        Channels { digest: canonical::digest(&sources, limits), places: places.collect(), sources }
    }

    /// Every channel's name, as far as it is one.
    pub(in crate::config) fn names(&self) -> BTreeSet<Channel> {
        self.channels().filter_map(|(_, channel)| Channel::parse(&channel.name.as_ref()?.value).ok()).collect()
    }

    fn channels(&self) -> impl Iterator<Item = (&WrittenSource, &WrittenChannel)> {
        self.source.iter().flat_map(|source| source.channel.iter().map(move |channel| (source, channel)))
    }

    fn check_names(&self, bus: &Bus, report: &Report) {
        let _ = unique("source", self.source.iter().filter_map(|source| source.stream.as_ref()), report);
        let _ = unique("channel", self.channels().filter_map(|(_, channel)| channel.name.as_ref()), report);
        for stream in self.source.iter().filter_map(|source| source.stream.as_ref()) {
            if stream.value == bus.stream {
                let message = format!("`{}` is the stream for decisions", stream.value);
                report.error("own-stream", &stream.at, message, "read messages from another stream");
            }
        }
        for name in self.channels().filter_map(|(_, channel)| channel.name.as_ref()) {
            let reserved = [(CANARY, "what must be refused"), (UNLISTED, "messages of no channel")];
            if let Some((reserved, what)) = reserved.into_iter().find(|(reserved, _)| name.value == *reserved) {
                let message = format!("`{reserved}` is reserved for {what}");
                report.error("reserved-channel", &name.at, message, "give the channel another name");
            }
        }
        if let Some(source) = self.source.get(SOURCES_MAX) {
            report.error("too-many", &source.at, format!("more than {SOURCES_MAX} sources"), "remove some");
        }
        if let Some((source, _)) = self.channels().nth(CHANNELS_MAX) {
            report.error("too-many", &source.at, format!("more than {CHANNELS_MAX} channels"), "remove some");
        }
    }

    fn check_subjects(&self, bus: &Bus, report: &Report) {
        let own = format!("{}.>", bus.root);
        let mut before: Vec<(&Placed<String>, &WrittenSource)> = Vec::new();
        for (source, channel) in self.channels() {
            let Some(subject) = channel.subject.as_ref().filter(|subject| is_filter(subject, report)) else { continue };
            if filter::overlaps(&subject.value, &own) {
                let message = format!("`{}` takes our own records under `{own}`", subject.value);
                report.error("own-subject", &subject.at, message, "narrow it, or change `root`");
            }
            let other = before.iter().find(|(other, _)| filter::overlaps(&other.value, &subject.value));
            if let Some((other, of)) = other {
                overlap(subject, other, std::ptr::eq(*of, source), report);
            }
            before.push((subject, source));
        }
    }
}

/// A broker refuses filters of one consumer that overlap, and so do we, with the line to change. Two streams
/// can hold the same message, and it would be decided twice.
fn overlap(subject: &Placed<String>, other: &Placed<String>, is_one_source: bool, report: &Report) {
    let message = format!("`{}` overlaps `{}`", subject.value, other.value);
    let help = format!("make them apart: the other is in line {}", other.at.line());
    if is_one_source {
        report.error("overlap", &subject.at, message, help);
    } else {
        report.warning("overlap", &subject.at, message, format!("if both streams hold the same messages, {help}"));
    }
}

impl WrittenSource {
    fn resolve(&self, report: &Report) -> SourceStream {
        if self.channel.is_empty() {
            report.error("no-channel", &self.at, "the source has no channel", "add `[[source.channel]]`");
        }
        SourceStream {
            stream: stream_name(self.stream.as_ref(), "", report),
            consumer: stream_name(self.consumer.as_ref(), "decile", report),
            channels: self.channel.iter().filter_map(|channel| channel.resolve(report)).collect(),
        }
    }
}

impl WrittenChannel {
    /// The channel as meant; `None` where it has no name to go by, which is reported.
    fn resolve(&self, report: &Report) -> Option<ChannelSpec> {
        let recipe = Recipe {
            preset: self.preset.as_ref().map_or_else(Default::default, |preset| preset.value),
            by_hand: self.map.resolve(report),
            own_senders: self.own_senders(report),
        };
        Some(ChannelSpec {
            channel: channel(self.name.as_ref()?, report)?,
            subject: self.subject.as_ref()?.value.clone(),
            mode: self.mode.as_ref().map_or_else(Default::default, |mode| mode.value),
            recipe,
        })
    }

    /// Sorted, each once: their order means nothing.
    fn own_senders(&self, report: &Report) -> Vec<String> {
        if let Some(sender) = self.own_senders.get(OWN_SENDERS_MAX) {
            report.error("too-many", &sender.at, format!("more than {OWN_SENDERS_MAX} senders"), "remove some");
        }
        if let Some(sender) = self.own_senders.iter().find(|sender| sender.value.trim().is_empty()) {
            report.error("bad-name", &sender.at, "an empty text is no sender", "remove it");
        }
        let mut senders: Vec<String> = self.own_senders.iter().map(|sender| sender.value.clone()).collect();
        senders.sort_unstable();
        senders.dedup();
        senders
    }
}

fn channel(name: &Placed<String>, report: &Report) -> Option<Channel> {
    match Channel::parse(&name.value) {
        Ok(channel) => Some(channel),
        Err(error) => {
            let message = format!("`{}` cannot be a channel: {error}", name.value);
            report.error("bad-channel", &name.at, message, "write source and name: `slack.support`");
            None
        }
    }
}

fn is_filter(subject: &Placed<String>, report: &Report) -> bool {
    let Some(wrong) = filter::wrong(&subject.value) else { return true };
    let message = format!("`{}` is no subject filter: {wrong}", subject.value);
    report.error("bad-subject", &subject.at, message, "write tokens with dots between: `chat.slack.support.>`");
    false
}

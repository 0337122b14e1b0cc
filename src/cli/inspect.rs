//! `decile inspect`: what a preset or mapping takes from a sample payload.

use super::args::{ConfigFile, Format};
use super::classify::DECODE_LIMITS;
use super::print::{json, one_line};
use super::{Exit, exit::UsageError, world};
use crate::channel::Channel;
use crate::config::ChannelSpec;
use crate::decode::inspect::{Inspection, inspect};
use crate::decode::recipe::{Mapping, Preset, Recipe};
use crate::message::Delivery;
use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

/// Shows, field by field, what is taken and from where. Exit code 3 where the payload is no message.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile inspect --preset slack-events payload.json\n         \
    decile inspect --channel mail.inbox --header 'Content-Type: message/rfc822' letter.eml")]
pub(super) struct Inspect {
    #[command(flatten)]
    file: ConfigFile,
    /// A preset: decile, raw, cloudevents, slack-events, mail.
    #[arg(long, value_parser = preset, conflicts_with = "channel")]
    preset: Option<Preset>,
    /// A configured channel, with what was mapped by hand.
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,
    /// A NATS header of the sample.
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(String, String)>,
    /// The NATS subject of the sample.
    #[arg(long, value_name = "SUBJECT", default_value = "sample")]
    subject: String,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The payload; standard input where it is absent or `-`.
    payload: Option<PathBuf>,
}

impl Inspect {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let (spec, limits) = match (&self.preset, &self.channel) {
            (Some(preset), None) => (spec_of(*preset)?, DECODE_LIMITS),
            (None, Some(name)) => {
                let config = world::load(&self.file.config)?.config;
                let specs = config.channels.sources.iter().flat_map(|source| &source.channels);
                let spec = specs.clone().find(|spec| spec.channel.as_str() == name);
                let Some(spec) = spec else {
                    let names: Vec<&str> = specs.map(|spec| spec.channel.as_str()).collect();
                    let message = format!("no channel `{name}`; there are {}", names.join(", "));
                    return Err(UsageError(message).into());
                };
                (spec.clone(), config.limits.decode)
            }
            _ => return Err(UsageError("give `--preset` or `--channel`".to_owned()).into()),
        };
        let inspection = inspect(&spec.recipe, &spec.channel, &limits, &self.delivery()?);
        match self.format {
            Format::Json => println!("{}", json(&serde_json::to_string_pretty(&inspection)?)),
            Format::Text => print(&inspection),
        }
        Ok(if inspection.malformed.is_some() { Exit::No } else { Exit::Yes })
    }

    fn delivery(&self) -> anyhow::Result<Delivery> {
        let mut payload = Vec::new();
        match &self.payload {
            Some(file) if file.as_os_str() != "-" => {
                payload = std::fs::read(file).with_context(|| format!("cannot read `{}`", file.display()))?;
            }
            _ => {
                std::io::stdin().read_to_end(&mut payload)?;
            }
        }
        Ok(Delivery {
            stream: Arc::from("sample"),
            sequence: 1,
            stored_at_ns: Timestamp::now().as_nanosecond(),
            subject: self.subject.clone(),
            headers: self.headers.clone(),
            payload: payload.into(),
        })
    }
}

fn spec_of(preset: Preset) -> anyhow::Result<ChannelSpec> {
    let recipe = Recipe { preset, by_hand: Mapping::default(), own_senders: Vec::new() };
    let channel = Channel::parse("sample.sample")?;
    Ok(ChannelSpec { channel, subject: ">".to_owned(), mode: crate::channel::Mode::Monitored, recipe })
}

fn print(inspection: &Inspection) {
    for field in &inspection.fields {
        let value = field.value.as_deref().map_or("(absent)".to_owned(), |value| one_line(value, 70));
        let source = field.source.as_deref().unwrap_or("-");
        let tried =
            if field.tried.is_empty() { String::new() } else { format!("  (not in {})", field.tried.join(", ")) };
        println!("{:<24} {value:<72} {}{}", one_line(&field.field, 24), one_line(source, 40), one_line(&tried, 120));
    }
    if let Some(mark) = &inspection.mark {
        println!("{:<24} {:?}: {}", "origin", mark.origin, one_line(&mark.why, 100));
    }
    if let Some(fault) = &inspection.malformed {
        println!("no message, escalates as `{}`: {}", fault.reason, one_line(&fault.detail, 200));
    }
}

fn preset(word: &str) -> Result<Preset, String> {
    match word {
        "decile" => Ok(Preset::Decile),
        "raw" => Ok(Preset::Raw),
        "cloudevents" => Ok(Preset::Cloudevents),
        "slack-events" => Ok(Preset::SlackEvents),
        "mail" => Ok(Preset::Mail),
        _ => Err("a preset is one of decile, raw, cloudevents, slack-events, mail".to_owned()),
    }
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or_else(|| "a header is `Name: value`".to_owned())?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

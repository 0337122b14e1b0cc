//! `decile policy log`: every change of a level, by whom or by what.

use super::args::{self, ConfigFile, Connect, Format};
use super::print::{json, one_line};
use super::reach::Reach;
use super::{Exit, world};
use crate::authority::{Authority, Promotion, Signed, UpheldClass, VerifiedPromotion, VerifiedUpholding};
use crate::channel::Channel;
use crate::class::Class;
use crate::config::Config;
use crate::governing::{Governed, Governing, Record};
use crate::store::{Kept, Watch};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// What became of the policy's levels.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: decile policy log\n         decile policy log --class scheduling_confirm --format json"
)]
pub(super) struct PolicyCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Every change of a level, by whom, and on what evidence.
    Log(Log),
}

/// Every change of a level, by whom, and on what evidence. Exit code 3 where there is none.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile policy log --class scheduling_confirm")]
struct Log {
    /// This class alone.
    #[arg(long, value_name = "CLASS", value_parser = args::class)]
    class: Option<Class>,
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// A change of a level.
#[derive(Debug, serde::Serialize)]
struct Change {
    /// Its revision; none for what stands in the policy's file alone.
    revision: Option<u64>,
    /// When the broker stored it, or somebody signed what stands in the file.
    at: Timestamp,
    /// The class.
    class: String,
    /// The channel; as its subject, where no channel of that name is configured.
    channel: String,
    /// What has changed.
    what: Changed,
}

#[derive(Debug, serde::Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
enum Changed {
    /// A person promoted it.
    Promotion { by: String, level: u8, agreed: u64, disagreed: u64, without_evidence: Option<String>, note: String },
    /// The rules have changed, and a person signed that nothing new comes in.
    Upholding { by: String, still: u64, no_longer: u64, note: String },
    /// Somebody or something took it back to level 1.
    Demotion { by: String, reason: String },
    /// What lies there is neither: it counts as a demotion.
    Unreadable,
}

/// A demotion as it is stored.
#[derive(serde::Deserialize)]
struct Demotion {
    tighten: String,
    #[serde(default)]
    by: String,
    #[serde(default)]
    reason: String,
}

impl PolicyCommand {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let What::Log(log) = self.what;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(log.show())
    }
}

impl Log {
    async fn show(self) -> anyhow::Result<Exit> {
        let config = world::load_config(&self.file.config)?;
        let reach = Reach::open(&config, &self.connect).await?;
        let mut changes = changes(&reach, &config).await?;
        changes.extend(upholdings(&config));
        changes.sort_by_key(|change| change.at);
        changes.retain(|change| self.class.as_ref().is_none_or(|class| class.as_str() == change.class));
        match self.format {
            Format::Json => println!("{}", json(&serde_json::to_string_pretty(&changes)?)),
            Format::Text if changes.is_empty() => println!("no level was ever changed"),
            Format::Text => changes.iter().for_each(print),
        }
        Ok(if changes.is_empty() { Exit::No } else { Exit::Yes })
    }
}

/// What lies on the subjects of levels, read as the daemon reads it.
async fn changes(reach: &Reach, config: &Config) -> anyhow::Result<Vec<Change>> {
    let authority = Arc::new(config.authority.clone());
    let mut governing = Governing::new(reach.root.clone(), Arc::clone(&authority));
    let names: HashMap<&str, &Channel> =
        config.channels.monitored().map(|channel| (channel.subject(), channel)).collect();
    let mut changes = Vec::new();
    let mut watch = Watch::open(&reach.connection, &reach.stream, [reach.root.levels()], 0, Duration::MAX).await?;
    while let Some(kept) = watch.next_stored().await? {
        let Kept { sequence, stored_at, subject, payload } = &kept;
        let record = Record { subject, sequence: *sequence, stored_at: *stored_at, kept: None, payload };
        governing.apply(&record);
        // What is no level's subject says nothing of one.
        let Some(Governed::Level(class, channel)) = reach.root.governed(subject) else { continue };
        let demoted = governing.level_of(class, channel).demoted == *sequence;
        let channel = names.get(channel).map_or(channel, |channel| channel.as_str()).to_owned();
        let what = if demoted { demotion(payload) } else { promotion(payload, &channel, &authority) };
        changes.push(Change { revision: Some(*sequence), at: *stored_at, class: class.to_owned(), channel, what });
    }
    Ok(changes)
}

/// What the policy's file says of rules that were changed.
fn upholdings(config: &Config) -> Vec<Change> {
    let verified = config.policy.upholdings.iter().filter_map(|it| {
        let signed = Signed::parse(it.as_bytes()).ok()?;
        VerifiedUpholding::new(&signed, &config.authority).ok()
    });
    let of_class = |verified: &VerifiedUpholding, it: &UpheldClass| Change {
        revision: None,
        at: verified.upholding().issued_at,
        class: it.class.to_string(),
        channel: it.channel.to_string(),
        what: Changed::Upholding {
            by: verified.operator().to_owned(),
            still: it.still,
            no_longer: it.no_longer,
            note: verified.upholding().note.clone(),
        },
    };
    verified
        .flat_map(|it| it.upholding().classes.iter().map(|class| of_class(&it, class)).collect::<Vec<_>>())
        .collect()
}

fn demotion(payload: &[u8]) -> Changed {
    match serde_json::from_slice::<Demotion>(payload) {
        Ok(Demotion { tighten, by, reason }) if tighten == "demote" => Changed::Demotion { by, reason },
        _ => Changed::Unreadable,
    }
}

fn promotion(payload: &[u8], channel: &str, authority: &Authority) -> Changed {
    let verified = Signed::parse(payload).ok().and_then(|signed| VerifiedPromotion::new(&signed, authority).ok());
    let Some(verified) = verified else { return Changed::Unreadable };
    let Promotion { level, on, without_evidence, note, .. } = verified.promotion();
    let on = on.iter().find(|on| on.channel.as_str() == channel || on.channel.subject() == channel);
    let (agreed, disagreed) = on.map_or((0, 0), |on| (on.agreed, on.disagreed));
    Changed::Promotion {
        by: verified.operator().to_owned(),
        level: *level as u8,
        agreed,
        disagreed,
        without_evidence: without_evidence.as_ref().map(|waiver| waiver.reason.clone()),
        note: note.clone(),
    }
}

fn print(change: &Change) {
    let Change { revision, at, class, channel, what } = change;
    let what = match what {
        Changed::Promotion { by, level, agreed, disagreed, without_evidence, note } => {
            let waived = without_evidence
                .as_ref()
                .map_or_else(String::new, |why| format!(", WITHOUT EVIDENCE: {}", one_line(why, 60)));
            let note = if note.is_empty() { String::new() } else { format!(" ({})", one_line(note, 60)) };
            format!("to level {level} by {by}: {agreed} of {} agreed{waived}{note}", agreed + disagreed)
        }
        Changed::Upholding { by, still, no_longer, note } => {
            let note = if note.is_empty() { String::new() } else { format!(" ({})", one_line(note, 60)) };
            format!("upheld under other rules by {by}: {still} still of it, none newly, {no_longer} no longer{note}")
        }
        Changed::Demotion { by, reason } => format!("to level 1 by {}: {}", one_line(by, 40), one_line(reason, 80)),
        Changed::Unreadable => "to level 1: what lies there is no promotion of this deployment's".to_owned(),
    };
    let (class, channel) = (one_line(class, 64), one_line(channel, 40));
    let revision = revision.map_or_else(|| "in file".to_owned(), |it| it.to_string());
    println!("{} {revision:>8} {class} on {channel}: {what}", at.strftime("%F %T"));
}

//! `decile log`: what was decided, for whoever wants to see the nine tenths.

use super::args::{self, ConfigFile, Connect, Format};
use super::print::{dim, json, one_line};
use super::{Exit, world};
use crate::bus::{self, AckBounds, Connection, Purpose};
use crate::decision::{Disposed, Record};
use crate::reason::Reason;
use crate::store::{self, Filter, Stored};
use crate::subject::Root;
use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;
use std::collections::VecDeque;
use std::io::Write as _;

/// Lists decisions, oldest first. Exit code 3 where nothing was found.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: decile log --disposition handle --since 2h\n         decile log --follow --channel slack.support"
)]
pub(super) struct Log {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    #[command(flatten)]
    filter: FilterArgs,
    /// The last so many.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    limit: usize,
    /// Go on as decisions are committed.
    #[arg(long, short)]
    follow: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What to list.
#[derive(Clone, Debug, Args)]
pub(super) struct FilterArgs {
    /// Only this channel: `slack.support`.
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,
    /// Only this class.
    #[arg(long, value_name = "NAME")]
    class: Option<String>,
    /// Only this disposition: handle, escalate or pass.
    #[arg(long, value_parser = disposition)]
    disposition: Option<Disposed>,
    /// Only this reason: `no_grant`.
    #[arg(long, value_parser = reason)]
    reason: Option<Reason>,
    /// Only what was committed since: a time, or a span such as `2h` before now.
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Timestamp>,
}

impl FilterArgs {
    fn filter(&self) -> Filter {
        Filter {
            channel: self.channel.clone(),
            class: self.class.clone(),
            disposition: self.disposition,
            reason: self.reason,
            since: self.since,
        }
    }
}

impl Log {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.list())
    }

    async fn list(self) -> anyhow::Result<Exit> {
        let opened = Opened::open(&self.file, &self.connect).await?;
        let filter = self.filter.filter();
        if self.follow {
            store::follow(&opened.connection, &opened.stream, &opened.root, &filter, |stored| {
                self.print(&stored).is_ok()
            })
            .await?;
            return Ok(Exit::Yes);
        }
        let mut last: VecDeque<Stored> = VecDeque::new();
        let unread = store::read_all(&opened.connection, &opened.stream, &opened.root, &filter, |stored| {
            last.push_back(stored);
            if last.len() > self.limit {
                last.pop_front();
            }
        })
        .await?;
        for stored in &last {
            self.print(stored)?;
        }
        if unread > 0 {
            eprintln!("{unread} record(s) are not of this version and were passed over");
        }
        Ok(if last.is_empty() { Exit::No } else { Exit::Yes })
    }

    fn print(&self, stored: &Stored) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        match self.format {
            Format::Json => writeln!(out, "{}", json(&String::from_utf8_lossy(&stored.bytes))),
            Format::Text => writeln!(out, "{}", line(stored)),
        }
    }
}

/// One decision on one line.
pub(super) fn line(stored: &Stored) -> String {
    let decision = stored.record.decision();
    let class = decision.verdict.class.as_ref().map_or("-", crate::class::Class::as_str);
    let why = match (decision.reason, &decision.policy) {
        (Some(reason), _) => reason.as_str().to_owned(),
        (None, Some(policy)) => one_line(&format!("{} ({})", policy.action.kind, policy.line), 60),
        (None, None) => String::new(),
    };
    let text = match &stored.record {
        Record::Escalated(escalation) => escalation.message.as_ref().map(|message| message.text.as_str()),
        Record::Passed(passed) => Some(passed.message.text.as_str()),
        Record::Handled(_) | Record::Outward(_) => None,
    };
    format!(
        "{} {} {:<8} {:<20} {:<22} {:<18} {}",
        stored.committed_at.strftime("%F %T"),
        decision.id.as_str().get(..12).unwrap_or_default(),
        decision.disposition.as_str(),
        one_line(decision.channel.as_str(), 20),
        class,
        why,
        text.map(|text| dim(&one_line(text, 60))).unwrap_or_default(),
    )
}

/// A connection to where decisions are.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) stream: String,
    pub(super) root: Root,
    pub(super) world: world::World,
}

impl Opened {
    pub(super) async fn open(file: &ConfigFile, connect: &Connect) -> anyhow::Result<Self> {
        let world = world::load(&file.config)?;
        let access = connect.access(&world.config.bus)?;
        let connection = bus::connect(&access, Purpose::Command, AckBounds::for_commands(&access), None).await?;
        let root = Root::new(&world.config.bus.root).context("the root of the subjects")?;
        Ok(Self { connection, stream: world.config.bus.stream.clone(), root, world })
    }
}

fn disposition(word: &str) -> Result<Disposed, String> {
    [Disposed::Handle, Disposed::Escalate, Disposed::Pass]
        .into_iter()
        .find(|it| it.as_str() == word)
        .ok_or_else(|| "a disposition is handle, escalate or pass".to_owned())
}

fn reason(word: &str) -> Result<Reason, String> {
    let words = || Reason::ALL.map(Reason::as_str).join(", ");
    Reason::ALL.into_iter().find(|it| it.as_str() == word).ok_or_else(|| format!("a reason is one of {}", words()))
}

pub(super) fn since(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let span = args::span(text)
        .map_err(|_| "a time is RFC 3339 (`2026-01-31T09:00:00Z`) or a span (`2h`, `30m`, `7d`)".to_owned())?;
    Timestamp::now().checked_sub(span).map_err(|error| error.to_string())
}

//! `decile grant`: a person permits a type of outward action on a channel.

use super::args::{self, ConfigFile, Connect};
use super::exit::{No, UsageError};
use super::reach::Reach;
use super::signing::{KeyArgs, Signatory};
use super::{Exit, preview, world};
use crate::authority::{Conditions, Grant, GrantId, Uses};
use crate::bus::batch::{self, BatchEntry, Batched};
use crate::bus::follow::broker_now;
use crate::channel::Channel;
use crate::class::{ActionType, Class};
use crate::config::Config;
use crate::diagnostic::table::{Placed, Table, read_file};
use crate::diagnostic::{Report, SourceFile};
use crate::policy::action::Reach as ActionReach;
use crate::policy::level::Level;
use crate::subject::Subject;
use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::Args;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Permits a type of outward action on a channel, for a time. One grant stands per type and channel.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: decile grant --channel slack.support --type react --for 8h --reason \"quiet night\"\n         \
    decile grant --channel mail.inbox --type reply --thread T17 --uses 1 --for 1h --reason \"asked by Eva\"\n         \
    decile grant --file grants.toml\n         decile grant … --preview"
)]
pub(super) struct GrantCommand {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    #[command(flatten)]
    key: KeyArgs,
    #[command(flatten)]
    wish: Wish,
    /// A file of grants, which are signed and published now: `[[grant]]` with the same keys.
    #[arg(long = "file", value_name = "FILE", conflicts_with_all = ["channel", "kind", "span"])]
    grants: Option<PathBuf>,
    /// Take the place of a grant that stands.
    #[arg(long)]
    replace: bool,
    /// Only show which messages that are still kept it would have let out.
    #[arg(long)]
    preview: bool,
}

/// What is to be permitted.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Wish {
    /// On which channel.
    #[arg(long, required_unless_present = "grants")]
    channel: Option<String>,
    /// Which type of action.
    #[arg(long = "type", value_name = "TYPE", required_unless_present = "grants")]
    kind: Option<String>,
    /// For how long: `8h`, `30m`.
    #[arg(long = "for", value_name = "SPAN", required_unless_present = "grants")]
    span: Option<String>,
    /// Why.
    #[arg(long, required_unless_present = "grants")]
    reason: Option<String>,
    /// Only in this thread.
    #[arg(long)]
    thread: Option<String>,
    /// Only from then on (RFC 3339).
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// So many times; as often as caps allow, where it is not given.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    uses: Option<u32>,
    /// Only for messages of this class; may be given several times.
    #[arg(long = "class", value_name = "CLASS")]
    classes: Vec<String>,
    /// Only with this argument, `emoji=thumbsup`; may be given several times.
    #[arg(long = "argument", value_name = "NAME=VALUE")]
    arguments: Vec<String>,
    /// Who is responsible; the operator by default.
    #[arg(long)]
    who: Option<String>,
}

/// The most uses of a grant: so many slots are looked through.
const USES_MAX: u64 = 100_000;

/// How long the revocation beneath a grant is kept: for ever.
const FOR_EVER: Option<Duration> = None;

/// How late the broker drops what has expired, and the time in which a batch is stored: a grant goes so much earlier, so
/// that nothing is written after it has ended.
const EXPIRY_DELAY_MAX: Duration = Duration::from_secs(2);
/// The shortest time that the broker keeps anything.
const KEPT_MIN: Duration = Duration::from_secs(1);

impl GrantCommand {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.publish())
    }

    async fn publish(self) -> anyhow::Result<Exit> {
        let config = world::load_config(&self.file.config)?;
        let wishes = self.wishes()?;
        if self.preview {
            let reach = Reach::open(&config, &self.connect).await?;
            for wish in &wishes {
                preview::print(&reach, &config, &wish.grant(Timestamp::now(), "preview")?).await?;
            }
            return Ok(Exit::Yes);
        }
        let signatory = self.key.signatory(&config)?;
        let reach = Reach::open(&config, &self.connect).await?;
        let now = broker_now(&reach.connection, &reach.stream).await?;
        let mut grants = Vec::new();
        for wish in &wishes {
            let grant = wish.grant(now, &signatory.operator.name)?;
            check(&grant, &signatory, &config)?;
            grants.push(grant);
        }
        for grant in grants {
            warn_if_idle(&grant, &config);
            self.one(&reach, grant, &signatory).await?;
        }
        Ok(Exit::Yes)
    }

    fn wishes(&self) -> anyhow::Result<Vec<Wish>> {
        let Some(file) = &self.grants else { return Ok(vec![self.wish.clone()]) };
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))?;
        let report = Report::new();
        let source = SourceFile::new(file.display().to_string(), text);
        let wishes = read_file(&source, &report, |table| table.tables("grant", Wish::read));
        world::finish((!report.has_errors()).then_some(wishes), report)
    }

    /// Publishes a revocation, which is kept for ever, and upon it the grant, which expires: when it does, the revocation
    /// counts again.
    async fn one(&self, reach: &Reach, grant: Grant, signatory: &Signatory) -> anyhow::Result<()> {
        let subject = reach.root.grant(&grant.kind, &grant.channel);
        let (revision, stands) = standing(reach, &subject).await?;
        if stands && !self.replace && self.grants.is_none() {
            let (kind, channel) = (&grant.kind, &grant.channel);
            let wrong = format!(
                "a grant of `{kind}` on `{channel}` may stand already; see `decile grants`, or say `--replace`"
            );
            return Err(No(wrong).into());
        }
        let grant = Grant { after: revision, ..grant };
        let signed = grant.sign(&signatory.deployment, &signatory.seed)?.encode()?;
        let beneath = super::revoke::revocation(&signatory.operator.name, "beneath a grant, for when it expires")?;
        let stands = Duration::try_from(grant.expires_at.duration_since(grant.issued_at)).unwrap_or_default();
        let kept = stands.saturating_sub(EXPIRY_DELAY_MAX).max(KEPT_MIN);
        let entry = |bytes, kept, expected| BatchEntry { subject: subject.clone(), bytes, kept, expected };
        let entries =
            [entry(Bytes::from(beneath), FOR_EVER, Some(revision)), entry(Bytes::from(signed), Some(kept), None)];
        match batch::publish(&reach.connection, &reach.stream, &entries).await {
            Batched::Stored(revision) => say(&grant, revision),
            Batched::Refused => {
                return Err(No("somebody granted or revoked the same just now; look again".to_owned()).into());
            }
            Batched::Unknown(why) => bail!("the broker did not take the grant: {why}"),
        }
        Ok(())
    }
}

/// The last record on a grant's subject, and whether it looks like a grant.
async fn standing(reach: &Reach, subject: &Subject) -> anyhow::Result<(u64, bool)> {
    let Some(last) = reach.last_on(subject.as_str()).await? else { return Ok((0, false)) };
    Ok((last.sequence, crate::authority::Signed::parse(&last.payload).is_ok()))
}

impl Wish {
    /// From an entry of a file.
    fn read(table: &Table<'_>) -> Self {
        let text = |written: Option<Placed<String>>| written.map(|written| written.value);
        let texts = |written: Vec<Placed<String>>| written.into_iter().map(|written| written.value).collect();
        Self {
            channel: text(table.required_string("channel")),
            kind: text(table.required_string("type")),
            span: text(table.required_string("for")),
            reason: text(table.required_string("reason")),
            thread: text(table.string("thread")),
            from: text(table.moment("from")),
            uses: table.integer("uses", 1..=USES_MAX).and_then(|uses| u32::try_from(uses.value).ok()),
            classes: texts(table.strings("classes")),
            arguments: texts(table.strings("arguments")),
            who: text(table.string("who")),
        }
    }

    /// As a grant that is signed now.
    fn grant(&self, now: Timestamp, operator: &str) -> anyhow::Result<Grant> {
        let missing = |key: &str| UsageError(format!("a grant needs `{key}`"));
        let channel = self.channel.as_deref().ok_or_else(|| missing("channel"))?;
        let kind = self.kind.as_deref().ok_or_else(|| missing("type"))?;
        let span = self.span.as_deref().ok_or_else(|| missing("for"))?;
        let span = args::span(span).map_err(UsageError)?;
        let not_before = match &self.from {
            None => now,
            Some(from) => from.parse().map_err(|_| UsageError(format!("`{from}` is no time: write RFC 3339")))?,
        };
        let classes: Result<Vec<Class>, _> = self.classes.iter().map(|class| Class::parse(class)).collect();
        Ok(Grant {
            id: GrantId::of(fastrand_bytes()),
            channel: Channel::parse(channel).map_err(|error| UsageError(error.to_string()))?,
            thread: self.thread.clone(),
            kind: ActionType::parse(kind).map_err(|error| UsageError(error.to_string()))?,
            after: 0,
            issued_at: now,
            not_before,
            expires_at: not_before.max(now).checked_add(span)?,
            uses: self.uses.map_or(Uses::Standing, Uses::Times),
            conditions: Conditions {
                classes: classes.map_err(|error| UsageError(error.to_string()))?,
                arguments: self.arguments()?,
            },
            who: self.who.clone().unwrap_or_else(|| operator.to_owned()),
            reason: self.reason.clone().ok_or_else(|| missing("reason"))?,
        })
    }

    fn arguments(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let mut arguments = BTreeMap::new();
        for argument in &self.arguments {
            let wrong = || UsageError(format!("`{argument}` is no argument: write `name=value`"));
            let (name, value) = argument.split_once('=').ok_or_else(wrong)?;
            arguments.insert(name.to_owned(), value.to_owned());
        }
        Ok(arguments)
    }
}

/// An id that nobody else drew.
fn fastrand_bytes() -> [u8; 16] {
    fastrand::u128(..).to_le_bytes()
}

/// Whether it would count: said before it is signed, not found out afterwards.
fn check(grant: &Grant, signatory: &Signatory, config: &Config) -> anyhow::Result<()> {
    let (kind, channel, name) = (&grant.kind, &grant.channel, &signatory.operator.name);
    if channel.is_canary() {
        return Err(
            No(format!("`{channel}` is reserved: `decile setup --apply --key FILE` places what lies there")).into()
        );
    }
    if !signatory.operator.may_grant(channel, kind) {
        return Err(No(format!("`{name}` may not grant `{kind}` on `{channel}`: see operators.toml")).into());
    }
    let max = config.authority.grant_max;
    let span = Duration::try_from(grant.expires_at.duration_since(grant.issued_at)).unwrap_or_default();
    if span > max {
        let hours = max.as_secs() / 3_600;
        return Err(No(format!("a grant may stand for {hours} hours at most: `grant_h_max` in operators.toml")).into());
    }
    if grant.expires_at <= grant.not_before || grant.uses == Uses::Times(0) {
        return Err(UsageError("that would permit nothing".to_owned()).into());
    }
    Ok(())
}

/// A grant alone lets nothing out: the policy must reach that far.
fn warn_if_idle(grant: &Grant, config: &Config) {
    let lines = config.policy.classes.keys().map(|class| config.policy.line(class, &grant.channel));
    let does = |line: &crate::policy::Line| {
        line.action.kind == grant.kind
            && line.action.nature.reach == ActionReach::Outward
            && line.level >= Level::Routine
    };
    if !lines.into_iter().any(does) {
        let (kind, channel) = (&grant.kind, &grant.channel);
        eprintln!("warning: no class does `{kind}` on `{channel}` by itself: policy.toml has none at level 2 or 3");
    }
}

fn say(grant: &Grant, revision: u64) {
    let uses = match grant.uses {
        Uses::Standing => "as often as its caps allow".to_owned(),
        Uses::Times(1) => "once".to_owned(),
        Uses::Times(times) => format!("{times} times"),
    };
    println!(
        "granted: `{}` on `{}`, {uses}, until {} (id {}, revision {revision})",
        grant.kind,
        grant.channel,
        grant.expires_at.strftime("%F %T UTC"),
        grant.id,
    );
}

//! `decile grants`: what is permitted, what it has done, and what ends soon.

use super::args::{ConfigFile, Connect, Format};
use super::print::one_line;
use super::reach::Reach;
use super::{Exit, world};
use crate::authority::{Uses, VerifiedGrant};
use crate::decision::{Proof, Record};
use crate::facts::Halt;
use crate::governing::Slot;
use crate::store::{self, Filter};
use clap::Args;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// Lists the grants that stand.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile grants\n         decile grants --format json")]
pub(super) struct Grants {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    /// How to print them.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What ends within this is about to.
const SOON: SignedDuration = SignedDuration::from_hours(1);

/// A grant as it is listed.
#[derive(serde::Serialize)]
struct Row {
    channel: String,
    r#type: String,
    id: String,
    revision: u64,
    operator: String,
    who: String,
    reason: String,
    not_before: Timestamp,
    expires_at: Timestamp,
    ends_soon: bool,
    has_begun: bool,
    has_ended: bool,
    thread: Option<String>,
    uses_max: Option<u32>,
    uses: u32,
    actions: u64,
    conditions: crate::authority::Conditions,
}

impl Grants {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.list())
    }

    async fn list(self) -> anyhow::Result<Exit> {
        let config = world::load_config(&self.file.config)?;
        let reach = Reach::open(&config, &self.connect).await?;
        let (governing, now) = reach.governing(&config).await?;
        let actions = actions_by_grant(&reach).await?;
        let row = |(grant, revision): (&VerifiedGrant, u64)| {
            let row = Slot::Use(grant.grant().id.clone());
            Row::new(grant, revision, governing.taken(&row), actions.get(&revision).copied().unwrap_or(0), now)
        };
        let mut rows: Vec<Row> = governing.grants().map(row).collect();
        rows.sort_by_key(|row| row.expires_at);
        match self.format {
            Format::Json => println!("{}", serde_json::to_string_pretty(&rows)?),
            Format::Text => print(&rows, governing.halt(), now),
        }
        Ok(Exit::Yes)
    }
}

/// How many actions each grant has let out, by its revision.
async fn actions_by_grant(reach: &Reach) -> anyhow::Result<BTreeMap<u64, u64>> {
    let mut actions = BTreeMap::new();
    store::read_all(&reach.connection, &reach.stream, &reach.root, &Filter::default(), |stored| {
        if let Record::Outward(outward) = stored.record
            && let Proof::Grant { revision, .. } = outward.proof
        {
            *actions.entry(revision).or_default() += 1;
        }
    })
    .await?;
    Ok(actions)
}

impl Row {
    fn new(verified: &VerifiedGrant, revision: u64, uses: u32, actions: u64, now: Timestamp) -> Self {
        let grant = verified.grant();
        Self {
            channel: grant.channel.as_str().to_owned(),
            r#type: grant.kind.to_string(),
            id: grant.id.to_string(),
            revision,
            operator: verified.operator().to_owned(),
            who: grant.who.clone(),
            reason: grant.reason.clone(),
            not_before: grant.not_before,
            expires_at: grant.expires_at,
            ends_soon: grant.expires_at.duration_since(now) < SOON,
            has_begun: grant.not_before <= now,
            has_ended: grant.expires_at <= now,
            thread: grant.thread.clone(),
            uses_max: match grant.uses {
                Uses::Standing => None,
                Uses::Times(times) => Some(times),
            },
            uses,
            actions,
            conditions: grant.conditions.clone(),
        }
    }

    fn until(&self, now: Timestamp) -> String {
        let left = self.expires_at.duration_since(now);
        let state = match (self.has_ended, self.has_begun, self.ends_soon) {
            (true, ..) => "ended".to_owned(),
            (_, false, _) => format!("from {}", self.not_before.strftime("%F %T")),
            (_, _, true) => format!("ends in {} min", left.as_mins()),
            _ => format!("{} h left", left.as_hours()),
        };
        format!("{} ({state})", self.expires_at.strftime("%F %T"))
    }
}

fn print(rows: &[Row], halt: Halt, now: Timestamp) {
    if let Halt::On { revision } = halt {
        println!("halted (revision {revision}): nothing goes out until `decile resume`");
    }
    if rows.is_empty() {
        println!("no grant stands: nothing is written to any channel");
        return;
    }
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header(["channel", "type", "until (UTC)", "uses", "done", "who", "why"]);
    for row in rows {
        let uses = row.uses_max.map_or_else(|| "standing".to_owned(), |max| format!("{} of {max}", row.uses));
        table.add_row([
            one_line(&row.channel, 40),
            row.r#type.clone(),
            row.until(now),
            uses,
            row.actions.to_string(),
            one_line(&row.who, 24),
            one_line(&row.reason, 48),
        ]);
    }
    println!("{table}");
}

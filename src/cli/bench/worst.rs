//! `decile bench worst`: what a message can really cost, beside what the bound says.

mod search;

use super::Exit;
use crate::channel::Channel;
use crate::classify::{self, ClassifyLimits, Scratch};
use crate::cli::args::{ConfigFile, Format};
use crate::cli::world::{self, Checked};
use crate::config::Limits;
use crate::diagnostic::Report;
use crate::message::Message;
use crate::pack::Pack;
use crate::rules::Written;
use crate::rules::written::WrittenRule;
use clap::Args;
use comfy_table::{CellAlignment, Table, presets};
use jiff::Timestamp;
use search::{Search, Worst};
use std::time::Instant;

/// Searches the message that costs most, for each rule alone and for all together, and measures it. The search climbs:
/// it changes a message a little, and keeps what makes more steps. It proves nothing; the bound does. It shows how far
/// the bound is from what happens.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile bench worst --config config/decile.toml\n\
    Exit code 1 where a message was found that takes more steps than the bound says: a defect, please report it.")]
pub(super) struct WorstOf {
    #[command(flatten)]
    file: ConfigFile,
    /// Changes that are tried for each rule.
    #[arg(long, value_name = "COUNT", default_value_t = 400)]
    tries: usize,
    /// Where the search starts: the same seed finds the same messages.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Times that a message is decided on; the fastest counts, which the machine disturbed least.
const MEASURED: usize = 7;

/// What was found for one rule, or for all.
#[derive(serde::Serialize)]
struct Found {
    /// The rule; `None` for all together.
    rule: Option<String>,
    /// The most steps that were found.
    steps: u64,
    /// The most that the bound allows.
    bound: u64,
    /// The most that deciding took, in milliseconds.
    measured_ms: f64,
    /// What the bound says that it may take.
    bound_ms: f64,
    /// The message's beginning.
    message: String,
}

impl WorstOf {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let Checked { world, written } = world::load_checked(&self.file.config)?;
        let limits = &world.config.limits;
        let anywhere = Channel::parse("bench.worst")?;
        let of = |pack: &Pack, rule: Option<&WrittenRule>, seeds: &[Worst]| {
            Search {
                pack,
                limits: unbounded(limits),
                bytes_max: limits.decode.message_bytes_max,
                channel: channel(rule).unwrap_or_else(|| anywhere.clone()),
                tries: self.tries,
                seed: self.seed,
            }
            .run(seeds)
        };
        let mut found = Vec::new();
        let mut worst = Vec::new();
        for rule in written.files.iter().flat_map(|file| &file.rules).filter(|rule| rule.is_enabled()) {
            let Some(pack) = alone(&written, rule) else { continue };
            let both = of(&pack, Some(rule), &[]);
            found.push(Found::of(rule.id.as_ref().map(|id| id.value.clone()), &pack, &both, limits));
            worst.extend(both);
        }
        found.sort_by(|a, b| b.measured_ms.total_cmp(&a.measured_ms));
        found.insert(0, Found::of(None, &world.pack, &of(&world.pack, None, &worst), limits));
        match self.format {
            Format::Json => println!("{}", serde_json::to_string_pretty(&found)?),
            Format::Text => print(&found),
        }
        Ok(if found.iter().all(|it| it.steps <= it.bound) { Exit::Yes } else { Exit::No })
    }
}

/// The configured limits, but for the steps: what would be too many is to be seen.
fn unbounded(limits: &Limits) -> ClassifyLimits {
    ClassifyLimits { evidence_spans_max: limits.evidence_spans_max, decision_steps_max: u64::MAX }
}

/// A pack of one rule, with the lists and classes of all.
fn alone(written: &Written, rule: &WrittenRule) -> Option<Pack> {
    let mut one = written.clone();
    let is_it = |it: &WrittenRule| it.id.as_ref().map(|id| &id.value) == rule.id.as_ref().map(|id| &id.value);
    one.files.iter_mut().for_each(|file| file.rules.retain(is_it));
    crate::rules::compile(&one, &Report::new()).map(|(pack, _)| pack)
}

/// A channel on which the rule exists.
fn channel(rule: Option<&WrittenRule>) -> Option<Channel> {
    let (_, channels) = rule?.channels.as_ref()?;
    Channel::parse(&channels.first()?.value.replace('*', "test")).ok()
}

impl Found {
    /// Of two that were found, the slower.
    fn of(rule: Option<String>, pack: &Pack, [one, other]: &[Worst; 2], limits: &Limits) -> Self {
        let bound = pack.cost(limits.decode.message_bytes_max, limits.evidence_spans_max);
        let ms = |worst: &Worst| (0..MEASURED).map(|_| measure(pack, &worst.message, limits)).fold(f64::MAX, f64::min);
        let both = [(one, ms(one)), (other, ms(other))];
        let (worst, measured_ms) = both.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((one, 0.0));
        let text = [Some(&worst.message.text), worst.message.subject.as_ref(), worst.message.sender.as_ref()];
        let shown = text.into_iter().flatten().find(|text| !text.is_empty()).map_or("", String::as_str);
        Self {
            rule,
            steps: one.steps.max(other.steps),
            bound: bound.operations(),
            measured_ms,
            bound_ms: bound.ms(limits.ns_per_op),
            message: shown.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect(),
        }
    }
}

fn measure(pack: &Pack, message: &Message, limits: &Limits) -> f64 {
    let limits = unbounded(limits);
    let mut scratch = Scratch::new(pack);
    // Once for the scratch.
    let _ = classify::find(pack, message, Timestamp::UNIX_EPOCH, &limits, &mut scratch).steps();
    let started = Instant::now();
    let steps = classify::find(pack, message, Timestamp::UNIX_EPOCH, &limits, &mut scratch).steps();
    std::hint::black_box(steps);
    started.elapsed().as_secs_f64() * 1e3
}

fn print(found: &[Found]) {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(["rule", "steps", "bound", "share", "ms", "bound ms", "message"]);
    for it in found {
        let share = it.steps as f64 / it.bound.max(1) as f64 * 100.0;
        table.add_row([
            it.rule.clone().unwrap_or_else(|| "(all together)".to_owned()),
            it.steps.to_string(),
            it.bound.to_string(),
            format!("{share:.0} %"),
            format!("{:.2}", it.measured_ms),
            format!("{:.1}", it.bound_ms),
            it.message.clone(),
        ]);
    }
    (1..=5).filter_map(|at| table.column_mut(at).map(|column| column.set_cell_alignment(CellAlignment::Right))).count();
    println!("{table}");
}

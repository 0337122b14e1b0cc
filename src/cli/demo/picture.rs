//! The picture at the end of the demo: what was handled, what was escalated and why, and how fast.

use crate::class::Class;
use crate::cli::print::{bold, dim};
use crate::cli::show;
use crate::decision::{Decision, Disposed, Record};
use crate::reason::Reason;
use crate::store::Stored;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use hdrhistogram::Histogram;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// The promise: from the broker's storage of a message to that of its decision.
const BUDGET_US: u64 = 200_000;
const BAR_CELLS: usize = 40;

/// The whole picture.
pub(super) fn text(decisions: &[Stored], took: Duration) -> anyhow::Result<String> {
    let mut out = String::new();
    let handled = count(decisions, Disposed::Handle);
    let share = 100 * handled / decisions.len().max(1);
    writeln!(out, "\n{}", bold("What happened"))?;
    writeln!(
        out,
        "{} messages in {:.1} s: {handled} handled ({share} %), {} escalated, {} passed on\n",
        decisions.len(),
        took.as_secs_f64(),
        count(decisions, Disposed::Escalate),
        count(decisions, Disposed::Pass)
    )?;
    writeln!(out, "{}", outcome_table(decisions))?;
    writeln!(out, "{}\n", dim("Handled: by class. Escalated: by the first reason that held."))?;
    chosen(&mut out, "One escalation, as its reader gets it", restricted(decisions))?;
    chosen(&mut out, "One outward action that was refused, because nobody granted it", ungranted(decisions))?;
    latency(&mut out, &latencies(decisions)?)?;
    next(&mut out)?;
    Ok(out)
}

/// The same for programs.
pub(super) fn json(decisions: &[Stored]) -> anyhow::Result<serde_json::Value> {
    let latencies = latencies(decisions)?;
    let quantile = |quantile| latencies.value_at_quantile(quantile);
    let outcomes: Vec<_> = outcomes(decisions)
        .into_iter()
        .map(
            |((disposition, why), count)| serde_json::json!({ "disposition": disposition, "why": why, "count": count }),
        )
        .collect();
    Ok(serde_json::json!({
        "messages": decisions.len(),
        "handled": count(decisions, Disposed::Handle),
        "escalated": count(decisions, Disposed::Escalate),
        "passed": count(decisions, Disposed::Pass),
        "outcomes": outcomes,
        "latency": { "p50_us": quantile(0.5), "p99_us": quantile(0.99), "p999_us": quantile(0.999), "max_us": latencies.max() },
    }))
}

fn count(decisions: &[Stored], disposition: Disposed) -> usize {
    decisions.iter().filter(|stored| stored.record.decision().disposition == disposition).count()
}

fn outcome_table(decisions: &[Stored]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header(["", "why", "messages", ""]);
    let outcomes = outcomes(decisions);
    let most = outcomes.iter().map(|(_, count)| *count).max().unwrap_or(1);
    for ((disposition, why), count) in outcomes {
        table.add_row([disposition.to_owned(), why, count.to_string(), bar(count, most, 24)]);
    }
    if let Some(column) = table.column_mut(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Outcomes by how often they came, handled first.
fn outcomes(decisions: &[Stored]) -> Vec<((&'static str, String), usize)> {
    let mut counts: BTreeMap<(&'static str, String), usize> = BTreeMap::new();
    for stored in decisions {
        let decision = stored.record.decision();
        *counts.entry((decision.disposition.as_str(), why(decision))).or_default() += 1;
    }
    let mut outcomes: Vec<_> = counts.into_iter().collect();
    outcomes.sort_by_key(|((disposition, _), count)| (rank(disposition), std::cmp::Reverse(*count)));
    outcomes
}

fn rank(disposition: &str) -> u8 {
    match disposition {
        "handle" => 0,
        "escalate" => 1,
        _ => 2,
    }
}

fn why(decision: &Decision) -> String {
    let class = decision.verdict.class.as_ref().map_or("none", Class::as_str);
    match (decision.reason, &decision.policy) {
        (None, Some(policy)) => format!("{class} → {}", policy.action.kind),
        (Some(reason), Some(policy)) => format!("{reason}: {class} → {}", policy.action.kind),
        (Some(reason), None) => reason.as_str().to_owned(),
        (None, None) => class.to_owned(),
    }
}

/// An escalation worth reading: held back by a restricting rule, with what its thread said before where
/// there is one.
fn restricted(decisions: &[Stored]) -> Option<&Stored> {
    let has_thread = |stored: &&Stored| matches!(&stored.record, Record::Escalated(it) if !it.thread.is_empty());
    let mut restricted = decisions.iter().filter(|it| it.record.decision().reason == Some(Reason::Restricted));
    restricted.clone().find(has_thread).or_else(|| restricted.next())
}

fn ungranted(decisions: &[Stored]) -> Option<&Stored> {
    let has_text = |stored: &&Stored| matches!(&stored.record, Record::Escalated(it) if it.held.as_ref().is_some_and(|held| held.text.is_some()));
    let mut refused = decisions.iter().filter(|it| it.record.decision().reason == Some(Reason::NoGrant));
    refused.clone().find(has_text).or_else(|| refused.next())
}

fn chosen(out: &mut String, title: &str, stored: Option<&Stored>) -> std::fmt::Result {
    writeln!(out, "{}", bold(&format!("── {title} ──")))?;
    match stored {
        Some(stored) => writeln!(out, "{}", show::text(&stored.record, &stored.committed_at.to_string())),
        None => writeln!(out, "(none in this traffic)\n"),
    }
}

/// Microseconds from the broker's storage of each message to that of its decision: one clock, no guess.
fn latencies(decisions: &[Stored]) -> anyhow::Result<Histogram<u64>> {
    let mut histogram = Histogram::new_with_bounds(1, 60_000_000, 3)?;
    for stored in decisions {
        let stored_at_ns: i128 = stored.record.decision().source.stored_at_ns.parse()?;
        let took_ns = stored.committed_at.as_nanosecond() - stored_at_ns;
        histogram.saturating_record(u64::try_from(took_ns / 1_000).unwrap_or(1).max(1));
    }
    Ok(histogram)
}

fn latency(out: &mut String, histogram: &Histogram<u64>) -> std::fmt::Result {
    writeln!(out, "{}", bold("── From message to committed decision, against the budget of 200 ms ──"))?;
    let edges_us = [250, 500, 1_000, 2_000, 5_000, 10_000, 50_000, BUDGET_US, 60_000_000];
    let mut low = 0;
    let counts: Vec<(u64, u64)> = edges_us
        .into_iter()
        .map(|edge| {
            let count = histogram.count_between(low, edge - 1);
            low = edge;
            (edge, count)
        })
        .collect();
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(1);
    for (edge, count) in counts {
        let label = if edge > BUDGET_US { "over budget".to_owned() } else { format!("< {}", millis(edge)) };
        let bar = bar(usize::try_from(count).unwrap_or(usize::MAX), usize::try_from(most).unwrap_or(1), BAR_CELLS);
        writeln!(out, "{label:>12} {count:>6} {bar}")?;
    }
    let quantile = |quantile| millis(histogram.value_at_quantile(quantile));
    writeln!(
        out,
        "{:>12} p50 {}, p99 {}, p99.9 {}, max {}\n",
        "",
        quantile(0.5),
        quantile(0.99),
        quantile(0.999),
        millis(histogram.max())
    )
}

fn millis(us: u64) -> String {
    format!("{}.{:02} ms", us / 1_000, us % 1_000 / 10)
}

fn bar(count: usize, most: usize, cells: usize) -> String {
    let cells = (count * cells).div_ceil(most.max(1));
    "█".repeat(if count == 0 { 0 } else { cells.max(1) })
}

fn next(out: &mut String) -> std::fmt::Result {
    writeln!(out, "{}", bold("── What to try next ──"))?;
    for (command, what) in [
        ("decile explain \"Thursday at 3 works for me\"", "why, rule by rule and step by step"),
        ("decile demo --keep", "keep the server; then `decile log`, `show`, `replay` on it"),
        ("decile test --rules rules", "the tests beside the rules"),
        ("$EDITOR rules/ && decile check", "write a rule of your own"),
        ("decile setup --apply && decile run", "on your own NATS: see README.md"),
    ] {
        writeln!(out, "  {command:<46} {}", dim(what))?;
    }
    Ok(())
}

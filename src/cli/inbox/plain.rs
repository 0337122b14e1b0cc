//! The inbox for pipes and small terminals: lines.

use crate::cli::args::Format;
use crate::cli::print::{bold, dim, json, one_line};
use crate::cli::{Exit, dlq};
use crate::inbox::diff::{Change, Line as DiffLine};
use crate::inbox::page::{Line, due, page, span};
use crate::inbox::{Entry, Inbox, Waiting};
use jiff::Timestamp;
use std::io::Write as _;

/// Lists what waits.
pub(super) fn list(inbox: &Inbox, format: Format) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    let (waiting, now) = (inbox.waiting(), Timestamp::now());
    for it in &waiting {
        let line = match (it, format) {
            (Waiting::Escalation(entry), Format::Json) => json(&serde_json::to_string(entry)?),
            (Waiting::Escalation(entry), Format::Text) => line(entry, now),
            (Waiting::Letter(letter), Format::Json) => dlq::print::as_json(letter)?,
            (Waiting::Letter(letter), Format::Text) => dlq::print::line(letter, now),
        };
        writeln!(out, "{line}")?;
    }
    if waiting.iter().any(|it| matches!(it, Waiting::Letter(_))) && format == Format::Text {
        eprintln!("what is dead could not be decided: `decile dlq show ID`, `retry`, `drop`");
    }
    for alert in inbox.demoted(now).filter(|_| format == Format::Text) {
        let (channel, why) = (one_line(alert.channel.as_str(), 128), one_line(&alert.reason, 200));
        eprintln!("`{}` is at level 1 again on `{channel}` since {}: {why}", alert.class, alert.at);
    }
    if inbox.left_out() > 0 {
        eprintln!("{} more wait than are listed: answer some of these", inbox.left_out());
    }
    if inbox.unread() > 0 {
        eprintln!("{} record(s) could not be read and were passed over", inbox.unread());
    }
    Ok(if waiting.is_empty() { Exit::No } else { Exit::Yes })
}

/// Shows one.
pub(super) fn show(entry: &Entry, format: Format) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    match format {
        Format::Json => writeln!(out, "{}", json(&serde_json::to_string(entry)?))?,
        Format::Text => {
            for line in page(entry, Timestamp::now()) {
                writeln!(out, "{}", text(&line))?;
            }
        }
    }
    Ok(Exit::Yes)
}

/// One escalation on one line.
fn line(entry: &Entry, now: Timestamp) -> String {
    let escalation = &entry.escalation;
    let decision = &escalation.decision;
    let when = match entry.deadline {
        Some(deadline) => due(deadline, now),
        None => span(now.duration_since(entry.stored_at)),
    };
    let class = escalation.would_have.as_ref().map(|would| &would.class).or(decision.verdict.class.as_ref());
    let says = escalation.message.as_ref().map_or("", |message| message.text.as_str());
    format!(
        "{:<12} {:<14} {:<10} {:<20} {:<18} {:<14} {}",
        decision.id.as_str().get(..12).unwrap_or_default(),
        when,
        decision.desk.as_ref().map_or("-", |desk| desk.as_str()),
        one_line(decision.channel.as_str(), 20),
        class.map_or("-", |class| class.as_str()),
        decision.reason.map_or("-", |reason| reason.as_str()),
        dim(&one_line(says, 60)),
    )
}

/// A line of a page.
fn text(line: &Line) -> String {
    match line {
        Line::Heading(heading) => bold(heading),
        Line::Row(name, value) => format!("  {name:<12}{value}"),
        Line::Quote(pieces) => {
            let pieces =
                pieces.iter().map(|piece| if piece.is_evidence { bold(&piece.text) } else { piece.text.clone() });
            format!("  │ {}", pieces.collect::<String>())
        }
        Line::Draft(draft) => format!("  ┃ {draft}"),
        Line::Warning(warning) => format!("  ! {warning}"),
        Line::Blank => String::new(),
    }
}

/// What an amendment changes.
pub(super) fn print_diff(diff: &[DiffLine]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for DiffLine { change, text } in diff {
        let line = format!("{} {text}", change.sign());
        writeln!(out, "{}", if *change == Change::Same { dim(&line) } else { bold(&line) })?;
    }
    Ok(())
}

//! Dead letters for people and programs.

use crate::cli::args::Format;
use crate::cli::print::{block, dim, json, one_line};
use crate::decision::Attached;
use crate::inbox::Letter;
use crate::inbox::page::{due, span};
use jiff::Timestamp;
use std::io::Write as _;

pub(super) fn list(letters: &[&Letter], format: Format) -> anyhow::Result<()> {
    let (mut out, now) = (std::io::stdout().lock(), Timestamp::now());
    for letter in letters {
        match format {
            Format::Json => writeln!(out, "{}", as_json(letter)?)?,
            Format::Text => writeln!(out, "{}", line(letter, now))?,
        }
    }
    Ok(())
}

pub(super) fn show(letter: &Letter, format: Format) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match format {
        Format::Json => writeln!(out, "{}", as_json(letter)?)?,
        Format::Text => page(&mut out, letter)?,
    }
    Ok(())
}

pub(in crate::cli) fn as_json(letter: &Letter) -> anyhow::Result<String> {
    let mut value = serde_json::to_value(letter)?;
    if let Some(object) = value.as_object_mut() {
        object.insert("open".to_owned(), letter.is_open().into());
    }
    Ok(json(&value.to_string()))
}

/// One on one line: the columns of the inbox.
pub(in crate::cli) fn line(letter: &Letter, now: Timestamp) -> String {
    let when = match letter.deadline {
        Some(deadline) if letter.is_open() => due(deadline, now),
        _ => span(now.duration_since(letter.stored_at)),
    };
    let what = if letter.is_open() { says(&letter.letter.payload) } else { letter.line() };
    format!(
        "{:<12} {when:<14} {:<10} {:<20} {:<18} {:<14} {}",
        letter.id().as_str().get(..12).unwrap_or_default(),
        "dead",
        one_line(letter.letter.channel.as_str(), 20),
        letter.letter.why.as_str(),
        format!("{} attempts", letter.letter.deliveries),
        dim(&one_line(&what, 60)),
    )
}

fn says(payload: &Attached) -> String {
    match payload {
        Attached::Text { text, .. } => text.clone(),
        Attached::Bytes { .. } => "(bytes that are no text)".to_owned(),
        Attached::AtSource { bytes, .. } => format!("({bytes} bytes, where they lie)"),
    }
}

fn page(out: &mut impl std::io::Write, letter: &Letter) -> std::io::Result<()> {
    let dead = &letter.letter;
    let source = &dead.source;
    let lies = format!("{} #{}", one_line(&source.stream, 64), source.sequence);
    let rows = [
        ("id", letter.id().to_string()),
        ("channel", one_line(dead.channel.as_str(), 128)),
        ("why", dead.why.meaning().to_owned()),
        ("attempts", dead.deliveries.to_string()),
        ("given up", dead.at.to_string()),
        ("lies at", lies),
        ("answer", if letter.is_open() && letter.answer.is_none() { "none yet".to_owned() } else { letter.line() }),
    ];
    for (name, value) in rows {
        writeln!(out, "{name:<10}{value}")?;
    }
    match &dead.payload {
        Attached::Text { text, .. } => write!(out, "message\n{}", block(text, "  │ ")),
        other => writeln!(out, "message   {}", says(other)),
    }
}

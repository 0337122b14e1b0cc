//! The decision surface for a terminal.

use crate::cli::print::{bold, dim, one_line};
use crate::survey::{ClassSurface, Surface};

const EXAMPLE_CHARS_MAX: usize = 90;
const CLUSTERS_SHOWN_MAX: usize = 20;
const BAR_CHARS_MAX: f64 = 24.0;

pub(super) fn of(surface: &Surface) -> String {
    let mut text = format!("{}\n", about(surface));
    text.push_str(&classes(surface));
    text.push_str(&without_class(surface));
    text.push_str(&clusters(surface));
    text + &candidates(surface)
}

/// How many messages, from when to when.
pub(super) fn about(surface: &Surface) -> String {
    let days = match (surface.first, surface.last) {
        (Some(first), Some(last)) => format!(", {} to {}", first.strftime("%F %R"), last.strftime("%F %R UTC")),
        _ => String::new(),
    };
    format!("{} messages, {} of them with a class{days}", surface.messages, surface.classed())
}

fn classes(surface: &Surface) -> String {
    if surface.classes.is_empty() {
        return "\nno message has a class: no rule knows any of them\n".to_owned();
    }
    let mut text = format!("\n{}\n", bold("classes"));
    text.push_str(&dim(
        "  messages  share  varies  level  class, what is done, how far that reaches, and what it may become\n",
    ));
    let most = surface.classes.first().map_or(1, |it| it.messages).max(1);
    for it in &surface.classes {
        let share = it.messages as f64 / surface.messages as f64 * 100.0;
        let varies = it.variability.map_or_else(|| "–".to_owned(), |it| format!("{it:.2}"));
        let bar = "▆".repeat((it.messages as f64 / most as f64 * BAR_CHARS_MAX).ceil() as usize);
        text.push_str(&format!(
            "  {:>8} {share:>5.1}%  {varies:>6}  {:>5}  {}  {}\n{:34}{}\n",
            it.messages,
            it.level as u8,
            bold(it.class.as_str()),
            dim(&bar),
            "",
            what(it)
        ));
        examples(&mut text, &it.examples);
    }
    text
}

/// `label on mail.inbox: internal; candidate for level 2`.
fn what(it: &ClassSurface) -> String {
    let actions: Vec<&str> = it.actions.iter().map(String::as_str).collect();
    let channels: Vec<&str> = it.channels.keys().map(String::as_str).collect();
    let (actions, channels) = (actions.join(", "), one_line(&channels.join(", "), 60));
    format!("{actions} on {channels}: {}; {}", it.radius.as_str(), it.standing.meaning())
}

fn examples(text: &mut String, examples: &[String]) {
    for example in examples {
        text.push_str(&dim(&format!("{:34}“{}”\n", "", one_line(example, EXAMPLE_CHARS_MAX))));
    }
}

fn without_class(surface: &Surface) -> String {
    let mut text = format!("\n{}\n", bold("without a class"));
    for (reason, messages) in &surface.without_class {
        text.push_str(&format!("  {messages:>8}  {reason}: {}\n", reason.meaning(), reason = reason.as_str()));
    }
    text
}

fn clusters(surface: &Surface) -> String {
    if surface.clustered == 0 {
        return String::new();
    }
    let heading = bold("unmatched, by what they say");
    let mut text = format!("\n{heading} ({} looked at, {} like no other)\n", surface.clustered, surface.alone);
    for cluster in surface.clusters.iter().take(CLUSTERS_SHOWN_MAX) {
        text.push_str(&format!("  {:>8}  {}\n", cluster.messages, one_line(&cluster.words.join(" "), 60)));
        for example in &cluster.examples {
            text.push_str(&dim(&format!("{:12}“{}”\n", "", one_line(example, EXAMPLE_CHARS_MAX))));
        }
    }
    let left = surface.clusters.len().saturating_sub(CLUSTERS_SHOWN_MAX);
    if left > 0 {
        text.push_str(&format!("  … and {left} smaller ones: `--format html` shows them\n"));
    }
    text
}

fn candidates(surface: &Surface) -> String {
    let candidates = surface.candidates();
    if candidates.is_empty() {
        return "\nno class is a candidate for level 2 yet\n".to_owned();
    }
    let mut text = format!("\n{}\n", bold("first candidates for level 2, least reach first"));
    for (place, it) in candidates.iter().enumerate() {
        text.push_str(&format!(
            "  {:>2}. {} ({} messages, {})\n",
            place + 1,
            it.class,
            it.messages,
            it.radius.as_str()
        ));
    }
    text
}

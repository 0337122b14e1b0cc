//! What a grant would have let out: the messages that are still kept whose action was held back for want of it.

use super::print::one_line;
use super::reach::Reach;
use crate::authority::{Grant, Uses};
use crate::config::Config;
use crate::decision::{Escalation, Record};
use crate::policy::cap::Window;
use crate::reason::Reason;
use crate::store::{self, Filter};
use jiff::Timestamp;
use std::collections::HashMap;

/// The most messages that are listed.
const LISTED_MAX: usize = 50;

/// Prints them, and how many there are. Caps and uses count as they would have.
pub(super) async fn print(reach: &Reach, config: &Config, grant: &Grant) -> anyhow::Result<()> {
    let mut would = Vec::new();
    let mut oldest: Option<Timestamp> = None;
    let filter = Filter { channel: Some(grant.channel.as_str().to_owned()), ..Filter::default() };
    store::read_all(&reach.connection, &reach.stream, &reach.root, &filter, |stored| {
        oldest.get_or_insert(stored.committed_at);
        if let Record::Escalated(escalation) = stored.record
            && is_covered(grant, &escalation)
        {
            would.push((stored.committed_at, escalation));
        }
    })
    .await?;
    let (out, held): (Vec<_>, Vec<_>) = within_caps(config, grant, would);
    let since = since(oldest);
    println!(
        "`{}` on `{}` would have let out {} action(s), and {} more were over a cap or its uses ({since})",
        grant.kind,
        grant.channel,
        out.len(),
        held.len()
    );
    for (at, escalation) in out.iter().take(LISTED_MAX) {
        println!("{}", line(*at, escalation));
    }
    if out.len() > LISTED_MAX {
        println!("  … and {} more", out.len() - LISTED_MAX);
    }
    Ok(())
}

/// How far back what is kept reaches.
pub(super) fn since(oldest: Option<Timestamp>) -> String {
    oldest.map_or_else(|| "nothing is kept".to_owned(), |at| format!("since {}", at.strftime("%F %T UTC")))
}

/// An escalation in a line.
pub(super) fn line(at: Timestamp, escalation: &Escalation) -> String {
    let text = escalation.message.as_ref().map_or("", |message| message.text.as_str());
    let (id, channel) = (&escalation.decision.id, &escalation.decision.channel);
    let (id, channel) = (id.as_str().get(..12).unwrap_or_default(), one_line(channel.as_str(), 40));
    format!("  {} {id} {channel} {}", at.strftime("%F %T"), one_line(text, 80))
}

/// Whether nothing but a grant was missing, and this one would have been it.
fn is_covered(grant: &Grant, escalation: &Escalation) -> bool {
    let decision = &escalation.decision;
    let was_missing = matches!(decision.reason, Some(Reason::NoGrant | Reason::GrantsStale));
    let (Some(draft), Some(class)) = (escalation.draft(), &decision.verdict.class) else { return false };
    let conditions = &grant.conditions;
    was_missing
        && draft.kind == grant.kind
        && (grant.thread.is_none() || grant.thread == draft.target.thread)
        && (conditions.classes.is_empty() || conditions.classes.contains(class))
        && conditions.arguments.iter().all(|(key, value)| draft.arguments.get(key) == Some(value))
}

type Held = (Timestamp, Box<Escalation>);

/// Those that had room under uses and caps, and those that had not, in the order in which they were decided.
fn within_caps(config: &Config, grant: &Grant, would: Vec<Held>) -> (Vec<Held>, Vec<Held>) {
    let mut taken: HashMap<(String, usize), u32> = HashMap::new();
    let mut uses_left = match grant.uses {
        Uses::Standing => u32::MAX,
        Uses::Times(times) => times,
    };
    would.into_iter().partition(|(at, escalation)| {
        let Some(class) = &escalation.decision.verdict.class else { return false };
        let caps = config.policy.caps.iter().enumerate();
        let of_it = caps.filter(|(_, cap)| cap.scope.has(class, &grant.channel, &grant.kind));
        let rows: Vec<_> = of_it.map(|(number, cap)| ((window(cap.window, *at), number), cap.actions_max)).collect();
        let has_room = uses_left > 0 && rows.iter().all(|(row, max)| taken.get(row).is_none_or(|taken| taken < max));
        if has_room {
            uses_left = uses_left.saturating_sub(1);
            rows.into_iter().for_each(|(row, _)| *taken.entry(row).or_default() += 1);
        }
        has_room
    })
}

fn window(window: Window, at: Timestamp) -> String {
    window.at(at)
}

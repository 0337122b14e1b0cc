//! What a promotion would newly let through: what is still kept of those messages whose level alone held them back.

use crate::authority::Promotion;
use crate::cli::reach::Reach;
use crate::cli::{pager, preview};
use crate::decision::{Escalation, Record};
use crate::policy::action::Reach as ActionReach;
use crate::reason::Reason;
use crate::store::{self, Filter};
use crate::trust::Today;
use jiff::Timestamp;
use std::collections::VecDeque;

/// The most messages that are listed, the newest: to scroll through.
const LISTED_MAX: usize = 10_000;
/// The same where nobody scrolls.
const PRINTED_MAX: usize = 50;
/// So many fit on a screen.
const SCREEN: usize = 20;

/// Prints them, and how far back that reaches.
pub(super) async fn print(reach: &Reach, promotion: &Promotion, today: Today<'_>) -> anyhow::Result<()> {
    let mut would: VecDeque<String> = VecDeque::new();
    let (mut oldest, mut count): (Option<Timestamp>, usize) = (None, 0);
    let filter = Filter { class: Some(promotion.class.to_string()), ..Filter::default() };
    store::read_all(&reach.connection, &reach.stream, &reach.root, &filter, |stored| {
        oldest.get_or_insert(stored.committed_at);
        if let Record::Escalated(escalation) = stored.record
            && is_held_back(promotion, today, &escalation)
        {
            count += 1;
            if would.len() == LISTED_MAX {
                let _ = would.pop_front();
            }
            would.push_back(preview::line(stored.committed_at, &escalation));
        }
    })
    .await?;
    let since = preview::since(oldest);
    let how = match promotion.action.reach {
        ActionReach::Outward => "goes out under a grant and caps",
        ActionReach::Internal => "stays inside Decile",
    };
    println!("{count} message(s) would newly be handled ({since}); `{}` {how}", promotion.action.kind);
    if would.len() > SCREEN && pager::show(&would) {
        return Ok(());
    }
    let first = would.len().saturating_sub(PRINTED_MAX);
    would.range(first..).for_each(|line| println!("{line}"));
    let printed = would.len() - first;
    if count > printed {
        println!("  … the last {printed} of them; `decile log --reason level --class {}` has all", promotion.class);
    }
    Ok(())
}

/// Whether nothing but the level held it back, on a channel and with an action that the promotion is of.
fn is_held_back(promotion: &Promotion, today: Today<'_>, escalation: &Escalation) -> bool {
    let decision = &escalation.decision;
    let action = decision.policy.as_ref().map(|policy| &policy.action);
    decision.reason == Some(Reason::Level)
        && decision
            .verdict
            .rules
            .is_some_and(|rules| today.holds(&promotion.class, &decision.channel, rules, promotion.level))
        && action == Some(&promotion.action)
        && promotion.on.iter().any(|on| on.channel == decision.channel)
}

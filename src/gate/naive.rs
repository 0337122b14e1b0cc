//! A second gate, written from the promised table and prose and not from the first: one long function over
//! plain values, slow and simple. It knows nothing of `policy::level::allowance`.

use super::Case;
use crate::channel::Mode;
use crate::facts::{Cover, Facts, Halt};
use crate::message::Origin;
use crate::policy::action::{Reach, Reversibility};
use crate::policy::level::Level;
use crate::policy::{Desk, Policy};
use crate::verdict::Outcome;

/// A disposition in words: reason or `handle` or `pass`; what is held; the desk.
pub(super) type Words = (&'static str, &'static str, Option<Desk>);

pub(super) fn naive(case: &Case<'_>, policy: &Policy, facts: &Facts) -> Words {
    let verdict = match &case.verdict.outcome {
        Outcome::Class(_) => "class",
        Outcome::None(reason) => reason.as_str(),
    };
    let mut without_class = policy.default_desk.clone();
    for restriction in case.restrictions.iter().rev() {
        if let Some(desk) = policy.restriction_desks.get(*restriction) {
            without_class = desk.clone();
        }
    }
    let escalate = |reason| (reason, "nothing", Some(without_class.clone()));
    if verdict == "malformed" || verdict == "oversized" {
        return escalate(verdict);
    }
    if case.mode == Mode::Direct {
        return ("direct", "nothing", None);
    }
    if verdict == "uninspectable" || verdict == "over_budget" {
        return escalate(verdict);
    }
    if verdict == "restricted" || !case.restrictions.is_empty() {
        return escalate("restricted");
    }
    match verdict {
        "class" => {}
        "conflict" | "too_few_witnesses" | "novel" => return escalate(verdict),
        _ => return escalate("unmatched"),
    }
    let class = case.verdict.class().unwrap();
    let line = match policy.classes.get(class) {
        None => &policy.unlisted,
        Some(lines) => match lines.channels.get(case.channel) {
            None => &lines.everywhere,
            Some(line) => line,
        },
    };
    let outward = line.action.nature.reach == Reach::Outward;
    // The table's columns, then its rows; `grant` is "handle under a grant and caps".
    let column = match (outward, line.action.nature.reversibility) {
        (_, Reversibility::Irreversible) => 3,
        (false, _) => 0,
        (true, Reversibility::Reversible) => 1,
        (true, Reversibility::SemiReversible) => 2,
    };
    let row = match line.level {
        Level::Suggest => ["suggest", "escalate", "escalate", if outward { "escalate" } else { "suggest" }],
        Level::Draft => ["draft", "draft", "draft", "draft"],
        Level::Routine => ["handle", "grant", "draft", "draft"],
        Level::Bounded => ["handle", "grant", "grant", "draft"],
    };
    let cell = row[column];
    let held = match cell {
        "suggest" => "suggestion",
        "escalate" => "nothing",
        _ => "draft",
    };
    let escalate = |reason| (reason, held, Some(line.desk.clone()));
    if matches!(facts.halt, Halt::On { .. }) {
        return escalate("halted");
    }
    let age_ns = facts.now.as_nanosecond() - case.sent_at.as_nanosecond();
    if age_ns > i128::try_from(line.max_age.as_nanos()).unwrap() {
        return escalate("too_old");
    }
    if outward && case.origin != Origin::Person {
        return escalate("automated");
    }
    let low = line.level == Level::Suggest || line.level == Level::Draft;
    match (cell, &facts.cover) {
        ("handle", _) => ("handle", "nothing", None),
        ("grant", Cover::Stale) => escalate("grants_stale"),
        ("grant", Cover::NoGrant) => escalate("no_grant"),
        ("grant", Cover::CapReached) => escalate("cap_reached"),
        ("grant", Cover::Granted { .. }) => ("handle", "nothing", None),
        _ if !low && column == 3 => escalate("irreversible"),
        _ => escalate("level"),
    }
}

//! The gate: the one function that turns a verdict, the policy and the facts into a disposition.
//!
//! Pure and total. One table, `CHECKS`, holds every reason in its order; the gate takes the first that
//! holds, and `decile explain` shows them all, so that order, gate and explanation cannot drift apart.

#[cfg(test)]
mod naive;
#[cfg(test)]
mod tests;

use crate::channel::{Channel, Mode};
use crate::class::Class;
use crate::facts::{Cover, Facts, Halt};
use crate::message::Origin;
use crate::policy::action::{Action, Reach, Reversibility};
use crate::policy::level::{Allowance, Level, allowance};
use crate::policy::{Desk, Line, Policy};
use crate::reason::Reason;
use crate::verdict::{Outcome, Verdict};
use jiff::{SignedDuration, Timestamp};

/// What the gate needs to know of one message.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The classifier's opinion; a payload that is no message has the verdict `malformed` or `oversized`.
    pub verdict: &'a Verdict,
    /// The channel it came on.
    pub channel: &'a Channel,
    /// The channel's mode.
    pub mode: Mode,
    /// Who or what wrote it.
    pub origin: Origin,
    /// When it was sent: the earlier of what the source says and when the broker stored it.
    pub sent_at: Timestamp,
    /// The restrictions of the restricting rules in the evidence, in its order. One is enough to escalate,
    /// whatever the verdict says.
    pub restrictions: &'a [&'a str],
    /// The class that the permitting evidence names, even where something held it back. It shows what
    /// would have happened in [`gate_with_steps`] and never changes the disposition.
    pub permitted: Option<&'a Class>,
}

/// What becomes of a message. It borrows from the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition<'p> {
    /// Decile deals with it. An outward action is handled only where [`Cover::Granted`] covers it, and leaves only with
    /// a [`crate::permit::WritePermit`].
    Handle {
        /// The policy's line, with the action.
        line: &'p Line,
    },
    /// A person decides.
    Escalate {
        /// The first reason that holds.
        reason: Reason,
        /// Who gets it.
        desk: &'p Desk,
        /// What the policy would have done.
        held: Held<'p>,
    },
    /// A person talks to the assistant: passed on.
    Pass,
}

/// The action that an escalation carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held<'p> {
    /// None: nobody knows what the message is, or the level does not even suggest.
    Nothing,
    /// What a person might do.
    Suggestion(&'p Action),
    /// An action held back, which a person may approve.
    Draft(&'p Action),
}

/// One step of the gate: a reason, and whether it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The reason that was looked for.
    pub reason: Reason,
    /// What was found.
    pub answer: Answer,
}

/// The answer of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The reason holds.
    Holds,
    /// It does not.
    Clear,
    /// It cannot be asked: no class is known, so there is no line of the policy to ask about.
    NotAsked,
}

/// Every step, in order.
pub type Steps = [Step; 18];

/// Decides. The first reason that holds escalates (`direct` passes); where none does, its level allows the action, and a
/// grant covers it if it is outward.
pub fn gate<'p>(case: &Case<'_>, policy: &'p Policy, facts: &Facts) -> Disposition<'p> {
    let view = View::new(case, policy, facts);
    let first = CHECKS.iter().find(|(_, check)| check(&view) == Answer::Holds);
    view.disposition(first.map(|(reason, _)| *reason))
}

/// Decides as [`gate`] does, and tells every step. Where no class was given, the steps from `halted` on
/// are those of the permitted class: what would have happened.
pub fn gate_with_steps<'p>(case: &Case<'_>, policy: &'p Policy, facts: &Facts) -> (Disposition<'p>, Steps) {
    let view = View::new(case, policy, facts);
    let steps = CHECKS.map(|(reason, check)| Step { reason, answer: check(&view) });
    let first = steps.iter().find(|step| step.answer == Answer::Holds);
    (view.disposition(first.map(|step| step.reason)), steps)
}

/// A question with an answer.
type Check = fn(&View<'_, '_>) -> Answer;

/// Every reason with its question. The order is the contract's.
const CHECKS: [(Reason, Check); 18] = [
    (Reason::Malformed, |view| view.verdict_says(Reason::Malformed)),
    (Reason::Oversized, |view| view.verdict_says(Reason::Oversized)),
    (Reason::Direct, |view| holds(view.case.mode == Mode::Direct)),
    (Reason::Uninspectable, |view| view.verdict_says(Reason::Uninspectable)),
    (Reason::OverBudget, |view| view.verdict_says(Reason::OverBudget)),
    (Reason::Restricted, |view| holds(!view.case.restrictions.is_empty() || view.says(Reason::Restricted))),
    (Reason::Unmatched, |view| view.unmatched()),
    (Reason::Conflict, |view| view.verdict_says(Reason::Conflict)),
    (Reason::TooFewWitnesses, |view| view.verdict_says(Reason::TooFewWitnesses)),
    (Reason::Novel, |view| view.verdict_says(Reason::Novel)),
    (Reason::Halted, |view| holds(matches!(view.facts.halt, Halt::On { .. }))),
    (Reason::TooOld, |view| view.of_line(|line| is_too_old(view.case.sent_at, view.facts.now, line))),
    (Reason::Automated, |view| view.of_line(|line| view.case.origin.is_automated() && is_outward(line))),
    (Reason::Level, |view| view.of_line(|line| is_beyond_level(line, view.level))),
    (Reason::Irreversible, |view| view.of_line(is_irreversible)),
    (Reason::GrantsStale, |view| view.uncovered(Reason::GrantsStale)),
    (Reason::NoGrant, |view| view.uncovered(Reason::NoGrant)),
    (Reason::CapReached, |view| view.uncovered(Reason::CapReached)),
];

/// A case with all that its checks look at.
struct View<'a, 'p> {
    case: &'a Case<'a>,
    policy: &'p Policy,
    facts: &'a Facts,
    /// The line of the class, or of the permitted class where there is none.
    line: Option<&'p Line>,
    /// Its level now.
    level: Level,
}

impl<'a, 'p> View<'a, 'p> {
    fn new(case: &'a Case<'_>, policy: &'p Policy, facts: &'a Facts) -> Self {
        let class = case.verdict.class().or(case.permitted);
        let line = class.map(|class| policy.line(class, case.channel));
        let level = line.map_or(Level::Suggest, |line| line.level_at(facts.now, facts.level));
        Self { case, policy, facts, line, level }
    }

    fn says(&self, reason: Reason) -> bool {
        self.case.verdict.reason() == Some(reason)
    }

    fn verdict_says(&self, reason: Reason) -> Answer {
        holds(self.says(reason))
    }

    /// No class, and no reason that only a classifier can have: that too is nothing that anybody knows.
    fn unmatched(&self) -> Answer {
        holds(match self.case.verdict.outcome {
            Outcome::Class(_) => false,
            Outcome::None(reason) => reason == Reason::Unmatched || !is_of_a_verdict(reason),
        })
    }

    fn of_line(&self, check: impl FnOnce(&Line) -> bool) -> Answer {
        self.line.map_or(Answer::NotAsked, |line| holds(check(line)))
    }

    fn uncovered(&self, reason: Reason) -> Answer {
        self.of_line(|line| is_outward(line) && lack(&self.facts.cover) == Some(reason))
    }

    fn disposition(&self, first: Option<Reason>) -> Disposition<'p> {
        // The permitted class must not decide: only the verdict's own class has a line here.
        let line = self.line.filter(|_| self.case.verdict.class().is_some());
        match (first, line) {
            (Some(Reason::Direct), _) => Disposition::Pass,
            (Some(reason), Some(line)) if reason >= Reason::Halted => {
                Disposition::Escalate { reason, desk: &line.desk, held: held(line, self.level) }
            }
            (Some(reason), _) => self.escalate(reason),
            (None, Some(line)) => Disposition::Handle { line },
            // Not reachable: without a class a reason up to `novel` holds. Nobody knows it, all the same.
            (None, None) => self.escalate(Reason::Unmatched),
        }
    }

    fn escalate(&self, reason: Reason) -> Disposition<'p> {
        let desk = self.policy.desk_without_class(self.case.restrictions.iter().copied());
        Disposition::Escalate { reason, desk, held: Held::Nothing }
    }
}

fn holds(truth: bool) -> Answer {
    if truth { Answer::Holds } else { Answer::Clear }
}

/// Whether a verdict may have this reason.
fn is_of_a_verdict(reason: Reason) -> bool {
    reason <= Reason::Novel && reason != Reason::Direct
}

fn is_outward(line: &Line) -> bool {
    line.action.nature.reach == Reach::Outward
}

fn is_irreversible(line: &Line) -> bool {
    line.action.nature.reversibility == Reversibility::Irreversible
}

/// Older than the class allows. A time in the future is a clock that differs, and no age.
fn is_too_old(sent_at: Timestamp, now: Timestamp, line: &Line) -> bool {
    SignedDuration::try_from(line.max_age).is_ok_and(|max| now.duration_since(sent_at) > max)
}

/// Levels 0 and 1 reach nothing; above, `irreversible` is a reason of its own.
fn is_beyond_level(line: &Line, level: Level) -> bool {
    match level {
        Level::Suggest | Level::Draft => true,
        Level::Routine | Level::Bounded => !is_irreversible(line) && !may_handle(line, level),
    }
}

fn may_handle(line: &Line, level: Level) -> bool {
    matches!(allowed(line, level), Allowance::Handle | Allowance::HandleUnderGrant)
}

fn allowed(line: &Line, level: Level) -> Allowance {
    allowance(level, line.action.nature.reach, line.action.nature.reversibility)
}

/// What an outward action lacks.
fn lack(cover: &Cover) -> Option<Reason> {
    match cover {
        Cover::Stale => Some(Reason::GrantsStale),
        Cover::NoGrant => Some(Reason::NoGrant),
        Cover::CapReached => Some(Reason::CapReached),
        Cover::Granted { .. } => None,
    }
}

/// What the escalation carries where the class is known: what the level table says, and a draft where
/// only the moment (halt, age, grant, cap) held the action back.
fn held(line: &Line, level: Level) -> Held<'_> {
    match allowed(line, level) {
        Allowance::Escalate => Held::Nothing,
        Allowance::Suggest => Held::Suggestion(&line.action),
        Allowance::Draft | Allowance::Handle | Allowance::HandleUnderGrant => Held::Draft(&line.action),
    }
}

//! The third wall, as a pure function: whether an action may be carried out, by what it carries and by what lies at the
//! broker now. It takes nobody's word: not the daemon's, which committed it, nor the broker's rights.
//!
//! [`check`] finds what was forged, and needs nothing but the operators' keys. [`verify`] finds besides what no longer
//! holds, and is the only way to a [`VerifiedAction`], which alone can be carried out.

use super::claim::Claim;
use crate::authority::{Answer, Authority, Grant, GrantError, Signed, SignedError};
use crate::authority::{VerifiedGrant, VerifiedResume, VerifiedRuling, VerifiedUndo};
use crate::class::ActionType;
use crate::decision::{Outcome, Outward, OutwardAction, Proof, RefusedWhy, StaleWhy, detail};
use crate::policy::Policy;
use crate::policy::action::{BUILT_IN_TYPES, Reversibility};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

#[cfg(test)]
mod tests;

/// By what an executor judges. All of it is the executor's own.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Who may sign what.
    pub authority: Authority,
    /// What the types of actions mean.
    pub policy: Policy,
    /// The oldest action that is carried out.
    pub action_age_max: Duration,
}

/// The last message on a subject of the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its sequence in our stream: its revision.
    pub sequence: u64,
    /// When the broker stored it.
    pub stored_at: Timestamp,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The message before it on its subject, where the broker was told to store it behind that one only.
    pub after: Option<u64>,
}

/// What an executor has looked up, after it has recorded its intent.
#[derive(Clone, Debug)]
pub struct Looked {
    /// The broker's time.
    pub now: Timestamp,
    /// The last word on the halt.
    pub halt: Option<Found>,
    /// What lies where the proof must lie.
    pub proof: Option<Found>,
    /// The sequence of the last record on the level of its class on its channel; 0 for none.
    pub level: u64,
}

/// An action that may be carried out, now. Made here and nowhere else; carrying it out consumes it.
#[derive(Debug)]
pub struct VerifiedAction {
    outward: Outward,
}

/// Why an action is not carried out, and what there is to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Stale or refused.
    pub outcome: Outcome,
    /// More about it, for a person.
    pub detail: String,
}

/// Whether an action carries a proof that somebody who may sign it has signed, and that is for this very action.
///
/// # Errors
/// [`Outcome::Refused`]; [`StaleWhy::Expired`] only comes of [`verify`].
pub fn check(claim: &Claim, terms: &Terms) -> Result<(), Refusal> {
    let (outward, authority) = (&claim.outward, &terms.authority);
    match &outward.proof {
        Proof::Grant { signed, .. } => check_grant(signed, outward, terms),
        Proof::Ruling { signed, .. } => {
            let ruling = VerifiedRuling::new(signed.clone(), authority)?;
            check_ruling(&ruling, outward, is_irreversible(&terms.policy, &outward.action.kind))
        }
        Proof::Undo { signed, .. } => {
            check_undo(&VerifiedUndo::new(signed.clone(), authority)?, outward, &terms.policy)
        }
    }
}

/// Whether an action may be carried out now.
///
/// # Errors
/// [`Outcome::Refused`] where nothing permits it, [`Outcome::Stale`] where what permitted it no longer does.
pub fn verify(claim: Claim, looked: &Looked, terms: &Terms) -> Result<VerifiedAction, Refusal> {
    check(&claim, terms)?;
    let outward = claim.outward;
    if is_halted(looked.halt.as_ref(), outward.proof.halt(), &terms.authority) {
        return Err(StaleWhy::Halted.into());
    }
    match &outward.proof {
        Proof::Grant { signed, revision, .. } => {
            if outward.decision.facts.level.unwrap_or_default().revision != looked.level {
                return Err(StaleWhy::Demoted.into());
            }
            stands(signed, *revision, &outward, looked, &terms.authority)?;
        }
        Proof::Ruling { signed, revision, .. } => {
            let ruling = VerifiedRuling::new(signed.clone(), &terms.authority)?;
            is_last_word(signed, *revision, looked.proof.as_ref(), |stored_at| ruling.is_fresh(stored_at))?;
        }
        Proof::Undo { signed, revision, .. } => {
            let undo = VerifiedUndo::new(signed.clone(), &terms.authority)?;
            is_last_word(signed, *revision, looked.proof.as_ref(), |stored_at| undo.is_fresh(stored_at))?;
        }
    }
    let age_max = SignedDuration::try_from(terms.action_age_max).unwrap_or(SignedDuration::MAX);
    if looked.now.duration_since(claim.stored_at) > age_max {
        return Err(StaleWhy::TooOld.into());
    }
    Ok(VerifiedAction { outward })
}

impl VerifiedAction {
    /// The action, its decision and its proof.
    pub fn outward(&self) -> &Outward {
        &self.outward
    }
}

impl Refusal {
    pub(super) fn refused(why: RefusedWhy, more: &dyn std::fmt::Display) -> Self {
        Self { outcome: Outcome::Refused(why), detail: detail(&more.to_string()) }
    }
}

impl From<RefusedWhy> for Refusal {
    fn from(why: RefusedWhy) -> Self {
        Self { outcome: Outcome::Refused(why), detail: String::new() }
    }
}

impl From<StaleWhy> for Refusal {
    fn from(why: StaleWhy) -> Self {
        Self { outcome: Outcome::Stale(why), detail: String::new() }
    }
}

impl From<SignedError> for Refusal {
    fn from(error: SignedError) -> Self {
        Self::refused(RefusedWhy::Signature, &error)
    }
}

impl From<GrantError> for Refusal {
    fn from(error: GrantError) -> Self {
        let why = match error {
            GrantError::Signed(error) => return error.into(),
            GrantError::Expired => return StaleWhy::Expired.into(),
            GrantError::Right => RefusedWhy::Right,
            GrantError::Span | GrantError::Copy => RefusedWhy::Copy,
            GrantError::Place => RefusedWhy::Proof,
            GrantError::Early => RefusedWhy::Early,
            GrantError::Other => RefusedWhy::NotCovered,
        };
        Self::refused(why, &error)
    }
}

/// At any time within the grant's own: whether that time is now is asked when the broker's clock is known.
fn check_grant(signed: &Signed, outward: &Outward, terms: &Terms) -> Result<(), Refusal> {
    let grant = VerifiedGrant::new(signed.clone(), &terms.authority)?;
    covers(&grant, outward, grant.grant().not_before)?;
    if is_irreversible(&terms.policy, &outward.action.kind) {
        return Err(RefusedWhy::Irreversible.into());
    }
    Ok(())
}

fn covers(grant: &VerifiedGrant, outward: &Outward, now: Timestamp) -> Result<(), Refusal> {
    let Some(class) = &outward.decision.verdict.class else { return Err(RefusedWhy::NotCovered.into()) };
    Ok(grant.covers(&outward.action, class, now)?)
}

/// Whether the very grant that the action carries stands at the broker.
fn stands(
    signed: &Signed,
    revision: u64,
    outward: &Outward,
    looked: &Looked,
    authority: &Authority,
) -> Result<(), Refusal> {
    let carried = VerifiedGrant::new(signed.clone(), authority)?;
    covers(&carried, outward, looked.now)?;
    let Some(found) = &looked.proof else { return Err(StaleWhy::Revoked.into()) };
    let standing = Signed::parse(&found.bytes)
        .map_err(GrantError::from)
        .and_then(|standing| VerifiedGrant::stored(standing, authority, found.stored_at));
    if found.sequence != revision {
        return Err(if standing.is_ok_and(|it| is_for(it.grant(), &outward.action)) {
            StaleWhy::Replaced.into()
        } else {
            StaleWhy::Revoked.into()
        });
    }
    if standing? == carried { Ok(()) } else { Err(RefusedWhy::Proof.into()) }
}

fn is_for(grant: &Grant, action: &OutwardAction) -> bool {
    grant.channel == action.channel && grant.kind == action.kind
}

/// Whether a ruling approves this very action, by somebody who may.
fn check_ruling(ruling: &VerifiedRuling, outward: &Outward, is_irreversible: bool) -> Result<(), Refusal> {
    let (says, decision) = (ruling.payload(), &outward.decision);
    if says.decision != decision.id {
        return Err(RefusedWhy::NotCovered.into());
    }
    if !decision.desk.as_ref().is_some_and(|desk| ruling.operator().rulings.has(desk)) {
        return Err(RefusedWhy::Right.into());
    }
    let (is_approved, is_warned) = match &says.answer {
        Answer::Approve { action, irreversible } => (*action == outward.action.digest(&decision.id), *irreversible),
        Answer::Amend { instead, irreversible } => (**instead == outward.action, *irreversible),
        Answer::Reject | Answer::Reclassify { .. } => return Err(RefusedWhy::NotCovered.into()),
    };
    if !is_approved {
        return Err(RefusedWhy::Altered.into());
    }
    if is_irreversible && !(is_warned && ruling.operator().irreversible) {
        return Err(RefusedWhy::Irreversible.into());
    }
    Ok(())
}

/// An undo is the inverse of what it undoes, and takes the right to let that out: by a ruling, or by a grant.
fn check_undo(undo: &VerifiedUndo, outward: &Outward, policy: &Policy) -> Result<(), Refusal> {
    let (action, operator) = (&outward.action, undo.operator());
    let undone: Vec<ActionType> = undone_by(policy, &action.kind).collect();
    if undo.payload().decision != outward.decision.id || undone.is_empty() {
        return Err(RefusedWhy::NotCovered.into());
    }
    let may_rule = outward.decision.desk.as_ref().is_some_and(|desk| operator.rulings.has(desk));
    if may_rule || undone.iter().any(|kind| operator.may_grant(&action.channel, kind)) {
        Ok(())
    } else {
        Err(RefusedWhy::Right.into())
    }
}

/// The types that one undoes.
fn undone_by(policy: &Policy, inverse: &ActionType) -> impl Iterator<Item = ActionType> {
    let built_in = BUILT_IN_TYPES.iter().filter_map(|name| ActionType::parse(name).ok());
    built_in.chain(policy.inverses.keys().cloned()).filter(|kind| policy.inverse(kind).as_ref() == Some(inverse))
}

/// Whether the ruling or undo that the action carries is the last word on its decision at the broker. Another one
/// since, whatever it says, means that people disagree: nothing is done then.
fn is_last_word(
    signed: &Signed,
    revision: u64,
    found: Option<&Found>,
    is_fresh: impl Fn(Timestamp) -> bool,
) -> Result<(), Refusal> {
    let Some(found) = found.filter(|found| found.sequence == revision) else {
        return Err(StaleWhy::Overruled.into());
    };
    if Signed::parse(&found.bytes).as_ref() != Ok(signed) {
        return Err(RefusedWhy::Proof.into());
    }
    if is_fresh(found.stored_at) { Ok(()) } else { Err(RefusedWhy::Copy.into()) }
}

/// Whether all is halted, or was since the action was committed. The last word must be an operator's resumption that
/// ends the very message before it: the broker was told to store it behind that one and no other.
fn is_halted(found: Option<&Found>, committed_under: u64, authority: &Authority) -> bool {
    let Some(found) = found else { return committed_under != 0 };
    let resume = Signed::parse(&found.bytes).and_then(|signed| VerifiedResume::new(signed, authority));
    let has_resumed = resume.is_ok_and(|resume| {
        resume.operator().resume && resume.is_fresh(found.stored_at) && found.after == Some(resume.payload().halt)
    });
    !has_resumed || found.sequence != committed_under
}

/// Whether it cannot be undone, as the policy sees it today.
fn is_irreversible(policy: &Policy, kind: &ActionType) -> bool {
    policy.nature(kind).reversibility == Reversibility::Irreversible
}

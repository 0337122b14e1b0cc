//! The grants of canaries: as they are placed, and as they are found again.

use super::Canary;
use crate::authority::{Authority, Conditions, Grant, GrantId, Signed, Uses, VerifiedGrant};
use crate::channel::Channel;
use crate::class::ActionType;
use crate::executor::verify::Found;
use jiff::{SignedDuration, Timestamp};

/// How long ago the expired one's time began, and ended.
const OVER: (SignedDuration, SignedDuration) = (SignedDuration::from_hours(2), SignedDuration::from_hours(1));

/// The grant of a canary, for the reserved channel: right in everything but what makes it one. The forged one is right
/// as it is here, and signed by a key that no operator has; the revoked one gets a revocation upon it.
pub fn grant(
    canary: Canary,
    (id, kind, channel): (GrantId, ActionType, Channel),
    after: u64,
    now: Timestamp,
    (max, who): (SignedDuration, &str),
) -> Grant {
    let (not_before, expires_at) = match canary {
        Canary::Expired => (now.saturating_sub(OVER.0).unwrap_or(now), now.saturating_sub(OVER.1).unwrap_or(now)),
        Canary::Revoked | Canary::Forged => (now, now.saturating_add(max).unwrap_or(now)),
    };
    Grant {
        id,
        channel,
        thread: None,
        kind,
        after,
        issued_at: now,
        not_before,
        expires_at,
        uses: Uses::Standing,
        conditions: Conditions::default(),
        who: who.to_owned(),
        reason: "a canary: it must be refused".to_owned(),
    }
}

/// A canary's grant, as it lies at the broker.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Which.
    pub canary: Canary,
    /// The grant.
    pub(super) signed: Signed,
    /// Its record.
    pub(super) found: Found,
    /// The last record on its subject.
    pub(super) last: Found,
    /// A record on its subject that is the last no longer.
    pub(super) stale: u64,
}

/// Why a canary cannot be tried: what refuses it would not be what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPlaced {
    /// There is nothing, or not what belongs there.
    #[error("no such grant lies on `decile.canary`")]
    Nothing,
    /// It is no longer right in everything else.
    #[error("its grant was placed too long ago, or by somebody who may no longer sign it")]
    Outdated,
}

impl Placed {
    /// Finds it among the records of its subject, in their order.
    ///
    /// # Errors
    /// [`NotPlaced`].
    pub fn find(canary: Canary, records: &[Found], authority: &Authority, now: Timestamp) -> Result<Self, NotPlaced> {
        let signed = |found: &Found| Signed::parse(&found.bytes).ok();
        let at = records.iter().rposition(|found| signed(found).is_some()).ok_or(NotPlaced::Nothing)?;
        let (found, last) = records.get(at).zip(records.last()).ok_or(NotPlaced::Nothing)?;
        let is_upon = found.sequence == last.sequence;
        let before = at.checked_sub(1).and_then(|before| records.get(before));
        let stale = if canary == Canary::Revoked { Some(found) } else { before }.ok_or(NotPlaced::Nothing)?.sequence;
        let signed = signed(found).ok_or(NotPlaced::Nothing)?;
        if is_upon == (canary == Canary::Revoked) {
            return Err(NotPlaced::Nothing);
        }
        let is_as_placed = match canary {
            // Asked of the list itself: whether signatures are looked at is what it tries.
            Canary::Forged => authority.operator(signed.signer()).is_none(),
            Canary::Expired => expires_at(&signed, found, authority).is_some_and(|end| end <= now),
            Canary::Revoked => expires_at(&signed, found, authority).is_some_and(|end| end > now),
        };
        if !is_as_placed {
            return Err(NotPlaced::Outdated);
        }
        Ok(Self { canary, signed, found: found.clone(), last: last.clone(), stale })
    }
}

fn expires_at(signed: &Signed, found: &Found, authority: &Authority) -> Option<Timestamp> {
    let grant = VerifiedGrant::stored(signed.clone(), authority, found.stored_at).ok()?;
    Some(grant.grant().expires_at)
}

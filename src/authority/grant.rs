//! A grant: a person's signed, scoped, expiring permission for one type of action on one channel.

use super::{Authority, Deployment, KeyError, Kind, Seed, Signed, SignedError};
use crate::channel::Channel;
use crate::class::{ActionType, Class};
use crate::decision::OutwardAction;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::fmt;

/// How long after `issued_at` the broker may store a grant, and how far before it their clocks may be apart: older ones
/// are copies.
pub const GRANT_DELAY_MAX: SignedDuration = SignedDuration::from_secs(60);

/// A grant's id: 32 hexadecimal digits, drawn at random.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GrantId(String);

/// What a person permits.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// On which channel.
    pub channel: Channel,
    /// Only in this thread.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub thread: Option<String>,
    /// Which type of action.
    #[serde(rename = "type")]
    pub kind: ActionType,
    /// The last record on its subject when it was signed, by its sequence in our stream; 0 for none. What was revoked
    /// since cannot be put back.
    pub after: u64,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// From when on.
    pub not_before: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// How often.
    pub uses: Uses,
    /// Under which conditions.
    pub conditions: Conditions,
    /// Who is responsible.
    pub who: String,
    /// Why.
    pub reason: String,
}

/// How often a grant may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Uses {
    /// As often as caps allow, until it expires.
    Standing,
    /// So many times: one instruction, one write.
    Times(u32),
}

/// What must hold besides.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conditions {
    /// Only for messages of these classes; any, where empty.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub classes: Vec<Class>,
    /// Only with these arguments.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub arguments: BTreeMap<String, String>,
}

/// A grant whose signature, signer and bounds are right. Made here and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedGrant {
    grant: Grant,
    signed: Signed,
    operator: String,
}

/// Why a grant does not count, or does not cover an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// It was not signed as it must be.
    #[error(transparent)]
    Signed(#[from] SignedError),
    /// Its signer may not grant that.
    #[error("its signer may not grant this type on this channel")]
    Right,
    /// It stands longer than grants may.
    #[error("it stands longer than a grant may, or ends before it begins")]
    Span,
    /// It was stored too long after it was signed.
    #[error("it was stored more than 60 s from when it was signed: a copy, or a clock is wrong")]
    Copy,
    /// It lies where another grant belongs.
    #[error("it lies where another grant belongs")]
    Place,
    /// Its time has not come.
    #[error("its time has not come")]
    Early,
    /// It has expired.
    #[error("it has expired")]
    Expired,
    /// It is for something else.
    #[error("it is for another channel, type, thread, class or other arguments")]
    Other,
}

impl Grant {
    /// Signs it.
    ///
    /// # Errors
    /// Never, for a seed that was made or read.
    pub fn sign(&self, deployment: &Deployment, seed: &Seed) -> Result<Signed, KeyError> {
        Signed::new(Kind::Grant, deployment, self, seed)
    }
}

impl VerifiedGrant {
    /// Verifies what was signed.
    ///
    /// # Errors
    /// [`GrantError::Signed`], [`GrantError::Right`], [`GrantError::Span`].
    pub fn new(signed: Signed, authority: &Authority) -> Result<Self, GrantError> {
        let (grant, operator): (Grant, _) = signed.verify(Kind::Grant, authority)?;
        if !operator.may_grant(&grant.channel, &grant.kind) {
            return Err(GrantError::Right);
        }
        let max = SignedDuration::try_from(authority.grant_max).unwrap_or(SignedDuration::MAX);
        let span = grant.expires_at.duration_since(grant.issued_at);
        if grant.expires_at <= grant.not_before || span > max {
            return Err(GrantError::Span);
        }
        let operator = operator.name.clone();
        Ok(Self { grant, signed, operator })
    }

    /// The same, for one that the broker stored: only then does it stand.
    ///
    /// # Errors
    /// Those of [`VerifiedGrant::new`], and [`GrantError::Copy`].
    pub fn stored(signed: Signed, authority: &Authority, stored_at: Timestamp) -> Result<Self, GrantError> {
        let verified = Self::new(signed, authority)?;
        let delay = stored_at.duration_since(verified.grant.issued_at);
        if delay.abs() > GRANT_DELAY_MAX { Err(GrantError::Copy) } else { Ok(verified) }
    }

    /// Whether it covers an action on a message of this class, now.
    ///
    /// # Errors
    /// [`GrantError::Early`], [`GrantError::Expired`], [`GrantError::Other`].
    pub fn covers(&self, action: &OutwardAction, class: &Class, now: Timestamp) -> Result<(), GrantError> {
        let grant = &self.grant;
        if now < grant.not_before {
            return Err(GrantError::Early);
        }
        if now >= grant.expires_at {
            return Err(GrantError::Expired);
        }
        let is_of_thread = grant.thread.is_none() || grant.thread == action.target.thread;
        let is_of_class = grant.conditions.classes.is_empty() || grant.conditions.classes.contains(class);
        let has_arguments =
            grant.conditions.arguments.iter().all(|(key, value)| action.arguments.get(key) == Some(value));
        let is_meant = grant.channel == action.channel && grant.kind == action.kind;
        if is_meant && is_of_thread && is_of_class && has_arguments { Ok(()) } else { Err(GrantError::Other) }
    }

    /// What it says.
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// As it was signed.
    pub fn signed(&self) -> &Signed {
        &self.signed
    }

    /// The name of the operator who signed it.
    pub fn operator(&self) -> &str {
        &self.operator
    }
}

/// An id is not 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a grant's id is 32 hexadecimal digits")]
pub struct GrantIdError;

impl GrantId {
    /// Of 16 random bytes.
    pub fn of(random: [u8; 16]) -> Self {
        Self(random.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Its text: one token of a subject.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for GrantId {
    type Error = GrantIdError;

    fn try_from(text: String) -> Result<Self, GrantIdError> {
        let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if text.len() == 32 && is_hex { Ok(Self(text)) } else { Err(GrantIdError) }
    }
}

impl From<GrantId> for String {
    fn from(id: GrantId) -> String {
        id.0
    }
}

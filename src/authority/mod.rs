//! Who may permit what, and its proof.
//!
//! Whatever loosens is signed by an operator: grants, resumptions, rulings. [`Signed`] is what travels, and
//! the verified types are the only ways from it to something that counts. The daemon holds public keys alone.

mod grant;
mod key;
mod promotion;
mod ruling;
mod signed;
#[cfg(test)]
mod tests;
mod tightening;
mod upholding;

pub use grant::{Conditions, GRANT_DELAY_MAX, Grant, GrantError, GrantId, Uses, VerifiedGrant};
pub use key::{KeyError, PublicKey, Seed, holds_seed};
pub use promotion::{Promoted, Promotion, PromotionError, VerifiedPromotion, WAIVER_MAX, Waiver};
pub use ruling::{
    Answer, LetterAnswer, LetterRuling, Payload, Resume, Review, Ruling, Undo, Verified, VerifiedLetterRuling,
    VerifiedResume, VerifiedReview, VerifiedRuling, VerifiedUndo,
};
pub use signed::{Kind, Signed, SignedError};
pub use tightening::Tightening;
pub use upholding::{UpheldClass, Upholding, UpholdingError, VerifiedUpholding};

use crate::channel::Channel;
use crate::class::{ActionType, NameError, is_name};
use crate::digest::Digest;
use crate::policy::Desk;
use std::collections::BTreeMap;
use std::fmt;

/// The deployment's id: signatures of one mean nothing in another. `[A-Za-z0-9_-]{1,64}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Deployment(String);

/// The operators of a deployment. Without any, nobody may sign, and nothing is ever written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Which deployment this is.
    pub deployment: Deployment,
    /// By their public keys.
    pub operators: BTreeMap<PublicKey, Operator>,
    /// The longest that a grant may stand.
    pub grant_max: std::time::Duration,
}

/// A person who may sign, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The name that listings show.
    pub name: String,
    /// Grants: each entry some types on some channels.
    pub grants: Vec<GrantRight>,
    /// Rulings on escalations of these desks.
    pub rulings: Scope<Desk>,
    /// Whether a ruling may let out an action that cannot be undone.
    pub irreversible: bool,
    /// Whether they may promote.
    pub promotions: bool,
    /// Whether they may end a halt.
    pub resume: bool,
}

/// A right to grant some types of action on some channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRight {
    /// On which channels.
    pub channels: Scope<Channel>,
    /// Which types.
    pub types: Scope<ActionType>,
}

/// Some, or all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope<T> {
    /// Every one.
    All,
    /// These.
    These(Vec<T>),
}

impl<T: PartialEq> Scope<T> {
    /// Whether it is among them.
    pub fn has(&self, it: &T) -> bool {
        match self {
            Self::All => true,
            Self::These(these) => these.contains(it),
        }
    }
}

impl Authority {
    /// Of a deployment where nobody may sign.
    pub fn nobody() -> Self {
        Self {
            deployment: Deployment("unnamed".to_owned()),
            operators: BTreeMap::new(),
            grant_max: std::time::Duration::ZERO,
        }
    }

    /// An operator by the key that something was signed with.
    pub fn operator(&self, key: &PublicKey) -> Option<&Operator> {
        self.operators.get(key)
    }

    /// Of everything here that can change what counts.
    pub fn digest(&self) -> Digest {
        // The form that `Debug` gives holds every field of every operator, in the order of their keys.
        Digest::of("decile authority, version 1", [format!("{self:?}").as_bytes()])
    }
}

impl Operator {
    /// Whether they may grant this.
    pub fn may_grant(&self, channel: &Channel, kind: &ActionType) -> bool {
        self.grants.iter().any(|right| right.channels.has(channel) && right.types.has(kind))
    }
}

impl Deployment {
    /// Checks an id.
    ///
    /// # Errors
    /// Where it is not `[A-Za-z0-9_-]{1,64}`.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        if is_name(name) { Ok(Self(name.to_owned())) } else { Err(NameError) }
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Deployment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Deployment {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        Self::parse(&name)
    }
}

impl From<Deployment> for String {
    fn from(deployment: Deployment) -> String {
        deployment.0
    }
}

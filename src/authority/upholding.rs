//! An upholding: a person's signed word that rules were changed and let nothing new into a class on a channel, so that what is known
//! of it there holds under the new ones, too.

use super::{Authority, Deployment, KeyError, Kind, Seed, Signed, SignedError};
use crate::channel::Channel;
use crate::class::Class;
use crate::digest::Digest;
use jiff::Timestamp;

/// What a person upholds: classes whose rules have changed, after a comparison over retained messages.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Upholding {
    /// The classes, each on a channel.
    pub classes: Vec<UpheldClass>,
    /// How many messages were compared.
    pub messages: u64,
    /// The oldest of them.
    pub since: Timestamp,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// A word about it, for whoever reads it later.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub note: String,
}

/// A class whose rules have changed without letting anything new into it on a channel.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpheldClass {
    /// The class.
    pub class: Class,
    /// The channel.
    pub channel: Channel,
    /// The digest of where its messages come from and how they are read.
    pub place: Digest,
    /// The digest of its rules, and of all that restricts, before.
    pub before: Digest,
    /// The same of those that were compared with them.
    pub after: Digest,
    /// How many different texts of the channel are of the class by both. None is by the new rules alone.
    pub still: u64,
    /// How many messages are of it by the old rules alone.
    pub no_longer: u64,
}

/// An upholding whose signature and signer are right. Made here and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedUpholding {
    upholding: Upholding,
    operator: String,
}

/// Why an upholding does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum UpholdingError {
    /// It was not signed as it must be.
    #[error(transparent)]
    Signed(#[from] SignedError),
    /// Who may not promote may not uphold.
    #[error("its signer may not promote: see `promotions` in operators.toml")]
    Right,
}

impl Upholding {
    /// Signs it.
    ///
    /// # Errors
    /// Never, for a seed that was made or read.
    pub fn sign(&self, deployment: &Deployment, seed: &Seed) -> Result<Signed, KeyError> {
        Signed::new(Kind::Upholding, deployment, self, seed)
    }
}

impl VerifiedUpholding {
    /// Verifies what was signed.
    ///
    /// # Errors
    /// [`UpholdingError`].
    pub fn new(signed: &Signed, authority: &Authority) -> Result<Self, UpholdingError> {
        let (upholding, operator) = signed.verify(Kind::Upholding, authority)?;
        let operator = operator.promotions.then(|| operator.name.clone()).ok_or(UpholdingError::Right)?;
        Ok(Self { upholding, operator })
    }

    /// The classes that something says to uphold, whoever signed it: to tell people what does not count, and for nothing else.
    pub fn claimed(signed: &Signed) -> Vec<Class> {
        let upholding = signed.claimed::<Upholding>();
        upholding.into_iter().flat_map(|it| it.classes).map(|upheld| upheld.class).collect()
    }

    /// What it says.
    pub fn upholding(&self) -> &Upholding {
        &self.upholding
    }

    /// The name of the operator who signed it.
    pub fn operator(&self) -> &str {
        &self.operator
    }
}

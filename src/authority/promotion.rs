//! A promotion: a person's signed word that a class has earned a level above 1 on some channels.

use super::{Authority, Deployment, KeyError, Kind, Seed, Signed, SignedError};
use crate::channel::Channel;
use crate::class::Class;
use crate::decision::ActionRecord;
use crate::digest::Digest;
use crate::policy::level::Level;
use jiff::{SignedDuration, Timestamp};

/// The longest that a promotion without evidence may stand.
pub const WAIVER_MAX: SignedDuration = SignedDuration::from_hours(24 * 30);

/// What a person promotes: one class with one action, to one level, under the rules of the day.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Promotion {
    /// The class.
    pub class: Class,
    /// The level: 2 or 3.
    pub level: Level,
    /// What is done with messages of the class. A promotion is of no other action.
    pub action: ActionRecord,
    /// The digest of the class's rules and of all that restricts. A promotion is under no other rules, unless they are upheld.
    pub rules: Digest,
    /// Under which other rules people gave some of the answers that it rests on: upheld ones.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub also: Vec<Digest>,
    /// Where, and what was known of each channel.
    pub on: Vec<Promoted>,
    /// How many classes were tested at the time, each on each channel: the significance is split over them.
    pub tested: usize,
    /// Where the evidence was not enough, why it is promoted all the same, and until when.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub without_evidence: Option<Waiver>,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// A word about it, for whoever reads it later.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub note: String,
}

/// A channel on which a class is promoted.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Promoted {
    /// Which.
    pub channel: Channel,
    /// The digest of where its messages come from and how they are read: a name alone says nothing of that.
    pub place: Digest,
    /// The last record on the level's subject when it was signed, by its sequence in our stream; 0 for none. A demotion
    /// that came later takes the promotion back for ever.
    pub after: u64,
    /// How often people had agreed.
    pub agreed: u64,
    /// How often not.
    pub disagreed: u64,
}

/// Why a class is promoted without evidence.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// Why.
    pub reason: String,
    /// Until when: 30 days after it was signed at the latest.
    pub expires_at: Timestamp,
}

/// A promotion whose signature and signer are right. Made here and nowhere else. Whether it is of today's rules, and
/// whether its evidence is enough, is for [`crate::trust::admit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedPromotion {
    promotion: Promotion,
    operator: String,
}

/// Why a promotion does not count, whatever it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum PromotionError {
    /// It was not signed as it must be.
    #[error(transparent)]
    Signed(#[from] SignedError),
    /// Its signer may not promote.
    #[error("its signer may not promote: see `promotions` in operators.toml")]
    Right,
    /// It stands longer than one without evidence may.
    #[error("it is without evidence, and stands longer than 30 days, or ends before it begins")]
    Span,
    /// There is nothing above 1 that it could be to.
    #[error("it is to a level that needs no promotion")]
    Level,
}

impl Promotion {
    /// Signs it.
    ///
    /// # Errors
    /// Never, for a seed that was made or read.
    pub fn sign(&self, deployment: &Deployment, seed: &Seed) -> Result<Signed, KeyError> {
        Signed::new(Kind::Promotion, deployment, self, seed)
    }
}

impl VerifiedPromotion {
    /// Verifies what was signed.
    ///
    /// # Errors
    /// [`PromotionError`].
    pub fn new(signed: &Signed, authority: &Authority) -> Result<Self, PromotionError> {
        let (promotion, operator): (Promotion, _) = signed.verify(Kind::Promotion, authority)?;
        if !operator.promotions {
            return Err(PromotionError::Right);
        }
        if promotion.level <= Level::Draft {
            return Err(PromotionError::Level);
        }
        if let Some(waiver) = &promotion.without_evidence {
            let span = waiver.expires_at.duration_since(promotion.issued_at);
            if span > WAIVER_MAX || span <= SignedDuration::ZERO {
                return Err(PromotionError::Span);
            }
        }
        Ok(Self { promotion, operator: operator.name.clone() })
    }

    /// The class that something says to promote, whoever signed it: to tell people what does not count, and for nothing else.
    pub fn claimed(signed: &Signed) -> Option<Class> {
        signed.claimed::<Promotion>().map(|promotion| promotion.class)
    }

    /// What it says.
    pub fn promotion(&self) -> &Promotion {
        &self.promotion
    }

    /// What it says of a channel, where it is of it.
    pub fn on(&self, channel: &Channel) -> Option<&Promoted> {
        self.promotion.on.iter().find(|promoted| promoted.channel == *channel)
    }

    /// The name of the operator who signed it.
    pub fn operator(&self) -> &str {
        &self.operator
    }
}

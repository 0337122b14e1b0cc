//! What an operator signed, as it travels and as it is stored.
//!
//! Signed are the bytes `decile/<kind>/v1`, a line break, the deployment's id, a line break, and the payload as it was
//! sent. Neither kind nor id can hold a line break, so no two things have the same bytes.

use super::{Authority, KeyError, Operator, PublicKey, Seed};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

/// The version of the stored form, and of the signed bytes.
const VERSION: u32 = 1;
/// The longest signed thing, in bytes: more than a ruling with the longest draft takes.
const SIGNED_BYTES_MAX: usize = 262_144;

/// What was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A permission for one type of action on one channel.
    Grant,
    /// The end of a halt.
    Resume,
    /// A person's answer to an escalation.
    Ruling,
    /// The wish to undo an action.
    Undo,
    /// A person's answer to a dead letter.
    LetterRuling,
    /// A higher trust level.
    Promotion,
    /// A review of a sample.
    Review,
    /// Rules that were changed, and let nothing new into a class.
    Upholding,
}

/// A payload and its signature. It proves nothing until it is verified.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// The version of this form: 1.
    v: u32,
    /// What it is.
    kind: Kind,
    /// Who signed it.
    signer: PublicKey,
    /// The signature, base64 for URLs without padding.
    signature: String,
    /// What was signed: JSON, as text, so that its bytes stay as they were.
    payload: String,
}

/// Why something signed does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum SignedError {
    /// Not of this form.
    #[error("it is nothing that was signed")]
    Form,
    /// Longer than anything that is signed.
    #[error("it is longer than anything that is signed")]
    TooLong,
    /// Of a version that this one does not read.
    #[error("it has a version that this decile does not read")]
    Version,
    /// Something else.
    #[error("it is something else that was signed")]
    Kind,
    /// By a key that no operator has.
    #[error("no operator has this key")]
    Signer,
    /// The signature is not of these bytes, this kind and this deployment.
    #[error("the signature is wrong, or of another deployment")]
    Signature,
    /// The payload is not of this form.
    #[error("the payload is not of its kind's form")]
    Payload,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Resume => "resume",
            Self::Ruling => "ruling",
            Self::Undo => "undo",
            Self::LetterRuling => "letter_ruling",
            Self::Promotion => "promotion",
            Self::Review => "review",
            Self::Upholding => "upholding",
        }
    }
}

impl Signed {
    /// Signs a payload for a deployment.
    ///
    /// # Errors
    /// Where the payload cannot be written as JSON, or the key cannot sign: never, for our own types.
    pub fn new<T: serde::Serialize>(
        kind: Kind,
        deployment: &super::Deployment,
        payload: &T,
        seed: &Seed,
    ) -> Result<Self, KeyError> {
        let payload = serde_json::to_string(payload).map_err(|_| KeyError::CannotSign)?;
        let signature = seed.sign(&bytes(kind, deployment, &payload))?;
        Ok(Self { v: VERSION, kind, signer: seed.public(), signature: BASE64.encode(signature), payload })
    }

    /// Reads one from the bus.
    ///
    /// # Errors
    /// Where it is too long, or of no such form. What it says is not checked.
    pub fn parse(bytes: &[u8]) -> Result<Self, SignedError> {
        if bytes.len() > SIGNED_BYTES_MAX {
            return Err(SignedError::TooLong);
        }
        let signed: Self = serde_json::from_slice(bytes).map_err(|_| SignedError::Form)?;
        if signed.v == VERSION { Ok(signed) } else { Err(SignedError::Version) }
    }

    /// The bytes that travel.
    ///
    /// # Errors
    /// Never: a struct of texts always encodes.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Who says that they signed it: for listings of what does not count.
    pub fn signer(&self) -> &PublicKey {
        &self.signer
    }

    /// What it says, whoever signed it: to tell people what does not count, and for nothing else.
    pub(super) fn claimed<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(&self.payload).ok()
    }

    /// The payload and its operator, where the signature is right. What the operator may sign is for the caller to ask:
    /// the verified types of this module do.
    pub(super) fn verify<'a, T: serde::de::DeserializeOwned>(
        &self,
        kind: Kind,
        authority: &'a Authority,
    ) -> Result<(T, &'a Operator), SignedError> {
        if self.kind != kind {
            return Err(SignedError::Kind);
        }
        let operator = authority.operator(&self.signer).ok_or(SignedError::Signer)?;
        let signature = BASE64.decode(&self.signature).map_err(|_| SignedError::Signature)?;
        if !self.signer.has_signed(&bytes(kind, &authority.deployment, &self.payload), &signature) {
            return Err(SignedError::Signature);
        }
        let payload = serde_json::from_str(&self.payload).map_err(|_| SignedError::Payload)?;
        Ok((payload, operator))
    }
}

fn bytes(kind: Kind, deployment: &super::Deployment, payload: &str) -> Vec<u8> {
    format!("decile/{}/v{VERSION}\n{deployment}\n{payload}", kind.as_str()).into_bytes()
}

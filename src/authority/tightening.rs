//! What needs no signature: a revocation, a demotion, a halt. It can only tighten.

use jiff::Timestamp;

/// A revocation, a demotion or a halt as it is stored.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Tightening<'a> {
    v: u32,
    tighten: &'a str,
    by: &'a str,
    at: Timestamp,
    reason: &'a str,
}

impl<'a> Tightening<'a> {
    /// A revocation.
    pub fn revoke(by: &'a str, at: Timestamp, reason: &'a str) -> Self {
        Self { v: 1, tighten: "revoke", by, at, reason }
    }

    /// A demotion.
    pub fn demote(by: &'a str, at: Timestamp, reason: &'a str) -> Self {
        Self { v: 1, tighten: "demote", by, at, reason }
    }

    /// A halt.
    pub fn halt(by: &'a str, at: Timestamp, reason: &'a str) -> Self {
        Self { v: 1, tighten: "halt", by, at, reason }
    }

    /// The bytes that travel.
    ///
    /// # Errors
    /// Never: a struct of texts always encodes.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

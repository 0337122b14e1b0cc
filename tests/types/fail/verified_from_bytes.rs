//! What was verified cannot be read from bytes: only what was signed can, and that proves nothing.

use decile::authority::{VerifiedGrant, VerifiedRuling};

fn grant(bytes: &[u8]) -> VerifiedGrant {
    serde_json::from_slice(bytes).unwrap()
}

fn ruling(bytes: &[u8]) -> VerifiedRuling {
    serde_json::from_slice(bytes).unwrap()
}

fn main() {
    let _ = (grant, ruling);
}

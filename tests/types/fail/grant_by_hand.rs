//! A grant that was not verified is not one: only verifying makes the type that a permit is made of.

use decile::authority::{Grant, Signed, VerifiedGrant};

fn grant(grant: Grant, signed: Signed) -> VerifiedGrant {
    VerifiedGrant { grant, signed, operator: String::new() }
}

fn main() {
    let _ = grant;
}

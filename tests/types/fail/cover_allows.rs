//! Nothing that covers an outward action can be written: there is no such variant.

use decile::facts::Cover;

fn main() {
    let _ = Cover::Granted;
    let _ = Cover::Grant { revision: 1 };
    // Every variant there is lacks something; this match is whole without one that does not.
    match Cover::NoGrant {
        Cover::Stale | Cover::NoGrant => {}
    }
}

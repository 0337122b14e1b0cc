//! Nothing that covers an outward action can be written: there is no such variant.

use decile::facts::Cover;

fn main() {
    let _ = Cover::Granted;
    let _ = Cover::Grant { revision: 1 };
}

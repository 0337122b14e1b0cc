//! The gate has three dispositions; none of them acts outward.

use decile::gate::Disposition;

fn name(disposition: Disposition<'_>) -> &'static str {
    match disposition {
        Disposition::Handle { .. } => "handle",
        Disposition::Escalate { .. } => "escalate",
        Disposition::Pass => "pass",
        Disposition::Act { .. } => "act",
    }
}

fn main() {
    let _ = name(Disposition::Pass);
}

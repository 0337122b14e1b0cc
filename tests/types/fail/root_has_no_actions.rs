//! No subject for an outward action can be had, as long as there are no permits.

use decile::subject::Root;

fn main() {
    let root = Root::new("decile").unwrap();
    let _ = root.action("reply");
    let _ = root.approved("reply");
}

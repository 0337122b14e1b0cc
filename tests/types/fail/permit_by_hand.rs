//! No permit is written by hand: its fields are nobody's but the mint's.

use decile::permit::WritePermit;

fn any<T>() -> T {
    loop {}
}

fn main() {
    let _ = WritePermit { id: any(), action: any(), proof: any(), slots: any(), fences: any(), kept: any() };
}

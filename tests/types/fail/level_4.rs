//! There is no fourth level, whatever it might be called.

use decile::policy::level::Level;

fn main() {
    let _ = Level::Full;
    let _ = Level::Autonomous;
    let level: Level = 4;
}

//! The `decile` command.

fn main() {}

//! The daemon on a real server: what goes in over the bus, and what is committed.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests stop at the first surprise"
)]

mod access;
mod bad_input;
mod daemon;
mod escalations;
mod gate;
mod outage;
mod presets;
mod privacy;
mod redelivery;
mod refusals;
mod sources;
#[expect(dead_code, reason = "the commands' tests use the rest")]
#[path = "../support/mod.rs"]
mod support;

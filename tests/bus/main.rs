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
mod bridge;
mod canary;
mod daemon;
mod dlq;
mod doctor;
mod drift;
mod escalations;
mod evidence;
mod executor;
mod gate;
mod grants;
mod levels;
mod load;
mod notify;
mod outage;
mod permissions;
mod presets;
mod privacy;
mod questions;
mod redelivery;
mod refusals;
mod reviews;
mod rulings;
mod seeds;
mod sources;
#[path = "../support/mod.rs"]
mod support;
mod uphold;

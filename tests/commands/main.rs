//! The commands, as people and scripts run them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests stop at the first surprise"
)]

mod bench;
mod check;
mod classify;
mod compile;
mod demo;
mod diff;
mod fmt;
mod inbox;
mod promote;
mod pty;
mod recorded;
mod review;
mod samples;
mod screen;
#[expect(dead_code, reason = "the daemon's tests use the rest")]
#[path = "../support/mod.rs"]
mod support;
mod survey;
mod terminal;

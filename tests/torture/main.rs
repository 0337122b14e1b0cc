//! What governs, changed again and again under load, with instances that sleep and servers that die. What is in the stream
//! afterwards is the proof: `oracle` reads it in order. `DECILE_TORTURE=long` (`make torture`) takes minutes;
//! `DECILE_SEED` repeats the choices, though not the timing.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests stop at the first surprise"
)]

mod changes;
mod cluster;
mod expiry;
mod load;
mod names;
mod oracle;
#[path = "../support/cluster.rs"]
mod replicas;
mod runs;
mod scene;
#[expect(dead_code, reason = "the daemon's tests use the rest")]
#[path = "../support/mod.rs"]
mod support;
mod tail;

/// So many of something: in `make test`, and in `make torture`.
pub(crate) fn many(short: usize, long: usize) -> usize {
    if std::env::var("DECILE_TORTURE").is_ok_and(|it| it == "long") { long } else { short }
}

/// Random choices, which can be made again.
pub(crate) fn choices(what: &str) -> fastrand::Rng {
    let seed = std::env::var("DECILE_SEED").ok().map_or_else(|| fastrand::u64(..), |it| it.parse().expect("a number"));
    eprintln!("{what}: DECILE_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}

//! Nothing lost, nothing decided twice: shown from outside. Each test is a row of a table: something breaks, again and again,
//! while messages come in, and afterwards `checker` reads the streams and nothing else. `DECILE_TORTURE=long`
//! (`make torture`) takes hours; `DECILE_SEED` repeats the choices, though not the timing.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests stop at the first surprise"
)]

mod checker;
mod cluster;
mod full;
mod hostile;
mod load;
mod network;
mod proxy;
mod reader;
mod reload;
#[path = "../support/cluster.rs"]
mod replicas;
mod scene;
mod server;
mod sleep;
mod soak;
mod steps;
#[expect(dead_code, reason = "the daemon's tests use the rest")]
#[path = "../support/mod.rs"]
mod support;

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

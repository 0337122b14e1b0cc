//! A seeded simulator of the pipeline: what is next for a message is said by the daemon's own code ([`decile::commit`]), the
//! decisions are the daemon's own, under packs that change; only sockets and the broker are models. The model delivers
//! late, again and in another order, loses what is on its way, refuses, and forgets ids after its window; instances crash,
//! sleep and wake up with plans in hand.
//!
//! Each seed is one history; a failure prints its seed, and `DECILE_SEED=N` repeats it alone. `DECILE_SEEDS=N` runs more.
//! Where one of the safeguards is left out, some history must go wrong: else the simulator shows nothing.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

mod broker;
mod instance;
mod packs;
#[path = "../support/promoted.rs"]
mod promoted;
#[path = "../support/promoting.rs"]
mod promoting;
mod run;

use instance::Without;
use packs::Packs;
use run::{Went, run};

const SEEDS: u64 = 10_000;

#[test]
fn whatever_happens_each_message_is_decided_once() {
    let packs = Packs::new();
    if let Some(seed) = number("DECILE_SEED") {
        panic!("{:?}", run(seed, &packs, Without::Nothing));
    }
    let first = fastrand::u64(..);
    let seeds = number("DECILE_SEEDS").unwrap_or(SEEDS);
    let mut seen = Went::default();
    for seed in (0..seeds).map(|at| first.wrapping_add(at)) {
        match run(seed, &packs, Without::Nothing) {
            Ok(went) => seen.add(&went),
            Err(wrong) => panic!("DECILE_SEED={seed}: {wrong}"),
        }
    }
    eprintln!("{seeds} histories from seed {first}: {seen:?}");
    // What is to be survived has happened, often.
    assert!(seen.redelivered > seeds && seen.duplicates > seeds / 8 && seen.leases_over > seeds / 4, "{seen:?}");
    assert!(seen.looked_up > seeds / 4 && seen.found > seeds / 100 && seen.decided_otherwise > seeds / 100, "{seen:?}");
    assert!(
        seen.deaths > seeds / 2 && seen.crashes > seeds / 2 && seen.slept > seeds / 2 && seen.dead > seeds / 100,
        "{seen:?}"
    );
}

#[test]
fn without_any_of_its_safeguards_some_history_goes_wrong() {
    let packs = Packs::new();
    // Each with the histories until it must have been missed. What the last of them are there for takes the most
    // coincidences.
    for (without, wanted, seeds) in [
        (Without::Id, "decided twice", 3_000),
        (Without::LookUp, "decided twice", 3_000),
        (Without::Lease, "decided twice", 3_000),
        (Without::Epoch, "decided twice", 3_000),
        (Without::Fresh, "decided twice", 100_000),
        (Without::Clearance, "decided twice", 20_000),
        (Without::First, "decided twice", 20_000),
        (Without::AckAfterCommit, "acknowledged before", 3_000),
    ] {
        let first = fastrand::u64(..);
        let went_wrong = (0..seeds).find_map(|at| run(first.wrapping_add(at), &packs, without).err());
        let wrong = went_wrong.unwrap_or_else(|| panic!("{without:?} is not missed in {seeds} histories"));
        assert!(wrong.contains(wanted), "without {without:?}: {wrong}");
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

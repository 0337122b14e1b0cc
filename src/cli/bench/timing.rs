//! Time, taken in two ways: whole passes for the mean, one by one for the rest.

use crate::message::Message;
use hdrhistogram::Histogram;
use std::hint::black_box;
use std::time::{Duration, Instant};

const PASSES_MIN: u32 = 3;
const CLOCK_READINGS: u32 = 10_000;
/// An hour, in nanoseconds: no decision takes longer.
const LONGEST_NS: u64 = 3_600_000_000_000;

/// What was measured.
pub(super) struct Timed {
    /// Nanoseconds a message, over whole passes.
    pub(super) mean_ns: f64,
    /// How many passes these were.
    pub(super) passes: u32,
    /// Nanoseconds of each message, timed by itself: with the time that reading the clock takes.
    pub(super) each_ns: Histogram<u64>,
    /// What reading the clock takes, in nanoseconds.
    pub(super) clock_ns: f64,
}

/// Measures passes over all messages for about `time`, half of it message by message, after a pass to warm up.
///
/// # Errors
/// Where there is no room for a histogram.
#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
pub(super) fn measure<T>(
    messages: &[Message],
    time: Duration,
    mut decide: impl FnMut(&Message) -> T,
) -> anyhow::Result<Timed> {
    let mut pass = || {
        for message in messages {
            black_box(decide(black_box(message)));
        }
    };
    pass();
    let (took, passes) = repeat(time / 2, PASSES_MIN, pass);
    let mut each_ns = Histogram::new_with_bounds(1, LONGEST_NS, 3)?;
    repeat(time / 2, 1, || {
        for message in messages {
            let started = Instant::now();
            black_box(decide(black_box(message)));
            each_ns.saturating_record(u64::try_from(started.elapsed().as_nanos()).unwrap_or(LONGEST_NS).max(1));
        }
    });
    let decisions = f64::from(passes) * messages.len().max(1) as f64;
    Ok(Timed { mean_ns: took.as_nanos() as f64 / decisions, passes, each_ns, clock_ns: clock_ns() })
}

/// Repeats until the time is over, and at least so often; the time that it took, and how often it was.
fn repeat(time: Duration, times_min: u32, mut work: impl FnMut()) -> (Duration, u32) {
    let started = Instant::now();
    let mut times = 0;
    while times < times_min || started.elapsed() < time {
        work();
        times += 1;
    }
    (started.elapsed(), times)
}

fn clock_ns() -> f64 {
    let started = Instant::now();
    for _ in 0..CLOCK_READINGS {
        black_box(Instant::now());
    }
    started.elapsed().as_secs_f64() * 1e9 / f64::from(CLOCK_READINGS)
}

//! Nothing has changed: how often it cries wolf.

use super::traffic::{Source, Traffic, rng};
use super::{DAY, fold, length};
use crate::drift::{Drift, RUN_MEAN_MIN};

/// Alarms of so many runs of so many days each, all of them with the beginning, when little is known yet.
fn alarms(what: &str, traffic: &Traffic, runs: usize, days: usize) -> usize {
    let mut rng = rng(what);
    let mut alarms = 0;
    for run in 0..runs {
        let mut source = Source::new(traffic.clone(), &mut rng);
        let found = fold(&mut Drift::default(), &mut source, days);
        for alarm in &found {
            eprintln!("  run {run}: {} {}: {}", alarm.at_s, alarm.what, alarm.why);
        }
        alarms += found.len();
    }
    let promised = (runs * days * DAY) as f64 / RUN_MEAN_MIN;
    eprintln!("{what}: {alarms} alarms in {runs} runs of {days} days; {promised:.1} promised at most");
    // Four standard deviations of that many.
    assert!(alarms as f64 <= promised + 4.0 * promised.sqrt(), "{what}: {alarms}");
    alarms
}

/// Day and night, weekends, and nothing else.
fn still() -> Traffic {
    Traffic { days_differ: 0.0, hours_differ: 0.0, thread: 1, ..Traffic::busy(300.0) }
}

#[test]
fn a_weekly_cycle_alone_does_not_fire() {
    alarms("weekly cycle", &still(), length(2, 20), length(100, 250));
}

/// Threads of messages with one fate, hours and days that differ, and odd days.
#[test]
fn neither_do_bursts_and_odd_days_on_top_of_it() {
    let wild = Traffic { days_differ: 0.2, hours_differ: 0.2, thread: 6, ..Traffic::busy(300.0) };
    for (what, traffic, short, long) in [
        ("busy 20", Traffic::busy(20.0), 1, 40),
        ("busy 60", Traffic::busy(60.0), 1, 40),
        ("busy 600", Traffic::busy(600.0), 1, 20),
        ("wild 300", wild, 1, 20),
    ] {
        alarms(what, &traffic, length(short, long), length(100, 250));
    }
}

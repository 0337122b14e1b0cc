#![expect(clippy::print_stderr, reason = "seeds and runs are printed")]

use super::*;
use crate::drift::number::log_odds;
use crate::drift::tests::traffic::{binomial, rng};

const USUAL: Usual = Usual { log_odds: -2.197_224_577, band: 0.15, dispersion: 1.0 };

fn at_end(direction: Direction, usual: Usual) -> f64 {
    share(usual.log_odds + if direction == Direction::Up { usual.band } else { -usual.band })
}

/// The mean over all that a window of 20 messages can have of what speaks after it, divided by 1 before.
fn mean(direction: Direction, truth: f64, usual: Usual) -> f64 {
    let mut chance = (1.0 - truth).powi(20);
    let mut sum = 0.0;
    for escalated in 0..=20 {
        let mut rate = Rate::new(direction);
        assert_eq!(rate.hear(0, Counts { decisions: 20, escalated }, usual, f64::INFINITY), None);
        sum += chance * rate.speaks();
        let k = number(escalated);
        chance *= (20.0 - k) / (k + 1.0) * truth / (1.0 - truth);
    }
    sum
}

#[test]
fn a_window_within_the_band_says_nothing_on_average() {
    for direction in [Direction::Up, Direction::Down] {
        let end = at_end(direction, USUAL);
        assert!((mean(direction, end, USUAL) - 1.0).abs() < 1e-9);
        assert!(mean(direction, 0.1, USUAL) < 0.99);
        let outside = if direction == Direction::Up { end * 1.1 } else { end / 1.1 };
        assert!(mean(direction, outside, USUAL) > 1.0);
        for dispersion in [1.5, 4.0] {
            let mean = mean(direction, end, Usual { dispersion, ..USUAL });
            assert!(mean < 1.0, "{direction:?} {dispersion} {mean}");
        }
    }
}

/// Where every `d` messages share one fate, it is the likelihood of the fates, no more and no less.
#[test]
fn dispersion_counts_fates() {
    let alone = ratio_ln(Counts { decisions: 20, escalated: 3 }, USUAL, 0.64);
    let bunched = Usual { dispersion: 5.0, ..USUAL };
    let bunches = ratio_ln(Counts { decisions: 100, escalated: 15 }, bunched, 0.64);
    assert!((alone - bunches).abs() < 1e-9);
}

/// At the end of the band exactly, which is as bad as may be: an alarm every 2,000 windows, at the most.
#[test]
fn it_seldom_cries_wolf() {
    let mut rng = rng("run length");
    for (dispersion, bunch) in [(1.0, 1), (3.0, 3)] {
        for direction in [Direction::Up, Direction::Down] {
            let usual = Usual { dispersion, ..USUAL };
            let (end, windows) = (at_end(direction, usual), 1_000_000);
            let mut alarms = 0;
            let mut rate = Rate::new(direction);
            for _ in 0..windows {
                let fates = 2 + rng.u64(0..12);
                let escalated = bunch * binomial(&mut rng, fates, end);
                if rate.hear(0, Counts { decisions: bunch * fates, escalated }, usual, 2_000.0).is_some() {
                    alarms += 1;
                    // Without the rest.
                    rate = Rate::new(direction);
                }
            }
            eprintln!("{direction}, bunches of {bunch}: {alarms} alarms in {windows} windows; 500 promised at most");
            assert!(alarms <= 500 + 4 * 22, "{alarms}");
            assert!(alarms > 50, "it would never speak: {alarms}");
        }
    }
}

#[test]
fn it_rests_after_an_alarm_and_begins_anew() {
    let all = Counts { decisions: 5, escalated: 5 };
    let mut rate = Rate::new(Direction::Up);
    let mut alarms = Vec::new();
    for window in 0..1_000 {
        if let Some(run) = rate.hear(window * WINDOW_S, all, USUAL, 1e6) {
            alarms.push(window);
            assert_eq!(run.counts.decisions, run.counts.escalated);
            assert!((run.expected / number(run.counts.decisions) - 0.1).abs() < 1e-6);
        }
    }
    let [first, second, ..] = alarms[..] else { panic!("{alarms:?}") };
    assert!(first < 3 && second - first == 288 + 1 + first, "{alarms:?}");
    assert_eq!(Rate::new(Direction::Down).hear(0, all, USUAL, 2.0), None, "the other way it says nothing");
}

#[test]
fn it_tells_since_when() {
    let mut rate = Rate::new(Direction::Down);
    let heard = |window: i64| Counts { decisions: 50, escalated: if window < 500 { 5 } else { 1 } };
    let run = (0..1_000).find_map(|window| rate.hear(window * WINDOW_S, heard(window), USUAL, 1e6)).unwrap();
    assert_eq!(run.start_s, 500 * WINDOW_S, "{run:?}");
    assert!(run.counts.escalated * 50 == run.counts.decisions && run.counts.decisions < 1_000, "{run:?}");
}

#[test]
fn nothing_heard_is_no_step() {
    let mut rate = Rate::new(Direction::Up);
    rate.hear(0, Counts { decisions: 20, escalated: 4 }, USUAL, 1e9);
    let before = rate.clone();
    rate.hear(WINDOW_S, Counts::default(), USUAL, 1e9);
    assert_eq!(rate, before);
}

#[test]
fn absurd_counts_are_no_trouble() {
    for direction in [Direction::Up, Direction::Down] {
        let mut rate = Rate::new(direction);
        for escalated in [0, u64::MAX, 0, u64::MAX] {
            let counts = Counts { decisions: u64::MAX, escalated };
            // Nothing reaches a threshold that is no number.
            rate.hear(0, counts, Usual { log_odds: log_odds(1e-9), ..USUAL }, f64::NAN);
            assert!(rate.speaks().is_finite());
        }
    }
}

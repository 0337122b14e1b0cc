//! Something has changed: how soon it is noticed.

use super::traffic::{Source, Traffic, rng};
use super::{DAY, length, warm};
use crate::drift::{Detector, Direction, Drift};

/// The windows until a detector notices, at most so many, in several runs from one beginning each.
fn delays(
    warm: &[(Drift, Source)],
    what: &Detector,
    most: usize,
    change: impl Fn(&mut Traffic),
) -> (usize, usize, usize) {
    let mut delays: Vec<usize> = warm
        .iter()
        .cloned()
        .map(|(mut drift, mut source)| {
            change(&mut source.traffic);
            let is_it =
                |drift: &mut Drift, source: &mut Source| drift.apply(&source.next()).iter().any(|it| it.what == *what);
            (1..=most).find(|_| is_it(&mut drift, &mut source)).unwrap_or(usize::MAX)
        })
        .collect();
    delays.sort_unstable();
    let at = |part: usize| delays[(delays.len() - 1) * part / 10];
    (at(5), at(9), delays.iter().filter(|delay| **delay == usize::MAX).count())
}

fn hours(windows: usize) -> String {
    if windows == usize::MAX { "never".to_owned() } else { format!("{:.1}", windows as f64 / 12.0) }
}

/// The middle delays by volume, share and kind of traffic, printed.
fn table(runs: usize, mut then: impl FnMut(f64, f64, &str, usize)) {
    let mut rng = rng("delays");
    eprintln!("messages/h   10 % to   traffic  median h    90 % h  not within 21 days, of {runs}");
    for an_hour in [60.0, 600.0] {
        let plain = Traffic::plain(an_hour, 0.1);
        let bursts = Traffic { thread: 3, hours_differ: 0.1, days_differ: 0.05, ..plain.clone() };
        // The first of ten classes, each with so many messages.
        let class = Traffic { classes: vec![(0.1, 1.0); 10], an_hour: 10.0 * an_hour, ..plain.clone() };
        for (kind, traffic) in [("plain", plain), ("bursts", bursts), ("a class", class)] {
            let warm: Vec<_> =
                (0..if kind == "a class" { runs / 2 } else { runs }).map(|_| warm(traffic.clone(), &mut rng)).collect();
            for share in [0.03, 0.13, 0.11, 0.104] {
                let direction = if share < 0.1 { Direction::Down } else { Direction::Up };
                let class = (kind == "a class").then(|| "class_0".to_owned());
                let what = Detector::Rate { class, direction };
                let (median, late, never) = delays(&warm, &what, 21 * DAY, |it| it.classes[0].0 = share);
                let (share, never) = (share * 100.0, format!("{never} of {}", warm.len()));
                eprintln!("{an_hour:>10}  {share:>8.1}  {kind:>8}  {:>8}  {:>8}  {never}", hours(median), hours(late));
                then(an_hour, share, kind, median);
            }
        }
    }
}

/// In windows.
#[test]
fn a_share_that_changes_is_noticed_soon() {
    table(length(4, 51), |an_hour, share, kind, median| {
        let most = match (an_hour > 100.0, share.round(), kind) {
            (false, 3.0, "bursts") => 50 * 12,
            (false, 3.0, _) => 20 * 12,
            (true, 3.0, "bursts") => 15 * 12,
            (true, 3.0, _) => 3 * 12,
            (false, 13.0, "plain") => 240 * 12,
            (true, 13.0, "bursts") => 240 * 12,
            (true, 13.0, _) => 30 * 12,
            (_, 10.0, _) => {
                assert_eq!(median, usize::MAX, "{an_hour} {kind}: within the band it keeps still");
                return;
            }
            _ => return,
        };
        assert!(median <= most, "{an_hour} {share} {kind}: {median} windows");
    });
}

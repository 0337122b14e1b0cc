//! Each change is found by the detector that is there for it, and the others keep still.

use super::traffic::{Source, Traffic, rng};
use super::{DAY, fold, warm};
use crate::drift::{Alarm, Detector, Direction, Drift};

/// The first alarms of a detector after a change, in windows, and all alarms of the others, in several runs of some days.
fn found(
    warm: &[(Drift, Source)],
    what: &Detector,
    days: usize,
    change: impl Fn(&mut Traffic),
) -> (Vec<usize>, Vec<Alarm>) {
    let (mut delays, mut others) = (Vec::new(), Vec::new());
    for (mut drift, mut source) in warm.iter().cloned() {
        change(&mut source.traffic);
        let mut first = None;
        for window in 1..=days * DAY {
            for alarm in drift.apply(&source.next()) {
                if alarm.what == *what {
                    first = first.or(Some(window));
                } else {
                    others.push(alarm);
                }
            }
        }
        delays.push(first.unwrap_or(usize::MAX));
    }
    delays.sort_unstable();
    (delays, others)
}

#[test]
fn mixes() {
    let mut rng = rng("mixes");
    for an_hour in [60.0, 600.0] {
        let traffic = Traffic::busy(an_hour);
        // Not at midnight: a mix is tested then.
        let warm: Vec<_> = (0..7)
            .map(|_| {
                let (mut drift, mut source) = warm(traffic.clone(), &mut rng);
                (0..rng.usize(0..DAY)).for_each(|_| drop(drift.apply(&source.next())));
                (drift, source)
            })
            .collect();
        let show = |what: &str, delays: &[usize], others: &[Alarm]| {
            let names: Vec<String> = others.iter().map(|it| it.what.to_string()).collect();
            let hours: Vec<f64> =
                delays.iter().map(|it| (*it).min(99_999) as f64 / 12.0).map(|it| it.round()).collect();
            eprintln!("{an_hour} an hour, {what}: hours {hours:?}, others {names:?}");
            // The middle one, in windows.
            let most = if an_hour > 100.0 { 2 * DAY } else { 5 * DAY };
            assert!(delays[3] <= most, "{what}: {delays:?}");
        };
        let (delays, others) = found(&warm, &Detector::Reasons, 5, |it| it.reasons = vec![20.0, 20.0, 10.0, 15.0, 5.0]);
        show("reasons", &delays, &others);
        assert!(others.len() <= 1, "{others:?}");
        let (delays, others) = found(&warm, &Detector::Lengths, 5, |it| it.length += 0.7);
        show("lengths", &delays, &others);
        assert!(others.len() <= 1, "{others:?}");
        let (delays, others) = found(&warm, &Detector::UnknownWords, 5, |it| it.unknown += 0.1);
        show("unknown words", &delays, &others);
        assert!(others.len() <= 1, "{others:?}");
        // Two classes that are escalated nearly as often change places: no share has changed.
        let (delays, others) = found(&warm, &Detector::Classes, 5, |it| {
            it.classes[0].1 = 15.0;
            it.classes[1].1 = 45.0;
        });
        show("classes", &delays, &others);
        let is_of_share_of_class = |it: &&Alarm| matches!(&it.what, Detector::Rate { class: Some(_), .. });
        assert!(others.iter().filter(is_of_share_of_class).count() <= 1, "{others:?}");
        let up = Detector::Rate { class: Some("class_3".to_owned()), direction: Direction::Up };
        let (delays, others) = found(&warm, &up, 5, |it| it.classes[3].0 = 0.65);
        show("share of class_3", &delays, &others);
        let down = Detector::Rate { class: Some("class_2".to_owned()), direction: Direction::Down };
        let (delays, others) = found(&warm, &down, 5, |it| it.classes[2].0 = 0.01);
        show("share of class_2", &delays, &others);
    }
}

/// A class that never was, of one message in twenty.
#[test]
fn a_new_class() {
    let (mut drift, mut source) = warm(Traffic::plain(60.0, 0.1), &mut rng("new class"));
    source.traffic.classes = vec![(0.1, 0.95), (0.1, 0.05), (0.1, 0.0)];
    let alarms = fold(&mut drift, &mut source, 2);
    let alarm = alarms.iter().find(|it| it.what == Detector::Classes).unwrap();
    assert!(
        alarm.why.contains("of class class_1") && (0.02..0.09).contains(&alarm.now) && alarm.usual < 1e-9,
        "{alarm:?}"
    );
}

/// It repeats what lasts, once a day, until that is what is usual.
#[test]
fn it_says_it_again_until_it_is_usual() {
    let (mut drift, mut source) = warm(Traffic::plain(200.0, 0.1), &mut rng("again"));
    source.traffic.classes[0].0 = 0.3;
    let up = Detector::Rate { class: None, direction: Direction::Up };
    let days: Vec<usize> =
        (0..70).filter(|_| fold(&mut drift, &mut source, 1).iter().any(|it| it.what == up)).collect();
    eprintln!("days with an alarm after 10 % became 30 %: {days:?}");
    assert!(days.len() > 5 && days.iter().all(|day| *day < 35), "{days:?}");
    let readings = drift.readings();
    let total = readings.iter().find(|it| it.what == up).unwrap();
    assert!(total.usual.is_some_and(|usual| (usual - 0.3).abs() < 0.03), "{total:?}");
}

#[test]
fn it_says_what_in_plain_words() {
    let (mut drift, mut source) = warm(Traffic::plain(200.0, 0.1), &mut rng("words"));
    source.traffic.classes[0].0 = 0.3;
    let changed_s = source.next_s;
    let alarm = fold(&mut drift, &mut source, 1)
        .into_iter()
        .find(|it| matches!(it.what, Detector::Rate { class: Some(_), .. }))
        .unwrap();
    eprintln!("{}", alarm.why);
    assert!(alarm.why.contains("decisions of class class_0 in the last"), "{}", alarm.why);
    assert!(alarm.at_s > changed_s && alarm.at_s < changed_s + 8 * 3_600);
    assert!((0.15..0.6).contains(&alarm.now) && (0.05..0.16).contains(&alarm.usual), "{alarm:?}");
    let readings = drift.readings();
    let reading = readings.iter().find(|it| it.what == alarm.what).unwrap();
    assert_eq!(reading.last.as_ref().map(|it| (it.at_s, &it.why)), Some((alarm.at_s, &alarm.why)));
    assert_eq!(reading.silent, Some(crate::drift::Silence::Resting));
}

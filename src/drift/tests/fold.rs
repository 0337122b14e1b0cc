//! Who folds the same tallies arrives at the same drift; and no tally does harm.

use super::traffic::{Source, Traffic, rng};
use super::{DAY, WARM_DAYS, fold, warm};
use crate::drift::calendar::{DAY_S, PERIOD_DAYS};
use crate::drift::{
    Alarm, CLASSES_MAX, Counts, Detector, Direction, Drift, NO_CLASS, OTHER, REPLAY_S, Silence, Tally, WINDOW_S,
};
use std::collections::BTreeMap;

/// Busy, with fewer classes after some weeks, and a change in the middle that gives alarms.
fn tallies(rng: &mut fastrand::Rng, days: usize) -> Vec<Tally> {
    let mut source = Source::new(Traffic::busy(60.0), rng);
    let classes = source.traffic.classes.clone();
    source.traffic.classes.splice(0..0, [(0.1, 10.0); 4]);
    let change = |at: usize, source: &mut Source| {
        if at == 40 * DAY {
            source.traffic.classes.clone_from(&classes);
        }
        if at == days / 2 * DAY + 100 {
            source.traffic.classes[1].0 = 0.4;
        }
        source.next()
    };
    (0..days * DAY).map(|at| change(at, &mut source)).collect()
}

#[test]
fn the_same_tallies_give_the_same_drift() {
    let tallies = tallies(&mut rng("fold"), 80);
    let apply = |drift: &mut Drift, tallies: &[Tally]| -> Vec<Alarm> {
        tallies.iter().flat_map(|it| drift.apply(it)).collect()
    };
    let (mut one, mut other) = (Drift::default(), Drift::default());
    let alarms = apply(&mut one, &tallies);
    assert!(!alarms.is_empty());
    // Over the wire, in two parts, and with a crash that brings some of them again.
    let wire = serde_json::to_string(&tallies).unwrap();
    let tallies: Vec<Tally> = serde_json::from_str(&wire).unwrap();
    let (first, second) = tallies.split_at(50 * DAY + 17);
    let mut again = apply(&mut other, first);
    assert_eq!(apply(&mut other, &first[first.len() - 500..]), [], "heard already");
    again.extend(apply(&mut other, second));
    assert_eq!(alarms, again);
    assert_eq!(one, other);
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
    assert_eq!(format!("{:?}", one.readings()), format!("{:?}", other.readings()));
}

/// Somebody who has listened from the first day, and somebody who replays what the bus still holds.
#[test]
fn who_replays_the_last_weeks_has_all_there_is() {
    let mut rng = rng("replay");
    let replay = usize::try_from(REPLAY_S / WINDOW_S).unwrap();
    for _ in 0..2 {
        let tallies = tallies(&mut rng, 190);
        let cut = tallies.len() - replay - 1 - rng.usize(0..DAY * 30);
        let end = cut + replay;
        let (mut long, mut short) = (Drift::default(), Drift::default());
        let alarms: Vec<Alarm> = tallies[..end].iter().flat_map(|it| long.apply(it)).collect();
        assert!(!alarms.is_empty());
        for tally in &tallies[cut..end] {
            short.apply(tally);
        }
        assert_eq!(long, short, "{} days", replay / DAY);
        // And from there on.
        for tally in &tallies[end..] {
            assert_eq!(long.apply(tally), short.apply(tally));
        }
        assert_eq!(long, short);
    }
}

#[test]
fn what_is_old_repeated_or_at_no_beginning_is_ignored() {
    let (mut drift, mut source) = warm(Traffic::plain(60.0, 0.1), &mut rng("ignored"));
    let before = drift.clone();
    let mut wrong = source.next();
    let start_s = wrong.start_s;
    let starts = [
        start_s - WINDOW_S,
        start_s - DAY_S,
        start_s + 1,
        -WINDOW_S,
        i64::MIN,
        i64::MAX,
        i64::MAX / WINDOW_S * WINDOW_S,
    ];
    for start_s in starts {
        wrong.start_s = start_s;
        assert_eq!(drift.apply(&wrong), []);
        assert_eq!(drift, before, "{start_s}");
    }
    wrong.start_s = start_s;
    drift.apply(&wrong);
    assert_ne!(drift, before);
}

/// Away for a day, a month, or a year: nothing is evidence that was not heard.
#[test]
fn missing_windows_are_no_evidence() {
    for days in [1, 28, 400] {
        let mut rng = rng("missing");
        let (mut drift, mut source) = warm(Traffic::plain(60.0, 0.1), &mut rng);
        source.next_s += days * DAY_S;
        let alarms = fold(&mut drift, &mut source, 3);
        // One may be chance.
        assert!(alarms.len() <= 1, "{days}: {alarms:?}");
        let is_forgotten = drift.readings().iter().all(|it| it.silent == Some(Silence::Young));
        assert_eq!(is_forgotten, days > 22, "{days}");
    }
}

#[test]
fn it_is_bounded_whatever_comes() {
    let mut drift = Drift::default();
    for window in 0..3_000 {
        let mut tally = Tally::at(window * WINDOW_S);
        for i in 0..2 {
            let many = if window % 7 == 0 { u64::MAX } else { 3 };
            tally.classes.insert(format!("class_{window}_{i}"), Counts { decisions: many, escalated: u64::MAX });
            tally.reasons.insert(format!("reason_{window}_{i}"), many);
            tally.classes.insert("long".repeat(1_000), Counts { decisions: 1, escalated: 0 });
            tally.lengths.insert(u8::try_from(window % 256).unwrap(), many);
            tally.unknown.insert(u8::try_from(window % 256).unwrap(), many);
        }
        drift.apply(&tally);
    }
    let text = format!("{drift:?}");
    assert!(text.len() < 3_000_000, "{}", text.len());
    assert_eq!(drift.readings().len(), 2 + 4 + 2 * (CLASSES_MAX - 1), "one is for all others");
    assert!(text.contains(OTHER) && !text.contains("longlong"));
    assert!(drift.readings().iter().all(|it| it.now.is_none_or(|now| (0.0..=1.0).contains(&now))));
    // After five weeks without them they make room.
    drift.apply(&Tally::at(50 * DAY_S));
    assert_eq!(drift.readings().len(), 2 + 4);
    assert!(format!("{drift:?}").len() < 10_000);
}

/// Tallies of an earlier version say nothing of words.
#[test]
fn what_was_not_counted_before_is_no_drift() {
    let (mut drift, mut source) = (Drift::default(), Source::new(Traffic::plain(200.0, 0.1), &mut rng("uncounted")));
    for _ in 0..30 * DAY {
        drift.apply(&Tally { unknown: BTreeMap::new(), ..source.next() });
    }
    let alarms = fold(&mut drift, &mut source, 13);
    assert!(alarms.iter().all(|it| it.what != Detector::UnknownWords), "{alarms:?}");
    let words = drift.readings().into_iter().find(|it| it.what == Detector::UnknownWords).unwrap();
    assert_eq!(words.silent, Some(Silence::Young));
}

#[test]
fn it_says_that_it_knows_nothing_yet() {
    let (mut drift, mut source) = (Drift::default(), Source::new(Traffic::plain(60.0, 0.1), &mut rng("young")));
    source.traffic.classes.push((0.1, 0.004));
    source.traffic.classes.push((1.0, 0.1));
    let silences = |drift: &Drift| -> Vec<(String, Option<Silence>)> {
        drift.readings().into_iter().map(|it| (it.what.to_string(), it.silent)).collect()
    };
    fold(&mut drift, &mut source, 14);
    assert!(silences(&drift).iter().all(|(_, silent)| *silent == Some(Silence::Young)), "{:?}", silences(&drift));
    fold(&mut drift, &mut source, 16);
    for (name, silent) in silences(&drift) {
        assert_eq!(silent, name.contains("class_1").then_some(Silence::Few), "{name}");
        assert!(!name.contains(NO_CLASS), "no share of it is followed");
    }
    let readings = drift.readings();
    let total = readings.iter().find(|it| it.what == Detector::Rate { class: None, direction: Direction::Up }).unwrap();
    assert_eq!(total.points.len(), 168);
    assert!(total.points.iter().all(|it| it.usual.is_some_and(|usual| (0.05..0.4).contains(&usual))));
    assert!(total.usual.zip(total.now).is_some_and(|(usual, now)| (usual - now).abs() < 0.08), "{total:?}");
    assert!((0.0..1.0).contains(&total.height) && total.last.is_none());
    let lengths = readings.iter().find(|it| it.what == Detector::Lengths).unwrap();
    assert!((14..=16).contains(&lengths.points.len()), "{lengths:?}");
    assert!(lengths.points.iter().all(|it| it.now.is_some_and(|now| now < 1.0)));
}

/// What has gathered is dropped at the turn of a period, or it would depend on when somebody began to listen.
#[test]
fn every_period_begins_anew() {
    let (mut drift, mut source) = warm(Traffic::plain(60.0, 0.1), &mut rng("period"));
    let height = |drift: &Drift| drift.readings()[0].height;
    while (source.next_s / DAY_S) % PERIOD_DAYS != PERIOD_DAYS - 1 {
        drift.apply(&source.next());
    }
    let rising = Tally {
        classes: [("class_0".to_owned(), Counts { decisions: 10, escalated: 3 })].into(),
        ..Tally::at(source.next_s + DAY_S - 4 * WINDOW_S)
    };
    for window in 0..3 {
        drift.apply(&Tally { start_s: rising.start_s + window * WINDOW_S, ..rising.clone() });
    }
    let before = height(&drift);
    assert!((0.1..1.0).contains(&before), "{before}");
    drift.apply(&Tally::at(rising.start_s + 4 * WINDOW_S));
    assert!(height(&drift) < 1e-9, "{}", height(&drift));
    assert_eq!(WARM_DAYS, 36);
}

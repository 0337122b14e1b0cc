//! Tests of comparing: dates as people write them, days near today, lengths.

use super::*;
use crate::pack::Truth::{False, True, Unknown};

/// Noon of 15 March 2026 in UTC, a Sunday.
fn now() -> Timestamp {
    "2026-03-15T12:00:00Z".parse().unwrap()
}

fn holds(operator: Operator, against: Against, captured: &str) -> Truth {
    Comparison { group: "n".into(), operator, against, written: String::new() }.holds(captured, now())
}

fn until(date: &str, captured: &str) -> Truth {
    holds(Operator::AtMost, Against::Day(Day::Fixed(date.parse().unwrap())), captured)
}

fn read(captured: &str) -> Vec<String> {
    date::readings(captured).map(|date| date.to_string()).collect()
}

#[test]
fn dates_as_people_write_them() {
    for written in [
        "2026-01-31",
        "2026/1/31",
        "2026.01.31",
        "2026-jan-31",
        "2026 january 31",
        "31.01.2026",
        "31. 1. 2026",
        "31.1.2026.",
        "31/01/2026",
        "01/31/2026",
        "31-01-2026",
        "31 january 2026",
        "31. jan. 2026",
        "31-jan-2026",
        "31jan2026",
        "31st of january 2026",
        "the 31st of january, 2026",
        "31st january 2026",
        "jan 31, 2026",
        "jan. 31st, 2026",
        "january 31 2026",
        "january 31st 2026,",
        "saturday, 31 january 2026",
        "sat 2026-01-31",
        "sat., jan 31, 2026",
    ] {
        assert_eq!(read(written), ["2026-01-31"], "{written}");
    }
    for (written, expected) in [
        ("1 sept 2026", "2026-09-01"),
        ("2 may 2026", "2026-05-02"),
        ("29 feb 2028", "2028-02-29"),
        ("22nd dec 1999", "1999-12-22"),
        ("05/05/2026", "2026-05-05"),
    ] {
        assert_eq!(read(written).first().map(String::as_str), Some(expected), "{written}");
    }
}

#[test]
fn what_is_no_date_is_unknown() {
    for written in [
        "",
        "soon",
        "31.01.26",
        "31 january",
        "january 2026",
        "2026-01",
        "29 feb 2026",
        "2026-31-01",
        "01.31.2026",
        "31/01-2026",
        "31 01 2026",
        "31st/01/2026",
        "2026-01-31 10:00",
        "2026-01-31t10:00:00z",
        "31 januar 2026",
        "jan feb 2026",
        "31 january 2026 or later",
        "before 31 january 2026",
        "sunday, 31 january 2026",
        "131.01.2026",
        "31 january 20266",
        "٣١.٠١.٢٠٢٦",
        "31 jan\u{75}ar\u{e9} 2026",
    ] {
        assert_eq!(read(written), [""; 0], "{written}");
        assert_eq!(until("2026-12-31", written), Unknown, "{written}");
    }
}

#[test]
fn two_readings_that_disagree_are_unknown() {
    assert_eq!(read("03/04/2026"), ["2026-04-03", "2026-03-04"]);
    assert_eq!(until("2026-12-31", "03/04/2026"), True);
    assert_eq!(until("2026-01-31", "03/04/2026"), False);
    assert_eq!(until("2026-03-20", "03/04/2026"), Unknown);
    assert_eq!(until("2026-03-20", "03.04.2026"), False, "whoever writes dots has the day in front");
    assert_eq!(until("2026-03-20", "friday 03/04/2026"), False, "only one of both is a Friday");
}

#[test]
fn days_are_compared() {
    for (operator, expected) in [
        (Operator::Less, [True, False, False]),
        (Operator::AtMost, [True, True, False]),
        (Operator::Greater, [False, False, True]),
        (Operator::AtLeast, [False, True, True]),
        (Operator::Equal, [False, True, False]),
        (Operator::Other, [True, False, True]),
    ] {
        let day = Against::Day(Day::Fixed(Date::new(2026, 1, 31).unwrap()));
        let found = ["30 jan 2026", "31.01.2026", "2026-02-01"].map(|written| holds(operator, day, written));
        assert_eq!(found, expected, "{operator:?}");
    }
}

#[test]
fn today_is_the_day_of_the_decision_in_utc() {
    let on = |days, captured| holds(Operator::Equal, Against::Day(Day::FromToday(days)), captured);
    assert_eq!(on(0, "2026-03-15"), True);
    assert_eq!(on(0, "2026-03-14"), False);
    assert_eq!(on(14, "29.03.2026"), True);
    assert_eq!(on(-15, "28 february 2026"), True);
    let late: Timestamp = "2026-03-15T23:59:59-01:00".parse().unwrap();
    let comparison = Comparison {
        group: "n".into(),
        operator: Operator::Equal,
        against: Against::Day(Day::FromToday(0)),
        written: String::new(),
    };
    assert_eq!(comparison.holds("2026-03-16", late), True);
    assert_eq!(comparison.holds("2026-03-16", Timestamp::MAX), False);
    let far = Comparison { against: Against::Day(Day::FromToday(36_500)), ..comparison };
    assert_eq!(far.holds("2026-03-16", Timestamp::MAX), Unknown, "the calendar does not reach that far");
}

#[test]
fn lengths_are_of_characters() {
    let shorter = |captured| holds(Operator::Less, Against::Length(4), captured);
    assert_eq!(shorter("äöü"), True);
    assert_eq!(shorter("four"), False);
    assert_eq!(shorter(""), True);
}

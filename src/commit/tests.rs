use super::*;
use std::time::{Instant, SystemTime};

const BOUNDS: Bounds = Bounds { duplicate_window: Duration::from_secs(120), deliveries_max: 5 };

fn arrival(age_s: u64, deliveries: u64) -> Arrival {
    Arrival { age: Duration::from_secs(age_s), deliveries, is_unsure: false }
}

#[test]
fn what_may_have_been_decided_before_is_looked_up() {
    for (age_s, deliveries, wanted) in [
        (0, 1, First::Decide),
        (100_000, 1, First::Decide),
        (60, 2, First::Decide),
        (61, 2, First::LookUp),
        (0, 5, First::Decide),
        (0, 6, First::LookUp),
    ] {
        assert_eq!(BOUNDS.first(arrival(age_s, deliveries)), wanted, "{age_s} s old, delivered {deliveries} times");
    }
    assert_eq!(BOUNDS.first(Arrival { is_unsure: true, ..arrival(61, 1) }), First::LookUp);
    assert_eq!(BOUNDS.first(Arrival { is_unsure: true, ..arrival(60, 1) }), First::Decide);
}

#[test]
fn a_decision_that_stands_is_never_made_again_and_nothing_is_given_up_before_it_is_looked_for() {
    for deliveries in 1..10 {
        assert_eq!(BOUNDS.looked_up(arrival(100, deliveries), Found::Committed), Next::Acknowledge);
    }
    assert_eq!(BOUNDS.looked_up(arrival(100, 5), Found::Nothing), Next::Decide);
    assert_eq!(BOUNDS.looked_up(arrival(100, 6), Found::Nothing), Next::DeadLetter(DeadWhy::Deliveries));
    assert_eq!(BOUNDS.looked_up(arrival(100, 6), Found::Unknown), Next::GiveBack(Duration::from_secs(32)));
}

#[test]
fn only_what_is_stored_is_acknowledged() {
    let refusals = [Answer::LeaseOver, Answer::RefusesAll, Answer::Silent];
    assert_eq!(after(Answer::Stored, 1), Next::Acknowledge);
    for answer in refusals {
        assert_eq!(after(answer, 1), Next::GiveBack(GIVE_BACK_MIN), "{answer:?}");
        assert_eq!(after(answer, u64::MAX), Next::GiveBack(GIVE_BACK_MAX), "{answer:?}");
    }
    assert_eq!(after(Answer::RefusesRecord, 1), Next::DeadLetter(DeadWhy::Refused));
}

/// By clocks that agree.
fn moments() -> impl Fn(u64) -> Moment {
    let (running, wall) = (Instant::now(), SystemTime::UNIX_EPOCH);
    move |s| Moment { running: running + Duration::from_secs(s), wall: wall + Duration::from_secs(s) }
}

#[test]
fn nothing_stands_upon_a_lease_that_is_over_whatever_the_broker_would_say() {
    let at = moments();
    let mut chain = Chain::new(Duration::from_secs(30));
    assert_eq!(chain.ask(at(0)), None);
    chain.renewed(at(0), Renewed::Stored("first"));
    assert_eq!((chain.ask(at(29)).copied(), chain.epoch()), (Some("first"), 0));
    chain.renewed(at(29), Renewed::Unknown);
    // The broker may have it still. We have been away for too long.
    assert_eq!((chain.ask(at(30)).copied(), chain.epoch()), (None, 1));
    chain.renewed(at(30), Renewed::Unknown);
    assert_eq!((chain.ask(at(31)).copied(), chain.epoch()), (None, 1), "broken once");
}

#[test]
fn what_is_over_lingers_until_it_is_known_to_be_gone() {
    let at = moments();
    let mut lingering = Lingering::new(Duration::from_secs(30));
    lingering.stored("first", at(0));
    lingering.stored("second", at(10));
    assert_eq!(lingering.over(at(29)), None);
    assert_eq!(lingering.over(at(30)), Some(&"first"));
    lingering.gone();
    assert_eq!((lingering.over(at(39)), lingering.over(at(40))), (None, Some(&"second")));
}

#[test]
fn a_machine_that_was_suspended_and_one_whose_clock_was_set_back_know_what_is_over() {
    let at = moments();
    let suspended = Moment { running: at(1).running, wall: at(31).wall };
    let set_back = Moment { running: at(131).running, wall: at(50).wall };
    for (asked_at, now) in [(at(0), suspended), (at(100), set_back)] {
        let mut chain = Chain::new(Duration::from_secs(30));
        chain.renewed(asked_at, Renewed::Stored("lease"));
        let mut lingering = Lingering::new(Duration::from_secs(30));
        lingering.stored("lease", asked_at);
        assert_eq!((chain.lease(now), lingering.over(now)), (None, Some(&"lease")), "{now:?}");
        assert!(!Held::new(0, asked_at, Duration::from_secs(30)).look(0, now), "{now:?}");
    }
}

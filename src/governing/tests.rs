use super::*;
use crate::authority::{Conditions, Deployment, Grant, GrantId, GrantRight, Operator, Resume, Scope, Seed};
use crate::channel::Channel;
use crate::class::ActionType;
use crate::decision::{SourceRef, Target};
use crate::policy::cap::{Cap, CapScope, Window};
use std::collections::BTreeMap;
use std::time::Duration;

/// On a level's subject: who promotes, and whatever else lies there.
#[test]
fn only_a_promotion_for_this_place_demotes_nothing() {
    let mut town = Town::new();
    let subject = "decile.level.acknowledgement.slack.support";
    let promotion = |after: u64, second: i64| crate::authority::Promotion {
        class: class(),
        level: crate::policy::level::Level::Routine,
        action: crate::decision::ActionRecord {
            kind: react(),
            reach: crate::policy::action::Reach::Outward,
            reversibility: crate::policy::action::Reversibility::Reversible,
            arguments: BTreeMap::new(),
            template: None,
        },
        rules: crate::digest::Digest::of("test", []),
        also: Vec::new(),
        on: vec![crate::authority::Promoted {
            channel: channel(),
            place: crate::digest::Digest::of("test", []),
            after,
            agreed: 0,
            disagreed: 0,
        }],
        tested: 1,
        without_evidence: None,
        issued_at: at(second),
        note: String::new(),
    };
    let signed = |promotion: &crate::authority::Promotion, seed: &Seed| {
        promotion.sign(&Deployment::parse("production").unwrap(), seed).unwrap().encode().unwrap()
    };
    let mut put = |subject: &str, sequence: u64, second: i64, payload: &[u8]| {
        town.governing.apply(&Record { subject, sequence, stored_at: at(second), kept: None, payload });
        let (class, channel) = subject.strip_prefix("decile.level.").unwrap().split_once('.').unwrap();
        let Leveled { revision, demoted } = town.governing.level_of(class, channel);
        (revision, demoted)
    };
    let seed = &town.seed;
    let first = signed(&promotion(0, 0), seed);
    assert_eq!(put(subject, 5, 0, &first), (5, 0), "nobody is demoted by being promoted");
    assert_eq!(put(subject, 6, 1, &first), (6, 6), "a copy: it was signed for where nothing lay");
    assert_eq!(put(subject, 7, 2, &signed(&promotion(6, 2), seed)), (7, 6), "another one, upon that");
    let vanished = "decile.level.receipt.slack.support";
    let of_receipt = crate::authority::Promotion { class: Class::parse("receipt").unwrap(), ..promotion(6, 2) };
    assert_eq!(put(vanished, 7, 2, &signed(&of_receipt, seed)), (7, 0), "what lay there has vanished since");
    assert_eq!(put(subject, 8, 70, &signed(&promotion(7, 2), seed)), (8, 8), "signed more than a minute ago");
    assert_eq!(put(subject, 9, 71, &signed(&promotion(8, 71), &Seed::generate())), (9, 9), "by nobody known");
    assert_eq!(put(subject, 10, 72, b"who knows"), (10, 10));
    let elsewhere = "decile.level.acknowledgement.mail.inbox";
    assert_eq!(put(elsewhere, 11, 73, &signed(&promotion(0, 73), seed)), (11, 11), "it is of another channel");
    let other = "decile.level.newsletter.slack.support";
    assert_eq!(put(other, 12, 74, &signed(&promotion(0, 74), seed)), (12, 12), "it is of another class");
    assert_eq!(town.governing.level(&class(), &channel()), Leveled { revision: 10, demoted: 10 });
    assert_eq!(town.governing.level(&class(), &Channel::parse("x.y").unwrap()), Leveled::default());
}

/// A deployment with one operator, and what they sign.
struct Town {
    seed: Seed,
    authority: Arc<Authority>,
    governing: Governing,
    sequence: u64,
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn channel() -> Channel {
    Channel::parse("slack.support").unwrap()
}

fn react() -> ActionType {
    ActionType::parse("react").unwrap()
}

fn class() -> Class {
    Class::parse("acknowledgement").unwrap()
}

fn id(number: u32) -> DecisionId {
    DecisionId::try_from(format!("{number:08x}{:024x}", 0)).unwrap()
}

fn policy(caps: Vec<Cap>) -> Policy {
    let report = crate::diagnostic::Report::new();
    let known = crate::policy::resolve::Known { rules: None, channels: None, draft_bytes_max: 100 };
    let policy = crate::policy::resolve::resolve(&Default::default(), &known, &report);
    Policy { caps, ..policy }
}

fn total(window: Window, actions_max: u32) -> Cap {
    Cap { scope: CapScope::default(), window, actions_max }
}

fn action() -> OutwardAction {
    OutwardAction {
        kind: react(),
        channel: channel(),
        arguments: BTreeMap::new(),
        text: None,
        target: Target {
            message: None,
            thread: None,
            source: SourceRef { stream: "CHAT".to_owned(), sequence: 1, stored_at_ns: "1".to_owned() },
        },
    }
}

impl Town {
    fn new() -> Self {
        let seed = Seed::generate();
        let operator = Operator {
            name: "ada".to_owned(),
            grants: vec![GrantRight { channels: Scope::All, types: Scope::All }],
            rulings: Scope::All,
            irreversible: false,
            promotions: true,
            resume: true,
        };
        let authority = Arc::new(Authority {
            deployment: Deployment::parse("production").unwrap(),
            operators: BTreeMap::from([(seed.public(), operator)]),
            grant_max: Duration::from_secs(86_400),
        });
        let mut governing = Governing::new(Root::new("decile").unwrap(), Arc::clone(&authority));
        governing.heard(at(0), at(0));
        Self { seed, authority, governing, sequence: 0 }
    }

    fn store(&mut self, subject: &str, second: i64, payload: &[u8]) -> u64 {
        self.store_for(subject, second, None, payload)
    }

    fn store_for(&mut self, subject: &str, second: i64, kept_s: Option<i64>, payload: &[u8]) -> u64 {
        self.sequence += 1;
        let kept = kept_s.map(SignedDuration::from_secs);
        self.governing.apply(&Record { subject, sequence: self.sequence, stored_at: at(second), kept, payload });
        self.sequence
    }

    /// Stores a revocation and upon it a grant, as the command does.
    fn grant(&mut self, uses: Uses) -> u64 {
        let grant = self.new_grant(uses);
        self.store("decile.grant.react.slack.support", 0, b"{}");
        let signed = self.sign(&grant);
        self.store("decile.grant.react.slack.support", 0, &signed)
    }

    fn sign(&self, grant: &Grant) -> Vec<u8> {
        grant.sign(&self.authority.deployment, &self.seed).unwrap().encode().unwrap()
    }

    fn new_grant(&self, uses: Uses) -> Grant {
        Grant {
            id: GrantId::of([1; 16]),
            channel: channel(),
            thread: None,
            kind: react(),
            after: self.sequence,
            issued_at: at(0),
            not_before: at(0),
            expires_at: at(3_600),
            uses,
            conditions: Conditions::default(),
            who: "ada".to_owned(),
            reason: "a test".to_owned(),
        }
    }

    fn resume(&mut self, halt: u64, issued: i64, stored: i64) -> u64 {
        let resume = Resume { halt, issued_at: at(issued), reason: "over".to_owned() };
        let signed = resume.sign(&self.authority.deployment, &self.seed).unwrap().encode().unwrap();
        self.store("decile.control.halt", stored, &signed)
    }

    fn cover(&self, caps: Vec<Cap>, now: i64) -> Seen {
        let policy = policy(caps);
        let ask = Ask { decision: &id(5), class: &class(), action: &action(), policy: &policy, now: at(now) };
        At { governing: &self.governing, now: at(now) }.cover(&ask)
    }
}

#[test]
fn a_grant_covers_until_anything_else_lies_on_its_subject() {
    let mut town = Town::new();
    assert_eq!(town.cover(Vec::new(), 1).cover, Cover::NoGrant);
    let revision = town.grant(Uses::Standing);
    assert_eq!(town.cover(Vec::new(), 1).cover, Cover::Granted { grant: GrantId::of([1; 16]), revision });
    // A revocation, an answer of the broker that somebody had sent there, nothing at all: each revokes.
    for payload in [b"{\"v\":1,\"revoke\":{}}".as_slice(), b"{\"stream\":\"X\",\"seq\":1}", b""] {
        town.store("decile.grant.react.slack.support", 1, payload);
        assert_eq!(town.cover(Vec::new(), 1).cover, Cover::NoGrant);
        town.grant(Uses::Standing);
    }
}

#[test]
fn a_grant_on_anothers_subject_and_a_late_copy_do_not_stand() {
    let place = "decile.grant.react.slack.support";
    let stands = |change: &dyn Fn(Grant) -> Grant, stored: i64| {
        let mut town = Town::new();
        let signed = town.sign(&change(town.new_grant(Uses::Standing)));
        town.store(place, 0, b"{}");
        town.store(place, stored, &signed);
        matches!(town.cover(Vec::new(), 5).cover, Cover::Granted { .. })
    };
    assert!(stands(&|grant| grant, 60));
    assert!(!stands(&|grant| grant, 61), "stored 61 s after it was signed");
    assert!(
        !stands(&|grant| Grant { channel: Channel::parse("slack.team").unwrap(), ..grant }, 0),
        "of another channel"
    );
    assert!(!stands(&|grant| Grant { kind: ActionType::parse("reply").unwrap(), ..grant }, 0), "of another type");
}

/// Whoever signs the next grant sees what the broker has: the one that has ended is not there any more.
#[test]
fn a_grant_stands_upon_what_the_broker_still_had() {
    const SUBJECT: &str = "decile.grant.react.slack.support";
    for (second, stands) in [(30, false), (70, true)] {
        let mut town = Town::new();
        let revoked = town.store(SUBJECT, 0, b"{}");
        let first = town.sign(&Grant { after: 0, expires_at: at(60), ..town.new_grant(Uses::Standing) });
        town.store_for(SUBJECT, 0, Some(60), &first);
        let issued = Grant { issued_at: at(second), not_before: at(second), ..town.new_grant(Uses::Standing) };
        let next = town.sign(&Grant { after: revoked, ..issued });
        town.store(SUBJECT, second, b"{}");
        town.store_for(SUBJECT, second, Some(60), &next);
        town.governing.heard(at(second), at(second));
        let covered = matches!(town.cover(Vec::new(), second).cover, Cover::Granted { .. });
        assert_eq!(covered, stands, "signed without sight of the first, which the broker has for 60 s, at {second} s");
        // What was revoked stays so, however long ago: what it was stored upon is there for ever.
        town.store(SUBJECT, second + 1, b"{}");
        town.store(SUBJECT, second + 2, b"{}");
        town.store_for(SUBJECT, second + 2, Some(60), &next);
        assert_eq!(town.cover(Vec::new(), second + 2).cover, Cover::NoGrant, "put back");
    }
}

/// Whatever is published there, with whatever end, takes up only so much.
#[test]
fn what_vanishes_takes_little_room_and_is_not_forgotten_early() {
    const SUBJECT: &str = "decile.grant.react.slack.support";
    let mut town = Town::new();
    let revoked = town.store(SUBJECT, 0, b"{}");
    for _ in 0..100 {
        town.store_for(SUBJECT, 0, Some(60), b"{}");
    }
    let grant = town.sign(&Grant { after: revoked, ..town.new_grant(Uses::Standing) });
    town.store(SUBJECT, 1, b"{}");
    town.store_for(SUBJECT, 1, Some(60), &grant);
    assert_eq!(town.cover(Vec::new(), 1).cover, Cover::NoGrant, "a hundred lie in between");
}

#[test]
fn a_grant_that_was_revoked_cannot_be_put_back() {
    let place = "decile.grant.react.slack.support";
    let mut town = Town::new();
    town.grant(Uses::Standing);
    let grant = town.new_grant(Uses::Standing);
    let signed = town.sign(&grant);
    town.store(place, 1, b"{}");
    town.store(place, 1, &signed);
    assert!(matches!(town.cover(Vec::new(), 5).cover, Cover::Granted { .. }));
    town.store(place, 2, b"{}");
    for beneath in [false, true, true] {
        if beneath {
            town.store(place, 3, b"{}");
        }
        town.store(place, 3, &signed);
        assert_eq!(town.cover(Vec::new(), 5).cover, Cover::NoGrant, "put back with a revocation beneath: {beneath}");
    }
    // One that is signed anew stands, upon whatever has expired meanwhile.
    let signed = town.sign(&Grant { after: town.sequence, ..grant });
    town.store(place, 4, b"{}");
    town.store(place, 4, &signed);
    assert!(matches!(town.cover(Vec::new(), 5).cover, Cover::Granted { .. }));
}

#[test]
fn a_grant_without_a_revocation_beneath_does_not_stand() {
    let mut town = Town::new();
    let signed = town.sign(&town.new_grant(Uses::Standing));
    town.store("decile.grant.react.slack.support", 0, &signed);
    assert_eq!(town.cover(Vec::new(), 5).cover, Cover::NoGrant, "what it replaced would count again when it expires");
}

#[test]
fn silence_a_gap_and_a_wrong_clock_make_grants_stale() {
    let mut town = Town::new();
    town.grant(Uses::Standing);
    let is_stale = |town: &Town, now| town.cover(Vec::new(), now).cover == Cover::Stale;
    assert!(!is_stale(&town, 15));
    assert!(is_stale(&town, 16), "15 s without a word");
    town.governing.beat(at(10));
    assert!(!is_stale(&town, 25));
    town.governing.missed();
    town.governing.beat(at(10));
    assert!(is_stale(&town, 10), "after a gap a beat is not enough");
    town.governing.heard(at(10), at(15));
    assert!(!is_stale(&town, 10));
    town.governing.heard(at(10), at(16));
    assert!(is_stale(&town, 10), "the clocks are 6 s apart");
    town.governing.heard(at(16), at(10));
    assert!(is_stale(&town, 16));
    // A clock that went back makes nothing fresh.
    town.governing.heard(at(100), at(100));
    assert!(is_stale(&town, 10));
}

#[test]
fn anything_halts_and_only_a_signed_end_of_this_halt_resumes() {
    let mut town = Town::new();
    assert_eq!(town.governing.halt(), Halt::Off { revision: 0 });
    let first = town.store("decile.control.halt", 0, b"{}");
    assert_eq!(town.governing.halt(), Halt::On { revision: first });
    let second = town.store("decile.control.halt", 1, b"not even JSON");
    let of_another = town.resume(first, 1, 1);
    assert_eq!(town.governing.halt(), Halt::On { revision: of_another }, "it ends another halt, so it is one");
    let late = town.resume(of_another, 1, 62);
    assert_eq!(town.governing.halt(), Halt::On { revision: late }, "a copy");
    let end = town.resume(late, 62, 62);
    assert_eq!(town.governing.halt(), Halt::Off { revision: end });
    assert!(second < end);
    // What was signed once ends nothing twice.
    let again = town.store("decile.control.halt", 63, b"{}");
    assert_eq!(town.governing.halt(), Halt::On { revision: again });
    let replayed = town.resume(late, 62, 63);
    assert_eq!(town.governing.halt(), Halt::On { revision: replayed });
}

#[test]
fn uses_are_counted_by_slots() {
    let mut town = Town::new();
    town.grant(Uses::Times(2));
    let row = Slot::Use(GrantId::of([1; 16]));
    let covering = town.cover(Vec::new(), 1).covering.unwrap();
    assert_eq!(covering.slots.iter().map(|slot| slot.candidates.len()).collect::<Vec<_>>(), [2]);
    town.store(&format!("decile.slot.{row}.0"), 1, b"{}");
    assert_eq!(town.cover(Vec::new(), 1).covering.unwrap().slots[0].candidates, [1]);
    town.store(&format!("decile.slot.{row}.1"), 1, b"{}");
    assert_eq!((town.cover(Vec::new(), 1).cover, town.governing.taken(&row)), (Cover::NoGrant, 2), "spent");
}

#[test]
fn a_use_stays_taken_for_longer_than_its_grant_stands() {
    let mut town = Town::new();
    town.grant(Uses::Times(1));
    // The broker keeps whole seconds, from when it stored it; our clock may be 5 s ahead of its.
    let now = at(0) + SignedDuration::from_millis(100);
    let policy = policy(Vec::new());
    let ask = Ask { decision: &id(5), class: &class(), action: &action(), policy: &policy, now };
    let kept = At { governing: &town.governing, now }.cover(&ask).covering.unwrap().slots[0].kept;
    assert!(at(-5) + SignedDuration::from_secs(kept.as_secs().cast_signed()) >= at(3_600), "{kept:?}");
}

#[test]
fn caps_are_counted_in_their_windows() {
    let mut town = Town::new();
    town.grant(Uses::Standing);
    let caps = || vec![total(Window::Minute, 1), total(Window::Hour, 2)];
    let take = |town: &mut Town, window, second, number: u32| {
        let row = Slot::cap(&CapScope::default(), window, at(second));
        town.store(&format!("decile.slot.{row}.{number}"), second, b"{}");
    };
    assert_eq!(town.cover(caps(), 1).covering.unwrap().slots.len(), 2);
    take(&mut town, Window::Minute, 1, 0);
    take(&mut town, Window::Hour, 1, 0);
    assert_eq!(town.cover(caps(), 1).cover, Cover::CapReached, "the minute is full");
    town.governing.heard(at(61), at(61));
    assert!(matches!(town.cover(caps(), 61).cover, Cover::Granted { .. }), "the next minute is not");
    take(&mut town, Window::Minute, 61, 0);
    take(&mut town, Window::Hour, 61, 1);
    town.governing.heard(at(121), at(121));
    assert_eq!(town.cover(caps(), 121).cover, Cover::CapReached, "the hour is full");
    town.governing.heard(at(3_599), at(3_599));
    assert_eq!(town.cover(caps(), 3_599).cover, Cover::CapReached);
}

#[test]
fn a_cap_is_not_forgotten_while_clocks_disagree_about_its_window() {
    let mut town = Town::new();
    town.grant(Uses::Standing);
    let caps = || vec![total(Window::Minute, 1)];
    let row = Slot::cap(&CapScope::default(), Window::Minute, at(59));
    town.store(&format!("decile.slot.{row}.0"), 59, b"{}");
    town.governing.heard(at(59), at(63));
    // The broker is in the next minute already.
    town.store("decile.slot.fence.x.halt", 63, b"{}");
    assert_eq!(town.cover(caps(), 59).cover, Cover::CapReached);
}

#[test]
fn caps_of_others_do_not_count() {
    let mut town = Town::new();
    town.grant(Uses::Standing);
    let of_class = |name: &str| {
        let scope = CapScope { class: Some(Class::parse(name).unwrap()), ..CapScope::default() };
        vec![Cap { scope, window: Window::Day, actions_max: 1 }]
    };
    let row = Slot::cap(&of_class("acknowledgement")[0].scope, Window::Day, at(1));
    town.store(&format!("decile.slot.{row}.0"), 1, b"{}");
    assert_eq!(town.cover(of_class("acknowledgement"), 1).cover, Cover::CapReached);
    assert!(matches!(town.cover(of_class("other"), 1).cover, Cover::Granted { .. }));
    // No class is named as the scope of all is.
    let total_row = Slot::cap(&CapScope::default(), Window::Day, at(1));
    assert_ne!(row, total_row);
    assert!(total_row.to_string().starts_with("cap.=all.=all.=all.=all.d"));
}

#[test]
fn names_that_nats_would_interpret_reach_no_other_channels_grant() {
    let root = Root::new("decile").unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for name in ["a.*", "a.>", "a.b", "a.b.c", "a.b c", "*.>", ">.*", "a.=2A"] {
        let channel = Channel::parse(name).unwrap();
        let subject = root.grant(&react(), &channel).to_string();
        assert_eq!(subject.split('.').count(), 5, "{subject}");
        assert!(!subject.contains(['*', '>', ' ']), "{subject}");
        assert!(seen.insert(subject.clone()), "{subject} is another's");
        assert!(matches!(root.governed(&subject), Some(Governed::Grant("react", it)) if it == channel.subject()));
    }
    assert!(Channel::parse(&format!("a.{}", "x".repeat(1_000))).is_err());
}

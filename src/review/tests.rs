//! The fold, and what keys do: blind, once, and for good.

use super::screen::{Input, Intent, Prepared, Screen, draw};
use super::*;
use crate::authority::{Answer, Deployment, Operator, Ruling, Scope, Seed};
use crate::class::Class;
use crate::inbox::screen::Key;
use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::time::Duration;

const SAMPLE: &str = include_str!("../../tests/golden/sample-v1.json");

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn class(name: &str) -> Class {
    Class::parse(name).unwrap()
}

fn id(of: &str) -> DecisionId {
    DecisionId::try_from(of.repeat(16)).unwrap()
}

struct Bench {
    seed: Seed,
    deployment: Deployment,
    reviews: Reviews,
    sequence: u64,
}

impl Bench {
    /// Two samples, the second with the nearer deadline.
    fn new() -> Self {
        let (seed, deployment) = (Seed::generate(), Deployment::parse("test").unwrap());
        let operator = Operator {
            name: "ada".to_owned(),
            grants: Vec::new(),
            rulings: Scope::All,
            irreversible: false,
            promotions: false,
            resume: false,
        };
        let authority = Authority {
            deployment: deployment.clone(),
            operators: BTreeMap::from([(seed.public(), operator)]),
            grant_max: Duration::ZERO,
        };
        let reviews = Reviews::new(Root::new("decile").unwrap(), Arc::new(authority));
        let mut bench = Self { seed, deployment, reviews, sequence: 0 };
        bench.sample("aa", 200, "decile.review.yes");
        bench.sample("bb", 100, "decile.review.yes");
        bench
    }

    fn apply(&mut self, subject: &str, payload: &[u8]) -> u64 {
        self.sequence += 1;
        let published = Published { subject, sequence: self.sequence, stored_at: at(0), payload };
        self.reviews.apply(&published);
        self.sequence
    }

    fn sample(&mut self, of: &str, answer_by: i64, subject: &str) {
        let mut sample = Sample::parse(SAMPLE.as_bytes()).unwrap();
        (sample.decision.id, sample.answer_by) = (id(of), at(answer_by));
        self.apply(subject, &sample.encode().unwrap());
    }

    fn review(&mut self, of: &str, seed: &Seed) -> u64 {
        let prepared = Prepared::of(self.reviews.get(&id(of)).unwrap(), None, false, "");
        let signed = prepared.review(at(0)).sign(&self.deployment, seed).unwrap();
        self.apply(&format!("decile.ruling.{}.review", id(of)), &signed.encode().unwrap())
    }

    fn receipt(&mut self, of: &str, ruling: u64, outcome: &str) {
        let receipt =
            serde_json::json!({ "v": 1, "decision": id(of), "ruling": ruling, "outcome": outcome, "at": at(0) });
        self.apply(&format!("decile.receipt.{}.ruling", id(of)), receipt.to_string().as_bytes());
    }

    fn open(&self) -> Vec<&str> {
        self.reviews.open().into_iter().map(|it| it.sample.decision.id.as_str().get(..2).unwrap()).collect()
    }

    fn screen(&self) -> Screen {
        Screen::new(self.reviews.clone(), ["maybe", "no", "yes"].map(class).into(), "ada", at(0))
    }
}

#[test]
fn samples_wait_by_their_deadlines_until_their_review_has_taken_effect() {
    let mut bench = Bench::new();
    assert_eq!(bench.open(), ["bb", "aa"]);
    bench.sample("cc", 50, "decile.review.no");
    assert_eq!(bench.open(), ["bb", "aa"], "it does not belong there");
    bench.review("bb", &Seed::generate());
    assert_eq!(bench.open(), ["bb", "aa"], "nobody we know signed that");
    let seed = Seed::parse(&bench.seed.reveal().unwrap()).unwrap();
    let ruling = bench.review("bb", &seed);
    assert_eq!(bench.open(), ["aa"]);
    bench.receipt("bb", ruling + 100, "refused");
    assert_eq!(bench.open(), ["aa"], "that was of another one");
    bench.receipt("bb", ruling, "refused");
    assert_eq!(bench.open(), ["bb", "aa"]);
    assert_eq!(bench.reviews.get(&id("bb")).unwrap().reviewed, ruling, "the next one lies upon it");
    let ruling = bench.review("bb", &seed);
    bench.receipt("bb", ruling, "reviewed");
    bench.receipt("aa", 0, "unreviewed");
    assert!(bench.open().is_empty() && bench.reviews.get(&id("bb")).is_none());
    let ruling = Ruling {
        decision: id("aa"),
        escalation: 1,
        issued_at: at(0),
        answer: Answer::Reject,
        severe: false,
        note: String::new(),
    };
    bench.sample("aa", 200, "decile.review.yes");
    let signed = ruling.sign(&bench.deployment, &seed).unwrap().encode().unwrap();
    bench.apply(&format!("decile.ruling.{}.review", id("aa")), &signed);
    assert_eq!(bench.open(), ["aa"], "a ruling is no review");
}

/// The last intent that is one.
fn press(screen: &mut Screen, keys: &str) -> Intent {
    let key = |c| match c {
        '\n' => Key::Enter,
        '\u{1b}' => Key::Escape,
        '\t' => Key::Tab,
        'v' => Key::Down,
        '^' => Key::Up,
        c => Key::Char(c),
    };
    let intents = keys.chars().map(|c| screen.take(Input::Key(key(c))));
    intents.filter(|intent| *intent != Intent::Nothing).last().unwrap_or(Intent::Nothing)
}

fn shown(screen: &Screen) -> String {
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    terminal.draw(|frame| draw(frame, screen)).unwrap();
    let buffer = terminal.backend().buffer().clone();
    let line = |y| (0..80).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..24).map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_class_is_named_before_anything_that_was_decided_is_shown() {
    let bench = Bench::new();
    let mut screen = bench.screen();
    let blind = shown(&screen);
    for part in ["Grüße, works for me", "what is it?", "maybe", "none of these", "test.main", "2 waiting"] {
        assert!(blind.contains(part), "`{part}` in\n{blind}");
    }
    for part in ["decided", "label", "ok", "agree"] {
        assert!(!blind.contains(part), "`{part}` in\n{blind}");
    }
    // A screen on a sample of another class shows the same.
    assert_eq!(press(&mut screen, "no"), Intent::Nothing);
    assert_eq!(press(&mut screen, "\n"), Intent::Nothing, "named, and not signed yet");
    let told = shown(&screen);
    for part in ["you say     no", "decided     yes", "label", "you disagree", "severe error"] {
        assert!(told.contains(part), "`{part}` in\n{told}");
    }
    // It was named for good: there is no way back, and leaving would be one.
    assert_eq!(press(&mut screen, "\u{1b}\tv^yes"), Intent::Nothing);
    let Intent::Sign(prepared) = press(&mut screen, "\n") else { panic!("nothing to sign:\n{}", shown(&screen)) };
    assert_eq!((prepared.decision.as_str(), prepared.class.clone()), (id("bb").as_str(), Some(class("no"))));
    assert!(prepared.severe, "the `s` of `yes` said so");
    assert_eq!(prepared.expected_sequence, 0);
    assert_eq!(press(&mut screen, "\n"), Intent::Nothing, "once");
    // Who wants to leave signs what was named.
    let mut screen = bench.screen();
    press(&mut screen, "no\n");
    let Intent::Sign(prepared) = screen.take(Input::Key(Key::Ctrl('c'))) else { panic!("a way out") };
    assert_eq!(prepared.class, Some(class("no")));
    assert_eq!(screen.take(Input::Stored(id("bb"))), Intent::Quit);
    assert_eq!(bench.screen().take(Input::Key(Key::Ctrl('c'))), Intent::Quit, "nothing was shown yet");
}

#[test]
fn who_agrees_cannot_call_it_severe_and_none_is_a_class_of_its_own() {
    let bench = Bench::new();
    let mut screen = bench.screen();
    let Intent::Sign(prepared) = press(&mut screen, "ye\ns\n") else { panic!("nothing to sign") };
    assert_eq!((prepared.class.clone(), prepared.severe), (Some(class("yes")), false));
    screen.take(Input::Stored(id("bb")));
    let next = shown(&screen);
    assert!(next.contains("1 reviewed, 1 agreed") && next.contains("what is it?"), "{next}");
    // The last of the list, and nothing beyond it.
    let Intent::Sign(prepared) = press(&mut screen, "vvvvvvv\n\n") else { panic!("nothing to sign") };
    assert_eq!((prepared.decision.as_str(), prepared.class.clone()), (id("aa").as_str(), None));
    screen.take(Input::Stored(id("aa")));
    assert!(shown(&screen).contains("2 reviewed, 1 agreed") && shown(&screen).contains("that was all"));
    assert_eq!(press(&mut screen, "\u{1b}"), Intent::Quit);
}

#[test]
fn what_is_left_for_later_or_was_reviewed_by_others_is_not_asked() {
    let mut bench = Bench::new();
    let mut screen = bench.screen();
    assert_eq!(press(&mut screen, "\t"), Intent::Nothing);
    let seed = Seed::parse(&bench.seed.reveal().unwrap()).unwrap();
    bench.review("aa", &seed);
    let receipt = serde_json::json!({ "v": 1, "decision": id("aa"), "ruling": 3, "outcome": "reviewed", "at": at(0) });
    let subject = format!("decile.receipt.{}.ruling", id("aa"));
    let payload = receipt.to_string();
    screen.take(Input::Published(Published {
        subject: &subject,
        sequence: 4,
        stored_at: at(0),
        payload: payload.as_bytes(),
    }));
    let told = shown(&screen);
    assert!(told.contains("that was all"), "{told}");
    assert_eq!(press(&mut screen, "zzz\n\n"), Intent::Nothing);
    let mut screen = bench.screen();
    assert_eq!(press(&mut screen, "zzz\n\n"), Intent::Nothing, "there is no such class");
}

#[test]
fn a_review_that_could_not_be_stored_is_not_counted() {
    let bench = Bench::new();
    let mut screen = bench.screen();
    press(&mut screen, "yes\n\n");
    screen.take(Input::Refused("away".to_owned()));
    assert!(shown(&screen).contains("away") && !shown(&screen).contains("reviewed,"), "{}", shown(&screen));
    press(&mut screen, "no\n\n");
    screen.take(Input::Stored(id("aa")));
    assert!(shown(&screen).contains("1 reviewed, 0 agreed"), "{}", shown(&screen));
}

use super::*;
use crate::channel::Channel;
use crate::diagnostic::{Report, SourceFile};
use crate::message::Origin;
use crate::policy::resolve::{Known, resolve};
use crate::policy::written::WrittenPolicy;
use crate::verdict::Outcome;
use standing::messages_min;

const BOUNDS: Bounds =
    Bounds { unmatched_max: 100, worded_max: 20, cluster_messages_min: 2, examples_max: 2, text_bytes_max: 1_000 };

/// `label` is internal, `archive` reversible, `reply` semi-reversible, and what nobody has declared is irreversible.
const POLICY: &str = r#"
[[class]]
name = "inside"
action = { type = "label", label = "x" }

[[class]]
name = "mixed"
action = { type = "label", label = "x" }
[[class.channel]]
name = "test.other"
action = { type = "archive" }

[[class]]
name = "answered"
action = { type = "reply", template = "hello" }

[[action]]
type = "pay"
reach = "outward"
reversibility = "irreversible"

[[class]]
name = "gone"
action = { type = "pay" }

[[class]]
name = "trusted"
level = 2
action = { type = "label", label = "x" }
"#;

fn policy() -> Policy {
    let report = Report::new();
    let written = WrittenPolicy::read(&SourceFile::new("config/policy.toml", POLICY), &report);
    let channels = ["test.main", "test.other"].map(|name| Channel::parse(name).unwrap()).into();
    let policy = resolve(&written, &Known { rules: None, channels: Some(&channels), draft_bytes_max: 256 }, &report);
    let found = report.into_sorted();
    assert!(found.is_empty(), "{found:?}");
    policy
}

fn message(channel: &str, text: &str) -> Message {
    Message {
        channel: Channel::parse(channel).unwrap(),
        id: None,
        sender: None,
        subject: None,
        text: text.to_owned(),
        sent_at: None,
        thread: None,
        attributes: Default::default(),
        headers: Default::default(),
        origin: Origin::Person,
    }
}

fn verdict(class: &str) -> Verdict {
    Verdict { outcome: Outcome::Class(Class::parse(class).unwrap()), evidence: Vec::new() }
}

fn surface(add: impl FnOnce(&mut Survey<'_>)) -> Surface {
    let policy = policy();
    let mut survey = Survey::new(&policy, BOUNDS);
    add(&mut survey);
    survey.surface()
}

fn often(survey: &mut Survey<'_>, class: &str, channel: &str, times: u64) {
    (0..times).for_each(|time| survey.add(Some(&message(channel, &format!("{class} {time}"))), &verdict(class), None));
}

fn one<'a>(surface: &'a Surface, class: &str) -> &'a ClassSurface {
    surface.classes.iter().find(|it| it.class.as_str() == class).unwrap()
}

#[test]
fn what_a_class_may_become_is_told_by_how_far_it_reaches_and_how_often_it_comes() {
    let surface = surface(|survey| {
        for class in ["inside", "answered", "gone", "trusted", "unlisted"] {
            often(survey, class, "test.main", messages_min());
        }
        often(survey, "mixed", "test.main", messages_min() - 1);
    });
    let standings = ["inside", "answered", "gone", "trusted", "unlisted", "mixed"].map(|it| one(&surface, it).standing);
    use Standing::{Candidate, Later, Never, Promoted, Seldom};
    assert_eq!(standings, [Candidate, Later, Never, Promoted, Candidate, Seldom]);
    assert_eq!(surface.classed(), 6 * messages_min() - 1);
}

#[test]
fn a_class_reaches_as_far_as_the_furthest_of_its_channels() {
    let surface = surface(|survey| {
        often(survey, "mixed", "test.main", 3);
        often(survey, "mixed", "test.other", 2);
    });
    let mixed = one(&surface, "mixed");
    assert_eq!((mixed.radius, mixed.messages), (Radius::Reversible, 5));
    assert_eq!(mixed.channels, [("test.main".to_owned(), 3), ("test.other".to_owned(), 2)].into());
    assert_eq!(mixed.actions.iter().map(String::as_str).collect::<Vec<_>>(), ["archive", "label"]);
}

#[test]
fn candidates_stand_by_reach_then_by_how_often_they_come() {
    let surface = surface(|survey| {
        often(survey, "mixed", "test.other", 900);
        often(survey, "inside", "test.main", 60);
        often(survey, "unlisted", "test.main", 70);
        often(survey, "gone", "test.main", 1_000);
    });
    let candidates: Vec<&str> = surface.candidates().iter().map(|it| it.class.as_str()).collect();
    assert_eq!(candidates, ["unlisted", "inside", "mixed"]);
    let by_number: Vec<&str> = surface.classes.iter().map(|it| it.class.as_str()).collect();
    assert_eq!(by_number, ["gone", "mixed", "unlisted", "inside"]);
}

#[test]
fn wordings_are_compared() {
    let surface = surface(|survey| {
        for text in ["see you monday", "see you tuesday", "SEE YOU, wednesday"] {
            survey.add(Some(&message("test.main", text)), &verdict("inside"), None);
        }
        for text in ["refund me", "where is my parcel", "nothing works"] {
            survey.add(Some(&message("test.main", text)), &verdict("gone"), None);
        }
        survey.add(Some(&message("test.main", "once")), &verdict("trusted"), None);
    });
    let [alike, unlike, once] = ["inside", "gone", "trusted"].map(|it| one(&surface, it).variability);
    assert!(alike.unwrap() < 0.8 && unlike == Some(1.0) && once.is_none(), "{alike:?} {unlike:?} {once:?}");
}

#[test]
fn what_has_no_class_is_counted_by_its_reason_and_only_what_is_unmatched_makes_clusters() {
    let at = |second| Timestamp::from_second(second).ok();
    let surface = surface(|survey| {
        for number in 0..3 {
            let text = format!("parcel {number} is lost");
            survey.add(
                Some(&message("test.main", &text)),
                &Verdict::none(Reason::Unmatched, Vec::new()),
                at(10 + number),
            );
            survey.add(Some(&message("test.main", &text)), &Verdict::none(Reason::Restricted, Vec::new()), at(5));
        }
        survey.add(Some(&message("test.main", "hm")), &Verdict::none(Reason::Unmatched, Vec::new()), None);
        survey.add(None, &Verdict::none(Reason::Malformed, Vec::new()), None);
    });
    assert_eq!(surface.without_class, [(Reason::Malformed, 1), (Reason::Restricted, 3), (Reason::Unmatched, 4)].into());
    assert_eq!((surface.messages, surface.clustered, surface.alone), (8, 4, 1));
    assert_eq!(surface.clusters.iter().map(|it| (it.messages, it.examples.len())).collect::<Vec<_>>(), [(3, 2)]);
    assert_eq!((surface.first, surface.last), (at(5), at(12)));
}

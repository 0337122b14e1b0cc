use super::naive::{Words, naive};
use super::*;
use crate::authority::GrantId;
use crate::class::ActionType;
use crate::digest::Digest;
use crate::policy::action::Nature;
use crate::policy::{ClassPolicy, Tenure};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

/// Everything that the gate can see, as plain values.
#[derive(Clone, Debug)]
struct World {
    verdict: Verdict,
    mode: Mode,
    origin: Origin,
    age_ns: i64,
    restrictions: Vec<&'static str>,
    permitted: Option<Class>,
    level: Level,
    nature: Nature,
    halt: Halt,
    cover: Cover,
    /// 0: the class is not listed; 1: it is; 2: it has a line for the channel.
    listed: u64,
}

/// Hashed once: the policy is made anew for each of many cases.
static DIGEST: OnceLock<Digest> = OnceLock::new();
const REACHES: [Reach; 2] = [Reach::Internal, Reach::Outward];
const REVERSIBILITIES: [Reversibility; 3] =
    [Reversibility::Reversible, Reversibility::SemiReversible, Reversibility::Irreversible];
/// What covers an outward action, and the reason that it gives.
fn covers() -> [(Cover, &'static str); 4] {
    let granted = Cover::Granted { grant: GrantId::of([0; 16]), revision: 3 };
    [
        (Cover::Stale, "grants_stale"),
        (Cover::NoGrant, "no_grant"),
        (Cover::CapReached, "cap_reached"),
        (granted, "handle"),
    ]
}

const MAX_AGE_NS: i64 = 3_600_000_000_000;

/// A world in which nothing stands against handling.
fn open() -> World {
    World {
        verdict: Verdict { outcome: Outcome::Class(class()), evidence: Vec::new() },
        mode: Mode::Monitored,
        origin: Origin::Person,
        age_ns: 0,
        restrictions: Vec::new(),
        permitted: Some(class()),
        level: Level::Bounded,
        nature: Nature { reach: Reach::Internal, reversibility: Reversibility::Reversible },
        halt: Halt::Off { revision: 0 },
        cover: Cover::NoGrant,
        listed: 1,
    }
}

fn class() -> Class {
    Class::parse("receipt").unwrap()
}

fn line(level: Level, nature: Nature, desk: &str) -> Line {
    Line {
        level,
        action: Action { kind: ActionType::note(), nature, arguments: BTreeMap::new(), template: None },
        max_age: Duration::from_secs(3_600),
        desk: Desk::parse(desk).unwrap(),
        origin: "policy.toml:1".to_owned(),
        tenure: Tenure::default(),
    }
}

impl World {
    fn policy(&self) -> Policy {
        let strict = Nature { reach: Reach::Outward, reversibility: Reversibility::Irreversible };
        // The line that is meant has the desk `line`; the others would show.
        let of = |listed| {
            if self.listed == listed {
                line(self.level, self.nature, "line")
            } else {
                line(Level::Suggest, strict, "no")
            }
        };
        let channels = if self.listed == 2 { vec![(channel(), of(2))] } else { Vec::new() };
        let lines = ClassPolicy { everywhere: of(1), channels: channels.into_iter().collect() };
        let classes = if self.listed == 0 { Vec::new() } else { vec![(class(), lines)] };
        Policy {
            caps: Vec::new(),
            natures: BTreeMap::new(),
            inverses: BTreeMap::new(),
            deadlines: BTreeMap::new(),
            digest: *DIGEST.get_or_init(|| Digest::of("test", [])),
            default_desk: Desk::parse("human").unwrap(),
            restriction_desks: [("legal".to_owned(), Desk::parse("law").unwrap())].into(),
            classes: classes.into_iter().collect(),
            unlisted: of(0),
            sampling: crate::policy::Sampling::default(),
            drift_demotes: std::collections::BTreeSet::new(),
            promotions: Vec::new(),
            upholdings: Vec::new(),
        }
    }

    fn facts(&self) -> Facts {
        Facts { halt: self.halt, cover: self.cover.clone(), ..Facts::quiet(now()) }
    }

    /// The world's case, policy and facts, for `f`.
    fn ask<T>(&self, f: impl FnOnce(&Case<'_>, &Policy, &Facts) -> T) -> T {
        let case = Case {
            verdict: &self.verdict,
            channel: &channel(),
            mode: self.mode,
            origin: self.origin,
            sent_at: now().checked_sub(SignedDuration::from_nanos(self.age_ns)).unwrap(),
            restrictions: &self.restrictions,
            permitted: self.permitted.as_ref(),
        };
        f(&case, &self.policy(), &self.facts())
    }

    fn words(&self) -> Words {
        self.ask(|case, policy, facts| words(&gate(case, policy, facts)))
    }

    fn steps(&self) -> Vec<(Reason, Answer)> {
        self.ask(|case, policy, facts| gate_with_steps(case, policy, facts).1.map(|step| (step.reason, step.answer)))
            .to_vec()
    }
}

fn channel() -> Channel {
    Channel::parse("mail.inbox").unwrap()
}

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn words(disposition: &Disposition<'_>) -> Words {
    match disposition {
        Disposition::Handle { .. } => ("handle", "nothing", None),
        Disposition::Pass => ("direct", "nothing", None),
        Disposition::Escalate { reason, desk, held } => {
            let held = match held {
                Held::Nothing => "nothing",
                Held::Suggestion(_) => "suggestion",
                Held::Draft(_) => "draft",
            };
            (reason.as_str(), held, Some((*desk).clone()))
        }
    }
}

/// The promised table, a row a line: level, action; what holds, with what, under each cover.
#[test]
fn every_cell_of_the_table() {
    const TABLE: &str = "
        0 internal reversible       level suggestion
        0 internal semi_reversible  level suggestion
        0 internal irreversible     level suggestion
        0 outward  reversible       level nothing
        0 outward  semi_reversible  level nothing
        0 outward  irreversible     level nothing
        1 internal reversible       level draft
        1 internal semi_reversible  level draft
        1 internal irreversible     level draft
        1 outward  reversible       level draft
        1 outward  semi_reversible  level draft
        1 outward  irreversible     level draft
        2 internal reversible       handle nothing
        2 internal semi_reversible  handle nothing
        2 internal irreversible     irreversible draft
        2 outward  reversible       cover draft
        2 outward  semi_reversible  level draft
        2 outward  irreversible     irreversible draft
        3 internal reversible       handle nothing
        3 internal semi_reversible  handle nothing
        3 internal irreversible     irreversible draft
        3 outward  reversible       cover draft
        3 outward  semi_reversible  cover draft
        3 outward  irreversible     irreversible draft";
    let mut rows = TABLE.lines().map(str::trim).filter(|row| !row.is_empty());
    for level in Level::ALL {
        for reach in REACHES {
            for reversibility in REVERSIBILITIES {
                let row: Vec<&str> = rows.next().unwrap().split_whitespace().collect();
                let cell = format!("{} {reach:?} {reversibility:?}", level as u8).to_lowercase();
                assert_eq!(row[..3].join(" ").replace('_', ""), cell, "the table is in order");
                for (cover, lack) in covers() {
                    let cell = format!("{cell} {cover:?}");
                    let world = World { level, nature: Nature { reach, reversibility }, cover, ..open() };
                    let reason = if row[3] == "cover" { lack } else { row[3] };
                    let desk = (reason != "handle").then(|| Desk::parse("line").unwrap());
                    let held = if reason == "handle" { "nothing" } else { row[4] };
                    assert_eq!(world.words(), (reason, held, desk), "{cell}");
                }
            }
        }
    }
    assert_eq!(rows.next(), None);
}

/// Makes a reason hold in a world, and changes nothing else that another reason needs.
fn impose(world: &mut World, reason: Reason) {
    match reason {
        Reason::Direct => world.mode = Mode::Direct,
        Reason::Restricted => world.restrictions = vec!["legal"],
        Reason::Halted => world.halt = Halt::On { revision: 7 },
        Reason::TooOld => world.age_ns = MAX_AGE_NS + 1,
        Reason::Automated => {
            world.origin = Origin::Bot;
            world.nature.reach = Reach::Outward;
        }
        Reason::Level => world.level = Level::Draft,
        Reason::Irreversible => world.nature.reversibility = Reversibility::Irreversible,
        Reason::GrantsStale | Reason::NoGrant | Reason::CapReached => {
            world.nature.reach = Reach::Outward;
            world.cover = covers()[reason as usize - Reason::GrantsStale as usize].0.clone();
        }
        of_verdict => world.verdict = Verdict::none(of_verdict, Vec::new()),
    }
}

/// Reasons that exclude each other, and why. `restricted` is not among the first: the restrictions in the
/// evidence say it beside any verdict.
const EXCLUSIVE: [(&str, &[Reason]); 2] = [
    (
        "a verdict has one outcome",
        &[
            Reason::Malformed,
            Reason::Oversized,
            Reason::Uninspectable,
            Reason::OverBudget,
            Reason::Unmatched,
            Reason::Conflict,
            Reason::TooFewWitnesses,
            Reason::Novel,
        ],
    ),
    ("cover is one fact", &[Reason::GrantsStale, Reason::NoGrant, Reason::CapReached]),
];

#[test]
fn of_two_reasons_the_earlier_is_given() {
    let mut pairs = 0;
    for (at, &earlier) in Reason::ALL.iter().enumerate() {
        for &later in &Reason::ALL[at + 1..] {
            if EXCLUSIVE.iter().any(|(_, group)| group.contains(&earlier) && group.contains(&later)) {
                continue;
            }
            for order in [[earlier, later], [later, earlier]] {
                let mut world = open();
                order.into_iter().for_each(|reason| impose(&mut world, reason));
                let steps = world.steps();
                assert!(steps.contains(&(earlier, Answer::Holds)), "{earlier} holds beside {later}");
                assert!(steps.contains(&(later, Answer::Holds)), "{later} holds beside {earlier}");
                // The open world has no grant, so a cover that lacks is there as well; it is last.
                assert_eq!(world.words().0, earlier.as_str(), "{earlier} and {later}");
            }
            pairs += 1;
        }
    }
    assert_eq!(pairs, 18 * 17 / 2 - 8 * 7 / 2 - 3, "every pair but those that exclude each other");
}

#[test]
fn a_verdict_that_is_restricted_without_a_name_is_restricted() {
    let world = World { verdict: Verdict::none(Reason::Restricted, Vec::new()), ..open() };
    assert_eq!(world.words(), ("restricted", "nothing", Some(Desk::parse("human").unwrap())));
}

#[test]
fn a_reason_that_is_no_classifiers_is_unmatched() {
    for reason in Reason::ALL.into_iter().filter(|reason| !is_of_a_verdict(*reason)) {
        let world = World { verdict: Verdict::none(reason, Vec::new()), ..open() };
        assert_eq!(world.words().0, "unmatched", "{reason}");
    }
}

#[test]
fn age_is_judged_to_the_nanosecond_and_the_future_has_none() {
    for (age_ns, reason) in [(MAX_AGE_NS, "handle"), (MAX_AGE_NS + 1, "too_old"), (-MAX_AGE_NS * 2, "handle")] {
        assert_eq!(World { age_ns, ..open() }.words().0, reason, "{age_ns}");
    }
}

#[test]
fn machines_may_be_labelled_and_not_answered() {
    for origin in [Origin::Own, Origin::Bot, Origin::Automatic] {
        assert_eq!(World { origin, ..open() }.words().0, "handle");
        let nature = Nature { reach: Reach::Outward, reversibility: Reversibility::Reversible };
        assert_eq!(World { origin, nature, ..open() }.words().0, "automated");
    }
}

#[test]
fn the_desk_is_that_of_the_first_restriction_that_has_one() {
    for (restrictions, desk) in [(vec!["vip", "legal"], "law"), (vec!["vip"], "human")] {
        let world = World { restrictions, ..open() };
        assert_eq!(world.words().2, Some(Desk::parse(desk).unwrap()));
    }
}

#[test]
fn without_a_class_the_line_is_not_asked() {
    let world = World { verdict: Verdict::none(Reason::Unmatched, Vec::new()), permitted: None, ..open() };
    let asked: Vec<Reason> =
        world.steps().into_iter().filter(|step| step.1 != Answer::NotAsked).map(|step| step.0).collect();
    assert_eq!(asked, Reason::ALL[..11], "up to `halted`");
}

/// The SplitMix64 generator (Steele, Lea, Flood, 2014): the same cases in every run.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % bound as u64).unwrap()
    }

    fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    fn world(&mut self) -> World {
        let verdict = match self.below(3) {
            0 => Verdict::none(self.pick(&Reason::ALL), Vec::new()),
            _ => open().verdict,
        };
        World {
            verdict,
            mode: if self.below(8) == 0 { Mode::Direct } else { Mode::Monitored },
            origin: self.pick(&[Origin::Person, Origin::Person, Origin::Own, Origin::Bot, Origin::Automatic]),
            age_ns: self.pick(&[-1, 0, MAX_AGE_NS, MAX_AGE_NS + 1, MAX_AGE_NS * 99]),
            restrictions: self.pick(&[vec![], vec![], vec![], vec!["legal"], vec!["vip", "legal"], vec!["vip"]]),
            permitted: self.pick(&[None, Some(class()), Some(Class::parse("other").unwrap())]),
            level: self.pick(&Level::ALL),
            nature: Nature { reach: self.pick(&REACHES), reversibility: self.pick(&REVERSIBILITIES) },
            halt: self.pick(&[Halt::Off { revision: 0 }, Halt::Off { revision: 3 }, Halt::On { revision: 3 }]),
            cover: self.pick(&covers()).0,
            listed: self.below(3) as u64,
        }
    }
}

#[test]
fn a_second_gate_agrees_on_200_000_cases() {
    let mut seeded = Seeded(20_260_301);
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    for number in 0..200_000 {
        let world = seeded.world();
        world.ask(|case, policy, facts| {
            let ours = gate(case, policy, facts);
            let words = words(&ours);
            assert_eq!(words, naive(case, policy, facts), "case {number}: {world:?}");
            assert_eq!(ours, gate_with_steps(case, policy, facts).0);
            assert_eq!(ours, gate(&Case { permitted: None, ..*case }, policy, facts), "permitted decides nothing");
            *seen.entry(words.0).or_default() += 1;
        });
    }
    assert_eq!(seen.len(), 19, "every reason, and `handle`: {seen:?}");
}

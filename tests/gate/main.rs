//! A second gate, written from the design's prose, beside the production path: what governs as real records, really
//! signed, then `triage::decide`. `DECILE_CASES` says how many cases, `DECILE_SEED` which.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests stop at the first surprise"
)]

mod case;
mod draw;
mod naive;
mod world;

use case::{Act, Answer, Case, Ns, S, Step, What};
use decile::classify::Scratch;
use decile::decision::{Outward, Proof, Record};
use decile::governing::{At, Governing};
use decile::permit::{Entry, Writes};
use decile::reason::Reason;
use decile::subject::Root;
use decile::triage::{self, Plan};
use draw::Draw;
use std::collections::BTreeMap;
use std::time::Instant;
use world::{World, time};

/// Decisions after each step of a history, and steps of one.
const CASES_A_STEP: usize = 8;
const STEPS: usize = 20;

#[test]
fn the_naive_gate_agrees_and_nothing_acts_without_a_grant() {
    let number = |name: &str| std::env::var(name).ok().map(|it| it.parse::<u64>().expect("a number"));
    let cases = number("DECILE_CASES").unwrap_or(50_000);
    let seed = number("DECILE_SEED").unwrap_or_else(|| fastrand::u64(..));
    eprintln!("DECILE_SEED={seed} DECILE_CASES={cases}");
    let started = Instant::now();
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    let mut bench = Bench::new(seed);
    let mut done = 0;
    while done < cases {
        done += bench.history(&mut seen);
    }
    eprintln!("{done} cases in {:.1?}: {seen:?}", started.elapsed());
    // Five are the classifier's alone; `direct` is `pass`. Beside them `handle` and `act`.
    let words = Reason::ALL.len() - 5 + 2;
    assert!(cases < 10_000 || seen.len() == words, "every reason, `pass`, `handle` and `act`: {seen:?}");
    assert!(cases < 10_000 || seen["act"] * 25 > done, "few cases act: {seen:?}");
    assert!(cases < 10_000 || bench.promoted > 50, "few act after a promotion on the bus: {}", bench.promoted);
}

struct Bench {
    draw: Draw,
    world: World,
    scratch: Scratch,
    root: Root,
    /// Actions on a level that something lies on.
    promoted: u64,
}

impl Bench {
    fn new(seed: u64) -> Self {
        let world = World::new();
        let scratch = Scratch::new(&world.snapshot.pack);
        Self { draw: Draw::new(seed), world, scratch, root: Root::new("decile").unwrap(), promoted: 0 }
    }

    /// Steps, and decisions after each.
    fn history(&mut self, seen: &mut BTreeMap<String, u64>) -> u64 {
        let focus = self.draw.focus();
        let mut governing = Governing::new(self.root.clone(), self.world.authority.clone());
        let (mut steps, mut sequence, mut done) = (Vec::new(), 0, 0);
        for _ in 0..STEPS {
            let step = self.draw.step(&focus, sequence, &steps);
            if let Step::Stored { sequence: stored, .. } = &step {
                sequence = *stored;
            }
            self.world.tell(&mut governing, &step);
            steps.push(step);
            for _ in 0..CASES_A_STEP {
                let case = self.draw.case(&focus, &steps);
                let wanted = naive::decide(&case, &steps);
                self.world.enact(&case);
                let found = self.decide(&governing, &case, &steps);
                *seen.entry(word(&wanted).to_owned()).or_default() += 1;
                self.promoted += u64::from(matches!(&wanted, Answer::Act(act) if act.level.1 > 0));
                assert_eq!(found.strip(&wanted), wanted, "{case:#?}\nafter {steps:#?}");
                done += 1;
            }
        }
        done
    }

    /// What the production path decides, in the naive gate's words.
    fn decide(&mut self, governing: &Governing, case: &Case, steps: &[Step]) -> Found {
        let delivery = world::delivery(case, self.draw.rng.u64(1..));
        let snapshot = &self.world.snapshot;
        let reading = triage::read(snapshot, &delivery);
        assert_eq!(reading.spec.channel.as_str(), case.channel);
        let at = At { governing, now: time(case.now) };
        let plan = triage::decide(snapshot, &reading, &at, &mut self.scratch);
        let Plan { id, act, subject, record, .. } = plan;
        let channel = naive::tokens(case.channel);
        let Some(act) = act else {
            let decision = record.decision();
            let desk = decision.desk.as_ref().map(|it| it.as_str().to_owned());
            let (answer, place) = match (&record, decision.reason) {
                (Record::Passed(_), _) => (Plain::Pass, format!("decile.passed.{channel}")),
                (Record::Handled(_), None) => {
                    let class = decision.verdict.class.as_ref().unwrap();
                    (Plain::Handle, format!("decile.handled.{class}.{channel}"))
                }
                (Record::Escalated(_), Some(reason)) => {
                    let desk = desk.unwrap();
                    let place = format!("decile.escalated.{desk}.{channel}");
                    (Plain::Escalate(reason.as_str(), desk), place)
                }
                other => panic!("{other:?}"),
            };
            assert_eq!(subject.as_str(), place);
            return Found::Plain(answer);
        };
        // What is done if the broker refuses: a person gets it.
        let (Record::Escalated(_), Some(Reason::GrantsStale)) = (&record, record.decision().reason) else {
            panic!("{record:?}")
        };
        assert!(subject.as_str().starts_with("decile.escalated."));
        let outward: Outward = act.permit.record(act.decision.clone());
        let writes = act.permit.spend(&self.root, act.decision).unwrap();
        assert_eq!(writes.id, id.as_str());
        let stored: Outward = serde_json::from_slice(&writes.action.bytes).unwrap();
        assert_eq!(stored, outward);
        has_grant(&outward, steps);
        Found::Act(Box::new(writes), case.now)
    }
}

/// Whatever the naive gate says: what is written carries a grant, as it lies on the bus, signed by somebody who may.
fn has_grant(outward: &Outward, steps: &[Step]) {
    let Proof::Grant { signed, revision, .. } = &outward.proof else { panic!("{outward:?}") };
    let record = steps.iter().find_map(|step| match step {
        Step::Stored { sequence, subject, what: What::Grant(paper), .. } if sequence == revision => {
            Some((subject, paper))
        }
        _ => None,
    });
    let (subject, paper) = record.expect("a record with the grant's revision");
    assert!(matches!(paper.signer, case::Signer::Ada | case::Signer::Bob), "{paper:?}");
    let encoded = String::from_utf8(signed.encode().unwrap()).unwrap();
    assert!(encoded.contains(&paper.id), "another grant: {encoded}");
    let action = &outward.action;
    assert_eq!(subject, &format!("decile.grant.{}.{}", action.kind, naive::tokens(action.channel.as_str())));
}

/// What was found, before it is put beside what was wanted.
enum Found {
    Plain(Plain),
    Act(Box<Writes>, Ns),
}

enum Plain {
    Pass,
    Handle,
    Escalate(&'static str, String),
}

impl Found {
    /// As the naive gate's answer. Of a batch each condition is compared; which of the free slots it takes is its own
    /// choice, so that they are given back as wanted.
    fn strip(self, wanted: &Answer) -> Answer {
        match self {
            Self::Plain(Plain::Pass) => Answer::Pass,
            Self::Plain(Plain::Handle) => Answer::Handle,
            Self::Plain(Plain::Escalate(reason, desk)) => Answer::Escalate { reason, desk: desk.leak() },
            Self::Act(writes, now) => Answer::Act(act(&writes, now, wanted)),
        }
    }
}

fn act(writes: &Writes, now: Ns, wanted: &Answer) -> Act {
    let id = writes.id.as_str();
    let of = |subject: &str, before: &str| subject.strip_prefix(before).map(str::to_owned);
    let place = of(&writes.action.subject, "decile.action.").unwrap();
    let place = place.strip_suffix(&format!(".{id}")).unwrap().to_owned();
    assert_eq!((writes.action.revision, &writes.action.condition), (0, &None), "no other action of this decision");
    let rows = if let Answer::Act(wanted) = wanted { wanted.rows.clone() } else { Vec::new() };
    let mut fences = Vec::new();
    let mut tried: Vec<Vec<&str>> = Vec::new();
    assert!(!writes.attempts.is_empty());
    for attempt in &writes.attempts {
        let (fenced, slots): (Vec<&Entry>, Vec<&Entry>) =
            attempt.iter().partition(|entry| entry.subject.starts_with(&format!("decile.slot.fence.{id}.")));
        fences = fenced.iter().map(|it| (it.condition.clone().expect("a subject"), it.revision)).collect();
        assert_eq!(fences.len(), 3, "grant, halt and level: {attempt:?}");
        let slots: Vec<&Entry> = slots;
        assert_eq!(slots.len(), rows.len(), "a slot a row: {attempt:?} {rows:?}");
        for (slot, (row, free, until)) in slots.iter().zip(&rows) {
            assert_eq!((slot.revision, &slot.condition), (0, &None), "nobody has taken it");
            let number: u32 = of(&slot.subject, &format!("{row}.")).expect(row).parse().unwrap();
            assert!(free.contains(&number), "{number} of {free:?} in {row}");
            // In whole seconds, by a clock that may be 5 s behind ours.
            let kept = Ns::try_from(slot.kept.as_secs()).unwrap() * S;
            assert!(now - 5 * S + kept >= *until, "the broker keeps {} for {:?}", slot.subject, slot.kept);
        }
        let taken: Vec<&str> = slots.iter().map(|slot| slot.subject.as_str()).collect();
        assert!(
            taken.is_empty() || !tried.iter().any(|before| before.iter().any(|it| taken.contains(it))),
            "one twice: {writes:?}"
        );
        tried.push(taken);
    }
    fences.sort();
    let [halt, grant, level] = <[(String, u64); 3]>::try_from(fences).unwrap();
    assert_eq!(halt.0, "decile.control.halt");
    Act { place, grant, halt: halt.1, level, rows }
}

fn word(answer: &Answer) -> &'static str {
    match answer {
        Answer::Pass => "pass",
        Answer::Handle => "handle",
        Answer::Act(_) => "act",
        Answer::Escalate { reason, .. } => reason,
    }
}

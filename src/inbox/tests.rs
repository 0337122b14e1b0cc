//! The fold, what stands in the way of answers, and the page.

use super::answer::{Hindrance, Natures, Wanted, prepare, with_proposal, with_text};
use super::page::{Line, page};
use super::*;
use crate::authority::{Answer, Deployment, LetterAnswer, LetterRuling, Operator, Ruling, Scope, Seed};
use crate::class::ActionType;
use crate::decision::Escalation;
use crate::policy::action::Reversibility;
use jiff::SignedDuration;

const DRAFT: &str = include_str!("../../tests/golden/draft-v1.json");
const RESTRICTED: &str = include_str!("../../tests/golden/restricted-v1.json");

/// An operator of a test, with the seed.
pub(crate) struct Person {
    pub(crate) seed: Seed,
    pub(crate) operator: Operator,
}

/// An inbox of a test.
pub(crate) struct Bench {
    pub(crate) inbox: Inbox,
    pub(crate) ada: Person,
    deployment: Deployment,
    sequence: u64,
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn person(name: &str, rulings: Scope<Desk>, irreversible: bool) -> Person {
    let (grants, promotions, resume) = (Vec::new(), false, false);
    let operator = Operator { name: name.to_owned(), grants, rulings, irreversible, promotions, resume };
    Person { seed: Seed::generate(), operator }
}

pub(crate) fn ruling_receipt(id: &DecisionId, ruling: u64, outcome: &str, why: &str) -> Vec<u8> {
    let receipt = serde_json::json!({ "v": 1, "decision": id, "ruling": ruling, "outcome": outcome, "why": why,
        "at": at(0) });
    receipt.to_string().into_bytes()
}

/// An escalation like a golden one, with an id, a desk and what else is changed.
pub(crate) fn escalation(golden: &str, id: &str, desk: &str, change: impl FnOnce(&mut Escalation)) -> Escalation {
    let Ok(Record::Escalated(mut escalation)) = Record::parse(golden.as_bytes()) else { panic!("{golden}") };
    escalation.decision.id = DecisionId::try_from(id.repeat(16)).unwrap();
    escalation.decision.desk = Some(Desk::parse(desk).unwrap());
    change(&mut escalation);
    *escalation
}

impl Bench {
    pub(crate) fn new() -> Self {
        let ada = person("ada", Scope::All, false);
        let deployment = Deployment::parse("test").unwrap();
        let operators = BTreeMap::from([(ada.seed.public(), ada.operator.clone())]);
        let authority = Authority { deployment: deployment.clone(), operators, grant_max: Duration::ZERO };
        let deadlines = BTreeMap::from([
            (Desk::parse("fast").unwrap(), Duration::from_secs(60)),
            (Desk::parse("slow").unwrap(), Duration::from_secs(600)),
        ]);
        let inbox = Inbox::new(Root::new("decile").unwrap(), Arc::new(authority), deadlines);
        Self { inbox, ada, deployment, sequence: 0 }
    }

    pub(crate) fn apply(&mut self, second: i64, subject: &str, payload: &[u8]) {
        self.sequence += 1;
        let published = Published { subject, sequence: self.sequence, stored_at: at(second), payload };
        self.inbox.apply(&published);
    }

    pub(crate) fn escalate(&mut self, second: i64, escalation: &Escalation) {
        let record = Record::Escalated(Box::new(escalation.clone()));
        let subject = Root::new("decile").unwrap().of_record(&record).unwrap();
        self.apply(second, &subject, &record.encode().unwrap());
    }

    pub(crate) fn draft(&mut self, second: i64, id: &str, desk: &str) -> DecisionId {
        self.escalate(second, &escalation(DRAFT, id, desk, |_| {}));
        DecisionId::try_from(id.repeat(16)).unwrap()
    }

    pub(crate) fn rule(&mut self, second: i64, id: &DecisionId, answer: Answer) {
        let ruling = Ruling {
            decision: id.clone(),
            escalation: 1,
            issued_at: at(second),
            answer,
            severe: false,
            note: String::new(),
        };
        let signed = ruling.sign(&self.deployment, &self.ada.seed).unwrap();
        self.apply(second, &format!("decile.ruling.{id}"), &signed.encode().unwrap());
    }

    /// The daemon's word on the answer at a sequence.
    pub(crate) fn settle(&mut self, second: i64, id: &DecisionId, ruling: u64, outcome: &str, why: &str) {
        self.apply(second, &format!("decile.receipt.{id}.ruling"), &ruling_receipt(id, ruling, outcome, why));
    }

    pub(crate) fn entry(&self, id: &DecisionId) -> &Entry {
        self.inbox.get(id).unwrap()
    }

    fn open(&self) -> Vec<&str> {
        self.inbox.open().into_iter().map(|entry| entry.id().as_str().get(..2).unwrap()).collect()
    }

    fn prepare(&self, id: &DecisionId, wanted: Wanted) -> Result<answer::Prepared, Hindrance> {
        prepare(self.entry(id), wanted, &self.ada.operator, &Natures::default())
    }
}

#[test]
fn the_nearest_deadline_comes_first_and_none_comes_last_oldest_first() {
    let mut bench = Bench::new();
    for (second, id, desk) in [(5, "aa", "human"), (1, "bb", "human"), (2, "cc", "slow"), (3, "dd", "fast")] {
        bench.draft(second, id, desk);
    }
    assert_eq!(bench.open(), ["dd", "cc", "bb", "aa"]);
    bench.draft(500, "ee", "fast");
    assert_eq!(bench.open(), ["dd", "ee", "cc", "bb", "aa"], "560 is before 602");
}

#[test]
fn an_answer_that_counts_closes_and_no_other() {
    let mut bench = Bench::new();
    let (a, b) = (bench.draft(0, "aa", "human"), bench.draft(0, "bb", "human"));
    bench.apply(1, &format!("decile.ruling.{a}"), b"{}");
    assert_eq!(bench.open(), ["aa", "bb"]);
    assert!(matches!(bench.entry(&a).ruling.as_ref().unwrap().void, Some(Void::Signed(_))));
    assert_eq!(bench.entry(&a).expected_sequence(), 3, "the next answer goes behind it");
    let other = Ruling {
        decision: b.clone(),
        escalation: 1,
        issued_at: at(2),
        answer: Answer::Reject,
        severe: false,
        note: String::new(),
    };
    let signed = other.sign(&bench.deployment, &bench.ada.seed).unwrap().encode().unwrap();
    bench.apply(2, &format!("decile.ruling.{a}"), &signed);
    assert_eq!(bench.entry(&a).ruling.as_ref().unwrap().void, Some(Void::Decision));
    bench.apply(100, &format!("decile.ruling.{b}"), &signed);
    assert_eq!(bench.entry(&b).ruling.as_ref().unwrap().void, Some(Void::Copy));
    bench.rule(101, &b, Answer::Reject);
    assert_eq!(bench.open(), ["aa"]);
    bench.apply(102, &format!("decile.ruling.{b}"), b"{}");
    assert_eq!(bench.open(), ["aa"], "what comes after an answer that counts changes nothing");
}

#[test]
fn an_operator_without_the_desk_closes_nothing() {
    let mut bench = Bench::new();
    let mut authority = (*bench.inbox.authority).clone();
    for operator in authority.operators.values_mut() {
        operator.rulings = Scope::These(vec![Desk::parse("fast").unwrap()]);
    }
    bench.inbox.authority = Arc::new(authority);
    let (a, b) = (bench.draft(0, "aa", "human"), bench.draft(0, "bb", "fast"));
    bench.rule(1, &a, Answer::Reject);
    bench.rule(1, &b, Answer::Reject);
    assert_eq!(bench.open(), ["aa"]);
    assert_eq!(bench.entry(&a).ruling.as_ref().unwrap().void, Some(Void::Desk));
}

#[test]
fn what_was_refused_waits_again_and_what_expired_does_not() {
    let mut bench = Bench::new();
    let (a, b) = (bench.draft(0, "aa", "human"), bench.draft(0, "bb", "human"));
    bench.rule(1, &a, Answer::Reject);
    bench.settle(2, &a, 3, "refused", "halted");
    bench.settle(2, &b, 0, "expired", "");
    assert_eq!(bench.open(), ["aa"]);
    assert_eq!(bench.entry(&a).became.as_ref().unwrap().line(), "refused: halted");
    let over = bench.prepare(&b, Wanted::Reject).unwrap_err();
    assert_eq!(over, Hindrance::Over("expired: nobody answered in time".to_owned()));
}

#[test]
fn a_refusal_is_of_the_answer_that_it_names() {
    let mut bench = Bench::new();
    let (a, b) = (bench.draft(0, "aa", "human"), bench.draft(0, "bb", "human"));
    bench.rule(1, &a, Answer::Reject);
    bench.settle(2, &a, 99, "refused", "");
    assert_eq!(bench.open(), ["bb"], "the answer at 3 stands");
    bench.settle(2, &b, 6, "refused", "");
    bench.rule(3, &b, Answer::Reject);
    assert_eq!(bench.open(), ["bb"], "its refusal was seen before it");
    for word in ["reminded", "rerouted"] {
        bench.settle(4, &b, 0, word, "");
    }
    assert_eq!(bench.open(), ["bb"]);
    bench.rule(5, &b, Answer::Reject);
    assert!(bench.open().is_empty());
}

#[test]
fn what_an_executor_did_is_said_last() {
    let mut bench = Bench::new();
    let a = bench.draft(0, "aa", "human");
    let became = |bench: &Bench| bench.entry(&a).became.as_ref().map(Became::line);
    bench.settle(1, &a, 2, "approved", "");
    assert_eq!(became(&bench).as_deref(), Some("the daemon says: approved"));
    for (phase, line) in [
        (r#""intent""#, "its executor says: about to act: sent"),
        (r#"{"outcome":"done"}"#, "its executor says: done: sent"),
        (r#"{"outcome":{"stale":"halted"}}"#, "its executor says: stale (Halted): sent"),
        (r#"{"outcome":{"failed":{"code":3}}}"#, "its executor says: failed (exit code 3): sent"),
    ] {
        let receipt = format!(
            r#"{{"v":1,"decision":"{a}","action":3,"phase":{phase},"executor":"x","at":"2027-01-01T00:00:00Z","detail":"sent"}}"#
        );
        bench.apply(2, &format!("decile.receipt.{a}"), receipt.as_bytes());
        assert_eq!(became(&bench).as_deref(), Some(line));
    }
    bench.settle(3, &a, 9, "refused", "late");
    assert!(became(&bench).is_some_and(|line| line.contains("failed")), "what was done stays done");
}

#[test]
fn another_desk_gets_the_same_escalation_once() {
    let mut bench = Bench::new();
    let a = bench.draft(0, "aa", "fast");
    bench.draft(70, "aa", "slow");
    assert_eq!(bench.open(), ["aa"]);
    let entry = bench.entry(&a);
    assert_eq!((entry.sequence, entry.deadline), (2, Some(at(670))));
}

#[test]
fn what_does_not_belong_where_it_lies_is_counted_and_passed_over() {
    let mut bench = Bench::new();
    let record = Record::Escalated(Box::new(escalation(DRAFT, "aa", "human", |_| {})));
    bench.apply(0, "decile.escalated.counsel.test.main", &record.encode().unwrap());
    bench.apply(0, "decile.escalated.human.test.main", b"no record");
    bench.apply(0, "decile.handled.x.test.main", b"of no concern");
    bench.apply(0, "other.escalated.human.test.main", b"of no concern");
    assert_eq!((bench.open().len(), bench.inbox.unread()), (0, 2));
}

#[test]
fn an_inbox_is_bounded() {
    let mut bench = Bench::new();
    for number in 0..ANSWERED_MAX * 3 {
        let id = DecisionId::try_from(format!("{number:032x}")).unwrap();
        bench.escalate(0, &escalation(DRAFT, "aa", "human", |escalation| escalation.decision.id = id.clone()));
        bench.settle(i64::try_from(number).unwrap(), &id, 0, "expired", "");
    }
    assert!(bench.inbox.entries.len() <= 2 * ANSWERED_MAX, "{}", bench.inbox.entries.len());
    let last = DecisionId::try_from(format!("{:032x}", ANSWERED_MAX * 3 - 1)).unwrap();
    assert!(bench.inbox.get(&last).is_some(), "the last are kept");
}

#[test]
fn an_id_is_found_by_a_beginning_that_is_the_only_one() {
    let mut bench = Bench::new();
    bench.draft(0, "aa", "human");
    bench.draft(0, "ab", "human");
    assert_eq!(bench.inbox.find("aa").map(Entry::sequence_of), Ok(1));
    assert_eq!(bench.inbox.find("a").map(Entry::sequence_of), Err(NotFound::Several("a".to_owned())));
    for none in ["", "b", "\u{1b}[2J"] {
        assert!(matches!(bench.inbox.find(none), Err(NotFound::None(..))), "{none:?}");
    }
}

#[test]
fn what_the_policy_does_not_name_cannot_be_undone() {
    let mut bench = Bench::new();
    let a = bench.draft(0, "aa", "human");
    let wire = ActionType::parse("wire").unwrap();
    let instead = with_text(bench.entry(&a), Some(&wire), "now").unwrap();
    let wanted = Wanted::Amend(Box::new(instead));
    let hindrance = bench.prepare(&a, wanted.clone()).unwrap_err();
    assert_eq!(hindrance, Hindrance::Irreversible { operator: "ada".to_owned(), kind: wire });
    bench.ada.operator.irreversible = true;
    let prepared = bench.prepare(&a, wanted).unwrap();
    assert_eq!(prepared.phrase().as_deref(), Some("wire test.main"));
    let unconfirmed = prepared.clone().ruling(Some("wire"), at(0)).unwrap_err();
    assert_eq!(unconfirmed, Hindrance::Unconfirmed("wire test.main".to_owned()));
    let ruling = prepared.ruling(Some("wire test.main"), at(9)).unwrap();
    assert!(matches!(ruling.answer, Answer::Amend { irreversible: true, .. }) && ruling.issued_at == at(9));
}

#[test]
fn what_the_escalation_calls_irreversible_stays_so_whatever_the_policy_says() {
    let mut bench = Bench::new();
    bench.escalate(
        0,
        &escalation(DRAFT, "aa", "human", |escalation| {
            escalation.held.as_mut().unwrap().action.reversibility = Reversibility::Irreversible;
        }),
    );
    let a = DecisionId::try_from("aa".repeat(16)).unwrap();
    assert!(matches!(bench.prepare(&a, Wanted::Approve), Err(Hindrance::Irreversible { .. })));
}

#[test]
fn the_draft_as_it_is_is_no_amendment() {
    let mut bench = Bench::new();
    let a = bench.draft(0, "aa", "human");
    let draft = bench.entry(&a).escalation.draft().unwrap();
    let same = with_text(bench.entry(&a), None, draft.text.as_deref().unwrap()).unwrap();
    assert_eq!(bench.prepare(&a, Wanted::Amend(Box::new(same))), Err(Hindrance::Same));
}

#[test]
fn a_proposal_says_what_and_never_where() {
    let mut bench = Bench::new();
    let a = bench.draft(0, "aa", "human");
    let proposal = |more: &str| {
        format!(
            r#"{{"v":1,"decision":"{a}","escalation":1,"by":"a\u001b[2J","action":{{"type":"reply","text":"\u202ehi"{more}}}}}"#
        )
    };
    bench.apply(1, &format!("decile.proposal.{a}"), proposal("").as_bytes());
    for more in [r#","channel":"slack.other""#, r#","target":{}"#] {
        bench.apply(1, &format!("decile.proposal.{a}"), proposal(more).as_bytes());
    }
    let entry = bench.entry(&a);
    assert_eq!((entry.proposals.len(), bench.inbox.unread()), (1, 2));
    let only = entry.proposals.first().unwrap();
    assert_eq!((only.by.as_str(), only.action.text.as_deref()), ("a\u{fffd}[2J", Some("\u{fffd}hi")));
    let instead = with_proposal(entry, only);
    assert_eq!((instead.channel.as_str(), instead.target), ("test.main", entry.escalation.target()));
}

#[test]
fn proposals_have_bounds() {
    let long = |text: usize, arguments: usize| {
        let arguments: BTreeMap<String, String> =
            (0..arguments).map(|number| (number.to_string(), String::new())).collect();
        let action = serde_json::json!({ "type": "reply", "text": "x".repeat(text), "arguments": arguments });
        let proposal = serde_json::json!({ "v": 1, "decision": "aa".repeat(16), "escalation": 1, "by": "x".repeat(999),
            "action": action });
        Proposal::parse(proposal.to_string().as_bytes())
    };
    assert_eq!(long(TEXT_BYTES_MAX, 16).unwrap().by.chars().count(), 65);
    assert!(matches!(long(TEXT_BYTES_MAX + 1, 0), Err(ProposalError::TooLong)));
    assert!(matches!(long(PROPOSAL_BYTES_MAX, 0), Err(ProposalError::TooLong)));
    assert!(matches!(long(0, 17), Err(ProposalError::Arguments)));
}

#[test]
fn the_oldest_of_too_many_proposals_goes() {
    let mut bench = Bench::new();
    let a = bench.draft(0, "aa", "human");
    for number in 0..PROPOSALS_MAX + 2 {
        let text = format!(r#"{{"v":1,"decision":"{a}","escalation":1,"by":"{number}","action":{{"type":"reply"}}}}"#);
        bench.apply(1, &format!("decile.proposal.{a}"), text.as_bytes());
    }
    let by: Vec<&str> = bench.entry(&a).proposals.iter().map(|proposal| proposal.by.as_str()).collect();
    assert_eq!(by, ["2", "3", "4", "5", "6", "7", "8", "9"]);
}

#[test]
fn a_page_marks_what_fired_where_it_fired_in_plain_text() {
    let mut bench = Bench::new();
    bench.escalate(
        0,
        &escalation(RESTRICTED, "aa", "human", |escalation| {
            escalation.message.as_mut().unwrap().text = "my \u{1b}[2Jü lawyer:\nworks for me".to_owned();
            for evidence in &mut escalation.decision.verdict.evidence {
                (evidence.start, evidence.end) = if evidence.rule.as_str() == "law" { (10, 16) } else { (18, 30) };
            }
        }),
    );
    let a = DecisionId::try_from("aa".repeat(16)).unwrap();
    let page = page(bench.entry(&a), at(75));
    let quotes: Vec<Vec<(&str, bool)>> = page
        .iter()
        .filter_map(|line| match line {
            Line::Quote(pieces) => Some(pieces.iter().map(|piece| (piece.text.as_str(), piece.is_evidence)).collect()),
            _ => None,
        })
        .collect();
    assert!(quotes.contains(&vec![("my \u{fffd}[2Jü ", false), ("lawyer", true), (":", false)]), "{quotes:?}");
    assert!(quotes.contains(&vec![("works for me", true)]), "{quotes:?}");
    assert!(page.contains(&Line::Row("waiting", "for 1 min".to_owned())), "{page:?}");
}

#[test]
fn spans_and_deadlines_read_like_words() {
    let span = |seconds| page::span(SignedDuration::from_secs(seconds));
    assert_eq!(
        [0, 59, 60, 3_600, 7_320, 90_000].map(span),
        ["0 s", "59 s", "1 min", "1 h 0 min", "2 h 2 min", "1 d 1 h"]
    );
    assert_eq!(
        (page::due(at(60), at(0)), page::due(at(0), at(61))),
        ("due in 1 min".to_owned(), "1 min late".to_owned())
    );
}

impl Entry {
    fn sequence_of(&self) -> u64 {
        self.sequence
    }
}

fn dead(id: &str, sequence: u64) -> Vec<u8> {
    let source = serde_json::json!({ "stream": "IN", "sequence": sequence, "stored_at_ns": "1" });
    let letter = serde_json::json!({ "v": 1, "id": id.repeat(16), "channel": "test.main", "source": source,
        "why": "deliveries", "deliveries": 11, "at": at(0),
        "payload": { "text": { "wrong": "x", "text": "{}" } } });
    letter.to_string().into_bytes()
}

impl Bench {
    fn answers_letter(&mut self, second: i64, id: &str, letter: u64, answer: LetterAnswer) {
        let decision = DecisionId::try_from(id.repeat(16)).unwrap();
        let ruling = LetterRuling { decision, letter, issued_at: at(second), answer, note: "why".to_owned() };
        let bytes = ruling.sign(&self.deployment, &self.ada.seed).unwrap().encode().unwrap();
        self.apply(second, &format!("decile.ruling.{}.dlq", id.repeat(16)), &bytes);
    }

    fn open_letters(&self) -> Vec<u64> {
        self.inbox.letters().into_iter().filter(|letter| letter.is_open()).map(|letter| letter.sequence).collect()
    }
}

#[test]
fn what_is_dead_waits_among_escalations() {
    let mut bench = Bench::new();
    bench.apply(0, "decile.dlq.test.main", &dead("d1", 1));
    bench.draft(1, "a1", "slow");
    bench.draft(2, "b1", "other");
    let waiting: Vec<(bool, u64)> = bench
        .inbox
        .waiting()
        .into_iter()
        .map(|it| match it {
            Waiting::Escalation(entry) => (false, entry.sequence),
            Waiting::Letter(letter) => (true, letter.sequence),
        })
        .collect();
    assert_eq!(waiting, [(false, 2), (true, 1), (false, 3)], "what has a deadline first, then the oldest");
    bench.apply(3, "decile.dlq.other.place", &dead("e1", 2));
    assert_eq!((bench.open_letters(), bench.inbox.unread()), (vec![1], 1), "what lies elsewhere is no dead letter");
}

#[test]
fn an_answer_to_a_dead_letter_counts_for_this_letter_alone() {
    let mut bench = Bench::new();
    bench.apply(0, "decile.dlq.test.main", &dead("d1", 1));
    bench.apply(1, &format!("decile.ruling.{}.dlq", "d1".repeat(16)), b"{}");
    bench.answers_letter(2, "d1", 99, LetterAnswer::Drop);
    assert_eq!(bench.open_letters(), [1], "neither forged nor on another letter");
    bench.answers_letter(3, "d1", 1, LetterAnswer::Retry);
    assert!(bench.open_letters().is_empty());
    let id = DecisionId::try_from("d1".repeat(16)).unwrap();
    bench.apply(4, &format!("decile.receipt.{id}.dlq"), &ruling_receipt(&id, 4, "refused", "gone"));
    assert_eq!(bench.open_letters(), [1], "the daemon refused it");
    bench.answers_letter(5, "d1", 1, LetterAnswer::Retry);
    bench.apply(6, &format!("decile.receipt.{id}.dlq"), &ruling_receipt(&id, 6, "retried", "why"));
    assert!(bench.open_letters().is_empty());
    assert_eq!(bench.inbox.find_letter("d1").unwrap().line(), "retried by ada: why");
    bench.apply(7, "decile.dlq.test.main", &dead("d1", 1));
    assert_eq!(bench.open_letters(), [8], "it was given up again");
}

#[test]
fn what_was_taken_back_is_shown_for_a_week() {
    let mut bench = Bench::new();
    let alert = |class: &str, second: i64| {
        let at = at(second).to_string();
        serde_json::json!({ "v": 1, "class": class, "channel": "test.main", "reason": "why", "at": at }).to_string()
    };
    for (class, second) in [("a", 0), ("b", 10)] {
        bench.apply(second, "decile.alert.demoted", alert(class, second).as_bytes());
    }
    bench.apply(20, "decile.alert.demoted", b"{}");
    let shown = |now| bench.inbox.demoted(at(now)).map(|it| it.class.to_string()).collect::<Vec<_>>();
    assert_eq!((shown(20), bench.inbox.unread()), (vec!["b".to_owned(), "a".to_owned()], 1));
    assert_eq!(shown(7 * 86_400), ["b"]);
    assert!(shown(7 * 86_400 + 10).is_empty());
}

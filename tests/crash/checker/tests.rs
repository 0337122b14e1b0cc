//! Streams made by hand: a clean one, and one for each thing that must be noticed.

use super::{Acks, Checker, Finding, Law, Raw, content};
use decile::decision::DecisionId;
use decile::message::Delivery;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const PACK: &str = "aa11";

/// Streams, and what else is known.
struct Run {
    messages: Vec<Raw>,
    records: Vec<Raw>,
    published: BTreeMap<u64, u64>,
    acks: Acks,
}

fn stored_at(sequence: u64) -> i128 {
    1_800_000_000_000_000_000 + i128::from(sequence) * 1_001
}

/// By the library: so that ours is compared with it.
fn id(sequence: u64, stored_at_ns: i128) -> String {
    let delivery = Delivery {
        stream: "IN".into(),
        sequence,
        stored_at_ns,
        subject: String::new(),
        headers: Vec::new(),
        payload: bytes::Bytes::new(),
    };
    DecisionId::of(&delivery).as_str().to_owned()
}

fn decision(sequence: u64, disposition: &str) -> Value {
    let at = stored_at(sequence);
    json!({
        "id": id(sequence, at),
        "channel": "test.main",
        "source": { "stream": "IN", "sequence": sequence, "stored_at_ns": at.to_string() },
        "verdict": { "class": "newsletter" },
        "disposition": disposition,
        "desk": "human",
        "digests": { "pack": PACK },
    })
}

fn raw(sequence: u64, subject: &str, message_id: &str, body: &Value) -> Raw {
    let headers = vec![("nats-msg-id".to_owned(), message_id.to_owned())];
    let bytes = body.to_string().into_bytes();
    Raw { sequence, stored_at_ns: 0, subject: subject.to_owned(), headers, bytes }
}

/// Six messages: handled, escalated and approved, passed, an action with its slots, and one that nobody could decide.
fn clean() -> Run {
    let messages: Vec<Raw> = (1..=5)
        .map(|sequence| {
            let bytes = format!("message {sequence}").into_bytes();
            let (stored_at_ns, subject) = (stored_at(sequence), "in.main.x".to_owned());
            Raw { sequence, stored_at_ns, subject, headers: Vec::new(), bytes }
        })
        .collect();
    let ids: Vec<String> = (0..=5).map(|it| id(it, stored_at(it))).collect();
    let action = json!({ "decision": decision(4, "handle"), "action": { "type": "archive" } });
    let approved = json!({ "decision": decision(2, "escalate"), "action": { "type": "reply" } });
    let slot = json!({ "decision": ids[4] });
    let mut dead = decision(5, "escalate");
    dead["digests"] = Value::Null;
    let records = vec![
        raw(1, "decile.handled.newsletter.test.main", &ids[1], &decision(1, "handle")),
        raw(2, "decile.escalated.human.test.main", &ids[2], &json!({ "decision": decision(2, "escalate") })),
        raw(3, "decile.passed.test.main", &ids[3], &json!({ "decision": decision(3, "pass") })),
        raw(4, &format!("decile.action.archive.test.main.{}", ids[4]), &ids[4], &action),
        raw(5, "decile.slot.cap.all.1", "", &slot),
        raw(6, "decile.slot.cap.newsletter.1", "", &slot),
        raw(7, "decile.slot.fence.x.halt", "", &slot),
        raw(8, &format!("decile.approved.reply.test.main.{}", ids[2]), &format!("{}.9", ids[2]), &approved),
        raw(9, "decile.dlq.test.main", &ids[5], &dead),
        raw(10, "decile.control.halt", "", &json!({})),
    ];
    let published = messages.iter().map(|it| (it.sequence, content(&it.bytes))).collect();
    Run { messages, records, published, acks: Acks { floor: 5, delivered: 5, pending: 0 } }
}

impl Run {
    fn findings(&self) -> Vec<Finding> {
        let mut checker = Checker::new(Law { stream: "IN".to_owned(), packs: [PACK.to_owned()].into(), slots: 2 });
        self.messages.iter().for_each(|it| checker.message(it));
        self.records.iter().for_each(|it| checker.record(it));
        checker.findings(&self.published, self.acks).into_iter().collect()
    }

    /// With a record more, a copy of another in another place.
    fn copy(&mut self, of: usize, subject: &str) {
        let sequence = self.records.len() as u64 + 1;
        self.records.push(Raw { sequence, subject: subject.to_owned(), ..self.records[of].clone() });
    }

    fn change(&mut self, record: usize, change: impl FnOnce(&mut Value)) {
        let mut body = serde_json::from_slice(&self.records[record].bytes).unwrap();
        change(&mut body);
        self.records[record].bytes = body.to_string().into_bytes();
    }
}

#[track_caller]
fn finds(spoil: impl FnOnce(&mut Run), wanted: &[Finding]) {
    let mut run = clean();
    spoil(&mut run);
    assert_eq!(run.findings(), wanted);
}

#[test]
fn a_clean_run_has_no_findings() {
    finds(|_| (), &[]);
}

#[test]
fn a_message_without_an_outcome() {
    finds(
        |run| {
            run.records.remove(0);
            run.acks = Acks { floor: 0, delivered: 5, pending: 1 };
        },
        &[Finding::Lost { sequence: 1 }],
    );
}

#[test]
fn an_ack_without_an_outcome_below_the_floor() {
    finds(
        |run| drop(run.records.remove(0)),
        &[Finding::AckedUndecided { sequence: 1 }, Finding::MoreAckedThanDecided { acked: 5, decided: 4 }],
    );
}

#[test]
fn an_ack_without_an_outcome_above_the_floor() {
    finds(
        |run| {
            run.records.remove(0);
            run.acks = Acks { floor: 0, delivered: 5, pending: 0 };
        },
        &[Finding::Lost { sequence: 1 }, Finding::MoreAckedThanDecided { acked: 5, decided: 4 }],
    );
}

#[test]
fn what_the_server_had_acknowledged_and_lost() {
    finds(|run| run.published.extend([(6, 1)]), &[Finding::LostAtSource { sequence: 6 }]);
}

#[test]
fn another_message_where_one_was_acknowledged() {
    finds(|run| run.messages[2].bytes = b"another".to_vec(), &[Finding::Swapped { sequence: 3 }]);
}

#[test]
fn twice_under_one_id() {
    let twice = Finding::Twice { id: id(1, stored_at(1)), records: vec![1, 11] };
    finds(|run| run.copy(0, "decile.handled.newsletter.test.main"), &[twice]);
}

#[test]
fn twice_on_two_subjects() {
    let (id, records) = (id(1, stored_at(1)), vec![1, 11]);
    finds(
        |run| {
            run.copy(0, "decile.escalated.human.test.main");
            run.change(10, |body| body["disposition"] = json!("escalate"));
        },
        &[Finding::TwiceElsewhere { id, records }],
    );
}

#[test]
fn an_action_and_an_escalation_on_one_message() {
    let (id, records) = (id(4, stored_at(4)), vec![4, 11]);
    finds(
        |run| {
            run.copy(3, "decile.escalated.human.test.main");
            run.change(10, |body| body["decision"]["disposition"] = json!("escalate"));
        },
        &[Finding::TwiceElsewhere { id, records }],
    );
}

#[test]
fn one_message_under_two_ids() {
    let other = "0".repeat(32);
    finds(
        |run| {
            run.copy(0, "decile.handled.newsletter.test.main");
            run.change(10, |body| body["id"] = json!(other));
            run.records[10].headers[0].1.clone_from(&other);
        },
        &[Finding::TwoIds { sequence: 1 }, Finding::WrongId { record: 11 }],
    );
}

#[test]
fn a_wrong_id() {
    let other = "0".repeat(32);
    finds(
        |run| {
            run.change(0, |body| body["id"] = json!(other));
            run.records[0].headers[0].1.clone_from(&other);
        },
        &[Finding::WrongId { record: 1 }],
    );
}

#[test]
fn a_record_that_the_broker_could_not_know_again() {
    let missing = |run: &mut Run| run.records[0].headers.clear();
    finds(missing, &[Finding::WrongMessageId { record: 1 }]);
    let other = |run: &mut Run| run.records[8].headers[0].1 += "-dlq";
    finds(other, &[Finding::WrongMessageId { record: 9 }]);
}

#[test]
fn decided_and_set_aside() {
    let dead = Finding::DecidedAndDead { id: id(1, stored_at(1)) };
    finds(|run| run.copy(0, "decile.dlq.test.main"), &[dead]);
}

#[test]
fn a_dead_letter_that_was_tried_again_once_twice_and_for_nothing() {
    let tried = |run: &mut Run, letter: u64| {
        let at = run.records.len() as u64 + 1;
        let message_id = format!("{}-{letter}", id(5, stored_at(5)));
        run.records.push(raw(at, "decile.handled.newsletter.test.main", &message_id, &decision(5, "handle")));
    };
    finds(|run| tried(run, 9), &[]);
    let twice = Finding::Twice { id: id(5, stored_at(5)), records: vec![11, 12] };
    finds(|run| (0..2).for_each(|_| tried(run, 9)), &[twice]);
    finds(|run| tried(run, 8), &[Finding::TriedUnasked { record: 11 }]);
}

#[test]
fn approved_without_an_escalation() {
    finds(|run| drop(run.records.remove(1)), &[Finding::ApprovedUnasked { id: id(2, stored_at(2)) }]);
}

#[test]
fn approved_twice() {
    let subject = format!("decile.approved.reply.test.main.{}", id(2, stored_at(2)));
    finds(|run| run.copy(7, &subject), &[Finding::Twice { id: id(2, stored_at(2)), records: vec![8, 11] }]);
}

#[test]
fn a_decision_on_no_message() {
    finds(
        |run| {
            run.messages.remove(0);
            run.published.remove(&1);
        },
        &[Finding::NoSource { record: 1 }],
    );
}

#[test]
fn a_decision_on_another_stream() {
    finds(
        |run| run.change(0, |body| body["source"]["stream"] = json!("OUT")),
        &[
            Finding::WrongId { record: 1 },
            Finding::NoSource { record: 1 },
            Finding::AckedUndecided { sequence: 1 },
            Finding::MoreAckedThanDecided { acked: 5, decided: 4 },
        ],
    );
}

#[test]
fn a_message_that_was_stored_at_another_time() {
    finds(|run| run.messages[0].stored_at_ns += 1, &[Finding::WrongTime { record: 1 }]);
}

#[test]
fn no_pack_two_packs_and_a_pack_that_was_never_in_force() {
    finds(|run| run.change(0, |body| body["digests"] = json!({})), &[Finding::NoPack { record: 1 }]);
    finds(
        |run| run.change(0, |body| body["digests"]["pack"] = json!([PACK, "bb"])),
        &[Finding::TwoPacks { record: 1 }],
    );
    finds(|run| run.change(1, |body| body["digests"] = json!({ "pack": "bb" })), &[Finding::TwoPacks { record: 2 }]);
    finds(|run| run.change(0, |body| body["digests"]["pack"] = json!("bb")), &[Finding::UnknownPack { record: 1 }]);
}

#[test]
fn a_record_on_a_subject_that_says_otherwise() {
    for (field, value) in [("disposition", "escalate"), ("channel", "test.other")] {
        finds(|run| run.change(0, |body| body[field] = json!(value)), &[Finding::WrongPlace { record: 1 }]);
    }
    finds(|run| run.change(3, |body| body["action"]["type"] = json!("reply")), &[Finding::WrongPlace { record: 4 }]);
}

#[test]
fn an_action_without_a_slot() {
    finds(|run| drop(run.records.remove(4)), &[Finding::NoSlot { record: 4 }]);
}

#[test]
fn an_action_whose_slot_is_not_of_its_batch() {
    finds(|run| run.records[5].sequence = 100, &[Finding::NoSlot { record: 4 }]);
}

#[test]
fn a_slot_without_its_action() {
    finds(
        |run| {
            run.records.remove(3);
            run.messages.remove(3);
            run.published.remove(&4);
        },
        &[Finding::SlotForNothing { record: 5 }, Finding::SlotForNothing { record: 6 }],
    );
}

#[test]
fn a_slot_that_was_taken_twice() {
    finds(
        |run| run.copy(4, "decile.slot.cap.all.1"),
        &[Finding::SlotTwice { subject: "decile.slot.cap.all.1".to_owned() }],
    );
}

#[test]
fn what_cannot_be_read_is_no_outcome() {
    finds(
        |run| {
            run.records[0].bytes = b"{\"id\":".to_vec();
            run.acks = Acks { floor: 0, delivered: 5, pending: 1 };
        },
        &[Finding::Lost { sequence: 1 }, Finding::Unreadable { record: 1 }],
    );
}

#[test]
fn a_record_of_no_known_kind() {
    finds(|run| run.copy(0, "decile.handle.x.test.main"), &[Finding::Stray { record: 11 }]);
}

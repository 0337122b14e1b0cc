//! From what was decided to what is committed.

use super::{Named, Reading, Snapshot};
use crate::class::Class;
use crate::decision::{
    ActionRecord, Attached, Decision, DecisionId, Disposed, Escalation, HeldAction, HeldAs, MessageFacts,
    MessageRecord, PassedOn, PolicyRecord, RECORD_VERSION, Record, SourceRef, Timings, VerdictRecord, WouldHave,
};
use crate::facts::Facts;
use crate::gate::{Disposition, Held};
use crate::message::{Delivery, Message, Origin};
use crate::policy::Desk;
use crate::policy::Line;
use crate::policy::action::Action;
use crate::policy::draft::DraftFields;
use crate::policy::level::Level;
use crate::reason::Reason;
use crate::verdict::Verdict;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// Everything about one message once it is decided.
pub(super) struct Decided<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) reading: &'a Reading<'a>,
    pub(super) named: Named<'a>,
    pub(super) verdict: Verdict,
    pub(super) disposition: Disposition<'a>,
    pub(super) facts: Facts,
    pub(super) id: DecisionId,
}

/// A disposition together with what it needs: a class to handle, a message to pass on.
pub(super) enum Course<'a> {
    /// Deal with it, as a message of this class.
    Handle(&'a Class),
    /// Bring it to a person.
    Escalate { reason: Reason, desk: &'a Desk, held: Held<'a> },
    /// Pass it on.
    Pass(&'a Message),
}

impl Decided<'_> {
    /// What is done. Where something needed is missing, a person is asked: the gate does not let that
    /// happen, and this does not rely on it.
    pub(super) fn course(&self) -> Course<'_> {
        match (self.disposition, self.verdict.class(), &self.reading.message) {
            (Disposition::Handle { .. }, Some(class), _) => Course::Handle(class),
            (Disposition::Pass, _, Ok(message)) => Course::Pass(message),
            (Disposition::Escalate { reason, desk, held }, _, _) => Course::Escalate { reason, desk, held },
            (Disposition::Handle { .. } | Disposition::Pass, _, _) => Course::Escalate {
                reason: Reason::Unmatched,
                desk: &self.snapshot.policy.default_desk,
                held: Held::Nothing,
            },
        }
    }

    /// What is committed.
    pub(super) fn record(&self) -> Record {
        let decision = self.decision();
        match self.course() {
            Course::Handle(_) => Record::Handled(Box::new(decision)),
            Course::Pass(message) => {
                Record::Passed(Box::new(PassedOn { decision, message: MessageRecord::from(message) }))
            }
            Course::Escalate { reason, held, .. } => {
                Record::Escalated(Box::new(self.escalation(decision, reason, held)))
            }
        }
    }

    pub(super) fn decision(&self) -> Decision {
        let (disposition, reason, desk) = match self.course() {
            Course::Handle(_) => (Disposed::Handle, None, None),
            Course::Escalate { reason, desk, .. } => (Disposed::Escalate, Some(reason), Some(desk.clone())),
            Course::Pass(_) => (Disposed::Pass, Some(Reason::Direct), None),
        };
        Decision {
            v: RECORD_VERSION,
            id: self.id.clone(),
            channel: self.reading.spec.channel.clone(),
            source: source(self.reading.delivery),
            message: self.message_facts(),
            verdict: self.verdict_record(),
            disposition,
            reason,
            policy: self.asked_line().map(|line| policy_record(line, self.level_of(line))),
            desk,
            facts: self.facts.clone(),
            digests: self.snapshot.digests,
            timings: Timings::default(),
        }
    }

    fn verdict_record(&self) -> VerdictRecord {
        let malformed = self.reading.message.as_ref().err().map(|wrong| wrong.kind);
        VerdictRecord::new(&self.verdict, &self.snapshot.pack, malformed, &self.named.restrictions)
    }

    fn message_facts(&self) -> MessageFacts {
        let message = self.reading.message.as_ref().ok();
        MessageFacts {
            id: message.and_then(|message| message.id.clone()),
            sender: message.and_then(|message| message.sender.as_deref()).and_then(|it| self.snapshot.hasher.hash(it)),
            sent_at: message.and_then(|message| message.sent_at),
            origin: message.map_or(Origin::Person, |message| message.origin),
            payload_bytes: self.reading.delivery.payload.len(),
        }
    }

    /// The line that the gate asked: that of the verdict's class.
    fn asked_line(&self) -> Option<&Line> {
        self.verdict.class().map(|class| self.snapshot.policy.line(class, &self.reading.spec.channel))
    }

    fn escalation(&self, decision: Decision, reason: Reason, held: Held<'_>) -> Escalation {
        let message = self.reading.message.as_ref();
        Escalation {
            decision,
            why: reason.meaning().to_owned(),
            message: message.ok().map(MessageRecord::from),
            payload: message.err().map(|wrong| attach(self.snapshot, self.reading.delivery, wrong.to_string())),
            would_have: self.named.permitted.map(|class| self.would_have(class)),
            held: self.held_action(held),
            thread: Vec::new(),
        }
    }

    fn level_of(&self, line: &Line) -> Level {
        line.level_at(self.facts.now, self.facts.level)
    }

    fn would_have(&self, class: &Class) -> WouldHave {
        let line = self.snapshot.policy.line(class, &self.reading.spec.channel);
        let PolicyRecord { line, level, action } = policy_record(line, self.level_of(line));
        WouldHave { class: class.clone(), action, level, line }
    }

    fn held_action(&self, held: Held<'_>) -> Option<HeldAction> {
        let (held_as, action) = match held {
            Held::Nothing => return None,
            Held::Suggestion(action) => (HeldAs::Suggestion, action),
            Held::Draft(action) => (HeldAs::Draft, action),
        };
        Some(HeldAction {
            held_as,
            action: ActionRecord::from(action),
            text: draft_text(self.snapshot, self.reading, self.verdict.class(), action),
        })
    }
}

/// A payload that could not be read, or where it lies, where it is longer than it may be.
pub(super) fn attach(snapshot: &Snapshot, delivery: &Delivery, wrong: String) -> Attached {
    let payload = &delivery.payload;
    if payload.len() > snapshot.limits.attach_bytes_max {
        return Attached::AtSource { wrong, bytes: payload.len() };
    }
    match std::str::from_utf8(payload) {
        Ok(text) => Attached::Text { wrong, text: text.to_owned() },
        Err(_) => Attached::Bytes { wrong, base64: BASE64.encode(payload) },
    }
}

/// Where a delivery lies.
pub(super) fn source(delivery: &Delivery) -> SourceRef {
    SourceRef {
        stream: delivery.stream.as_ref().to_owned(),
        sequence: delivery.sequence,
        stored_at_ns: delivery.stored_at_ns.to_string(),
    }
}

/// The text that an action would write.
pub(super) fn draft_text(
    snapshot: &Snapshot,
    reading: &Reading<'_>,
    class: Option<&Class>,
    action: &Action,
) -> Option<String> {
    let template = action.template.as_ref()?;
    let message = reading.message.as_ref().ok()?;
    let fields = DraftFields {
        sender: message.sender.as_deref(),
        subject: message.subject.as_deref(),
        channel: reading.spec.channel.as_str(),
        class: class.map(Class::as_str),
        sent_at: Some(super::sent_at(reading)),
    };
    Some(template.render(&fields, snapshot.limits.draft_bytes_max))
}

fn policy_record(line: &Line, level: Level) -> PolicyRecord {
    PolicyRecord { line: line.origin.clone(), level, action: ActionRecord::from(&line.action) }
}

//! The subjects of our own stream. Built from [`Token`]s only: nothing from outside is interpreted.

use crate::channel::Channel;
use crate::class::{ActionType, Class};
use crate::decision::{DecisionId, Outward, Proof, Record};
use crate::digest::Digest;
use crate::policy::Desk;
use crate::token::{Token, TokenError};
use std::fmt;

/// A subject that Decile publishes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject(String);

impl Subject {
    /// The subject's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The root that all our subjects stand under: one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root(Token);

impl Root {
    /// A root by its configured name.
    ///
    /// # Errors
    /// Where the name cannot be a token.
    pub fn new(name: &str) -> Result<Self, TokenError> {
        Token::encode(name).map(Self)
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// `<root>.grant.<type>.<channel>`: the grant of a type on a channel, or its revocation.
    pub fn grant(&self, kind: &ActionType, channel: &Channel) -> Subject {
        Subject(format!("{}.grant.{kind}.{}", self.0, channel.subject()))
    }

    /// `<root>.level.<class>.<channel>`: demotions of a class on a channel, and what it was promoted by.
    pub fn level(&self, class: &Class, channel: &Channel) -> Subject {
        self.under(&["level", class.as_str(), channel.subject()])
    }

    /// The filter of all levels.
    pub fn levels(&self) -> String {
        self.filter("level.>")
    }

    /// `<root>.control.halt`.
    pub fn halt(&self) -> Subject {
        Subject(format!("{}.control.halt", self.0))
    }

    /// `<root>.ruling.<id>`: a person's answer to an escalation.
    pub fn ruling(&self, id: &DecisionId) -> Subject {
        Subject(format!("{}.ruling.{id}", self.0))
    }

    /// `<root>.ruling.<id>.undo`: the wish to undo its action.
    pub fn undo(&self, id: &DecisionId) -> Subject {
        Subject(format!("{}.ruling.{id}.undo", self.0))
    }

    /// `<root>.ruling.<id>.dlq`: a person's answer to a dead letter.
    pub fn letter_ruling(&self, id: &DecisionId) -> Subject {
        Subject(format!("{}.ruling.{id}.dlq", self.0))
    }

    /// `<root>.review.<class>`: samples of what was handled.
    pub fn review(&self, class: &Class) -> Subject {
        self.under(&["review", class.as_str()])
    }

    /// `<root>.tally.<start>.<instance>`: what an instance decided in the window that begins at that second, in counts.
    pub fn tally(&self, start_s: i64, instance: u64) -> Subject {
        Subject(format!("{}.tally.{start_s}.{instance:016x}", self.0))
    }

    /// The filter of all tallies.
    pub fn tallies(&self) -> String {
        self.filter("tally.>")
    }

    /// Whether a subject is that of a tally of this window.
    pub fn is_tally_of(&self, subject: &str, start_s: i64) -> bool {
        let tokens: Vec<&str> = self.within(subject).unwrap_or_default().split('.').collect();
        matches!(tokens.as_slice(), ["tally", start, _] if start.parse() == Ok(start_s))
    }

    /// `<root>.slot.drift.<at>.<detector>`: taken by the instance that raises an alarm.
    pub fn drift_slot(&self, at_s: i64, detector: &str) -> Subject {
        let detector = Digest::of("decile drift, version 1", [detector.as_bytes()]).short();
        Subject(format!("{}.slot.drift.{at_s}.{detector}", self.0))
    }

    /// `<root>.ruling.<id>.review`: a person's review of a sample.
    pub fn review_ruling(&self, id: &DecisionId) -> Subject {
        Subject(format!("{}.ruling.{id}.review", self.0))
    }

    /// `<root>.slot.review.<id>`: taken by the review that counts, or by that there was none in time.
    pub fn review_slot(&self, id: &DecisionId) -> Subject {
        Subject(format!("{}.slot.review.{id}", self.0))
    }

    /// The filter of all samples.
    pub fn samples(&self) -> String {
        self.filter("review.>")
    }

    /// The filter for each kind of message that says something of samples; what follows another stands before it.
    pub fn reviews(&self) -> [String; 3] {
        ["receipt.*.ruling", "ruling.*.review", "review.>"].map(|rest| self.filter(rest))
    }

    /// `<root>.receipt.<id>.dlq`: what became of a person's answer to a dead letter.
    pub fn letter_receipt(&self, id: &DecisionId) -> Subject {
        Subject(format!("{}.receipt.{id}.dlq", self.0))
    }

    /// The filter for each kind of message that says something of dead letters; what follows another stands before it.
    pub fn letters(&self) -> [String; 3] {
        ["receipt.*.dlq", "ruling.*.dlq", "dlq.>"].map(|rest| self.filter(rest))
    }

    /// `<root>.receipt.<id>.ruling`: what became of a person's answer.
    pub fn ruling_receipt(&self, id: &DecisionId) -> Subject {
        Subject(format!("{}.receipt.{id}.ruling", self.0))
    }

    /// The filters of what evidence is made of: what became of answers, and before that the answers, so that none is missed.
    pub fn evidence(&self) -> [String; 2] {
        ["receipt.*.ruling", "ruling.>"].map(|rest| self.filter(rest))
    }

    /// `<root>.slot.ruling.<id>`: taken by the answer that takes effect.
    pub fn ruling_slot(&self, id: &DecisionId) -> Subject {
        Subject(format!("{}.slot.ruling.{id}", self.0))
    }

    /// The filter of people's answers.
    pub fn rulings(&self) -> String {
        format!("{}.ruling.>", self.0)
    }

    /// `<root>.slot.deadline.<id>.<desk>`: taken by the instance that looks after a deadline that has passed.
    pub fn deadline_slot(&self, id: &DecisionId, desk: &Desk) -> Subject {
        Subject(format!("{}.slot.deadline.{id}.{}", self.0, desk.as_str()))
    }

    /// `<root>.handled.<class>.<channel>`.
    pub fn handled(&self, class: &Class, channel: &Channel) -> Subject {
        self.under(&["handled", class.as_str(), channel.subject()])
    }

    /// `<root>.escalated.<desk>.<channel>`.
    pub fn escalated(&self, desk: &Desk, channel: &Channel) -> Subject {
        self.under(&["escalated", desk.as_str(), channel.subject()])
    }

    /// `<root>.passed.<channel>`.
    pub fn passed(&self, channel: &Channel) -> Subject {
        self.under(&["passed", channel.subject()])
    }

    /// Put together without the machinery of formats: there is a subject for each message.
    fn under(&self, tokens: &[&str]) -> Subject {
        let mut subject = self.0.as_str().to_owned();
        subject.reserve(tokens.iter().map(|token| token.len() + 1).sum());
        for token in tokens {
            subject.push('.');
            subject.push_str(token);
        }
        Subject(subject)
    }

    /// `<root>.receipt.<id>`: what became of a decision's action.
    pub fn receipt(&self, id: &DecisionId) -> Subject {
        Subject(format!("{}.receipt.{id}", self.0))
    }

    /// `<root>.receipt.<id>.undo`: what became of undoing it.
    pub fn receipt_of_undo(&self, id: &DecisionId) -> Subject {
        Subject(format!("{}.receipt.{id}.undo", self.0))
    }

    /// `<root>.lease.<instance>.<number>.<lane>`: what the plans of an instance are fenced on.
    pub fn lease(&self, instance: u64, number: u64, lane: usize) -> Subject {
        Subject(format!("{}.lease.{instance:016x}.{number}.{lane}", self.0))
    }

    /// The filter for all lanes of a lease.
    pub fn lease_lanes(&self, instance: u64, number: u64) -> String {
        self.filter(&format!("lease.{instance:016x}.{number}.*"))
    }

    /// `<root>.dlq.<channel>`: what could not be decided.
    pub fn dead(&self, channel: &Channel) -> Subject {
        Subject(format!("{}.dlq.{}", self.0, channel.subject()))
    }

    /// The filters for all that is committed for a message, whether it was decided or given up.
    pub fn committed(&self) -> Vec<String> {
        self.decisions().into_iter().chain([self.filter("dlq.>")]).collect()
    }

    /// `<root>.alert.<kind>`.
    pub fn alert(&self, kind: &'static str) -> Subject {
        Subject(format!("{}.alert.{kind}", self.0))
    }

    /// Everything that may be carried out on a channel.
    pub fn to_execute_on(&self, channel: &Channel) -> [String; 2] {
        ["action", "approved"].map(|word| format!("{}.{word}.*.{}.>", self.0, channel.subject()))
    }

    /// Everything that a desk gets.
    pub fn escalated_to(&self, desk: &Desk) -> String {
        format!("{}.escalated.{}.>", self.0, desk.as_str())
    }

    /// Where a record belongs, as text; `None` for one that contradicts itself.
    pub fn of_record(&self, record: &Record) -> Option<String> {
        let decision = record.decision();
        let subject = match record {
            Record::Handled(_) => self.handled(decision.verdict.class.as_ref()?, &decision.channel),
            Record::Escalated(_) => self.escalated(decision.desk.as_ref()?, &decision.channel),
            Record::Passed(_) => self.passed(&decision.channel),
            Record::Outward(outward) => return Some(self.of_outward(outward)),
        };
        Some(subject.0)
    }

    /// `<root>.action.<type>.<channel>.<id>`, or `<root>.approved.…` where a person approved it. As text: only a permit
    /// publishes there.
    pub fn of_outward(&self, outward: &Outward) -> String {
        let place = match outward.proof {
            Proof::Grant { .. } => "action",
            Proof::Ruling { .. } | Proof::Undo { .. } => "approved",
        };
        let Outward { action, decision, .. } = outward;
        format!("{}.{place}.{}.{}.{}", self.0, action.kind, action.channel.subject(), decision.id)
    }

    /// What a subject is under the root; `None` for one that is not.
    pub fn within<'a>(&self, subject: &'a str) -> Option<&'a str> {
        subject.strip_prefix(self.as_str())?.strip_prefix('.')
    }

    /// The filter for each kind of message that an inbox is made of; what follows another stands before it.
    pub fn inbox(&self) -> [String; 7] {
        ["receipt.>", "approved.>", "ruling.>", "proposal.>", "escalated.>", "dlq.>", "alert.demoted"]
            .map(|rest| self.filter(rest))
    }

    /// The filters of what says how much waits for people; what follows another stands before it.
    pub fn load(&self) -> [String; 2] {
        ["receipt.*.ruling", "escalated.>"].map(|rest| self.filter(rest))
    }

    /// The filters for what becomes of one answer; what follows another stands before it.
    pub fn becoming(&self, id: &DecisionId) -> [String; 3] {
        [format!("receipt.{id}"), format!("receipt.{id}.ruling"), format!("approved.*.*.*.{id}")]
            .map(|rest| self.filter(&rest))
    }

    /// Everything under the root: what the stream takes.
    pub fn all(&self) -> String {
        format!("{}.>", self.0)
    }

    /// A filter under the root: `grant.>`. For those who name subjects in the server's own files.
    pub fn filter(&self, rest: &str) -> String {
        format!("{}.{rest}", self.0)
    }

    /// The filter for each kind of decision record.
    pub fn decisions(&self) -> [String; 4] {
        ["handled", "escalated", "passed", "action"].map(|kind| format!("{}.{kind}.>", self.0))
    }
}

//! The steps of one message's way, as they show on the wire.

use super::frame::Frame;
use std::collections::HashSet;

/// How far a message has come. Everything stops there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Delivered; nothing more leaves the daemon.
    Fetched,
    /// The daemon publishes its decision, or a part of its batch; the server does not see it.
    Decided,
    /// The server has it, or a part of its batch; it answers in vain.
    Sent,
    /// The server has answered; the daemon does not see it.
    Answered,
    /// The daemon has the answer; nothing more leaves it.
    Committed,
    /// The daemon acknowledges the source; the server does not see it.
    Acking,
    /// The server has that, too.
    Acked,
}

impl Step {
    pub(crate) const ALL: [Self; 7] =
        [Self::Fetched, Self::Decided, Self::Sent, Self::Answered, Self::Committed, Self::Acking, Self::Acked];

    /// Whether the frame at which it springs still passes.
    pub(super) fn lets_pass(self) -> bool {
        !matches!(self, Self::Decided | Self::Answered | Self::Acking)
    }
}

/// From which side a frame comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    Daemon,
    Server,
}

/// Waits for a step.
pub(super) struct Trap {
    step: Step,
    /// How often the step is still taken before.
    left: usize,
    /// Where answers to publishes of decisions go.
    answers: HashSet<String>,
    has_sprung: bool,
}

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    Pass,
    /// It passes, and nothing after it.
    PassAsLast,
    /// It does not pass, nor does anything after it.
    Stop,
}

impl Trap {
    pub(super) fn new(step: Step, times: usize) -> Self {
        Self { step, left: times.max(1), answers: HashSet::new(), has_sprung: false }
    }

    /// Whether it has sprung as soon as a frame does not pass.
    pub(super) fn stops(&self) -> bool {
        !self.step.lets_pass()
    }

    /// Looks at a frame.
    pub(super) fn see(&mut self, from: From, frame: &Frame) -> Course {
        if self.has_sprung {
            return Course::Stop;
        }
        if !self.is_taken(from, frame) {
            return Course::Pass;
        }
        self.left -= 1;
        if self.left > 0 {
            return Course::Pass;
        }
        self.has_sprung = true;
        if self.step.lets_pass() { Course::PassAsLast } else { Course::Stop }
    }

    /// Whether the step is taken with this frame.
    fn is_taken(&mut self, from: From, frame: &Frame) -> bool {
        let publishes = from == From::Daemon && is_decision(frame);
        if publishes {
            self.answers.extend(frame.reply.clone());
        }
        match self.step {
            Step::Fetched => from == From::Server && frame.reply.as_deref().is_some_and(is_of_source),
            Step::Decided | Step::Sent => publishes,
            Step::Answered | Step::Committed => from == From::Server && self.answers.contains(&frame.subject),
            Step::Acking | Step::Acked => {
                from == From::Daemon && is_of_source(&frame.subject) && is_ack(&frame.content)
            }
        }
    }
}

/// A decision alone, or one record of its batch.
fn is_decision(frame: &Frame) -> bool {
    let kind = frame.subject.split('.').nth(1);
    let is_one = matches!(kind, Some("handled" | "escalated" | "passed" | "action" | "dlq"));
    frame.verb == "HPUB" && (is_one || frame.has("Nats-Batch-Id"))
}

/// `$JS.ACK.IN.…`, or with a domain and an account before the stream.
fn is_of_source(reply: &str) -> bool {
    reply.starts_with("$JS.ACK.") && reply.split('.').any(|it| it == "IN")
}

/// The client sends nothing at all for `+ACK`.
fn is_ack(content: &[u8]) -> bool {
    matches!(content, b"" | b"+ACK")
}

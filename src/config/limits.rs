//! `[limits]` and `[retention]`: every bound, with its unit in its name.

use super::number::numbers;
use super::{Limits, Retention, Storage};
use crate::decode::DecodeLimits;
use crate::diagnostic::Report;
use std::time::Duration;

/// The longest record that a broker takes by default (`max_payload`), in bytes.
const RECORD_BYTES: u64 = 1_048_576;

numbers! {
    /// Every bound.
    WrittenLimits {
        /// The longest payload that is decoded, and the longest text, in bytes. Longer ones escalate.
        message_bytes_max = 16_384, 64..=1_048_576;
        /// How deep JSON may nest.
        json_depth_max = 32, 4..=128;
        /// Payloads that cannot be read go into their escalation up to this many bytes; longer ones are named
        /// by where they lie.
        attach_bytes_max = 65_536, 0..=1_048_576;
        /// Spans of evidence in one decision.
        evidence_spans_max = 64, 1..=4_096;
        /// Work of one decision, in steps; more escalates.
        decision_steps_max = 25_000_000, 100_000..=10_000_000_000;
        /// The share of a decision, in milliseconds, that classifying may take: rules that could take longer are
        /// refused.
        decision_ms_max = 50, 1..=10_000;
        /// What an operation takes on the slowest machine that decides, in nanoseconds; `decile bench calibrate`
        /// measures it. It has no part in what is decided.
        ns_per_op = 2, 1..=1_000;
        /// Messages waiting between two stages.
        queue_messages_max = 1_024, 1..=65_536;
        /// Messages delivered and not yet acknowledged to a source stream.
        inflight_messages_max = 2_048, 1..=65_536;
        /// Publishes whose acknowledgement is awaited.
        max_ack_inflight = 1_024, 1..=65_536;
        /// Threads that decide.
        workers_max = 2, 1..=256;
        /// How long the broker may take to acknowledge a decision, in milliseconds.
        commit_timeout_ms = 5_000, 100..=60_000;
        /// When the broker delivers again what was not acknowledged, in milliseconds.
        ack_wait_ms = 30_000, 1_000..=3_600_000;
        /// How long a plan may be carried out after it was made, in milliseconds: its lease at the broker ends then.
        plan_age_ms_max = 30_000, 2_000..=3_600_000;
        /// How often a message is delivered without a decision until it is given up.
        deliveries_max = 10, 2..=1_000;
        /// Batches of outward actions that are on their way at a time.
        batches_inflight_max = 8, 1..=64;
        /// How full our stream may be, in percent, until no more messages are taken: what governs must always fit.
        stream_fill_percent_max = 90, 1..=99;
        /// How long a drain may take, in milliseconds.
        drain_ms_max = 10_000, 100..=600_000;
        /// Messages of a thread that an escalation shows.
        thread_messages_max = 5, 0..=50;
        /// Threads remembered.
        threads_max = 10_000, 0..=1_000_000;
        /// Bytes of one remembered message.
        thread_text_bytes_max = 1_024, 0..=16_384;
        /// Bytes of one draft.
        draft_bytes_max = 2_048, 64..=65_536;
        /// The oldest action that an executor carries out, in milliseconds since the broker stored it.
        action_age_ms_max = 60_000, 1_000..=3_600_000;
        /// How long an executor's command may take, in milliseconds.
        command_ms_max = 30_000, 100..=3_600_000;
        /// Actions of one channel that are carried out at a time.
        commands_max = 1, 1..=64;
        /// The oldest ruling that takes effect, in seconds since the broker stored it: a daemon that was away for longer
        /// lets nothing out on it.
        ruling_age_s_max = 3_600, 10..=604_800;
    }
}

numbers! {
    /// How long records are kept.
    WrittenRetention {
        /// Handled decisions, in days.
        handled_days = 30, 1..=3_650;
        /// Escalations, with the text that a person needs, in days.
        escalated_days = 30, 1..=3_650;
        /// People's answers, and what became of them, in days: evidence is made of these, errors and all. Not less than
        /// escalations and handled decisions, whatever this says.
        evidence_days = 365, 1..=3_650;
        /// Messages passed on, in days.
        passed_days = 7, 1..=3_650;
        /// How long the broker remembers the ids of what was committed, in seconds.
        duplicate_window_s = 120, 6..=86_400;
        /// The stream's size, in bytes. Before it is full, no more messages are taken.
        stream_bytes_max = 10_737_418_240, 16_777_216..=1_125_899_906_842_624;
        /// Copies of the stream.
        replicas = 1, 1..=5;
    } and {
        /// Where the stream is kept: `file` by default. `memory` loses every decision with the server.
        storage in ["file", "memory"];
    }
}

impl WrittenLimits {
    /// The bounds as meant; those that do not fit together are reported.
    pub(super) fn resolve(&self, report: &Report) -> Limits {
        self.check_acks(report);
        self.check_record(report);
        Limits {
            decode: DecodeLimits {
                message_bytes_max: self.message_bytes_max.size(),
                json_depth_max: self.json_depth_max.size(),
            },
            attach_bytes_max: self.attach_bytes_max.size(),
            evidence_spans_max: self.evidence_spans_max.size(),
            decision_steps_max: self.decision_steps_max.value,
            decision_ms_max: self.decision_ms_max.value,
            ns_per_op: self.ns_per_op.value,
            queue_messages_max: self.queue_messages_max.size(),
            inflight_messages_max: self.inflight_messages_max.size(),
            ack_inflight_max: self.max_ack_inflight.size(),
            workers_max: self.workers_max.size(),
            commit_timeout: self.commit_timeout_ms.ms(),
            ack_wait: self.ack_wait_ms.ms(),
            plan_age_max: self.plan_age_ms_max.ms(),
            deliveries_max: self.deliveries_max.value,
            batches_inflight_max: self.batches_inflight_max.size(),
            stream_fill_percent_max: self.stream_fill_percent_max.value,
            drain_max: self.drain_ms_max.ms(),
            thread_messages_max: self.thread_messages_max.size(),
            threads_max: self.threads_max.size(),
            thread_text_bytes_max: self.thread_text_bytes_max.size(),
            draft_bytes_max: self.draft_bytes_max.size(),
            action_age_max: self.action_age_ms_max.ms(),
            command_max: self.command_ms_max.ms(),
            commands_max: self.commands_max.size(),
            ruling_age_max: Duration::from_secs(self.ruling_age_s_max.value),
        }
    }

    /// Redelivery before a commit could have timed out would decide every slow message twice.
    fn check_acks(&self, report: &Report) {
        let (ack_wait, commit) = (&self.ack_wait_ms, &self.commit_timeout_ms);
        if ack_wait.value <= commit.value {
            let message = format!("`ack_wait_ms = {}` is not longer than a commit may take", ack_wait.value);
            let help = format!("make it longer than `commit_timeout_ms = {}`", commit.value);
            report.error("ack-wait", &ack_wait.at, message, help);
        }
        let (queue, inflight) = (&self.queue_messages_max, &self.inflight_messages_max);
        if inflight.value < queue.value {
            let message = format!("`inflight_messages_max = {}` cannot fill the queue", inflight.value);
            let help = format!("make it at least `queue_messages_max = {}`, or shorten the queue", queue.value);
            report.error("inflight", &inflight.at, message, help);
        }
    }

    /// A plan that could be carried out when the broker has forgotten the id would be committed twice: an id must be
    /// remembered for as long as another may look for it, and for as long as what it did not find may still come.
    pub(super) fn check_window(&self, retention: &WrittenRetention, report: &Report) {
        let (age, window) = (&self.plan_age_ms_max, &retention.duplicate_window_s);
        if age.value.saturating_mul(2) >= window.value.saturating_mul(1_000) {
            let message = format!("`plan_age_ms_max = {}` is not under half of the deduplication window", age.value);
            let help = format!("make it shorter, or `duplicate_window_s = {}` longer", window.value);
            report.error("plan-age", &age.at, message, help);
        }
    }

    /// An escalation that the broker refuses for its size would never reach a person.
    fn check_record(&self, report: &Report) {
        let thread = self.thread_messages_max.value.saturating_mul(self.thread_text_bytes_max.value);
        let own = self.attach_bytes_max.value.max(self.message_bytes_max.value);
        let bytes = own.saturating_add(thread).saturating_add(self.draft_bytes_max.value);
        if bytes > RECORD_BYTES / 2 {
            report.warning(
                "record-size",
                &self.attach_bytes_max.at,
                format!("an escalation may carry {bytes} bytes, more once written as JSON"),
                format!("raise the broker's `max_payload` ({RECORD_BYTES} by default), or lower `attach_bytes_max`"),
            );
        }
    }
}

impl WrittenRetention {
    pub(super) fn resolve(&self, report: &Report) -> Retention {
        Retention {
            handled: self.handled_days.days(),
            escalated: self.escalated_days.days(),
            answers: self.evidence_days.days().max(self.handled_days.days()).max(self.escalated_days.days()),
            passed: self.passed_days.days(),
            duplicate_window: Duration::from_secs(self.duplicate_window_s.value),
            stream_bytes_max: self.stream_bytes_max.value,
            replicas: self.replicas.size(),
            storage: self.storage(report),
        }
    }

    fn storage(&self, report: &Report) -> Storage {
        let Some(word) = &self.storage else { return Storage::File };
        match word.value.as_str() {
            "file" => Storage::File,
            "memory" => Storage::Memory,
            other => {
                let message = format!("`{other}` is no `storage`");
                report.error("bad-storage", &word.at, message, "write \"file\" or \"memory\"");
                Storage::File
            }
        }
    }
}

//! How our stream may differ from what it must be.

use async_nats::jetstream::stream::{self, DiscardPolicy, RetentionPolicy};

/// What of our stream makes a promise void: nothing is thrown away silently, records expire by themselves, our subjects
/// end up here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It throws records away when it is full.
    Discard,
    /// It takes no batches.
    Atomic,
    /// Its records never expire.
    MessageTtl,
    /// It is not read without a consumer.
    Direct,
    /// It does not take all our subjects.
    Subjects,
    /// It confirms nothing.
    NoAck,
    /// It drops what was read, or what nobody reads.
    Retention,
    /// It drops what is old.
    MaxAge,
    /// It drops the older records of a subject.
    MaxPerSubject,
    /// It forgets ids too early.
    DuplicateWindow,
    /// It takes nothing.
    Sealed,
    /// It is written by another stream.
    Mirror,
    /// It stores under other subjects.
    Transform,
}

impl Difference {
    /// What must be.
    pub fn must(self) -> &'static str {
        match self {
            Self::Discard => "`discard` must be `new`",
            Self::Atomic => "`allow_atomic` must be on",
            Self::MessageTtl => "`allow_msg_ttl` must be on",
            Self::Direct => "`allow_direct` must be on",
            Self::Subjects => "its subjects must include all under our root",
            Self::NoAck => "`no_ack` must be off",
            Self::Retention => "`retention` must be `limits`",
            Self::MaxAge => "`max_age` must be 0",
            Self::MaxPerSubject => "`max_msgs_per_subject` must be off",
            Self::DuplicateWindow => "`duplicate_window` must be `duplicate_window_s` of `[retention]`, or longer",
            Self::Sealed => "it must not be sealed",
            Self::Mirror => "it must not be a mirror",
            Self::Transform => "it must not transform subjects",
        }
    }

    /// What it costs.
    pub fn costs(self) -> &'static str {
        match self {
            Self::Discard => "when it is full it throws its oldest records away, halts and grants among them",
            Self::Atomic => "an action and its conditions are one batch: nothing could go out",
            Self::MessageTtl => "records would never expire",
            Self::Direct => "records could not be read without a consumer",
            Self::Subjects => "what is decided would be stored nowhere",
            Self::NoAck => "nothing would confirm a decision",
            Self::Retention => "others drop what was read, or what nobody reads",
            Self::MaxAge => "records have a time to live each; this drops halts and grants with them",
            Self::MaxPerSubject => "it drops the older records of a channel",
            Self::DuplicateWindow => "a message that comes again after that is decided twice",
            Self::Sealed | Self::Mirror => "nothing can be recorded in it",
            Self::Transform => "records would lie where nobody looks for them",
        }
    }
}

/// How our stream differs from what it must be.
pub fn differences(wanted: &stream::Config, found: &stream::Config) -> Vec<Difference> {
    let has_subjects = wanted.subjects.iter().all(|subject| found.subjects.contains(subject));
    let findings = [
        (found.discard != DiscardPolicy::New, Difference::Discard),
        (!found.allow_atomic_publish, Difference::Atomic),
        (!found.allow_message_ttl, Difference::MessageTtl),
        (!found.allow_direct, Difference::Direct),
        (!has_subjects, Difference::Subjects),
        (found.no_ack, Difference::NoAck),
        (found.retention != RetentionPolicy::Limits, Difference::Retention),
        (!found.max_age.is_zero(), Difference::MaxAge),
        (found.max_messages_per_subject > 0, Difference::MaxPerSubject),
        (found.duplicate_window < wanted.duplicate_window, Difference::DuplicateWindow),
        (found.sealed, Difference::Sealed),
        (found.mirror.is_some(), Difference::Mirror),
        (found.subject_transform.is_some(), Difference::Transform),
    ];
    findings.into_iter().filter_map(|(is_found, difference)| is_found.then_some(difference)).collect()
}

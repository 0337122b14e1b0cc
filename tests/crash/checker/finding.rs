//! Everything that can be wrong.

use std::collections::BTreeSet;

/// What is wrong. `record` is a sequence in our stream, `sequence` one in the source's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Finding {
    /// A message has no outcome.
    Lost { sequence: u64 },
    /// The server acknowledged a message to its publisher, and it is not there.
    LostAtSource { sequence: u64 },
    /// Another message lies where the server had acknowledged this one.
    Swapped { sequence: u64 },
    /// One id, one subject, more than one record.
    Twice { id: String, records: Vec<u64> },
    /// One id, several subjects: decided otherwise the second time.
    TwiceElsewhere { id: String, records: Vec<u64> },
    /// One message under several ids.
    TwoIds { sequence: u64 },
    /// Decided, and set aside as undecidable.
    DecidedAndDead { id: String },
    /// Tried again by the answer to a dead letter that is not there.
    TriedUnasked { record: u64 },
    /// Approved without ever having been escalated.
    ApprovedUnasked { id: String },
    /// The id is not the digest of where the message lies.
    WrongId { record: u64 },
    /// The broker was given another id than the record's.
    WrongMessageId { record: u64 },
    /// The subject says something else than the record.
    WrongPlace { record: u64 },
    /// A decision on a message that is not there.
    NoSource { record: u64 },
    /// The message that lies there was stored at another time.
    WrongTime { record: u64 },
    /// Decided under no pack.
    NoPack { record: u64 },
    /// Decided under several packs.
    TwoPacks { record: u64 },
    /// Decided under a pack that never was in force.
    UnknownPack { record: u64 },
    /// An action without all the slots that it must take.
    NoSlot { record: u64 },
    /// A slot that was taken twice.
    SlotTwice { subject: String },
    /// A slot was taken, and its action is not there.
    SlotForNothing { record: u64 },
    /// A record of a decision that cannot be read.
    Unreadable { record: u64 },
    /// A record of no known kind.
    Stray { record: u64 },
    /// Acknowledged at the source, and no outcome.
    AckedUndecided { sequence: u64 },
    /// More is acknowledged at the source than has an outcome.
    MoreAckedThanDecided { acked: u64, decided: u64 },
}

/// In short, for whoever reads a failure: how many of each kind, and the first few.
pub(crate) fn summary(findings: &BTreeSet<Finding>) -> String {
    let first: Vec<String> = findings.iter().take(12).map(|it| format!("{it:?}")).collect();
    format!("{} findings: {}", findings.len(), first.join(", "))
}

//! A case in plain values: all that a decision rests on, without a type of the production code.

/// A moment, in nanoseconds since the epoch.
pub(crate) type Ns = i64;

/// A second.
pub(crate) const S: Ns = 1_000_000_000;

/// One message, the policy that it is decided under, and the moment.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// What the payload is.
    pub(crate) says: Says,
    /// Its channel, `chat.one`.
    pub(crate) channel: &'static str,
    /// Whether the channel is in direct mode.
    pub(crate) direct: bool,
    /// Whether a machine wrote it.
    pub(crate) automated: bool,
    /// When the broker stored it.
    pub(crate) stored_at: Ns,
    /// When it was sent, as its source says.
    pub(crate) sent_at: Option<Ns>,
    /// Its thread.
    pub(crate) thread: Option<&'static str>,
    /// What may happen: for a class, on a channel or (`None`) on those without a line of their own.
    pub(crate) lines: Vec<(&'static str, Option<&'static str>, Line)>,
    /// What holds for a class without a line.
    pub(crate) unlisted: Line,
    /// How many outward actions there may be.
    pub(crate) caps: Vec<Cap>,
    /// The time of the decision.
    pub(crate) now: Ns,
}

/// What a payload says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// Nothing that can be read.
    Broken,
    /// What no rule knows.
    Nothing,
    /// What the rules of one class know.
    Class(&'static str),
    /// What the rules of two classes know.
    Two,
    /// What a class knows, and something restricted.
    Lawyer,
}

/// A line of the policy.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// 0 to 3.
    pub(crate) level: u8,
    /// The last record on the level's subject when it was promoted.
    pub(crate) after: u64,
    /// When that ends by itself.
    pub(crate) ends_at: Option<Ns>,
    /// The type of its action.
    pub(crate) kind: &'static str,
    /// Whether that writes to the source.
    pub(crate) outward: bool,
    /// 0 reversible, 1 semi-reversible, 2 irreversible.
    pub(crate) reversibility: u8,
    /// An argument `emoji`.
    pub(crate) emoji: Option<&'static str>,
    /// The oldest message that may be handled.
    pub(crate) max_age: Ns,
    /// Who gets the escalation.
    pub(crate) desk: &'static str,
}

/// A cap: what it names must be so.
#[derive(Clone, Debug)]
pub(crate) struct Cap {
    /// The class.
    pub(crate) class: Option<&'static str>,
    /// The channel.
    pub(crate) channel: Option<&'static str>,
    /// The type.
    pub(crate) kind: Option<&'static str>,
    /// `m` a minute, `h` an hour, `d` a day.
    pub(crate) window: char,
    /// How many.
    pub(crate) most: u32,
}

/// What became known of what governs, in order.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A record was stored.
    Stored { subject: String, sequence: u64, at: Ns, what: What },
    /// All was heard; our clock and the broker's.
    Heard { ours: Ns, brokers: Ns },
    /// Something may have been missed.
    Missed,
}

/// What a record is.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// Signed, as a grant.
    Grant(Paper),
    /// Signed, as the end of the halt with this revision.
    Resume(Signer, u64, Ns),
    /// Signed, as a promotion of a class on a channel, upon the record with this sequence, at a time.
    Promotion(Signer, &'static str, &'static str, u64, Ns),
    /// None of these.
    Noise,
}

/// A grant as somebody signed it.
#[derive(Clone, Debug)]
pub(crate) struct Paper {
    pub(crate) signer: Signer,
    pub(crate) id: String,
    pub(crate) channel: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) thread: Option<&'static str>,
    /// The last record on its subject when it was signed.
    pub(crate) after: u64,
    pub(crate) issued_at: Ns,
    pub(crate) not_before: Ns,
    pub(crate) expires_at: Ns,
    /// `None`: standing.
    pub(crate) uses: Option<u32>,
    pub(crate) classes: Vec<&'static str>,
    pub(crate) emoji: Option<&'static str>,
}

/// How something was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signer {
    /// By an operator who may grant everything, promote and resume.
    Ada,
    /// By one who may grant `react` on `chat.one`, and nothing else.
    Bob,
    /// By a key that no operator has.
    Stranger,
    /// By Ada, for another deployment.
    Elsewhere,
    /// By Ada, as a promotion that was renamed.
    Renamed,
    /// By Ada, and a byte was changed afterwards.
    Changed,
}

/// What is to become of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Pass,
    Escalate { reason: &'static str, desk: &'static str },
    Handle,
    Act(Act),
}

/// An outward action, with the conditions of its batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Act {
    /// `<type>.<channel>`, as tokens.
    pub(crate) place: String,
    /// The subject of the grant, and its revision.
    pub(crate) grant: (String, u64),
    /// The revision of the halt's end; 0 where nothing was ever halted.
    pub(crate) halt: u64,
    /// The subject of the class's level, and its revision.
    pub(crate) level: (String, u64),
    /// A slot to take in each row: the row, its free numbers, until when it must be kept.
    pub(crate) rows: Vec<(String, Vec<u32>, Ns)>,
}

/// How long a grant may stand.
pub(crate) const GRANT_MAX: Ns = 24 * 3_600 * S;
